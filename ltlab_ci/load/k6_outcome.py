"""What k6 left when it ended: exit code, end-of-test summary, log; read for types and trouble.

k6 exits with 0 when every iteration throws and when its output is dead: so the log is read too.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ltlab_ci import model, process
from ltlab_ci.load.plan import Plan, Unended

SUMMARY = "k6-summary.json"
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')
_MESSAGE = re.compile(r'msg="((?:[^"\\]|\\.)*)"')
_MESSAGE_FIELD = re.compile(rb'msg="(?:[^"\\]|\\.)*"')
_OF_SCENARIO = re.compile(rb' scenario=(?:"([^"]*)"|(\S+))')
_COUNTED = re.compile(rb"\d+ complete and (\d+) interrupted iterations")
_TAIL = 1_000_000  # bytes of a log, in which k6's last word stands; scripts print too
_THRESHOLDS_CROSSED = 99
_NO_VU = b'msg="Cannot get a VU from the buffer"'
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
    findings = list(_exit_findings(scenario, plan, exit_code))
    if said_so is None and exit_code in {0, _THRESHOLDS_CROSSED}:
        findings.append(_unsummed(scenario))
    if exit_code == _THRESHOLDS_CROSSED and not any(each.crossed for each in own):
        findings.append(_untold(scenario))
    by_scenario, first, starved = _errors(plan.log)
    if starved:
        findings.append(_starved(scenario, starved))
    threw = sum(by_scenario.values())
    totals = {"threw": float(threw), **dict(_counted(summary)), **_interrupted(plan.log)}
    if threw:
        findings.append(
            model.Finding(
                code="iterations-threw",
                effect="warn",
                message=f"{threw} iterations threw; the first: {first}",
                remedy="mend the script; its log is in the report's logs/",
                scenario=scenario.name,
            )
        )
    return model.Outcome(
        types=dict(_types(summary)),
        own=own,
        findings=tuple(findings),
        totals=totals,
        threw=dict(by_scenario),
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


def said(log: str) -> str:
    """Return the first error in a piece of k6's log, in one line."""
    for line in log.splitlines():
        if "level=error" in line:
            found = _MESSAGE.search(line)
            text = found[1] if found else line
            return _one_line(text)
    return log.strip().splitlines()[-1] if log.strip() else ""


def _exit_findings(scenario: model.Scenario, plan: Plan, exit_code: int) -> Iterator[model.Finding]:
    if exit_code in {0, _THRESHOLDS_CROSSED}:
        return
    effect, message, remedy = _EXITS.get(
        exit_code,
        ("engine", f"k6 ended with exit code {exit_code}", "see logs/; run the scenario again"),
    )
    reason = said(_head(plan.log))
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
                metric=metric, tags=tags, expression=expression, crossed=bool(crossed)
            )


def _filter(text: str) -> tuple[tuple[str, str], ...]:
    """Read a filter as k6 does: the last of two wins, and a star is an ordinary character.

    Source: `metrics.ParseMetricName` of k6.
    """
    pairs = (part.partition(":") for part in text.split(","))
    tags = {name.strip().strip("\"'"): value.strip().strip("\"'") for name, _, value in pairs}
    return tuple((name, value.replace("*", "\\*")) for name, value in tags.items())


def _errors(log: Path) -> tuple[Counter[str], str, tuple[str, ...]]:
    """Return how many iterations threw, by scenario of the script, the first error, and what got no VU."""
    counted: Counter[str] = Counter()
    first, starved = "", dict[str, None]()
    with contextlib.suppress(OSError), log.open("rb") as file:
        for line in file:
            if b"level=error" not in line or not _is_thrown(_QUOTED.sub(b"", line)):
                continue
            if _NO_VU in line:
                starved[_scenario(line)] = None
                continue
            counted[_scenario(line)] += 1
            first = first or said(line.decode("utf-8", "replace"))
    return counted, first, tuple(starved)


def _scenario(line: bytes) -> str:
    found = _OF_SCENARIO.search(_MESSAGE_FIELD.sub(b"", line))
    return (found[1] or found[2]).decode("utf-8", "replace") if found else ""


def _is_thrown(fields: bytes) -> bool:
    # What is thrown in an iteration names its scenario; set-up has none, console.error says so.
    return b" scenario=" in fields and b" source=console" not in fields


def unended(log: Path) -> Unended:
    """Say why k6 goes on after its load, or does not begin it, where its log tells."""
    told = process.last_lines(log, count=_UNENDED_LINES)
    if "--linger was enabled" in told:
        why = "it lingers until somebody stops it (--linger, K6_LINGER)"
    elif told.endswith("% ] paused"):
        why = "it is paused until somebody resumes it (--paused, K6_PAUSED)"
    else:
        return Unended()
    return Unended(why=why, certain=True)


def _head(log: Path) -> str:
    try:
        with log.open("rb") as file:
            return file.read(1_000_000).decode("utf-8", "replace")
    except OSError:
        return ""


def _one_line(text: str) -> str:
    # logfmt escapes line ends; the stack below the first line is in the log.
    first = text.replace("\\n", "\n").replace("\\t", " ").replace('\\"', '"').splitlines()
    return " ".join(first[:2]).strip() if first else ""
