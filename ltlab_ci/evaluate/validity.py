"""Did it really run, and is the measurement to be trusted, whatever its thresholds say?

Not here: thresholds (thresholds.py), the verdict on the whole run (outcome.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ltlab_ci import model

DROPPED_SHARE = 0.01
"""Above this share of iterations that could not start, latency was measured under another load."""

ACHIEVED_SHARE = 0.98
"""Below this share of the iterations that a script offers, something held the engine back."""

ENDED_EARLY_SHARE = 0.9
_ENDED_EARLY_S = 2.0
BUSY_SHARE = 0.95
"""A machine this busy on average makes requests wait for a processor, whatever the service does."""

CLOCK_STEP_S = 1.0
"""A clock may be off by this much, for how a run's start and end are seen."""

_TRAFFIC = frozenset({"http_reqs", "grpc_req_duration", "ws_sessions", "ws_connecting"})
"""Metrics of which at least one has samples when a script talked to anything at all; for other
protocols the bytes sent tell."""

_PROTOCOLS = ("websocket.", "socketio.")
"""How Artillery's metrics of other protocols begin."""


def questions(facts: model.Facts) -> tuple[model.Question, ...]:
    """Return what must be known of every scenario to trust it."""
    return tuple(_questions(facts).values())


def findings(
    facts: model.Facts,
    planned: model.PlannedLoad,
    outcome: model.Outcome,
    answers: Mapping[model.Question, model.Answer],
) -> Iterator[model.Finding]:
    """Yield what is wrong with a run that came to its end, and what to know about it.

    A run that was cut short is not asked: its cause is a finding already.
    """
    asked = {name: answers[question] for name, question in _questions(facts).items()}
    if not facts.ran:
        yield _invalid(
            facts, "nothing-measured", "no sample was recorded", "see logs/ for what the engine did"
        )
        return
    yield from _clock(facts)
    yield from _work(facts, outcome, asked)
    yield from _missing(facts, outcome, asked)
    yield from _load(facts, planned, asked)
    if facts.names_left_out:
        yield _warning(
            facts,
            "too-many-names",
            f"there are {facts.names + facts.names_left_out} different request names; "
            f"the {facts.names} busiest are shown",
            "name requests by what they do: tags {name: 'GET /items/:id'} in k6, name: in Artillery",
        )


def _clock(facts: model.Facts) -> Iterator[model.Finding]:
    """Yield a doubt about the times of all samples; windows, rates and charts hang on them."""
    told = ""
    if abs(facts.clock_step_s) > CLOCK_STEP_S:
        told = f"the machine's clock was set by {facts.clock_step_s:+.1f} s during the run"
    elif facts.elapsed_s is not None and facts.load_s > facts.elapsed_s + CLOCK_STEP_S:
        told = (
            f"the samples span {facts.load_s:.1f} s, but the engine ran for {facts.elapsed_s:.1f} s"
        )
    if told:
        yield _invalid(
            facts,
            "clock-step",
            f"{told}: rates and windows are wrong",
            "run again once the clock is right (NTP), on a machine that does not sleep meanwhile",
        )


def _work(
    facts: model.Facts, outcome: model.Outcome, asked: Mapping[str, model.Answer]
) -> Iterator[model.Finding]:
    iterations, requests = _value(asked, "iterations"), _value(asked, "http_reqs")
    # A script that threw in setup() did no more, and the engine has said so.
    explained = any(found.effect == "invalid" for found in outcome.findings)
    if not iterations and not explained:
        yield _invalid(
            facts,
            "no-iteration",
            "no iteration was completed",
            "give the load more time than one iteration takes, or see logs/",
        )
    elif iterations and outcome.totals.get("threw", 0.0) >= iterations:
        yield _invalid(
            facts,
            "every-iteration-threw",
            f"every one of {iterations:g} iterations threw",
            "mend the script; the first error is in logs/",
        )
    talked = any(name in _TRAFFIC or name.startswith(_PROTOCOLS) for name in facts.recorded)
    if not talked and not _value(asked, "data_sent") and not explained:
        yield _invalid(
            facts,
            "no-request",
            "the script made no request",
            "let the script call the service; BASE_URL in its environment says where it is",
        )
    if requests and asked["http_req_failed"].value == 1.0:
        yield _invalid(
            facts,
            "every-request-failed",
            f"every one of {requests:g} requests failed",
            "check the address that the script calls and the service's log in logs/",
        )


