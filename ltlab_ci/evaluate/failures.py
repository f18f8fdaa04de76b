"""How much of what a load did failed: requests, calls, sessions, checks, iterations; by scenario of the script.

A run in which most of it failed is not a measurement of the service at work, unless somebody meant it
so: by a threshold on it, or by naming the statuses that are expected. Not here: thresholds themselves
(thresholds.py), a comparison's failures (compare/failures.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from ltlab_ci import model

MOST = 0.5
"""Above this share it was mostly failures that were measured."""

MANY = 0.05
"""Above this share people should know, whatever the thresholds say."""


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """One kind of work that can fail: its name, and the metrics whose thresholds say how much may."""

    noun: str
    failed: str
    codes: tuple[str, str, str]  # where every one, most, and many failed; "" where that is not said
    metrics: frozenset[str]


USERS = frozenset({"vusers.failed", "vusers.completed", "errors", "maxErrorRate"})
"""By what somebody says how many of Artillery's virtual users may fail: metrics, a limit of `ensure`."""

_REQUEST_CODES = ("every-request-failed", "most-requests-failed", "requests-failed")
_THREW_CODES = ("every-iteration-threw", "most-iterations-threw", "")
_KINDS = {
    kind.noun: kind
    for kind in (
        _Kind(
            noun="requests",
            failed="failed",
            codes=_REQUEST_CODES,
            metrics=frozenset({"http_req_failed", "http_reqs{status}"}),
        ),
        _Kind(
            noun="gRPC calls",
            failed="failed",
            codes=_REQUEST_CODES,
            metrics=frozenset({"grpc_req_duration{status}"}),
        ),
        _Kind(
            noun="WebSocket sessions",
            failed="failed",
            codes=_REQUEST_CODES,
            metrics=frozenset({"ws_sessions{status}"}),
        ),
        _Kind(
            noun="requests of the browser",
            failed="failed",
            codes=_REQUEST_CODES,
            metrics=frozenset({"browser_http_req_failed"}),
        ),
        _Kind(
            noun="checks",
            failed="failed",
            codes=("", "most-checks-failed", "checks-failed"),
            metrics=frozenset({"checks"}),
        ),
        _Kind(
            noun="iterations",
            failed="threw",
            # The engine's own words tell of a few.
            codes=_THREW_CODES,
            metrics=frozenset(),
        ),
        _Kind(
            noun="virtual users",  # Artillery's iterations, in which nothing throws
            failed="failed",
            codes=_THREW_CODES,
            metrics=USERS,
        ),
    )
}
_REMEDIES = {
    "every-request-failed": "check the address that the script calls and the service's log in logs/",
    "most-requests-failed": "see the service's log in logs/; if it is meant, set a threshold on "
    "http_req_failed, or name the statuses with expectedStatuses",
    "requests-failed": "set a threshold on http_req_failed to say how many may",
    "most-checks-failed": "see what the service answered; if it is meant, set a threshold on checks",
    "checks-failed": "set a threshold on checks to say how many may",
    "every-iteration-threw": "mend the script; the first error is in logs/",
    "most-iterations-threw": "mend the script; the first error is in logs/",
}
_OF_USERS = "mend the script, or the service; if it is meant, set a threshold on vusers.failed"


def whole(tallies: Sequence[model.Tally]) -> model.Tally:
    """Return the sum of several scenarios of a script."""
    sums: dict[str, float] = {}
    for field in fields(model.Tally):
        if field.name not in {"name", "failed_as", "first_ns", "last_ns"}:
            sums[field.name] = sum(getattr(tally, field.name) or 0 for tally in tallies)
    return model.Tally(
        name="",
        first_ns=min((tally.first_ns for tally in tallies), default=0),
        last_ns=max((tally.last_ns for tally in tallies), default=0),
        **sums,  # type: ignore[arg-type]  # each is of the field's own type
    )


