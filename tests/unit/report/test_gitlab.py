"""load-performance.json: what GitLab's widget reads, and nothing that it would show as a lie."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ltlab_ci import model
from ltlab_ci.report import gitlab
from tests.unit.report import cases, results


def metrics(result: model.Result) -> dict[str, dict[str, float]]:
    [(name, found)] = json.loads(gitlab.load_performance(result)).items()
    assert name == "metrics"
    shown: dict[str, dict[str, float]] = found
    return shown


@pytest.mark.parametrize("case", cases.CASES)
def test_load_performance__whole(case: str) -> None:
    golden = (cases.GOLDEN / f"{case}.load-performance.json").read_text(encoding="utf-8")
    assert gitlab.load_performance(cases.CASES[case]()) == golden


def test_load_performance__is_of_the_first_scenario() -> None:
    other = results.a_scenario(name="other", metrics=())
    both = results.a_result(scenarios=(results.a_scenario(), other))
    assert metrics(both) == {
        "http_reqs": {"rate": 208.0},
        "http_req_waiting": {"p(90)": 83.4, "p(95)": 109.8},
        "checks": {"passes": 12132, "fails": 348},
    }
    assert metrics(results.a_result(scenarios=(other, results.a_scenario()))) == {}


@pytest.mark.parametrize(
    "checks",
    [(), (model.MetricSummary(name="checks", type=model.MetricType.RATE, count=0, stats={}),)],
)
def test_load_performance__without_checks_names_none(checks: Any) -> None:  # noqa: ANN401
    scenario = results.a_scenario(metrics=checks)
    assert "checks" not in metrics(results.a_result(scenarios=(scenario,)))


def test_load_performance__of_no_valid_measurement_is_empty() -> None:
    assert metrics(results.a_result(scenarios=())) == {}
    cut_short = results.a_scenario(complete=False)
    assert metrics(results.a_result(scenarios=(cut_short,))) == {}
    doubt = results.a_finding(effect="invalid", scenario="browse")
    assert metrics(results.a_result(findings=(doubt,))) == {}
    hint = results.a_finding(effect="warn", scenario="browse")
    elsewhere = results.a_finding(effect="invalid", scenario="other")
    assert metrics(results.a_result(findings=(hint, elsewhere)))