def _missing(
    facts: model.Facts, outcome: model.Outcome, asked: Mapping[str, model.Answer]
) -> Iterator[model.Finding]:
    for name in ("http_reqs", "iterations"):
        stored, counted = _value(asked, name), outcome.totals.get(name)
        if counted is not None and not math.isfinite(counted):
            yield model.Finding(
                code="samples-incomplete",
                effect="store",
                message=f"the script made {name} infinite, so nothing says whether every sample "
                "was recorded",
                remedy=f"let the script add no Infinity to {name}, which is the engine's own metric",
                scenario=facts.scenario,
            )
        elif counted is not None and stored != counted:
            yield model.Finding(
                code="samples-incomplete",
                effect="store",
                message=f"the engine counted {counted:g} {name}, the samples hold {stored:g}",
                remedy="run again; if it happens again, report it with logs/",
                scenario=facts.scenario,
            )


def _load(
    facts: model.Facts, planned: model.PlannedLoad, asked: Mapping[str, model.Answer]
) -> Iterator[model.Finding]:
    iterations, dropped = _value(asked, "iterations"), _value(asked, "dropped_iterations")
    if dropped:
        share = dropped / (dropped + iterations)
        told = f"{dropped:g} of {dropped + iterations:g} iterations were dropped ({share:.1%})"
        remedy = "give the script more VUs (preAllocatedVUs, maxVUs), or lower its rate"
        tell = _invalid if share > DROPPED_SHARE else _warning
        yield tell(facts, "iterations-dropped", told, remedy)
    elif planned.iterations and iterations < ACHIEVED_SHARE * planned.iterations:
        yield _warning(
            facts,
            "rate-not-achieved",
            f"the script offers {planned.iterations:g} iterations, {iterations:g} were completed",
            "see whether iterations were cut off at the end or the machine was too busy",
        )
    if planned.duration_s and facts.load_s < min(
        ENDED_EARLY_SHARE * planned.duration_s, planned.duration_s - _ENDED_EARLY_S
    ):
        yield _warning(
            facts,
            "ended-early",
            f"the load lasted {facts.load_s:.1f} s of {planned.duration_s:g} s planned",
            "see logs/ for what ended it, an abortOnFail threshold for one",
        )

    busy = _value(asked, "machine_cpu")
    if busy > BUSY_SHARE:
        yield _warning(
            facts,
            "machine-busy",
            f"the machine's processors were {busy:.0%} busy during the load",
            "latency includes waiting for a processor; lower the load or use a larger machine",
        )


def _value(asked: Mapping[str, model.Answer], name: str) -> float:
    return asked[name].value or 0.0


def _invalid(facts: model.Facts, code: str, message: str, remedy: str) -> model.Finding:
    return model.Finding(
        code=code, effect="invalid", message=message, remedy=remedy, scenario=facts.scenario
    )


def _warning(facts: model.Facts, code: str, message: str, remedy: str) -> model.Finding:
    return model.Finding(
        code=code, effect="warn", message=message, remedy=remedy, scenario=facts.scenario
    )


def _questions(facts: model.Facts) -> dict[str, model.Question]:
    stats = {
        "iterations": "count",
        "dropped_iterations": "count",
        "http_reqs": "count",
        "http_req_failed": "rate",
        "data_sent": "count",
        "machine_cpu": "avg",
    }
    return {
        name: model.Question(
            scenario=facts.scenario,
            metric=name,
            type=model.BUILT_IN[name].type,
            stat=model.Stat.parse(stat),
        )
        for name, stat in stats.items()
    }
