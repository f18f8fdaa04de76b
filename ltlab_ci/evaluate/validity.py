"""Did it really run? What makes a measurement invalid, whatever its thresholds say.

Not here: thresholds (thresholds.py); dropped iterations, generator load and sample sizes come
with the depth of validity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ltlab_ci import model

_TRAFFIC = ("http_reqs", "grpc_req_duration", "ws_sessions", "ws_connecting", "data_sent")
"""Metrics of which at least one has samples when a script talked to anything at all."""


def questions(scenario: str) -> tuple[model.Question, ...]:
    """Return what must be known of every scenario to trust it."""
    return tuple(_questions(scenario).values())


def findings(
    facts: model.Facts,
    outcome: model.Outcome,
    recorded: Mapping[str, int],
    answers: Mapping[model.Question, model.Answer],
) -> Iterator[model.Finding]:
    """Yield what is wrong with a run that came to its end: nothing ran, all failed, data lost.

    A run that was cut short is not asked: its cause is a finding already.
    """
    asked = {name: answers[question] for name, question in _questions(facts.scenario).items()}
    iterations = asked["iterations"].value or 0.0
    requests = asked["http_reqs"].value or 0.0
    if not recorded:
        yield _finding(
            facts, "nothing-measured", "no sample was recorded", "see logs/ for what the engine did"
        )
        return
    if not iterations:
        yield _finding(
            facts,
            "no-iteration",
            "no iteration was completed",
            "give the load more time than one iteration takes, or see logs/",
        )
    elif outcome.totals.get("threw", 0.0) >= iterations:
        yield _finding(
            facts,
            "every-iteration-threw",
            f"every one of {iterations:g} iterations threw",
            "mend the script; the first error is in logs/",
        )
    if not requests and not any(name in recorded for name in _TRAFFIC if name != "http_reqs"):
        yield _finding(
            facts,
            "no-request",
            "the script made no request",
            "let the script call the service; BASE_URL in its environment says where it is",
        )
    if requests and asked["http_req_failed"].value == 1.0:
        yield _finding(
            facts,
            "every-request-failed",
            f"every one of {requests:g} requests failed",
            "check the address that the script calls and the service's log in logs/",
        )
    yield from _missing(facts, outcome, asked)


def _missing(
    facts: model.Facts, outcome: model.Outcome, asked: Mapping[str, model.Answer]
) -> Iterator[model.Finding]:
    for name in ("http_reqs", "iterations"):
        stored, counted = asked[name].value or 0.0, outcome.totals.get(name)
        if counted is not None and stored != counted:
            yield model.Finding(
                code="samples-incomplete",
                effect="store",
                message=f"the engine counted {counted:g} {name}, the samples hold {stored:g}",
                remedy="run again; if it happens again, report it with logs/",
                scenario=facts.scenario,
            )


def _finding(facts: model.Facts, code: str, message: str, remedy: str) -> model.Finding:
    return model.Finding(
        code=code, effect="invalid", message=message, remedy=remedy, scenario=facts.scenario
    )


def _questions(scenario: str) -> dict[str, model.Question]:
    stats = {"iterations": "count", "http_reqs": "count", "http_req_failed": "rate"}
    return {
        name: model.Question(
            scenario=scenario,
            metric=name,
            type=model.BUILT_IN[name].type,
            stat=model.Stat.parse(stat),
        )
        for name, stat in stats.items()
    }
