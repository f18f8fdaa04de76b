"""junit.xml: compared whole, well-formed whatever names hold, and never a false green."""

from __future__ import annotations

import pytest
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.report import junit
from tests.unit.report import cases, comparisons, results


def test_render__an_invalid_comparison_that_the_user_lets_pass_is_not_red() -> None:
    passed = comparisons.invalid().model_copy(update={"verdict": "pass", "exit_code": 0})
    assert 'errors="0" failures="0"' in junit.render(passed)


def test_render__a_row_that_the_user_does_not_fail_on_is_not_red() -> None:
    never = comparisons.a_comparison(fail_on=())
    crossed = cases.one_fails().scenarios
    result = comparisons.a_result(never, scenarios=crossed, verdict="fail", exit_code=1)
    assert 'errors="0" failures="1"' in junit.render(result)


@pytest.mark.parametrize("case", cases.CASES)
def test_render__whole(case: str) -> None:
    golden = (cases.GOLDEN / f"{case}.junit.xml").read_text(encoding="utf-8")
    assert junit.render(cases.CASES[case]()) == golden


@pytest.mark.parametrize("case", cases.CASES)
def test_render__is_red_exactly_when_the_result_is(case: str) -> None:
    result = cases.CASES[case]()
    root = ElementTree.fromstring(junit.render(result))
    red = root.findall(".//failure") + root.findall(".//error")
    assert bool(red) is (result.exit_code != 0)
    assert int(root.attrib["failures"]) + int(root.attrib["errors"]) == len(red)


def test_render__a_red_result_without_a_red_case_gets_one() -> None:
    result = results.a_result(verdict="fail", headline="slower than base", exit_code=1)
    root = ElementTree.fromstring(junit.render(result))
    [error] = root.findall(".//error")
    assert error.attrib["message"] == "slower than base"


def test_render__a_run_without_scenarios_still_says_why() -> None:
    result = results.a_result(
        verdict="error", exit_code=3, scenarios=(), findings=(results.a_finding(),)
    )
    root = ElementTree.fromstring(junit.render(result))
    assert [suite.attrib["name"] for suite in root] == ["ltlab"]
    assert len(root.findall(".//error")) == 1


def test_render__a_scenario_that_was_not_judged_is_one_skipped_case() -> None:
    root = ElementTree.fromstring(junit.render(cases.not_judged()))
    assert [root.attrib[kind] for kind in ("failures", "errors", "tests")] == ["0", "0", "1"]
    [skipped] = root.findall(".//skipped")
    assert skipped.attrib["message"].startswith("not judged")


def test_render__holds_no_time_of_day() -> None:
    text = junit.render(cases.demo())
    assert "timestamp" not in text
    assert "2030" not in text


@settings(deadline=None)
@given(name=st.text(st.characters(codec="utf-8"), max_size=40))
def test_render__is_well_formed_whatever_names_hold(name: str) -> None:
    result: model.Result = cases.hostile(name)
    root = ElementTree.fromstring(junit.render(result))
    assert (root.attrib["failures"], root.attrib["errors"]) == ("2", "1")
