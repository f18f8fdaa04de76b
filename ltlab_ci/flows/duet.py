"""Base against head: head alone for its thresholds, then both at once, round after round.

Looks are planned: one at half of a budget above 60 s, which may spend 3/10 of the permitted false
alarms and ends the comparison where nothing is left to find; and one at the end.
Not here: which versions (versions.py), one round (rounds.py), judging (compare.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ltlab_ci import errors, leftovers, load, model
from ltlab_ci.evaluate.compare import overall
from ltlab_ci.flows import compare, judge, labs, measure, prepare, rounds, run, versions
from ltlab_ci.flows.case import Case, Outside, found, fresh
from ltlab_ci.lab import service
from ltlab_ci.lab.bench import Bench
from ltlab_ci.store import duck

_BUSY_SHARE = 0.95
_CUT_SHORT = "the comparison did not come to its planned end"


@dataclass(frozen=True, kw_only=True)
class Part:
    """What came of one scenario: `findings` of its rounds, `doubts` of its figures, CPU by round."""

    comparison: model.Comparison | None = None
    findings: tuple[model.Finding, ...] = ()
    doubts: tuple[model.Finding, ...] = ()
    cpu: tuple[Mapping[str, float | None], ...] = ()

    @property
    def cut_short(self) -> bool:
        """Say whether something went wrong in a round: nothing more is to be measured then."""
        return any(each.effect != "warn" for each in self.findings)


def compared(config: model.Config, outside: Outside) -> model.Result:
    """Measure head alone, then base against head, judge both and write the report.

    Raises ConfigError for a report folder that cannot be used.
    """
    mark = leftovers.mark()
    outside = replace(outside, environ={**outside.environ, leftovers.VARIABLE: mark})
    case = Case(config=config, outside=outside, started=outside.now())
    with fresh(config.report_dir, mark, outside.voice), contextlib.ExitStack() as opened:
        prepared: tuple[measure.Prepared, ...] = ()
        try:
            pair = opened.enter_context(versions.found(config, outside.environ, outside.voice))
            bench = opened.enter_context(prepare.bench(config, outside.environ, outside.unique))
            prepared = prepare.scenarios(config, bench, outside.environ, outside.voice)
            told = held(config, prepared, outside)
            booted = labs.up(config, bench, outside.environ, outside.unique, outside.voice)
            lab = opened.enter_context(booted)
            both, trouble = built(opened, config, bench, pair)
        except errors.LabError as error:
            return case.report(run.not_run(prepared), [found(error)])
        except KeyboardInterrupt:
            early = run.interrupted("interrupted before any load")
            return case.report(run.not_run(prepared), [early])
        head = both.get("head", pair.head)
        measured, missed = run.measured_alone(
            config, bench, head, prepared, outside=outside, lab=lab
        )
        findings, against = [*pair.findings, *trouble, *missed], judge.Compared()
        if len(both) == len(rounds.SIDES) and not missed and _went_well(measured):
            tasks = planned(config, outside, bench, both, seed=pair.seed, prepared=prepared)
            against, more = all_of(tasks, told, pair.facts)
            findings += more
        with outside.interrupts.deferred():
            judged, stopped = run.judged_alone(case, lab, prepared, measured, findings)
            return case.report(judged, [*findings, *stopped], lab, against)


def _went_well(measured: Sequence[measure.Measured]) -> bool:
    """Say whether head alone could be measured: a service that dies, or an engine, ends it all."""
    return not any(
        each.effect in ("lab", "engine", "config", "interrupted", "store")
        for one in measured
        for each in (*one.findings, *one.outcome.findings)
    )


def built(
    opened: contextlib.ExitStack, config: model.Config, bench: Bench, pair: versions.Pair
) -> tuple[dict[str, service.Version], list[model.Finding]]:
    """Build both versions, once each; one that cannot be built is a finding and left out."""
    both: dict[str, service.Version] = {}
    trouble: list[model.Finding] = []
    for side in rounds.SIDES:
        log = config.report_dir / "logs" / f"service-{side}.log"
        try:
            both[side] = opened.enter_context(bench.built(pair.version(side), log=log))
        except errors.LabNotReady as error:
            told = errors.LabNotReady(
                f"{side} cannot be built: {error.message}",
                remedy=f"its output is logs/service-{side}.log in the report; try the line by hand "
                f"in {pair.facts[rounds.SIDES.index(side)].what}",
            )
            trouble.append(found(told))
    return both, trouble


def held(
    config: model.Config, prepared: Sequence[measure.Prepared], outside: Outside
) -> dict[str, load.Held]:
    """Return what will be held of each script, and say it. Raises ConfigError."""
    told = {}
    for each in prepared:
        name = each.scenario.name
        told[name] = rounds.held(each, config.compare)
        outside.voice.say(f"{name}: base and head both get {told[name].said}")
    return told


def planned(
    config: model.Config,
    outside: Outside,
    bench: Bench,
    both: Mapping[str, service.Version],
    *,
    seed: str,
    prepared: Sequence[measure.Prepared],
    place: str = "",
) -> list[rounds.Task]:
    """Return a task for each scenario; with several of them each has a folder of its own.

    `place` is a folder for all of it, among samples and logs.
    """
    several = len(prepared) > 1
    return [
        rounds.Task(
            prepared=each,
            bench=bench,
            versions=both,
            comparing=config.compare,
            samples=config.report_dir / "samples" / place,
            scenario=duck.stem(each.scenario.name) if several else "",
            logs=config.report_dir / "logs" / place,
            seed=seed,
            voice=outside.voice,
            interrupts=outside.interrupts,
        )
        for each in prepared
    ]


def all_of(
    tasks: Sequence[rounds.Task],
    told: Mapping[str, load.Held],
    facts: Sequence[model.SideFacts],
) -> tuple[judge.Compared, list[model.Finding]]:
    """Compare every scenario, until one is cut short; return the whole, and what went wrong."""
    parts: dict[str, Part] = {}
    for task in tasks:
        parts[task.name] = part = one_of(task, told[task.name], scenarios=len(tasks))
        if part.cut_short or task.interrupts.requested:
            break
    findings = [each for part in parts.values() for each in part.findings]
    known = {name: part.comparison for name, part in parts.items() if part.comparison is not None}
    if not known:
        return judge.Compared(), findings
    cpu = [each for part in parts.values() for each in part.cpu]
    sides = tuple(
        each.model_copy(update={"cpu": tuple(one[each.side] for one in cpu)}) for each in facts
    )
    comparison = overall.merge(known).model_copy(update={"sides": sides})
    return (
        judge.Compared(
            comparison=comparison,
            doubts=tuple(each for part in parts.values() for each in part.doubts),
            code=compare.exit_code(comparison, tasks[0].comparing.rules),
        ),
        findings,
    )


def one_of(task: rounds.Task, told: load.Held, *, scenarios: int) -> Part:
    """Compare one scenario, to its planned end or to the first look that leaves nothing to find."""
    lengths = task.comparing.rounds(task.prepared.engine.ROUND_S)
    look_at = model.first_look(lengths)
    ran: list[rounds.Ran] = []
    findings: list[model.Finding] = []
    looks: tuple[model.Look, ...] = ()
    for number, seconds in enumerate(lengths, start=1):
        try:
            one = rounds.one(task, number, seconds)
        except errors.LabError as error:
            findings.append(measure.finding(error, found(error).effect, task.name))
            break
        except KeyboardInterrupt:
            findings.append(measure.interrupted(task.name))
            break
        findings += one.findings
        if not one.whole:
            break
        ran.append(one)
        if number == look_at:
            first = _judged(task, told, share=model.FIRST_SHARE / scenarios)
            looks = tuple(_looks(first, number))
            if first.comparison is not None and overall.settled(first.comparison):
                return _part(task, told, first, ran=ran, findings=findings, looks=looks)
        if task.interrupts.requested and number < len(lengths):
            findings.append(measure.interrupted(task.name))
            break
    share = 1 - model.FIRST_SHARE if looks else 1.0
    last = _judged(task, told, share=share / scenarios) if ran else Part()
    return _part(task, told, last, ran=ran, findings=findings, looks=looks)


def _looks(part: Part, number: int) -> Iterator[model.Look]:
    if part.comparison is not None:
        yield model.Look(
            rounds=number, alpha=part.comparison.alpha, verdict=part.comparison.verdict
        )


def _judged(task: rounds.Task, told: load.Held, *, share: float) -> Part:
    """Judge the rounds that were measured; what cannot be compared at all is a finding."""
    kind = told.script.load.model
    rules = replace(
        task.comparing.rules,
        share=float(f"{share:.12g}"),
        load_model="closed" if kind == "mixed" else kind,
    )
    try:
        judged = compare.judge(
            task.folder("base"), task.folder("head"), rules=rules, temp=task.samples / ".spill"
        )
    except errors.ConfigError as error:
        return Part(findings=(measure.finding(error, "invalid", task.name),))
    named = tuple(
        each.model_copy(update={"scenario": task.name}) if task.scenario else each
        for each in judged.findings
    )
    return Part(comparison=judged.comparison, doubts=named)


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
    comparison, doubts = judged.comparison, judged.doubts
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
                "machine_cpu": tuple(each.machine_cpu for each in ran),
            }
        )
        if whole.cut_short:
            comparison = overall.unsettled(comparison, _CUT_SHORT)
    return replace(whole, comparison=comparison, doubts=doubts, cpu=tuple(each.cpu for each in ran))


def _once(findings: Sequence[model.Finding]) -> Iterator[model.Finding]:
    """Yield what went wrong, and of each kind of remark the first: rounds resemble one another."""
    seen = set()
    for each in findings:
        if each.effect != "warn" or each.code not in seen:
            yield each
        seen.add(each.code)


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
