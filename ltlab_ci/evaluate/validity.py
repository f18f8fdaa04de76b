"""Did it really run, and is the measurement to be trusted, whatever its thresholds say?

Not here: thresholds (thresholds.py), the verdict on the whole run (outcome.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ltlab_ci import model
from ltlab_ci.evaluate import addresses, failures

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

UNENDED_SHARE = 0.05
"""Above this share of the time of all VUs, requests that never ended are too much of what was measured."""

QUIET_S = 2.0
QUIET_TIMES = 3.0
"""A scenario of a script has fallen silent when nothing of it ended for QUIET_S, and for QUIET_TIMES its
longest silence before."""

_LIMITED = frozenset({*failures.USERS, "vusers.skipped"})
"""What a condition of Artillery's `ensure` may be about, as a threshold is on a metric."""

_SKIPPED = frozenset({"vusers.skipped", "dropped_iterations"})
"""Metrics by which somebody says how many virtual users `maxVusers` may keep out."""

_PROTOCOLS = ("websocket.", "socketio.", "browser")
"""How metrics of other protocols begin, where no sample of a request tells."""


def questions(facts: model.Facts) -> tuple[model.Question, ...]:
    """Return what must be known of every scenario to trust it."""
    return tuple(_questions(facts).values())


def findings(
    facts: model.Facts,
    planned: model.PlannedLoad,
    outcome: model.Outcome,
    answers: Mapping[model.Question, model.Answer],
    covered: frozenset[str] = frozenset(),
) -> Iterator[model.Finding]:
    """Yield what is wrong with a run that came to its end, and what to know about it.

    A run that was cut short is not asked: its cause is a finding already. `covered` are the metrics
    that have a threshold, so that somebody has said how much of them may fail.
    """
    asked = {name: answers[question] for name, question in _questions(facts).items()}
    if not facts.ran:
        # A script whose `before` failed recorded nothing, and the engine has said why.
        if not _explained(outcome):
            yield _invalid(
                facts,
                "nothing-measured",
                "no sample was recorded",
                "see logs/ for what the engine did",
            )
        return
    covered |= {name for name in _LIMITED if any(name in own.expression for own in facts.own)}
    yield from _clock(facts)
    yield from addresses.findings(facts, outcome)
    by_scenario = bool(planned.scenarios)
    silent = [] if _explained(outcome) else list(_silent(facts, planned))
    if not _explained(outcome):
        yield from _work(facts, planned, by_scenario=by_scenario, silent=bool(silent))
    yield from silent
    yield from _cut_off(facts)
    yield from failures.findings(facts, outcome, covered, by_scenario=by_scenario)
    yield from _missing(facts, outcome, asked)
    yield from _load(facts, planned, outcome, asked, covered, silent=bool(silent))
    if facts.names_left_out:
        yield _warning(
            facts,
            "too-many-names",
            f"there are {facts.names + facts.names_left_out} different request names, ids in URLs "
            f"counted once; the {facts.names} busiest are shown",
            "say in ltlab.yml what is one endpoint (`names: [/items/:id]`), or name requests by what they "
            "do: tags {name: 'GET /items/:id'} in k6, name: in Artillery",
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


def _explained(outcome: model.Outcome) -> bool:
    """Say whether the engine has told already why there was no more: a setup() that threw, for one."""
    return bool(outcome.aborted_by) or any(found.effect == "invalid" for found in outcome.findings)


def _work(
    facts: model.Facts, planned: model.PlannedLoad, *, by_scenario: bool, silent: bool
) -> Iterator[model.Finding]:
    """Yield what says that nothing was done at all, of each scenario of the script by itself."""
    tallies = facts.tallies if by_scenario else (failures.whole(facts.tallies),)
    worked = [tally for tally in tallies if tally.iterations]
    at_it = [tally for tally in tallies if not tally.iterations and not _lives(tally)]
    if not worked and not silent:
        yield _invalid(
            facts,
            "no-iteration",
            "no iteration was completed",
            "give the load more time than one iteration takes, or see logs/",
        )
    for tally in at_it if worked else ():
        if tally.others:
            yield _invalid(
                facts,
                "no-iteration",
                f"{failures.in_scenario(tally.name)}no iteration was completed",
                "give the load more time than one iteration takes, or see logs/",
            )
    idle = [tally for tally in worked if not _traffic(tally)]
    if any(name.startswith(_PROTOCOLS) for name in facts.recorded):
        return
    if not worked and not any(_traffic(tally) for tally in tallies):
        idle = [failures.whole(tallies)]
    if idle and planned.unseen:
        yield _unseen(facts)
        return
    for tally in idle:
        where = failures.in_scenario(tally.name if len(idle) < len(worked) else "")
        yield _invalid(
            facts,
            "no-request",
            f"{where}no request was made" if where else "the script made no request",
            "let the script call the service; BASE_URL in its environment says where it is",
        )
        if not where:
            return


def _unseen(facts: model.Facts) -> model.Finding:
    return _warning(
        facts,
        "traffic-unseen",
        "no request can be seen: functions of the script, or an engine of its own, may have made some",
        "let them count what they do (`events.emit('counter', 'calls', 1)`), and set thresholds on that",
    )


def _lives(tally: model.Tally) -> bool:
    """Say whether sessions were open that may have been meant to last longer than the load."""
    return tally.sessions > tally.sessions_failed or bool(tally.streams)


def _traffic(tally: model.Tally) -> bool:
    """Say whether a scenario talked to anything; of other protocols the bytes sent tell."""
    return bool(tally.requests or tally.calls or tally.sessions or tally.pages or tally.bytes_sent)


def _silent(facts: model.Facts, planned: model.PlannedLoad) -> Iterator[model.Finding]:
    """Yield scenarios of the script that completed nothing, or nothing from some moment on."""
    tallies = {tally.name: tally for tally in facts.tallies}
    for each in planned.scenarios:
        tally = tallies.get(each.name, tallies.get("") if len(planned.scenarios) == 1 else None)
        stopped_s = min(each.end_s, facts.alive_s) if facts.alive_s else each.end_s
        if each.amount(each.start_s, stopped_s) < 1:
            continue
        lasting = f"scenario {each.name} of the script completed nothing"
        if tally is None or not tally.last_ns:
            told = f"{lasting} in {stopped_s - each.start_s:.1f} s"
        else:
            last_s = (tally.last_ns - facts.load_start_ns) / 1e9
            # Until the first of it ended nothing was heard either.
            first_s = (tally.first_ns - facts.load_start_ns) / 1e9 - each.start_s
            usual_s = max(QUIET_S, QUIET_TIMES * max(tally.quiet_s, first_s))
            due = not each.endless and each.amount(last_s, stopped_s) >= 1
            if not due or stopped_s - last_s <= usual_s or _lives(tally):
                continue
            if each.name in facts.at_rest:
                continue
            told = f"{lasting} from {last_s:.1f} s until its end at {stopped_s:.1f} s"
        yield _invalid(
            facts,
            "scenario-silent",
            told,
            "see what the service did then; a request that hangs is in no figure",
        )


def _cut_off(facts: model.Facts) -> Iterator[model.Finding]:
    """Yield how many requests had not ended when the load did, and what they make of the run."""
    hung = [one for one in facts.cut_off if one.hung]
    if not hung:
        return
    share = sum(one.least_s for one in hung) / facts.vu_time_s if facts.vu_time_s else 0.0
    names = sorted({one.scenario for one in hung})
    where = f" of scenario {', '.join(names)}" if len(facts.tallies) > 1 else ""
    after = {one.after for one in hung}
    last = f" after {after.pop()}" if len(after) == 1 and "" not in after else ""
    which = "1 request" if len(hung) == 1 else f"{len(hung)} requests"
    told = (
        f"{which}{where} never ended: begun{last} from {hung[0].since_s:.1f} s on, and cut off after "
        f"{max(one.least_s for one in hung):.1f} s or more"
    )
    tell = _warning
    if share > UNENDED_SHARE:
        told += f"; that is {share:.0%} of the time of all VUs"
        tell = _invalid
    yield tell(
        facts,
        "requests-cut-off",
        told,
        "see what the service did then; each counts as failed, and as over a limit on latency",
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
    facts: model.Facts,
    planned: model.PlannedLoad,
    outcome: model.Outcome,
    asked: Mapping[str, model.Answer],
    covered: frozenset[str],
    *,
    silent: bool,
) -> Iterator[model.Finding]:
    iterations, dropped = _value(asked, "iterations"), _value(asked, "dropped_iterations")
    counted = planned.model == "closed"  # iterations of a number that is given, not of a rate
    if dropped and facts.engine == "artillery":
        yield _skipped(facts, dropped, dropped + iterations, covered)
    elif dropped and not (counted and _explained(outcome)):
        whole = dropped + iterations
        told = f"{dropped:g} of {whole:g} iterations were dropped ({dropped / whole:.1%})"
        remedy = "give the script more VUs (preAllocatedVUs, maxVUs), or lower its rate"
        if counted:
            told = (
                f"maxDuration ended the load with {dropped:g} of {whole:g} iterations not started"
            )
            remedy = "raise maxDuration, or ask for fewer iterations"
        elif planned.model == "mixed":
            remedy += "; raise maxDuration where that cut iterations off"
        tell = _invalid if dropped > DROPPED_SHARE * whole else _warning
        yield tell(facts, "iterations-dropped", told, remedy)
    elif (
        planned.iterations
        and iterations < ACHIEVED_SHARE * planned.iterations
        and not _explained(outcome)
    ):
        yield _warning(
            facts,
            "rate-not-achieved",
            f"the script offers {planned.iterations:g} iterations, {iterations:g} were completed",
            "see whether iterations were cut off at the end or the machine was too busy",
        )
    yield from _end(facts, planned, outcome, silent=silent)
    busy = _value(asked, "machine_cpu")
    if busy > BUSY_SHARE:
        yield _warning(
            facts,
            "machine-busy",
            f"the machine's processors were {busy:.0%} busy during the load",
            "latency includes waiting for a processor; lower the load or use a larger machine",
        )


def _end(
    facts: model.Facts, planned: model.PlannedLoad, outcome: model.Outcome, *, silent: bool
) -> Iterator[model.Finding]:
    told = f"the load lasted {facts.load_s:.1f} s"
    if planned.duration_s:
        told += f" of {planned.duration_s:g} s planned"
    if outcome.aborted_by:
        yield _warning(
            facts,
            "ended-early",
            f"{told}: a threshold on {outcome.aborted_by} with abortOnFail ended it",
            "nothing but what that threshold says; what came after is not measured",
        )
    elif (
        not silent  # of which more was said already
        and planned.duration_s
        and facts.load_s
        < min(ENDED_EARLY_SHARE * planned.duration_s, planned.duration_s - _ENDED_EARLY_S)
    ):
        yield _warning(
            facts,
            "ended-early",
            told,
            "see logs/ for what ended it, and whether its last iterations were cut off",
        )


def _skipped(
    facts: model.Facts, skipped: float, due: float, covered: frozenset[str]
) -> model.Finding:
    """Return how many virtual users `maxVusers` kept out; a limit on them says that this is meant."""
    share = skipped / due
    tell = _invalid if share > DROPPED_SHARE and not covered & _SKIPPED else _warning
    return tell(
        facts,
        "iterations-dropped",
        f"{skipped:g} of {due:g} virtual users were skipped ({share:.1%}): "
        "maxVusers lets no more be at work at once",
        "raise maxVusers or lower the arrival rate; if the cap is meant, say how many may be skipped: "
        f"a threshold such as `vusers.skipped: count <= {skipped:g}`",
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
