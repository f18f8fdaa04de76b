"""What report.html draws of a comparison: intervals, both sides' times, change over time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.report import forest, page, sides
from tests.unit.report import comparisons


def a_forest(**parts: object) -> forest.Forest:
    plot = forest.of(comparisons.a_comparison(**parts))
    assert plot is not None
    return plot


def drawn(picture: model.Pictured, **parts: object) -> sides.Pictures:
    [found] = sides.of(comparisons.a_comparison(pictures=(picture,), **parts))
    return found


def test_forest__the_worst_comes_first_and_says_its_verdict_in_words() -> None:
    marks = a_forest().marks
    assert [(mark.verdict, mark.sure) for mark in marks] == [
        ("slower", True),
        ("inconclusive", False),
        ("no change", False),
        ("no change", False),
    ]
    assert marks[0].words == "GET /search p95: +8.9 % (+4.1 … +14 %), slower"


def test_forest__shows_no_change_five_per_cent_and_the_minimum_effect() -> None:
    plot = a_forest(min_effect=0.03)
    low, high = plot.band
    least_low, least_high = plot.least
    assert low < least_low < plot.zero < least_high < high
    assert plot.zero - low == pytest.approx(high - plot.zero, abs=0.02)  # in logarithms
    assert plot.least_said == "3 %"


@given(
    st.floats(-0.999, 50),
    st.floats(0, 3),
    st.floats(0, 3),
    st.floats(0, 0.9),
)
def test_forest__any_interval_lies_on_the_scale_in_order(
    change: float, below: float, above: float, least: float
) -> None:
    ends = (max(-1.0, change - below), change + above)
    row = comparisons.a_change(change=change, interval=ends)
    plot = a_forest(rows=(row,), min_effect=least)
    [mark] = plot.marks
    assert 0 <= mark.low <= mark.x <= mark.high <= 100
    assert 0 < plot.band[0] < plot.zero < plot.band[1] < 100
    places = [tick.x for tick in plot.ticks]
    assert places == sorted(places)
    assert "no change" in {tick.label for tick in plot.ticks}


def test_forest__an_interval_beyond_the_scale_is_cut_and_says_so() -> None:
    row = comparisons.a_change(change=4.0, interval=(0.5, 20.0))
    [mark] = a_forest(rows=(row,)).marks
    assert (mark.low_cut, mark.high_cut) == (False, True)


def test_forest__nothing_without_an_interval_and_never_too_much() -> None:
    assert forest.of(comparisons.a_comparison(rows=())) is None
    rows = tuple(comparisons.a_change(name=f"/{n}") for n in range(60))
    plot = a_forest(rows=rows)
    assert len(plot.marks) == forest.MOST_ROWS
    assert plot.left_out == "and 20 more, in result.json"


def test_sides__both_distributions_share_an_axis_and_count_in_words() -> None:
    [one] = drawn(comparisons.a_picture()).endpoints
    assert one.name == "GET /search"
    assert one.said == "p50 no change, p95 slower"
    assert one.times is not None
    assert one.times.words.startswith(
        "60 requests on base, most often 106 ms to 112 ms; 60 on head"
    )
    assert one.percentiles == (
        ("p50", "102 ms", "108 ms"),
        ("p90", "108 ms", "117 ms"),
        ("p95", "110 ms", "121 ms"),
    )  # in order; p99.9 has too few requests


def test_sides__a_few_wild_times_do_not_press_the_others_flat() -> None:
    picture = comparisons.a_picture()
    wild = (*picture.endpoints[0].base[:3], *(0,) * 100, 1)
    counts = tuple(count * 100 for count in wild[:-1]) + wild[-1:]
    one = picture.endpoints[0].model_copy(update={"base": counts, "head": counts})
    [found] = drawn(picture.model_copy(update={"endpoints": (one,)})).endpoints
    assert found.times is not None
    assert found.times.words.endswith("; 1 and 1 lie outside the drawing")
    assert found.times.ticks[-1].label.endswith(" ms")


def test_sides__change_over_time_shows_rounds_and_what_lies_beyond() -> None:
    rows = (comparisons.a_change(rounds=(0.09, 0.03)),)
    found = drawn(comparisons.a_picture(), rows=rows)
    p50, p95 = found.endpoints[0].over_time
    assert [name for _, name in p50.rounds] == ["round 1", "round 2"]
    assert [x for x, _ in p50.rounds] == [0.0, 50.0]
    assert p50.words == "head slower than base in 3 of 3 slices"
    assert p95.dots.count("M") == 4
    assert p95.words == "head slower than base in 3 of 4 slices; 1 lies beyond the scale"
    assert p95.centres.count("M") == 2
    assert p50.centres == ""  # no row says how its rounds went
    assert found.left_out == "and 3 more endpoints"
    assert found.length == "4 slices of 2 s"


def test_sides__processors_break_between_rounds() -> None:
    found = drawn(comparisons.a_picture()).processors
    assert found is not None
    assert found.words == "processors used on average: base 0.500, head 0.700"
    assert found.head.count("M") == 2
    assert found.base.count("M") == 2
    unknown = comparisons.a_picture().model_copy(update={"head_cpu": ()})
    assert drawn(unknown).processors is None


@given(st.lists(st.none() | st.floats(-1, 1e6), min_size=4, max_size=4))
def test_sides__any_changes_lie_inside_the_box(values: list[float | None]) -> None:
    picture = comparisons.a_picture()
    change = model.SliceChanges(stat="p(95)", values=tuple(values))
    one = picture.endpoints[0].model_copy(update={"changes": (change,)})
    [found] = drawn(picture.model_copy(update={"endpoints": (one,)})).endpoints
    if all(value is None for value in values):
        assert found.over_time == ()
        return
    [over] = found.over_time
    heights = [float(each.split(" ")[1].removesuffix("h0")) for each in over.dots.split("M")[1:]]
    assert all(0 <= height <= sides.HEIGHT for height in heights)
    assert not any(math.isnan(height) for height in heights)


def test_page__of_the_largest_comparison_stays_under_a_megabyte() -> None:
    picture = comparisons.a_picture()
    values = tuple(0.123 * (-1) ** n for n in range(600))
    one = picture.endpoints[0].model_copy(
        update={
            "base": tuple(range(1, 401)),
            "head": tuple(range(400, 0, -1)),
            "changes": tuple(model.SliceChanges(stat=s, values=values) for s in ("p(50)", "p(95)")),
        }
    )
    names = [f"/{'long' * 40}/{n}" for n in range(12)]
    whole = picture.model_copy(
        update={
            "t_s": tuple(float(n) for n in range(600)),
            "round_starts": tuple(range(0, 600, 20)),
            "endpoints": tuple(one.model_copy(update={"name": name}) for name in names),
            "base_cpu": values,
            "head_cpu": values,
        }
    )
    rows = tuple(comparisons.a_change(name=f"/{'long' * 40}/{n}") for n in range(200))
    shown = comparisons.a_comparison(rows=rows, pictures=(whole,))
    assert len(page.render(comparisons.a_result(shown)).encode()) < 1_000_000
