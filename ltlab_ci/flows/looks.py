"""One scenario of a comparison: its rounds, and the looks at them that were planned.

One look is at half of a budget above 60 s: it may spend 3/10 of the permitted false alarms and ends the
comparison where nothing is left to find. One is at the end.
Not here: one round (rounds.py), several scenarios (duet.py), judging (compare.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ltlab_ci import errors, load, model
from ltlab_ci.evaluate.compare import ALPHA, digits, limits, overall
from ltlab_ci.flows import compare, measure, rounds
from ltlab_ci.flows.case import found

_BUSY_SHARE = 0.95
_SIDE = re.compile(r"\b(?:base|head)\b")


@dataclass(frozen=True, kw_only=True)
class Part:
    """What came of one scenario: `findings` of its rounds, `doubts` of its figures, CPU by round.

    `limits` are the verdicts on its thresholds that depend on base.
    """

    comparison: model.Comparison | None = None
    limits: tuple[model.Verdict, ...] = ()
    findings: tuple[model.Finding, ...] = ()
    doubts: tuple[model.Finding, ...] = ()
    cpu: tuple[Mapping[str, float | None], ...] = ()

    @property
    def cut_short(self) -> bool:
        """Say whether something went wrong in a round: nothing more is to be measured then."""
        return any(each.effect != "warn" for each in self.findings)


def one_of(task: rounds.Task, told: load.Held, *, scenarios: int) -> Part:
    """Compare one scenario, to its planned end or to the first look that leaves nothing to find."""
    lengths = task.comparing.rounds(task.prepared.engine.ROUND_S)
    look_at = model.first_look(lengths)
    ran: list[rounds.Ran] = []
    findings: list[model.Finding] = []
    looks: tuple[model.Look, ...] = ()
    for number, seconds in enumerate(lengths, start=1):
        one, trouble = _round(task, number, seconds)
        findings += trouble
        if one is None:
            break
        ran.append(one)
        if number == look_at:
            first = _judged(task, told, share=model.FIRST_SHARE, scenarios=scenarios)
            looks = tuple(_looks(first, number))
            if _settled(first):
                return _part(task, told, first, ran=ran, findings=findings, looks=looks)
        if task.interrupts.requested and number < len(lengths):
            findings.append(measure.interrupted(task.name))
            break
    share = 1 - model.FIRST_SHARE if looks else 1.0
    last = _judged(task, told, share=share, scenarios=scenarios) if ran else Part()
    return _part(task, told, last, ran=ran, findings=findings, looks=looks)


def _settled(part: Part) -> bool:
    """Say whether nothing is left to find, in the rows and in what depends on base."""
    if part.comparison is None or not overall.settled(part.comparison):
        return False
    open_ = any(each.unsure for each in part.limits)
    return overall.worse(part.comparison) or not open_


def _round(
    task: rounds.Task, number: int, seconds: float
) -> tuple[rounds.Ran | None, list[model.Finding]]:
    """Measure one round; None where it was cut short, and why."""
    trouble: list[model.Finding] = []
    try:
        one = rounds.one(task, number, seconds)
        if one.whole:
            return one, list(one.findings)
        trouble = list(one.findings)
    except errors.LabError as error:
        trouble = [measure.finding(error, found(error).effect, task.name)]
    except KeyboardInterrupt:
        trouble = [measure.interrupted(task.name)]
    rounds.put_aside(task, number)
    return None, trouble


def _looks(part: Part, number: int) -> Iterator[model.Look]:
    if part.comparison is not None:
        yield model.Look(
            rounds=number, alpha=part.comparison.judged[0].alpha, verdict=part.comparison.verdict
        )


def _judged(task: rounds.Task, told: load.Held, *, share: float, scenarios: int) -> Part:
    """Judge the rounds that were measured; what cannot be compared at all is a finding.

    `share` is what this look has of the false alarms that are permitted to one of so many scenarios.
    """
    kind = told.script.load.model
    rules = replace(
        task.comparing.rules,
        share=digits.cut(share / scenarios),
        load_model="closed" if kind == "mixed" else kind,
        naming=task.prepared.scenario.naming,
    )
    try:
        with task.interrupts.deferred():  # the caller looks whether somebody asked to stop
            judged = compare.judge(
                task.folder("base"),
                task.folder("head"),
                rules=rules,
                temp=task.samples / ".spill",
                thresholds=task.prepared.scenario.against_base,
            )
    except errors.ConfigError as error:
        return Part(findings=(measure.finding(error, "invalid", task.name),))
    named = tuple(
        each.model_copy(update={"scenario": task.name}) if task.scenario else each
        for each in judged.findings
    )
    last = judged.comparison
    name = task.name if task.scenario else ""
    by = model.JudgedBy(
        scenario=name,
        alpha=last.alpha,
        load_model=last.load_model,
        names=rules.naming.patterns,
        learn_names=rules.naming.learn,
    )
    whole = last.model_copy(update={"alpha": digits.cut(ALPHA / scenarios), "judged": (by,)})
    return Part(comparison=whole, limits=judged.limits, doubts=named)


def _part(
    task: rounds.Task,
    told: load.Held,
    judged: Part,
    *,
    ran: Sequence[rounds.Ran],
    findings: Sequence[model.Finding],
    looks: tuple[model.Look, ...],
) -> Part:
    """Return a scenario's part, with how it was measured; no more than it may say."""
    whole = Part(findings=(*_once(findings), *judged.findings, *_busy(task, ran)))
    comparison, stated = judged.comparison, task.prepared.scenario.against_base
    verdicts = judged.limits or limits.unjudged(stated, overall.CUT_SHORT)
    if comparison is not None:
        prefix = f"{task.name}: " if task.scenario else ""
        comparison = comparison.model_copy(
            update={
                "mode": task.comparing.mode,
                "budget_s": task.comparing.budget_s,
                "rounds_planned": len(task.comparing.rounds(task.prepared.engine.ROUND_S)),
                "warmup_s": task.comparing.warmup_s,
                "load": (f"{prefix}{told.said}",),
                "looks": looks,
                "judged": tuple(
                    each.model_copy(update={"cut_short": whole.cut_short})
                    for each in comparison.judged
                ),
                "machine_cpu": tuple(each.machine_cpu for each in ran),
            }
        )
        if whole.cut_short:
            comparison = overall.unsettled(comparison)
            verdicts = limits.unjudged(stated, overall.CUT_SHORT)
    return replace(
        whole,
        comparison=comparison,
        limits=verdicts,
        doubts=judged.doubts,
        cpu=tuple(each.cpu for each in ran),
    )


def _once(findings: Sequence[model.Finding]) -> Iterator[model.Finding]:
    """Yield what went wrong, and of each kind of remark a side's first: rounds resemble one another."""
    seen = set()
    for each in findings:
        side = _SIDE.search(each.message)
        kind = each.code, side and side[0]
        if each.effect != "warn" or kind not in seen:
            yield each
        seen.add(kind)


def _busy(task: rounds.Task, ran: Sequence[rounds.Ran]) -> Iterator[model.Finding]:
    known = [each.machine_cpu for each in ran if each.machine_cpu is not None]
    busy = [each for each in known if each > _BUSY_SHARE]
    if len(busy) * 2 > len(known):
        yield model.Finding(
            code="machine-busy",
            effect="warn",
            message=f"the machine's processors were over {_BUSY_SHARE:.0%} busy in {len(busy)} of "
            f"{len(known)} rounds",
            remedy="both versions wait for processors then, and differ by less than they would; "
            "lower compare.load or use a larger machine",
            scenario=task.name,
        )
