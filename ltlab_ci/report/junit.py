"""junit.xml: one case a threshold and one a finding, so that any CI system shows them.

Not here: wording (wording.py). Times are left out: the same result gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import junit_xml

from ltlab_ci import model
from ltlab_ci.report import compared, escape, figures, wording

_OURS = "ltlab"
_COMPARISON = "base against head"


def render(result: model.Result) -> str:
    """Return all scenarios as JUnit suites; findings without a scenario form a suite `ltlab`."""
    names = {scenario.name for scenario in result.scenarios}
    suites = [
        _suite(
            scenario.name,
            scenario.verdicts,
            _about(result, scenario.name),
            not_judged=scenario.verdict == "not judged",
        )
        for scenario in result.scenarios
    ]
    if result.comparison is not None:
        suites.append(_comparison(result.comparison))
    rest = [one for one in _serious(result) if one.scenario not in names]
    if rest:
        suites.append(_suite(_OURS, (), rest))
    if result.exit_code and not any(_is_red(suite) for suite in suites):
        suites.append(junit_xml.TestSuite("verdict", [_verdict_case(result)]))
    return str(junit_xml.to_xml_report_string(suites))


def _comparison(comparison: model.Comparison) -> junit_xml.TestSuite:
    """Return a case a row of base against head; what the user does not fail on is never red."""
    section = compared.section(comparison)
    cases = []
    for row in (*section.rows, *section.folded):
        case = junit_xml.TestCase(_clean(row.what), classname=_COMPARISON)
        said = _clean(f"{row.what}: {row.base}, then {row.head} ({row.change}): {row.verdict}")
        if row.verdict in compared.red(comparison):
            case.add_failure_info(message=said, failure_type=row.verdict)
        else:
            if row.verdict == "inconclusive":  # it blocks nothing, and has not passed
                case.add_skipped_info(message=said)
            case.stdout = f"{said}; {_clean(row.note)}" if row.note else said
        cases.append(case)
    return junit_xml.TestSuite(_COMPARISON, cases)


def _suite(
    scenario: str,
    verdicts: Sequence[model.Verdict],
    findings: Sequence[model.Finding],
    *,
    not_judged: bool = False,
) -> junit_xml.TestSuite:
    name = _clean(escape.visible(scenario))
    cases = [_threshold_case(name, verdict) for verdict in verdicts]
    cases += [_finding_case(name, finding) for finding in findings]
    if not_judged:
        cases.append(junit_xml.TestCase("not judged", classname=name))
        cases[-1].add_skipped_info(message=wording.NO_THRESHOLD)
    return junit_xml.TestSuite(name, cases)


def _threshold_case(scenario: str, verdict: model.Verdict) -> junit_xml.TestCase:
    name = f"{wording.key(verdict)} {wording.expression(verdict)}"
    name += f" over {escape.visible(verdict.over)}" if verdict.over else ""
    name += "" if verdict.origin == _OURS else f" [{verdict.origin}]"
    case = junit_xml.TestCase(_clean(name), classname=scenario)
    said = _clean(wording.sentence(verdict))
    distance = wording.distance(verdict)
    details = f"{said}{f' ({distance})' if distance else ''}; samples: {verdict.count}"
    match wording.Group.of(verdict):
        case wording.Group.FAIL | wording.Group.NO_DATA as group:
            case.add_failure_info(message=said, output=details, failure_type=group.value)
        case wording.Group.WARNING:
            alone = "" if verdict.unsure else ", does not fail the run"
            case.stdout = f"warning{alone}: {details}"
        case wording.Group.PASS:
            pass
    return case


def _finding_case(scenario: str, finding: model.Finding) -> junit_xml.TestCase:
    case = junit_xml.TestCase(
        _clean(f"finding: {escape.visible(finding.code)}"), classname=scenario
    )
    message = _clean(escape.visible(finding.message, longest=1000))
    remedy = _clean(escape.visible(finding.remedy, longest=1000))
    case.add_error_info(
        message=message, output=f"{message}\nwhat to do: {remedy}", error_type=finding.effect
    )
    return case


def _verdict_case(result: model.Result) -> junit_xml.TestCase:
    # No false green: whatever turned the run red, a CI system that reads only this file sees it.
    case = junit_xml.TestCase("verdict", classname=_OURS)
    headline = _clean(escape.visible(result.headline, longest=1000)) or result.verdict
    case.add_error_info(message=headline, error_type=result.verdict)
    return case


def _about(result: model.Result, scenario: str) -> list[model.Finding]:
    return [finding for finding in _serious(result) if finding.scenario == scenario]


def _serious(result: model.Result) -> list[model.Finding]:
    """Return what failed the run: where `fail_on` leaves it green, an invalid comparison did not."""
    if not result.exit_code:
        return []
    return [finding for finding in result.findings if finding.effect != "warn"]


def _is_red(suite: junit_xml.TestSuite) -> bool:
    return any(case.is_failure() or case.is_error() for case in suite.test_cases)


def _clean(text: str) -> str:
    return escape.xml(text.replace(figures.THIN_SPACE, " "))
