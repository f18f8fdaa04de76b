"""Rows: the worst first, in the order of the file, cut with a count."""

from __future__ import annotations

import dataclasses

from ltlab_ci import model
from ltlab_ci.report import charts, sections, view
from tests.unit.report import cases, results


def test_ordered__worst_first_and_file_order_inside_a_group() -> None:
    first = (results.a_verdict(metric="a"), results.crossed(metric="b"))
    second = (
        results.crossed(metric="c", severity="warn"),
        results.without_data(metric="d", tags={}),
        results.crossed(metric="e"),
        results.a_verdict(metric="f"),
    )
    result = results.a_result(
        scenarios=(results.a_scenario(verdicts=first), results.a_scenario(verdicts=second))
    )
    assert [row.key for row in view.ordered(result)] == ["b", "e", "d", "c", "a", "f"]


def test_build__long_lists_are_cut_and_say_so() -> None:
    verdicts = tuple(results.crossed(metric=f"m{n}") for n in range(7))
    endpoints = tuple(results.an_endpoint(name=f"/{n}") for n in range(5))
    scenario = results.a_scenario(verdicts=verdicts, endpoints=endpoints, endpoints_left_out=4)
    findings = tuple(results.a_finding(code=f"f{n}") for n in range(3))
    limits = view.Limits(
        failing=2, rows=3, findings=1, sections=sections.Limits(endpoints=2, metrics=1)
    )
    page = view.build(results.a_result(scenarios=(scenario,), findings=findings), limits=limits)
    [part] = page.sections
    assert (len(page.failing), page.failing_left_out) == (2, "and 5 more, in result.json")
    assert (len(page.rows), page.rows_left_out) == (3, "and 4 more, in result.json")
    assert (len(page.remarks), page.remarks_left_out) == (1, "and 2 more, in result.json")
    assert (len(part.endpoints), part.endpoints_left_out) == (2, "and 7 more")
    assert (part.endpoints_total, part.metrics_left_out) == (9, "and 6 more")


def test_build__what_holds_is_folded_only_beside_trouble() -> None:
    calm = view.build(cases.all_pass(), limits=view.PAGE)
    trouble = view.build(cases.no_data(), limits=view.PAGE)
    assert (len(calm.rows), len(calm.folded)) == (2, 0)
    assert (len(trouble.rows), len(trouble.folded)) == (1, 1)


def test_build__serious_findings_come_before_hints() -> None:
    hint = results.a_finding(effect="warn", code="hint")
    result = results.a_result(findings=(hint, results.a_finding(code="died")))
    page = view.build(result, limits=view.PAGE)
    assert [remark.code for remark in page.remarks] == ["died", "hint"]


def test_build__every_bar_stays_on_its_scale() -> None:
    bars = [row.bar for row in view.ordered(cases.demo()) if row.bar is not None]
    assert len(bars) == 6
    assert all(0 <= number <= 100 for bar in bars for number in dataclasses.astuple(bar))


def test_ordered__an_engines_own_word_has_no_count() -> None:
    result = results.a_result(scenarios=(results.a_scenario(verdicts=(results.of_k6(),)),))
    [row] = view.ordered(result)
    assert (row.measured, row.samples, row.bar) == ("–", "–", None)  # noqa: RUF001


def test_charts__a_line_without_values_is_not_drawn() -> None:
    drawn = charts.of(results.a_scenario(series=results.a_series(vus=False)), 0)
    assert [chart.title for chart in drawn] == ["Response times", "Requests", "Failed requests"]


def test_charts__limits_are_those_of_all_requests() -> None:
    verdicts = (results.crossed(), results.without_data(), results.failure_share())
    first, *_ = charts.of(results.a_scenario(verdicts=verdicts), 0)
    assert first.limits == (("p(95) < 500 ms", 500.0),)


def test_charts__without_series_there_are_none() -> None:
    assert charts.of(results.a_scenario(series=None), 0) == ()
    assert charts.data([results.a_scenario(series=None)]) == []


def test_sections__units_of_metrics() -> None:
    part = sections.of(results.a_scenario(), 0, limits=view.PAGE.sections)
    shown = dict(part.metrics)
    assert shown["data_received"] == "count 14.8 MB · rate 247 kB/s"
    assert shown["http_req_failed"] == "rate 0.82 % · count 12\u202f480"
    assert shown["http_reqs"] == "count 12\u202f480 · rate 208/s"
    assert shown["http_req_duration"].endswith("max 1.24 s · p(95) 112 ms · p(99) 305 ms")
    assert shown["vus"] == "value 50 · min 0 · max 50"


def test_sections__a_scenario_that_did_not_run_says_so() -> None:
    [browse] = cases.service_died().scenarios
    part = sections.of(browse, 0, limits=view.PAGE.sections)
    assert (part.state, part.duration, part.judged) == ("did not run", "–", "")  # noqa: RUF001
    incomplete: model.ScenarioResult = cases.engine_failed().scenarios[1]
    assert sections.of(incomplete, 1, limits=view.PAGE.sections).state == "incomplete, exit code 7"