def findings(
    facts: model.Facts, outcome: model.Outcome, covered: frozenset[str], *, by_scenario: bool
) -> Iterator[model.Finding]:
    """Yield each kind of work of which all, most or many failed.

    `covered` are the metrics that have a threshold, `metric{tag}` where it is on a tag's values: a limit on
    latency says nothing of failures, one on a status does. `by_scenario`: iterations are told apart by
    scenario of the script too, as k6 does; requests are by every engine.
    """
    alone = len(facts.tallies) == 1 or not by_scenario
    done: dict[str, list[tuple[str, int, int]]] = {}
    for tally in facts.tallies:
        for noun, number, failed in _requests(tally, any_status=facts.any_status):
            done.setdefault(noun, []).append((tally.name, number, failed))
    users = "virtual users" if facts.engine == "artillery" else "iterations"
    for tally in facts.tallies if by_scenario else [whole(facts.tallies)]:
        threw = outcome.totals.get("threw", 0.0) if alone else outcome.threw.get(tally.name, 0)
        done.setdefault(users, []).append(
            (tally.name, tally.iterations, min(int(threw), tally.iterations))
        )
    lost: set[str] = set()  # scenarios of which no request got through: their checks fail by it
    for noun, parts in done.items():
        kind = _KINDS[noun]
        worked = [part for part in parts if part[1] and not (noun == "checks" and part[0] in lost)]
        found = {part: _code(kind, part[1], part[2], covered) for part in worked}
        for code in kind.codes:
            some = [part for part in worked if code and found[part] == code]
            lost |= {part[0] for part in some if code == _REQUEST_CODES[0]}
            for where, those in _named(some, worked):
                why = outcome.errors if kind.metrics is USERS or code == _REQUEST_CODES[0] else {}
                told = _finding(facts, kind, code, where, those, errors=why)
                yield _because(told, _reason(noun, outcome) or _status(noun, facts, those))


def _requests(tally: model.Tally, *, any_status: bool) -> Iterator[tuple[str, int, int]]:
    """Yield what a scenario of a script did that can fail, how often, and how often it failed.

    Whether an HTTP request failed is what the script says; where it says nothing, or takes every
    answer for a success, the status tells. That nothing answered is never a success.
    """
    told = tally.judged and not any_status
    failed = tally.failed + tally.refused if told else max(tally.bad, tally.failed)
    yield "requests", max(tally.requests, tally.judged), failed
    yield "gRPC calls", tally.calls, tally.calls_failed
    yield "WebSocket sessions", tally.sessions, tally.sessions_failed
    yield "requests of the browser", tally.pages, tally.pages_failed
    yield "checks", tally.checks, tally.checks_failed


def _code(kind: _Kind, done: int, failed: int, covered: frozenset[str]) -> str:
    every, most, many = kind.codes
    if every and failed >= done:
        return every
    if kind.metrics & covered:
        return ""
    share = failed / done
    return most if share > MOST else many if share > MANY else ""


def _named(
    bad: Sequence[tuple[str, int, int]], of: Sequence[tuple[str, int, int]]
) -> Iterator[tuple[str, Sequence[tuple[str, int, int]]]]:
    """Yield how to name what is bad: nothing to name where all is, else each scenario by itself."""
    if bad and len(bad) == len(of):
        yield "", bad
    else:
        for part in bad:
            yield in_scenario(part[0]), [part]


def _reason(noun: str, outcome: model.Outcome) -> str:
    """Say why it failed as the engine saw it: what throws often does so since nothing answered."""
    return {
        "requests": outcome.unanswered,
        "iterations": outcome.unanswered or outcome.thrown,
    }.get(noun, "")


def _status(noun: str, facts: model.Facts, parts: Sequence[tuple[str, int, int]]) -> str:
    """Say with which status most of the requests failed, where they had one."""
    names = {part[0] for part in parts}
    known = [tally.failed_as for tally in facts.tallies if tally.name in names and tally.failed_as]
    return f"most with HTTP {known[0]}" if noun == "requests" and known else ""


def _because(found: model.Finding, reason: str) -> model.Finding:
    told = f"{found.message}: {reason}" if reason else found.message
    return found.model_copy(update={"message": told})


def in_scenario(name: str) -> str:
    """Return how a message begins that is about one of several scenarios of a script."""
    return f"scenario {name} of the script: " if name else ""


def _finding(
    facts: model.Facts,
    kind: _Kind,
    code: str,
    where: str,
    parts: Sequence[tuple[str, int, int]],
    *,
    errors: Mapping[str, float],
) -> model.Finding:
    done = sum(part[1] for part in parts)
    failed = sum(part[2] for part in parts)
    said = (
        f"every one of {done} {kind.noun} {kind.failed}"
        if failed >= done
        else f"{failed} of {done} {kind.noun} {kind.failed} ({failed / done:.1%})"
    )
    return model.Finding.model_validate(
        {
            "code": code,
            "effect": "warn" if code == kind.codes[2] else "invalid",
            "message": where + said + (f": {model.counted(errors)}" if errors else ""),
            "remedy": _OF_USERS if kind.metrics is USERS else _REMEDIES[code],
            "scenario": facts.scenario,
        }
    )
