"""Run one scenario: its engine's processes, watched beside the service until one side ends.

Not here: keeping its samples (recording.py), the order of scenarios (run.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ltlab_ci import console, errors, load, model
from ltlab_ci.flows import clock, overdue, recording, usage
from ltlab_ci.interrupts import Interrupts
from ltlab_ci.lab import service, together
from ltlab_ci.lab.bench import Bench
from ltlab_ci.lab.program import Program
from ltlab_ci.load import parts
from ltlab_ci.store import duck

_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A scenario with its engine found and its script loaded: nothing has run yet."""

    scenario: model.Scenario
    engine: load.Engine
    tool: load.Tool
    script: load.Script


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One scenario that ran, or was cut short: what its engine said, and what went wrong."""

    prepared: Prepared
    exit_code: int
    outcome: model.Outcome
    findings: tuple[model.Finding, ...]
    samples: int
    elapsed_s: float | None = None
    clock_step_s: float = 0.0
    base_url: str = ""


def scenario(
    prepared: Prepared,
    *,
    bench: Bench,
    running: service.Running,
    live: model.Live | None,
    report_dir: Path,
    voice: console.Console,
    interrupts: Interrupts,
) -> Measured:
    """Run a scenario to its end, or until the service dies or somebody asks to stop.

    Call it with interrupts deferred: its samples are then kept whole.
    """
    name = prepared.scenario.name
    plans = _plans(prepared, running.base_url, report_dir, live)
    with (
        voice.progress(name, prepared.script.load.duration_s) as progress,
        together.started(_engines(bench, prepared.tool, plans)) as child,
    ):
        ticking = clock.Clock()  # before DuckDB is imported: that takes its time while load runs
        recorder = recording.Recorder(
            ticking,
            duck.Writer(report_dir / "samples", name),
            parts.Readers([prepared.engine.reader(plan.run_dir) for plan in plans]),
            usage.Gauge(child, running.child, plans[0].run_dir),
            progress,
        )
        watch = overdue.Watch(
            prepared.script,
            known=lambda: overdue.hopeless(prepared.engine, plans, child),
            unseen=bench.contained,
        )
        ended_early = _watch(child, running, recorder, interrupts, watch, name=name)
        if not ended_early and child.poll() is None:
            ended_early = [overdue.finding(watch, prepared.engine, plans, child, name)]
        late = _end(child, recorder, name, known={found.effect for found in ended_early})
        elapsed_s = recorder.clock.elapsed_s
    return Measured(
        prepared=prepared,
        exit_code=max(child.codes),
        outcome=_outcome(prepared, plans, child.codes, stopped=bool(ended_early)),
        findings=(*ended_early, *late),
        samples=recorder.samples,
        elapsed_s=elapsed_s,
        clock_step_s=recorder.clock.step_s,
        base_url=running.base_url,
    )


def _engines(
    bench: Bench, tool: load.Tool, plans: Sequence[load.Plan]
) -> Iterator[AbstractContextManager[Program]]:
    for plan in plans:
        yield bench.exec(plan.argv, image=tool.image, env=plan.env, log=plan.log)


def _outcome(
    prepared: Prepared, plans: Sequence[load.Plan], codes: Sequence[int], *, stopped: bool
) -> model.Outcome:
    said = [
        prepared.engine.outcome(prepared.scenario, plan, code)
        for plan, code in zip(plans, codes, strict=True)
    ]
    outcome = parts.summed(said, prepared.scenario.name)
    if not stopped:
        return outcome
    # How the engine ended was our doing, and why is said already.
    own = tuple(found for found in outcome.findings if found.effect != "engine")
    return dataclasses.replace(outcome, findings=own)


def _plans(
    prepared: Prepared, base_url: str, report_dir: Path, live: model.Live | None
) -> tuple[load.Plan, ...]:
    """Plan each of the processes that share the load, in a folder of its own."""
    folder = report_dir / "logs" / Path(duck.file_name(prepared.scenario.name)).stem
    several = prepared.scenario.processes > 1
    plans = []
    for number in range(1, prepared.scenario.processes + 1):
        run_dir = folder / str(number) if several else folder
        run_dir.mkdir(parents=True)
        plans.append(
            prepared.engine.plan(
                prepared.tool,
                prepared.scenario,
                prepared.script,
                base_url=base_url,
                run_dir=run_dir,
                live=live,
                part=load.Part(number=number, of=prepared.scenario.processes),
            )
        )
    return tuple(plans)


def finding(error: errors.LabError, effect: str, scenario: str | None) -> model.Finding:
    """Turn an error into a finding, so that the report shows it."""
    return model.Finding.model_validate(
        {
            "code": type(error).__name__,
            "effect": effect,
            "message": error.message,
            "remedy": error.remedy,
            "scenario": scenario,
        }
    )


def _watch(
    child: Program,
    running: service.Running,
    recorder: recording.Recorder,
    interrupts: Interrupts,
    watch: overdue.Watch,
    *,
    name: str,
) -> list[model.Finding]:
    """Return why the run has to be ended early, nothing when it ends by itself or is overdue."""
    try:
        ended = False
        while not ended and not watch.late:
            ended = child.wait(_LOOK_EVERY_S) is not None
            recorder.look()
            watch.look(recorder.pulse, child.usage)
            death = running.death()
            if death is not None:
                return [_died(death, name)]
            if interrupts.requested:
                return [interrupted(name)]
    except errors.StoreError as error:
        return [finding(error, "store", name)]
    return []


def _end(
    child: Program, recorder: recording.Recorder, name: str, *, known: set[str]
) -> list[model.Finding]:
    """Keep the rest of the samples; what is wrong with that is told unless it is `known`."""
    child.stop()
    try:
        recorder.finish()
    except errors.StoreError as error:
        return [] if "store" in known else [finding(error, "store", name)]
    return []


def _died(death: str, name: str) -> model.Finding:
    return model.Finding(
        code="service-died",
        effect="lab",
        message=f"the service {death} during the run",
        remedy="see logs/service.log in the report",
        scenario=name,
    )


def interrupted(name: str) -> model.Finding:
    """Say that a scenario did not come to its end because somebody asked to stop."""
    return model.Finding(
        code="interrupted",
        effect="interrupted",
        message="interrupted before its end",
        remedy="run it again; what was measured so far is in the report",
        scenario=name,
    )
