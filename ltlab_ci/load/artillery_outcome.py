"""What Artillery left when it ended: exit code, report.json, `ensure` checks.

Artillery exits with 0 when its target refuses every connection: validity is judged on samples.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ltlab_ci import model, process
from ltlab_ci.load import artillery_samples
from ltlab_ci.load.plan import Plan

REPORT = "artillery-report.json"
_ENSURE_FAILED = 1
_EXPECT_FAILED = 21
_NAMED = 3  # metrics in one message
_SIMPLE = re.compile(r"([\w.-]+?)(?:\.(p\d+|min|max|mean|median|count))?\s*(<=?|>=?)\s*([\d.]+)")


def read(scenario: model.Scenario, plan: Plan, exit_code: int) -> model.Outcome:
    """Return types, own thresholds, totals and findings of an ended run."""
    report = _report(plan.run_dir / REPORT)
    own = [*_checks(plan.run_dir / "main.ndjson", report), *_expectations(exit_code)]
    counters = report.get("counters", {})
    failed = float(counters.get("vusers.failed", 0))
    totals = {"threw": failed}
    if counters:
        totals["http_reqs"] = float(counters.get("http.requests", 0))
        totals["iterations"] = float(counters.get("vusers.completed", 0)) + failed
    crossed = any(check.crossed and check.strict for check in own)
    judged = exit_code in {_ENSURE_FAILED, _EXPECT_FAILED} and crossed
    kept = artillery_samples.recorded(plan.run_dir)
    trouble = _trouble(scenario, plan, 0 if judged else exit_code, kept.missing)
    return model.Outcome(
        types=kept.types,
        own=tuple(own),
        findings=(*trouble, *_dropped(scenario, kept.dropped)),
        totals=totals,
    )


def _trouble(
    scenario: model.Scenario, plan: Plan, exit_code: int, missing: str
) -> Iterator[model.Finding]:
    if missing and not exit_code:
        yield model.Finding(
            code="samples-incomplete",
            effect="store",
            message=missing,
            remedy="see logs/ for a full disk or a crash; run again",
            scenario=scenario.name,
        )
    if not exit_code:
        return
    yield model.Finding(
        code=f"artillery-exit-{exit_code}",
        effect="engine",
        message=f"Artillery ended with exit code {exit_code}: "
        f"{process.last_lines(plan.log, count=2)}",
        remedy="see logs/; run the scenario again",
        scenario=scenario.name,
    )


def _dropped(scenario: model.Scenario, dropped: Mapping[str, int]) -> Iterator[model.Finding]:
    if not dropped:
        return
    worst = sorted(dropped.items(), key=lambda one: (-one[1], one[0]))
    named = ", ".join(f"{name} ({count})" for name, count in worst[:_NAMED])
    more = f" and {len(worst) - _NAMED} more metrics" if len(worst) > _NAMED else ""
    yield model.Finding(
        code="values-dropped",
        effect="warn",
        message=f"{sum(dropped.values())} values were no finite numbers and are not in the "
        f"samples: {named}{more}",
        remedy="let the processor emit finite numbers; NaN often comes from a missing field",
        scenario=scenario.name,
    )


def _report(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    aggregate = loaded.get("aggregate")
    return aggregate if isinstance(aggregate, dict) else {}


def _checks(path: Path, report: dict[str, Any]) -> Iterator[model.OwnThreshold]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return
    for line in lines:
        for check in _record(line).get("checks", ()):
            yield _check(
                str(check["expression"]), report, passed=check["passed"], strict=check["strict"]
            )


def _record(line: bytes) -> dict[str, Any]:
    """Return one record; the last line of a run that was killed may be cut off."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _check(
    expression: str, report: dict[str, Any], *, passed: bool, strict: bool
) -> model.OwnThreshold:
    """Return one `ensure` check; figures are shown where it compares one metric with a number."""
    found = _SIMPLE.fullmatch(expression)
    summary = report.get("summaries", {}).get(found[1], {}) if found and found[2] else {}
    if not found or not summary:
        users = int(report.get("counters", {}).get("vusers.created", 0))
        return model.OwnThreshold(
            metric="ensure", expression=expression, crossed=not passed, strict=strict, count=users
        )
    return model.OwnThreshold(
        metric=found[1],
        expression=f"{found[2]} {found[3]} {found[4]}",
        crossed=not passed,
        strict=strict,
        op=found[3],
        bound=float(found[4]),
        unit="ms" if "time" in found[1] or found[1].endswith("session_length") else "",
        observed=summary.get(found[2]),
        count=int(summary.get("count", 0)),
    )


def _expectations(exit_code: int) -> Iterator[model.OwnThreshold]:
    """Yield the expect plug-in's word, which it gives by an exit code of its own."""
    if exit_code == _EXPECT_FAILED:
        yield model.OwnThreshold(metric="checks", expression="every `expect` holds", crossed=True)
