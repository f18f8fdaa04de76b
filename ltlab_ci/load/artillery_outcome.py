"""What Artillery left when it ended: exit code, report.json, `ensure` checks, its log.

Artillery exits with 0 when its target refuses every connection and when all virtual users fail: so
they are counted, and validity is judged on samples.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ltlab_ci import model, process
from ltlab_ci.load import artillery_samples
from ltlab_ci.load.plan import Plan, Unended

REPORT = "artillery-report.json"
_UNREPORTED = "Artillery left no report, so nothing says whether all samples were recorded"
_ENSURE_FAILED = 1
_EXPECT_FAILED = 21
_WORKER_THREW = 11
_ENDED = ("vusers.completed", "vusers.failed")
_TELLING = re.compile(rb'^{"k":"close".*"exit":|"n":"vusers[.](?:created|completed|failed)"')
_NAMED = 3  # metrics in one message
_HEAD_BYTES = 1_000_000
_ERROR = re.compile(r"(?:^|\s)((?:[A-Z]\w*)?Error(?: \[\w+\])?: .+)")
_FRAME = re.compile(r"^\s+at (?:.*\()?(?:file://)?(/[^():]+:\d+:\d+)\)?$")
_STACK_WITHIN = 12  # lines after an error: its message may have several
_UNDEFINED = re.compile(r'Undefined function "(.*)"')
_UNFOUND = re.compile(rb"WARNING: custom function (.+) could not be found")
_SIMPLE = re.compile(r"([\w.-]+?)(?:\.(p\d+|min|max|mean|median|count))?\s*(<=?|>=?)\s*([\d.]+)")


def read(scenario: model.Scenario, plan: Plan, exit_code: int) -> model.Outcome:
    """Return types, own thresholds, totals and findings of an ended run."""
    found = _report(plan.run_dir / REPORT)
    report = found or {}
    main = tuple(_records(plan.run_dir / "main.ndjson"))
    own = [*_checks(main, report), *_expectations(exit_code)]
    counters = report.get("counters", {})
    failed = float(counters.get("vusers.failed", 0))
    totals = {"threw": failed}
    if counters:
        totals["http_reqs"] = float(counters.get("http.requests", 0))
        totals["iterations"] = float(counters.get("vusers.completed", 0)) + failed
    crossed = any(check.crossed and check.strict for check in own)
    judged = exit_code in {_ENSURE_FAILED, _EXPECT_FAILED} and crossed
    code = 0 if judged else exit_code
    kept = artillery_samples.recorded(plan.run_dir)
    errors = {
        name.removeprefix("errors."): float(count)
        for name, count in counters.items()
        if name.startswith("errors.")
    }
    missing = kept.missing or (_UNREPORTED if found is None else "")
    return model.Outcome(
        types=kept.types,
        own=tuple(own),
        findings=(
            *(_incomplete(scenario, missing) if missing and not code else ()),
            *(_trouble(scenario, plan, code, main, kept) if code else ()),
            *_undefined(scenario, plan.log, errors),
            *_failed(scenario, totals, errors),
            *_dropped(scenario, kept.dropped),
        ),
        totals=totals,
        errors=errors,
    )


def _incomplete(scenario: model.Scenario, why: str) -> Iterator[model.Finding]:
    yield model.Finding(
        code="samples-incomplete",
        effect="store",
        message=why,
        remedy="see logs/ for a full disk or a crash; run again",
        scenario=scenario.name,
    )


def _trouble(
    scenario: model.Scenario,
    plan: Plan,
    exit_code: int,
    main: Sequence[Mapping[str, Any]],
    kept: artillery_samples.Recorded,
) -> Iterator[model.Finding]:
    """Yield why Artillery did not end well, by the first error that its log tells."""
    reason = said(plan.log)
    section = _section(main, kept)
    if section and reason:
        yield model.Finding(
            code="artillery-before" if section == "before" else "artillery-after",
            effect="invalid",
            message=f"the `{section}` section failed: {_reached(reason, plan)}",
            remedy=f"mend what `{section}` does, or what it calls; logs/ has the whole error",
            scenario=scenario.name,
        )
        return
    yield model.Finding(
        code=f"artillery-exit-{exit_code}",
        effect="engine",
        message=f"Artillery ended with exit code {exit_code}"
        + (
            ", once its load was over: a plug-in or a function of the script asked for that"
            if not reason and any(record.get("k") == "done" for record in main)
            else f": {reason or process.last_lines(plan.log, count=2)}"
        ),
        remedy="see logs/; run the scenario again",
        scenario=scenario.name,
    )
    if kept.exits and exit_code != _WORKER_THREW:
        worker, code = next(iter(sorted(kept.exits.items())))
        yield model.Finding(
            code="worker-exited",
            effect="engine",
            message=f"worker {worker} of Artillery was ended by process.exit({code}) in the processor "
            "or a module of it; Artillery waits for that worker for ever",
            remedy="let the processor throw, or call back with an error, instead of process.exit()",
            scenario=scenario.name,
        )


def _section(main: Sequence[Mapping[str, Any]], kept: artillery_samples.Recorded) -> str:
    """Return which section was at work when Artillery ended: `before`, `after`, or neither.

    Both run in the main thread: one before there are workers, the other once all users are done.
    """
    has = next((record for record in main if record.get("k") == "open"), {})
    begun = kept.began or any(record.get("k") == "phase" for record in main)
    if has.get("before") and not begun:
        return "before"
    done = any(record.get("k") == "done" for record in main)
    return "after" if has.get("after") and done else ""


def _reached(reason: str, plan: Plan) -> str:
    """Return an error; where nobody listens, with the address that is under test."""
    reason = reason.removeprefix("Error: ")
    service = plan.env.get("BASE_URL", "")
    if "ECONNREFUSED" not in reason or not service or urlsplit(service).netloc in reason:
        return reason
    return f"{reason}; the service under test is at {service}"


def said(log: Path) -> str:
    """Return the first error that a log tells, and where in a file of the user's it came from."""
    try:
        with log.open("rb") as file:
            lines = file.read(_HEAD_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    first = ""
    for number, line in enumerate(lines):
        if found := _ERROR.search(line):
            frames = list(_frames(lines[number + 1 : number + 1 + _STACK_WITHIN]))
            first = first or found[1]
            if frames:
                own = next((each for each in frames if "/node_modules/" not in each), "")
                where = f" ({own.rpartition('/')[2]})" if own else ""
                return model.shortened(found[1]) + where
    return model.shortened(first)


def _frames(below: Sequence[str]) -> Iterator[str]:
    """Yield the places in files that the stack of one error names."""
    for line in below:
        if _ERROR.search(line):
            return
        if frame := _FRAME.match(line):
            yield frame[1]


def _undefined(
    scenario: model.Scenario, log: Path, errors: Mapping[str, float]
) -> Iterator[model.Finding]:
    """Yield the functions that were not there: `inspect` cannot know what a plug-in would add."""
    steps = (found[1] for name in errors if (found := _UNDEFINED.fullmatch(name)))
    names = sorted({*steps, *_unfound(log)})
    if names:
        yield model.Finding(
            code="undefined-function",
            effect="invalid",
            message=f"the script calls functions that were not there: {', '.join(names[:_NAMED])}",
            remedy="mend the names, or export the functions from the processor",
            scenario=scenario.name,
        )


def _unfound(log: Path) -> Iterator[str]:
    try:
        with log.open("rb") as file:
            for line in file:
                if found := _UNFOUND.search(line):
                    yield found[1].decode("utf-8", "replace")
    except OSError:
        return


def _failed(
    scenario: model.Scenario, totals: Mapping[str, float], errors: Mapping[str, float]
) -> Iterator[model.Finding]:
    """Yield how many virtual users failed, and why; else errors that no user ended with."""
    if failed := totals["threw"]:
        yield model.Finding(
            code="users-failed",
            effect="warn",
            message=f"{failed:g} of {totals['iterations']:g} virtual users failed: {model.counted(errors)}",
            remedy="a user that failed did less work than you think; see logs/, and mend the script "
            "or the service",
            scenario=scenario.name,
        )
    elif errors:
        yield model.Finding(
            code="errors-counted",
            effect="warn",
            message=f"Artillery counted errors that ended no virtual user: {model.counted(errors)}",
            remedy="see logs/; state a threshold on `errors` to judge them",
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


def _report(path: Path) -> dict[str, Any] | None:
    """Return what Artillery says of the whole run, None where it left nothing to read."""
    try:
        loaded = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    aggregate = loaded.get("aggregate") if isinstance(loaded, dict) else None
    return aggregate if isinstance(aggregate, dict) else None


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what the plug-in told of the run as a whole."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return
    for line in lines:
        yield _record(line)


def _checks(
    main: Sequence[Mapping[str, Any]], report: dict[str, Any]
) -> Iterator[model.OwnThreshold]:
    for record in main:
        for check in record.get("checks", ()):
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


def unended(run_dir: Path) -> Unended:
    """Say what Artillery waits for that will not come, where the plug-in's records tell."""
    begun = ended = 0
    for path in sorted(run_dir.glob("worker-*.ndjson")):
        with contextlib.suppress(OSError), path.open("rb") as lines:
            for line in lines:
                if not _TELLING.search(line):
                    continue
                record = _record(line)
                if "exit" in record:
                    return Unended(
                        why=f"the script ended a worker of Artillery by process.exit({record['exit']}), "
                        "and Artillery waits for it for ever",
                        certain=True,
                    )
                begun += record.get("n") == "vusers.created" and int(record["v"])
                ended += record.get("n") in _ENDED and int(record["v"])
    if begun > ended:
        return Unended(
            why=f"{begun - ended} of {begun} virtual users never ended: a hook or function may not have called "
            "back, and Artillery 2 waits for ever after an answer 304"
        )
    return Unended()


def _expectations(exit_code: int) -> Iterator[model.OwnThreshold]:
    """Yield the expect plug-in's word, which it gives by an exit code of its own."""
    if exit_code == _EXPECT_FAILED:
        yield model.OwnThreshold(metric="checks", expression="every `expect` holds", crossed=True)
