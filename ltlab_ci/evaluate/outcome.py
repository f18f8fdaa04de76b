"""The verdict on a whole run: one word, one headline, one exit code, from all that was found.

Not here: single thresholds (thresholds.py), trust in a run (validity.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from ltlab_ci import model
from ltlab_ci.errors import ExitCode, worst

_EFFECTS: dict[str, ExitCode] = {
    "invalid": ExitCode.FAILED,
    "config": ExitCode.CONFIG,
    "lab": ExitCode.LAB,
    "engine": ExitCode.ENGINE,
    "store": ExitCode.STORE,
    "bug": ExitCode.BUG,
    "interrupted": ExitCode.INTERRUPTED,
    "warn": ExitCode.OK,
}

_NAMED = 2  # scenarios that a headline names


def exit_code(
    scenarios: Sequence[model.ScenarioResult], findings: Sequence[model.Finding]
) -> ExitCode:
    """Return the code that a caller sees; docs/exit-codes.md has the precedence.

    What a scenario lacks because it was cut short is not its failure: the cause has its own code.
    """
    codes = [_EFFECTS[finding.effect] for finding in findings]
    failed = any(
        verdict.blocks and (scenario.complete or verdict.status is model.Status.FAIL)
        for scenario in scenarios
        for verdict in scenario.verdicts
    )
    return worst([*codes, ExitCode.FAILED] if failed else codes)


def scenario_verdict(
    verdicts: Sequence[model.Verdict], findings: Sequence[model.Finding]
) -> Literal["pass", "fail", "not judged"]:
    """Return pass only where every threshold holds, one at least, and nothing puts the run in doubt."""
    doubt = any(finding.effect != "warn" for finding in findings)
    if doubt or any(verdict.blocks for verdict in verdicts):
        return "fail"
    return "pass" if verdicts else "not judged"


def verdict(code: ExitCode, *, judged: bool) -> Literal["pass", "fail", "not judged", "error"]:
    """Return the one word: error where the lab, an engine or the input failed, not the service.

    `judged`: a threshold or a comparison had a word on it. Without, the best is "not judged".
    """
    if code is ExitCode.OK:
        return "pass" if judged else "not judged"
    return "fail" if code is ExitCode.FAILED else "error"


def headline(scenarios: Sequence[model.ScenarioResult], findings: Sequence[model.Finding]) -> str:
    """Return the verdict in words: what fails first, then how much was judged."""
    verdicts = [verdict for scenario in scenarios for verdict in scenario.verdicts]
    serious = [finding for finding in findings if finding.effect != "warn"]
    failed = sum(v.blocks and v.status is model.Status.FAIL for v in verdicts)
    silent = sum(v.blocks and v.status is model.Status.NO_DATA for v in verdicts)
    parts = []
    if serious:
        first = serious[0]
        where = f"{first.scenario}: " if first.scenario else ""
        more = f" (and {len(serious) - 1} more)" if len(serious) > 1 else ""
        parts.append(f"{where}{first.message}{more}")
    if failed:
        parts.append(f"{failed} of {_thresholds(len(verdicts))} crossed")
    if silent:
        parts.append(f"{_thresholds(silent)} without data")
    if not parts and not verdicts:
        return f"{_count(len(scenarios), 'scenario')} ran, no threshold is set"
    if not parts:
        parts.append(_holding(verdicts))
    return "; ".join([*parts, *_not_judged(scenarios)])


def _holding(verdicts: Sequence[model.Verdict]) -> str:
    warned = sum(v.status is not model.Status.PASS for v in verdicts)
    if warned:
        return f"{len(verdicts) - warned} of {_thresholds(len(verdicts))} hold; the rest only warn"
    return f"all {_thresholds(len(verdicts))} hold" if len(verdicts) > 1 else "the threshold holds"


def _not_judged(scenarios: Sequence[model.ScenarioResult]) -> Iterator[str]:
    """Say which scenarios have no threshold, beside others that have."""
    names = [scenario.name for scenario in scenarios if scenario.verdict == "not judged"]
    if len(names) > _NAMED:
        yield f"{_count(len(names), 'scenario')} without a threshold were not judged"
    elif names:
        were = "was" if len(names) == 1 else "were"
        yield f"{' and '.join(names)} {were} not judged: no threshold is set there"


def _thresholds(number: int) -> str:
    return _count(number, "threshold")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
