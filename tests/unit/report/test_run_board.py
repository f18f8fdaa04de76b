"""The dashboard of a run without a store shows its result: thresholds, figures over time, endpoints."""

from __future__ import annotations

from ltlab_ci import model
from ltlab_ci.report import run_board
from tests.factories import START_NS
from tests.unit.report import cases


def of(result: model.Result) -> model.Json:
    names = [scenario.name for scenario in result.scenarios]
    return run_board.of_result(result, dict.fromkeys(names, START_NS))


def rows(panel: model.Json) -> list[list[object]]:
    [frame] = panel["targets"][0]["snapshot"]
    found: list[list[object]] = frame["data"]["values"]
    return found


def test_of_result__every_measured_series_is_in_it_at_its_time() -> None:
    result = cases.demo()
    scenario = result.scenarios[0]
    assert scenario.series is not None
    board = of(result)
    times = next(panel for panel in board["panels"] if panel["title"] == "Response time")
    shown = {
        frame["schema"]["name"]: frame["data"]["values"]
        for frame in times["targets"][0]["snapshot"]
    }
    assert shown["p95"][1] == list(scenario.series.p95)
    assert shown["p95"][0][0] == START_NS // 1_000_000
    assert board["time"]["from"] == "2026-11-18T11:06:40.000Z"


def test_of_result__thresholds_and_endpoints_are_those_of_the_result() -> None:
    result = cases.demo()
    scenario = result.scenarios[0]
    thresholds, endpoints = (
        next(panel for panel in of(result)["panels"] if panel["title"] == title)
        for title in ("Thresholds", "Endpoints")
    )
    assert rows(thresholds)[2] == [verdict.status.value for verdict in scenario.verdicts]
    assert rows(endpoints)[1] == [endpoint.requests for endpoint in scenario.endpoints]


def test_of_result__every_case_of_a_report_has_a_board() -> None:
    for name, make in cases.CASES.items():
        board = of(make())
        panels = board["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels), name
        assert sum(panel["type"] == "row" for panel in panels) == len(make().scenarios), name
