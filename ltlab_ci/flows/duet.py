"""Base against head: head alone for its thresholds, then both at once, round after round.

Not here: which versions (versions.py), one scenario's rounds (looks.py), judging (compare.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ltlab_ci import errors, load, model
from ltlab_ci.evaluate.compare import limits, overall
from ltlab_ci.flows import (
    compare,
    judge,
    labs,
    looks,
    measure,
    prepare,
    rounds,
    run,
    stored_rounds,
    turns,
    unlike,
    versions,
)
from ltlab_ci.flows.case import Case, Outside, found, fresh
from ltlab_ci.lab import service
from ltlab_ci.lab.bench import Bench
from ltlab_ci.report import figures
from ltlab_ci.store import duck

_AROUND_S = {model.EngineName.K6: 2.0, model.EngineName.ARTILLERY: 10.0}
"""What a round takes besides its load: both services start and stop, so do the engines, samples are stored."""


def compared(config: model.Config, outside: Outside) -> model.Result:
    """Measure head alone, then base against head, judge both and write the report.

    Raises ConfigError for a report folder that cannot be used.
    """
    outside = outside.marked()
    case = Case(config=config, outside=outside, started=outside.now())
    with fresh(config.report_dir, outside), contextlib.ExitStack() as opened:
        prepared: tuple[measure.Prepared, ...] = ()
        try:
            pair = opened.enter_context(versions.found(config, outside.environ, outside.voice))
            bench = opened.enter_context(prepare.bench(config, outside.environ, outside.unique))
            prepared = prepare.scenarios(config, bench, outside.environ, outside.voice)
            told = held(config, prepared, outside)
            outside.voice.say(takes(config, prepared))
            booted = labs.up(config, bench, outside.environ, outside.unique, outside.voice)
            lab = opened.enter_context(booted)
            both, trouble = built(opened, config, bench, pair)
            trouble += unlike.images(both, {side: bench.image_id(both[side]) for side in both})
        except errors.LabError as error:
            return case.report(run.not_run(prepared), [found(error)])
        except KeyboardInterrupt:
            early = run.interrupted("interrupted before any load")
            return case.report(run.not_run(prepared), [early])
        measured: list[measure.Measured] = []
        missed: list[model.Finding] = []
        if "head" in both:
            measured, missed = run.measured_alone(
                config, bench, both["head"], prepared, outside=outside, lab=lab
            )
        findings, against = [*pair.findings, *trouble, *missed], judge.Compared()
        tasks: list[rounds.Task] = []
        if len(both) == len(rounds.SIDES) and not missed and _went_well(measured):
            tasks = planned(config, outside, bench, both, seed=pair.seed, prepared=prepared)
            against, more = all_of(tasks, told, pair.facts)
            findings += more
        with outside.interrupts.deferred():
            judged, stopped = run.judged_alone(case, lab, prepared, measured, findings)
            there = stored_rounds.keep(lab, tasks)
            whole = replace(_with_the_rest(against, prepared), windows=there.windows)
            return case.report(judged, [*findings, *stopped, *there.findings], lab, whole)


def _with_the_rest(against: judge.Compared, prepared: Sequence[measure.Prepared]) -> judge.Compared:
    """Return what came of it: what depends on base and was not compared has no data."""
    why = "base and head were not compared"
    scenarios = [each.scenario for each in prepared]
    rest = {each.name: limits.unjudged(each.against_base, why) for each in scenarios}
    return replace(against, limits={**rest, **against.limits})


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
        told[name] = _held(each, config.compare)
        outside.voice.say(f"{name}: base and head both get {told[name].said}")
    return told


def takes(config: model.Config, prepared: Sequence[measure.Prepared]) -> str:
    """Say how long a comparison will take, as far as that is known before anything was built."""
    alone = [each.script.load.duration_s for each in prepared]
    rounds_s, number = 0.0, 0
    for each in prepared:
        lengths = config.compare.rounds(each.engine.ROUND_S)
        number += len(lengths)
        around = _AROUND_S[each.scenario.engine] + each.engine.APART_S + config.compare.warmup_s
        times = 2 if config.compare.mode == "alternate" else 1
        rounds_s += sum(times * length + around for length in lengths)
    known = rounds_s + sum(each or 0.0 for each in alone)
    first = "head alone" if None not in alone else "head alone (of unknown length)"
    builds = ", plus builds" if config.service and config.service.build else ""
    each_round = "1 round" if number == 1 else f"{number} rounds"
    least = "about" if None not in alone else "at least"
    return f"this takes {least} {figures.duration(known)}: {first}, then {each_round}{builds}"


def _held(prepared: measure.Prepared, comparing: model.Comparing) -> load.Held:
    """Return what will be held of a script, before anything starts. Raises ConfigError."""
    timing = turns.planned(
        comparing, prepared.engine.ROUND_S, rounds.SIDES, apart_s=prepared.engine.APART_S
    )
    return prepared.engine.hold(
        prepared.scenario,
        prepared.script,
        load.Steady(turns=timing.of["base"], rate_per_s=comparing.rate_per_s),
        base_url="",
        run_dir=Path(),
    )


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
    parts: dict[str, looks.Part] = {}
    for task in tasks:
        parts[task.name] = part = looks.one_of(task, told[task.name], scenarios=len(tasks))
        if part.cut_short or task.interrupts.requested:
            break
    findings = [each for part in parts.values() for each in part.findings]
    known = {name: part.comparison for name, part in parts.items() if part.comparison is not None}
    stated = {name: part.limits for name, part in parts.items()}
    if not known:
        return judge.Compared(limits=stated), findings
    cpu = [each for part in parts.values() for each in part.cpu]
    sides = tuple(
        each.model_copy(update={"cpu": tuple(one[each.side] for one in cpu)}) for each in facts
    )
    comparison = overall.merge(known).model_copy(update={"sides": sides})
    return (
        judge.Compared(
            comparison=comparison,
            limits=stated,
            doubts=tuple(each for part in parts.values() for each in part.doubts),
            code=compare.exit_code(comparison, tasks[0].comparing.rules, stated.values()),
        ),
        findings,
    )
