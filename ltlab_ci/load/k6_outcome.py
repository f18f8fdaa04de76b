"""What k6 left when it ended: exit code and end-of-test summary; read for types and trouble.

Not here: what its log says (k6_log.py).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ltlab_ci import model, process
from ltlab_ci.load import k6_log
from ltlab_ci.load.plan import Plan, Unended

SUMMARY = "k6-summary.json"
_COUNTED = re.compile(rb"\d+ complete and (\d+) interrupted iterations")
_TAIL = 1_000_000  # bytes of a log, in which k6's last word stands; scripts print too
_THRESHOLDS_CROSSED = 99
_UNENDED_LINES = 100  # its summary may come after what it says of its end

_EXITS: Mapping[int, tuple[str, str, str]] = {
    100: (
        "invalid",
        "setup() took longer than its timeout",
        "make it faster or raise setupTimeout",
    ),
    101: ("invalid", "teardown() took longer than its timeout", "raise teardownTimeout"),
    103: ("engine", "k6 was stopped through its REST API", "run again and let it finish"),
    104: ("config", "k6 refused the script's options", "see logs/; mend the options"),
    107: (
        "invalid",
        "the script threw outside its iterations",
        "see logs/; mend setup or teardown",
    ),
    108: ("invalid", "the script called test.abort()", "see logs/ for its reason"),
    109: ("engine", "k6 itself crashed", "see logs/; try another k6 version"),
    110: ("invalid", "the script called test.fail()", "see logs/ for its reason"),
    255: ("config", "k6 refused its command line", "see logs/; check `args` of the scenario"),
}


def read(scenario: model.Scenario, plan: Plan, exit_code: int) -> model.Outcome:
    """Return types, own thresholds and findings of an ended run; missing files are a finding."""
    said_so = _summary(plan.run_dir / SUMMARY)
    summary = said_so or {}
    own = tuple(_own(summary))
    log = k6_log.read(plan.log)
    findings = list(_exit_findings(scenario, log, exit_code))
    if said_so is None and exit_code in {0, _THRESHOLDS_CROSSED}:
        findings.append(_unsummed(scenario))
    if exit_code == _THRESHOLDS_CROSSED and not any(each.crossed for each in own):
        findings.append(_untold(scenario))
    if log.starved:
        findings.append(_starved(scenario, tuple(log.starved)))
    if log.threw:
        findings.append(
            _warning(
                scenario,
                "iterations-threw",
                f"{log.threw.total()} iterations threw: {k6_log.listed(log.threw)}",
                "mend the script; its log is in the report's logs/",
            )
        )
    if log.summary:
        findings.append(
            _warning(
                scenario,
                "summary-not-handled",
                f"the script's own summary is missing: {log.summary}",
                "mend handleSummary(); no verdict depends on it",
            )
        )
    return model.Outcome(
        types=dict(_types(summary)),
        own=own,
        findings=tuple(findings),
        totals={
            "threw": float(log.threw.total()),
            **dict(_counted(summary)),
            **_interrupted(plan.log),
        },
        threw=dict(log.by_scenario),
        unanswered=_unanswered(log, plan.service),
        thrown=next((text for text, _ in log.threw.most_common(1)), ""),
        aborted_by=log.aborted,
    )


def _unanswered(log: k6_log.Log, service: str) -> str:
    """Say why most requests got no answer, and where the service is if they went elsewhere."""
    if not log.unanswered:
        return ""
    [(why, _)] = log.unanswered.most_common(1)
    address = urlsplit(service).netloc
    elsewhere = address and address not in why
    return f"{why}; the service under test is at {address}" if elsewhere else why


def _warning(scenario: model.Scenario, code: str, message: str, remedy: str) -> model.Finding:
    return model.Finding(
        code=code, effect="warn", message=message, remedy=remedy, scenario=scenario.name
    )


def _interrupted(log: Path) -> dict[str, float]:
    """Return k6's own count of iterations that the end cut off; nothing where it is told to be quiet."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            found = _COUNTED.findall(file.read())
    except OSError:
        found = []
    return {"interrupted": float(found[-1])} if found else {}


def _starved(scenario: model.Scenario, names: tuple[str, ...]) -> model.Finding:
    return model.Finding(
        code="vu-not-available",
        effect="invalid",
        message=f"k6 got no VU for {', '.join(names)}, which it then did not run to its end; it says so in its "
        "log alone, and exits with 0",
        remedy="let an earlier scenario end its iterations in time: gracefulStop above 0s, no long work in one "
        "call, or VUs of its own that do not wait for others",
        scenario=scenario.name,
    )


