"""Remarks at the lines that state what failed: thresholds in ltlab.yml, findings that block.

Plain text, one line each. Not here: workflow commands, check runs and their limits (publish/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ltlab_ci import model
from ltlab_ci.report import compared, escape, view, wording

_LONGEST = 600
_SAYS_WHERE = re.compile(
    r"(?P<file>[^:\s][^:]*):(?P<line>[1-9]\d{0,8}):\d+: (?P<rest>.+)", re.DOTALL
)
_CONFIG = model.Place(file="ltlab.yml", line=1)


def of(result: model.Result) -> tuple[model.Annotation, ...]:
    """Return what to say at which line, the worst first: forges show only the first few."""
    start = _start(result)
    found = (_finding(one, result, start) for one in result.findings if one.effect != "warn")
    verdicts = (
        _verdict(verdict, scenario, start)
        for scenario, verdict in view.worst_first(result.scenarios)
        if _failed(verdict, scenario)
    )
    return (*found, *verdicts, *_changes(result, start), *_not_judged(result, start))


def _not_judged(result: model.Result, start: model.Place) -> Iterator[model.Annotation]:
    """Annotate the scenarios that no threshold judged: nothing else in the file says so."""
    for scenario in result.scenarios:
        if scenario.verdict == "not judged":
            place = scenario.place or start
            yield model.Annotation(
                file=escape.visible(place.file),
                line=place.line,
                title="Load test: not judged",
                message=f"{escape.visible(scenario.name)}: {wording.NO_THRESHOLD}",
                level="warning",
            )


def _changes(result: model.Result, start: model.Place) -> Iterator[model.Annotation]:
    """Annotate what is worse on head, at the start of the file: no line states it."""
    if result.comparison is None:
        return
    section, red = compared.section(result.comparison), compared.red(result.comparison)
    for row in (*section.rows, *section.folded):
        if row.verdict in compared.WORSE | red:
            yield model.Annotation(
                file=escape.visible(start.file),
                line=start.line,
                title=f"{row.what}: {row.verdict}",
                message=f"{row.base} on base, {row.head} on head; change {row.change}",
                level="error" if row.verdict in red else "warning",
            )


def _failed(verdict: model.Verdict, scenario: model.ScenarioResult) -> bool:
    """Tell what failed from what could not be judged: there a finding says why."""
    if verdict.status is model.Status.NO_DATA:
        return scenario.complete
    return verdict.status is model.Status.FAIL


def _verdict(
    verdict: model.Verdict, scenario: model.ScenarioResult, start: model.Place
) -> model.Annotation:
    place = verdict.place or scenario.place or start
    return model.Annotation(
        file=escape.visible(place.file),
        line=place.line,
        title=f"{wording.key(verdict)}: {wording.expression(verdict)}",
        message=f"{escape.visible(scenario.name)}: {wording.sentence(verdict)}",
        level="error" if verdict.blocks else "warning",
    )


def _finding(finding: model.Finding, result: model.Result, start: model.Place) -> model.Annotation:
    """Annotate the line that a message names, else the scenario, else the start of ltlab.yml."""
    named = _SAYS_WHERE.fullmatch(finding.message) if finding.effect == "config" else None
    of_scenario = (one.place for one in result.scenarios if one.name == finding.scenario)
    place = next(of_scenario, None) or start
    if named is not None:
        place = model.Place(file=named["file"], line=int(named["line"]))
    message = named["rest"] if named is not None else finding.message
    remedy = escape.visible(finding.remedy, longest=_LONGEST)
    return model.Annotation(
        file=escape.visible(place.file),
        line=place.line,
        title=f"Load test: {wording.EFFECTS[finding.effect]}",
        message=f"{escape.visible(message, longest=_LONGEST)}. What to do: {remedy}",
        level="warning" if result.exit_code == 0 else "error",
    )


def _start(result: model.Result) -> model.Place:
    """Return the first line of the file that states what is run."""
    places = (scenario.place for scenario in result.scenarios if scenario.place is not None)
    first = next(places, _CONFIG)
    return model.Place(file=first.file, line=1)
