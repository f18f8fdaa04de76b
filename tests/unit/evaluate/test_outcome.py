"""The verdict on a whole run: its exit code, its one word and its headline."""

from __future__ import annotations

import itertools

import pytest

from ltlab_ci import model
from ltlab_ci.errors import ExitCode
from ltlab_ci.evaluate import outcome
from tests.factories import a_finding, a_scenario_result, a_verdict

PASS = a_verdict(model.Status.PASS)
FAIL = a_verdict(model.Status.FAIL)
SILENT = a_verdict(model.Status.NO_DATA)
WARNED = a_verdict(model.Status.FAIL, severity="warn")
EFFECTS = {
    "interrupted": 130,
    "bug": 70,
    "config": 2,
    "invalid": 1,
    "lab": 3,
    "engine": 4,
    "store": 5,
    "warn": 0,
}
"""Each effect's exit code, the one that wins first."""


@pytest.mark.parametrize(("effect", "code"), EFFECTS.items())
def test_exit_code__one_finding(effect: str, code: int) -> None:
    assert outcome.exit_code([a_scenario_result(PASS)], [a_finding(effect)]) == code


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(EFFECTS, 2)))
def test_exit_code__of_two_findings(first: str, second: str) -> None:
    found = [a_finding(second), a_finding(first)]
    assert outcome.exit_code([], found) == EFFECTS[first]


@pytest.mark.parametrize(
    ("effect", "code"),
    [("interrupted", 130), ("config", 2), ("lab", 1), ("engine", 1), ("store", 1), ("warn", 1)],
)
def test_exit_code__a_crossed_threshold_beside_a_finding(effect: str, code: int) -> None:
    result = a_scenario_result(PASS, FAIL, complete=False)
    assert outcome.exit_code([result], [a_finding(effect)]) == code


@pytest.mark.parametrize(
    ("verdicts", "complete", "code"),
    [
        ([], True, 0),
        ([PASS], True, 0),
        ([PASS, FAIL], True, 1),
        ([SILENT], True, 1),
        ([WARNED], True, 0),
        ([a_verdict(model.Status.NO_DATA, severity="warn")], True, 0),
        ([SILENT], False, 0),
        ([FAIL], False, 1),
    ],
)
def test_exit_code__of_thresholds(
    verdicts: list[model.Verdict],
    complete: bool,  # noqa: FBT001
    code: int,
) -> None:
    assert outcome.exit_code([a_scenario_result(*verdicts, complete=complete)], []) == code


def test_exit_code__what_a_cut_short_scenario_lacks_leaves_the_cause_s_code() -> None:
    results = [a_scenario_result(PASS), a_scenario_result(SILENT, complete=False)]
    assert outcome.exit_code(results, [a_finding("lab")]) == ExitCode.LAB


def test_exit_code__one_bad_scenario_is_enough() -> None:
    assert outcome.exit_code([a_scenario_result(PASS), a_scenario_result(FAIL)], []) == 1


@pytest.mark.parametrize(
    ("verdicts", "effects", "expected"),
    [
        ([], [], "not judged"),
        ([], ["warn"], "not judged"),
        ([], ["invalid"], "fail"),
        ([WARNED], [], "pass"),
        ([PASS, WARNED], ["warn"], "pass"),
        ([PASS, FAIL], [], "fail"),
        ([SILENT], [], "fail"),
        ([PASS], ["invalid"], "fail"),
        ([PASS], ["store"], "fail"),
    ],
)
def test_scenario_verdict__passes_only_without_doubt(
    verdicts: list[model.Verdict], effects: list[str], expected: str
) -> None:
    findings = [a_finding(effect) for effect in effects]
    assert outcome.scenario_verdict(verdicts, findings) == expected


@pytest.mark.parametrize("code", ExitCode)
def test_verdict__blames_the_service_for_its_own_failures_only(code: ExitCode) -> None:
    expected = {ExitCode.OK: "pass", ExitCode.FAILED: "fail"}.get(code, "error")
    assert outcome.verdict(code, judged=True) == expected
    unjudged = "not judged" if code is ExitCode.OK else expected
    assert outcome.verdict(code, judged=False) == unjudged


@pytest.mark.parametrize(
    ("verdicts", "findings", "expected"),
    [
        ([], [], "1 scenario ran, no threshold is set"),
        ([PASS], [], "the threshold holds"),
        ([PASS, PASS], [], "all 2 thresholds hold"),
        ([PASS, WARNED], [], "1 of 2 thresholds hold; the rest only warn"),
        ([PASS, FAIL, FAIL], [], "2 of 3 thresholds crossed"),
        ([FAIL], [], "1 of 1 threshold crossed"),
        ([PASS, SILENT], [], "1 threshold without data"),
        ([FAIL, SILENT, SILENT], [], "1 of 3 thresholds crossed; 2 thresholds without data"),
        ([PASS], [a_finding("warn")], "the threshold holds"),
        ([PASS], [a_finding("lab")], "it broke"),
        ([PASS], [a_finding("lab", scenario="browse")], "browse: it broke"),
        (
            [FAIL],
            [a_finding("lab"), a_finding("warn"), a_finding("store")],
            "it broke (and 1 more); 1 of 1 threshold crossed",
        ),
    ],
)
def test_headline__what_fails_first(
    verdicts: list[model.Verdict], findings: list[model.Finding], expected: str
) -> None:
    assert outcome.headline([a_scenario_result(*verdicts)], findings) == expected


def test_headline__a_run_without_scenarios_says_so() -> None:
    assert outcome.headline([], []) == "0 scenarios ran, no threshold is set"


@pytest.mark.parametrize(
    ("unjudged", "judged", "expected"),
    [
        (["a"], [PASS], "the threshold holds; a was not judged: no threshold is set there"),
        (
            ["a", "b"],
            [FAIL],
            "1 of 1 threshold crossed; a and b were not judged: no threshold is set there",
        ),
        (
            ["a", "b", "c"],
            [PASS],
            "the threshold holds; 3 scenarios without a threshold were not judged",
        ),
    ],
)
def test_headline__names_the_scenarios_that_no_threshold_judged(
    unjudged: list[str], judged: list[model.Verdict], expected: str
) -> None:
    silent = [a_scenario_result(name=name, verdict="not judged") for name in unjudged]
    assert outcome.headline([a_scenario_result(*judged), *silent], []) == expected
