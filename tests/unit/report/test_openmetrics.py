"""metrics.txt, compared whole and read by the parser of Prometheus' own client."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics import parser

from ltlab_ci import model
from ltlab_ci.report import escape, openmetrics
from tests.unit.report import cases, comparisons, results

Read = dict[str, list[tuple[dict[str, str], float]]]


def read(result: model.Result) -> Read:
    """Return the samples of a result's metrics.txt by name."""
    found: Read = {}
    for family in parser.text_string_to_metric_families(openmetrics.render(result)):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def of(*verdicts: model.Verdict, **parts: Any) -> model.Result:  # noqa: ANN401  (of a scenario)
    scenario = results.a_scenario(verdicts=verdicts, **parts)
    return results.a_result(scenarios=(scenario,))


@pytest.mark.parametrize("case", cases.CASES)
def test_render__whole(case: str) -> None:
    golden = (cases.GOLDEN / f"{case}.metrics.txt").read_text(encoding="utf-8")
    assert openmetrics.render(cases.CASES[case]()) == golden


@pytest.mark.parametrize(
    "case", [*cases.CASES.values(), cases.demo], ids=lambda case: case.__name__
)
def test_render__every_result_is_openmetrics(case: Any) -> None:  # noqa: ANN401
    result = case()
    assert read(result)["ltlab_exit_code"] == [({}, result.exit_code)]
    judged = [each for each in result.scenarios if each.verdict != "not judged"]
    assert len(read(result).get("ltlab_scenario_passed", [])) == len(judged)


def test_render__a_threshold_in_base_units() -> None:
    found = read(of(results.crossed(tags={"name": "a", "method": "GET"}, over="1s..2s")))
    labels = {
        "scenario": "browse",
        "engine": "k6",
        "metric": "http_req_duration",
        "tags": "name:a,method:GET",
        "threshold": "p(95) < 500ms",
        "over": "1s..2s",
        "severity": "fail",
        "origin": "ltlab",
    }
    assert found["ltlab_threshold_passed"] == [(labels, 0.0)]
    assert found["ltlab_threshold_samples"] == [(labels, 12480.0)]
    assert found["ltlab_threshold_observed"] == [({**labels, "unit": "seconds"}, 0.6124)]
    assert found["ltlab_threshold_bound"] == [({**labels, "unit": "seconds"}, 0.5)]


def test_render__a_threshold_without_data_did_not_pass_and_has_no_figure() -> None:
    found = read(of(results.without_data()))
    assert [value for _, value in found["ltlab_threshold_passed"]] == [0.0]
    assert [value for _, value in found["ltlab_threshold_samples"]] == [0.0]
    assert "ltlab_threshold_observed" not in found


def test_render__a_threshold_stated_twice_counts_as_its_worse_self() -> None:
    found = read(of(results.a_verdict(), results.a_verdict(status=model.Status.FAIL)))
    assert [value for _, value in found["ltlab_threshold_passed"]] == [0.0]


def test_render__metrics_by_their_kind() -> None:
    found = read(of())
    trend = {labels["stat"]: value for labels, value in found["ltlab_time_seconds"]}
    assert trend["p(95)"] == 0.1098  # of http_req_waiting, the last one
    by_metric = {
        name: {labels["metric"]: value for labels, value in found[name]}
        for name in ("ltlab_events_total", "ltlab_data_bytes_total", "ltlab_share_ratio")
    }
    assert by_metric == {
        "ltlab_events_total": {"http_reqs": 12480},
        "ltlab_data_bytes_total": {"data_received": 14_812_345},
        "ltlab_share_ratio": {"checks": 0.972115384615, "http_req_failed": 0.0082},
    }


def test_render__a_counter_below_zero_is_no_counter_of_openmetrics() -> None:
    down = model.MetricSummary(
        name="stock", type=model.MetricType.COUNTER, count=3, stats={"count": -3.0, "rate": -0.5}
    )
    found = read(of(metrics=(down,)))
    [(labels, value)] = found["ltlab_value"]
    assert (labels["metric"], labels["stat"], value) == ("stock", "count", -3)
    assert "ltlab_events_total" not in found


@settings(max_examples=200)
@given(name=st.text(st.characters() | st.sampled_from('"\\\n\r\x85\u2028{}#,= '), max_size=20))
def test_render__no_name_breaks_a_line(name: str) -> None:
    assume(name not in model.BUILT_IN)  # these have a unit of their own, so another family
    found = read(cases.hostile(name))
    assert set(found) == set(read(cases.hostile("tame"))), openmetrics.render(cases.hostile(name))
    [(labels, _)] = found["ltlab_scenario_passed"]
    assert labels.get("scenario", "") == escape.label(name).replace('\\"', '"').replace(
        "\\\\", "\\"
    )
    assert openmetrics.render(cases.hostile(name)).encode().count(b"\r") == 0


def test_render__changes_with_their_intervals_and_both_sides() -> None:
    found = read(comparisons.slower())
    p95 = {"metric": "http_req_duration", "name": "/search", "method": "GET", "stat": "p(95)"}
    assert (p95, 0.0893) in found["ltlab_change_ratio"]
    assert (p95, 0.041) in found["ltlab_change_low_ratio"]
    assert (p95, 0.138) in found["ltlab_change_high_ratio"]
    assert (p95, 1) in found["ltlab_change_shown"]
    assert ({**p95, "side": "head", "unit": "seconds"}, 0.2312) in found["ltlab_side_value"]
    assert [value for labels, value in found["ltlab_change_shown"] if labels != p95] == [0] * 5


def test_render__an_invalid_comparison_shows_no_verdict() -> None:
    assert "ltlab_change_shown" not in read(comparisons.invalid())
