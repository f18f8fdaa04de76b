"""The parts of report.html that explain a red run: small charts, histogram, logs, windows."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.report import charts, histogram, quotes, sparks
from tests.unit.report import results


def a_trend(*values: float | None) -> model.Trend:
    return model.Trend(step_s=1.0, values=values)


def test_sparks__say_how_often_a_limit_was_crossed() -> None:
    spark = sparks.of(results.crossed(trend=a_trend(400, 600, None, 700)))
    assert spark is not None
    assert spark.words == "crossed in 2 of 3 steps of 1 s"
    assert spark.paths.count("M") == 1
    assert len(spark.dots) == 1  # a step between two without samples would not be seen as a line
    held = sparks.of(results.a_verdict(trend=a_trend(100, 200)))
    assert held is not None
    assert held.words == "within its limit in all 2 steps of 1 s"


def test_sparks__need_something_to_compare() -> None:
    assert sparks.of(results.a_verdict()) is None
    assert sparks.of(results.a_verdict(trend=a_trend(1))) is None
    assert sparks.of(results.of_k6(trend=a_trend(1, 2))) is None


@given(
    values=st.lists(st.none() | st.floats(0, 1e12, allow_subnormal=False), max_size=130),
    bound=st.floats(0, 1e12, allow_subnormal=False),
)
def test_sparks__stay_inside_their_box(values: list[float | None], bound: float) -> None:
    spark = sparks.of(results.a_verdict(bound=bound, trend=a_trend(*values)))
    if spark is not None:
        numbers = [float(number) for number in re.findall(r"[\d.]+", spark.paths)]
        assert all(0 <= number <= sparks.WIDTH for number in numbers)
        assert 0 <= spark.limit <= sparks.HEIGHT


def a_distribution(**parts: object) -> model.Distribution:
    given = {"per_decade": 20, "first": 20, "counts": (5, 0, 20, 75), **parts}
    return model.Distribution.model_validate(given)


def test_histogram__draws_bins_and_limits_on_one_axis() -> None:
    beyond = (model.Beyond(bound=500.0, count=3),)
    found = histogram.of(
        a_distribution(beyond=beyond),
        [results.a_verdict(), results.a_verdict(tags={"name": "/a"}, bound=1.0)],
    )
    assert found is not None
    assert [bar.height for bar in found.bars] == [6.67, 26.67, 100.0]
    assert found.bars[0].words == "10.0 ms to 11.2 ms: 5 requests, 5 %"
    [limit] = found.limits
    assert (limit.label, limit.words) == ("p(95) < 500 ms", "3 requests, 3 %, took longer")
    assert found.bars[-1].x + found.bars[-1].width < limit.x <= 100
    assert found.words == "100 requests from 10.0 ms to 15.8 ms, most often 14.1 ms to 15.8 ms"


@given(
    first=st.integers(-60, 140),
    counts=st.lists(st.integers(0, 10**9), min_size=1, max_size=200),
    bound=st.floats(1e-6, 1e12),
)
def test_histogram__keeps_everything_in_the_picture(
    first: int, counts: list[int], bound: float
) -> None:
    found = histogram.of(
        a_distribution(first=first, counts=counts), [results.a_verdict(bound=bound)]
    )
    assert (found is None) == (not sum(counts))
    if found is not None:
        places = [limit.x for limit in found.limits] + [x for x, _, _ in found.ticks]
        places += [bar.x for bar in found.bars] + [bar.x + bar.width for bar in found.bars]
        assert all(-0.02 <= place <= 100.02 for place in places)


def test_quotes__number_the_end_of_a_log_and_mark_the_error() -> None:
    tail = ("fine", "\x1b[31mERROR\x1b[0m:\tdown", "<script>")
    log = model.Excerpt(name="logs/service.log", total_lines=1002, tail=tail, error=(1001, tail[1]))
    calm = model.Excerpt(name="logs/a/k6.log", total_lines=0, tail=())
    first, second = quotes.of([calm, log])
    assert (first.name, first.found) == ("logs/service.log", "first error in line 1\u202f001")
    assert first.error == "ERROR:    down"
    assert [(line.number, line.error) for line in first.lines] == [
        ("1000", False),
        ("1001", True),
        ("1002", False),
    ]
    assert first.said == "the last 3 of 1\u202f002 lines; the file has all"
    assert (second.found, second.lines) == ("empty", ())


def test_charts__offered_beside_completed_and_errors_by_kind() -> None:
    series = results.a_series(steps=3).model_copy(
        update={
            "offered_per_s": (5.0, 5.0, 5.0),
            "iterations_per_s": (5.0, 4.0, 2.0),
            "errors": (
                model.ErrorKind(name="HTTP 503", count=1200, per_s=(1.0, 2.0, 3.0)),
                model.ErrorKind(name="", kinds=12, count=14, per_s=(0.0, 0.0, 1.0)),
            ),
        }
    )
    found = {chart.title: chart for chart in charts.of(results.a_scenario(series=series), 0)}
    offered = found["Iterations offered and completed"]
    assert offered.words == "completed from 2/s to 5/s; offered from 5/s to 5/s".replace(
        "2/s", "2.00/s"
    ).replace("5/s", "5.00/s")
    failed = found["Failed requests by kind"]
    assert [line.label for line in failed.lines] == ["HTTP 503", "12 rarer kinds"]
    assert failed.words == "HTTP 503 1\u202f200 times; 12 rarer kinds 14 times"


def test_charts__know_the_windows_of_thresholds() -> None:
    over = ("10s..50s", "10s..50s", "no window", "5s..6s")
    verdicts = tuple(results.a_verdict(over=text) for text in over)
    found = charts.windows(results.a_scenario(verdicts=verdicts))
    assert found == (("10s..50s", 10.0, 50.0), ("5s..6s", 5.0, 6.0))