def _untold(scenario: model.Scenario) -> model.Finding:
    return model.Finding(
        code="k6-exit-99",
        effect="invalid",
        message="k6 says that a threshold of the script is crossed; its summary does not say which",
        remedy="see logs/; state the thresholds in ltlab.yml instead",
        scenario=scenario.name,
    )


def _unsummed(scenario: model.Scenario) -> model.Finding:
    return model.Finding(
        code="samples-incomplete",
        effect="store",
        message="k6 left no summary, so nothing says whether all samples were recorded",
        remedy="see logs/ for a full disk; make room and run again",
        scenario=scenario.name,
    )


def _counted(summary: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield what k6 itself counted, which the samples must hold: its CSV output may lose some.

    Infinity where a script added that: k6 writes it as null.
    """
    for name in ("http_reqs", "iterations") if summary else ():
        count = summary.get(name, {}).get("count", 0)
        yield name, math.inf if count is None else float(count)


def _exit_findings(
    scenario: model.Scenario, log: k6_log.Log, exit_code: int
) -> Iterator[model.Finding]:
    if exit_code in {0, _THRESHOLDS_CROSSED}:
        return
    effect, message, remedy = _EXITS.get(
        exit_code,
        ("engine", f"k6 ended with exit code {exit_code}", "see logs/; run the scenario again"),
    )
    reason = log.reason or next(iter(log.threw), log.last)
    yield model.Finding.model_validate(
        {
            "code": f"k6-exit-{exit_code}",
            "effect": effect,
            "message": message + (f": {reason}" if reason else ""),
            "remedy": remedy,
            "scenario": scenario.name,
        }
    )


def _summary(path: Path) -> dict[str, Any] | None:
    try:
        loaded = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    metrics = loaded.get("metrics")
    return metrics if isinstance(metrics, dict) else None


def _types(summary: dict[str, Any]) -> Iterator[tuple[str, model.MetricType]]:
    for name, values in summary.items():
        if "{" in name:
            continue
        # A trend holds what summaryTrendStats asks for, which may be next to nothing.
        if "fails" in values:
            yield name, model.MetricType.RATE
        elif "value" in values:
            yield name, model.MetricType.GAUGE
        elif {"count", "rate"} <= set(values):
            yield name, model.MetricType.COUNTER
        else:
            yield name, model.MetricType.TREND


def _own(summary: dict[str, Any]) -> Iterator[model.OwnThreshold]:
    for name, values in sorted(summary.items()):  # k6 writes them in random order
        metric, _, filtered = name.partition("{")
        tags = _filter(filtered[:-1]) if filtered else ()
        for expression, crossed in (values.get("thresholds") or {}).items():
            # In this file `true` means crossed.
            yield model.OwnThreshold(
                metric=metric,
                tags=tags,
                expression=expression,
                crossed=bool(crossed),
                observed=_figure(values, expression),
                fed=_fed(values),
            )


def _figure(values: Mapping[str, Any], expression: str) -> float | None:
    """Return the figure that k6 judged, None where its summary leaves that one out."""
    stat = re.split("[<>=!]", expression)[0].strip()
    name = "value" if stat == "rate" and "fails" in values else stat
    figure = values.get(name)
    return float(figure) if isinstance(figure, int | float) else None


def _fed(values: Mapping[str, Any]) -> bool:
    """Say whether these figures need a sample: without any, all of them are 0."""
    figures = (figure for name, figure in values.items() if name != "thresholds")
    return any(figures)


def _filter(text: str) -> tuple[tuple[str, str], ...]:
    """Read a filter as k6 does: the last of two wins, and a star is an ordinary character.

    Source: `metrics.ParseMetricName` of k6.
    """
    pairs = (part.partition(":") for part in text.split(","))
    tags = {name.strip().strip("\"'"): value.strip().strip("\"'") for name, _, value in pairs}
    return tuple((name, value.replace("*", "\\*")) for name, value in tags.items())


def unended(log: Path) -> Unended:
    """Say why k6 goes on after its load, or does not begin it, where its log tells."""
    told = process.last_lines(log, count=_UNENDED_LINES)
    # Below the line of the whole run stands one for each scenario.
    said = (line for line in reversed(told.split(" | ")) if line.startswith(("Run ", "running (")))
    state = next(said, "")
    if "--linger was enabled" in told:
        why = "it lingers until somebody stops it (--linger, K6_LINGER)"
    elif state.endswith("% ] paused"):
        why = "it is paused until somebody resumes it (--paused, K6_PAUSED)"
    else:
        return Unended()
    return Unended(why=why, certain=True)
