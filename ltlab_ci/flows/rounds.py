"""One round of a comparison: both services fresh, both engines at once, the samples of both kept.

Not here: how many rounds and when to look (duet.py), what the samples say (evaluate/compare/).
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ltlab_ci import console, errors, load, model
from ltlab_ci.flows import (
    both,
    clock,
    measure,
    origin,
    overdue,
    peers,
    recording,
    trouble,
    turns,
    usage,
)
from ltlab_ci.interrupts import Interrupts
from ltlab_ci.lab import service
from ltlab_ci.lab.bench import Bench
from ltlab_ci.lab.program import Program
from ltlab_ci.store import duck, trimmed

SIDES = ("base", "head")
_LOOK_EVERY_S = 0.25
_PATIENCE_S = 15.0  # Artillery gives a request 10 s
_CLOCK_STEP_S = 0.5
_CONTAINERS_APART_S = 2.0  # one starts after the other, and the daemon takes its time


@dataclass(frozen=True, kw_only=True)
class Task:
    """One scenario to compare: both versions built, where samples and logs go, the pair's seed.

    `scenario` is its folder among the samples of a side, "" where it is the only one.
    """

    prepared: measure.Prepared
    bench: Bench
    versions: Mapping[str, service.Version]
    comparing: model.Comparing
    samples: Path
    scenario: str
    logs: Path
    seed: str
    voice: console.Console
    interrupts: Interrupts

    @property
    def name(self) -> str:
        """Return the scenario's name."""
        return self.prepared.scenario.name

    @property
    def apart_s(self) -> float:
        """Return how far apart both engines may begin."""
        return self.prepared.engine.APART_S + (_CONTAINERS_APART_S if self.bench.contained else 0)

    def folder(self, side: str) -> Path:
        """Return where a side's samples are, one file a round."""
        return self.samples / side / self.scenario


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What came of a round. One that is not `whole` was cut short, and its samples do not count."""

    findings: tuple[model.Finding, ...]
    cpu: Mapping[str, float | None]
    machine_cpu: float | None

    @property
    def whole(self) -> bool:
        """Say whether both sides were measured to the end."""
        return all(found.effect == "warn" for found in self.findings)


@dataclass(frozen=True, kw_only=True)
class _Lane:
    """A side of a running round."""

    side: str
    prepared: measure.Prepared
    plan: load.Plan
    running: service.Running
    child: Program
    recorder: recording.Recorder
    peers: peers.Peers
    watch: overdue.Watch
    file: Path


def one(task: Task, number: int, seconds: float) -> Ran:
    """Measure one round, numbered from 1. Raises LabNotReady, EngineError, KeyboardInterrupt.

    What it leaves of a round that is not whole has to be put aside.
    """
    coin = _coin(f"{task.seed}:{task.name}:{number}")
    order = SIDES if coin else SIDES[::-1]
    # Which port a side has changes with every round, whatever the coin says.
    first = (number + _coin(task.seed)) % 2
    places = {side: first if side == "base" else 1 - first for side in order}
    timing = turns.planned(task.comparing, seconds, order, apart_s=task.apart_s)
    with both.started(task.bench, task.versions, places, logs=task.logs, number=number) as services:
        running = services.awaited()
        if number == 1 and not task.bench.contained:
            origin.refuse(running, task.versions)
        with task.interrupts.deferred(), contextlib.ExitStack() as opened:
            # What takes long to make is made before either starts, or one would load alone meanwhile.
            ready = [
                opened.enter_context(_lane(task, side, number, running[side], timing))
                for side in order
            ]
            lanes = [begun() for begun in ready]
            early = _watch(lanes, task, number)
            codes = _stopped(lanes)
            services.ask()  # they end while samples are stored
            late = [
                found
                for lane in lanes
                for found in _stored(lane, None if early else codes[lane.side], task, number)
            ]
            if not early:
                late.extend(_stepped(lanes, task, number))
        return _kept(task, lanes, timing, (*early, *late))


def _coin(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 2


@contextlib.contextmanager
def _lane(
    task: Task, side: str, number: int, running: service.Running, timing: turns.Turns
) -> Iterator[Callable[[], _Lane]]:
    """Make a side's engine ready, and hand out what begins its load."""
    held, plan = _planned(task, side, number, running, timing)
    prepared = replace(task.prepared, scenario=held.scenario, script=held.script)
    # One line tells how it goes; both sides get the same load.
    shown = task.voice.progress(f"{task.name} round {number}", held.script.load.duration_s)
    silent = contextlib.nullcontext(console.Progress("", None, None))
    image = prepared.tool.image
    with (
        task.bench.placed(plan.argv, image=image, env=plan.env, log=plan.log) as start,
        shown if side == "head" else silent as bar,
    ):

        def begun() -> _Lane:
            child = start()
            return _Lane(
                side=side,
                prepared=prepared,
                plan=plan,
                running=running,
                child=child,
                recorder=recording.Recorder(
                    clock.Clock(),
                    duck.Writer(task.folder(side), _file(number), whole=True),
                    prepared.engine.reader(plan.run_dir),
                    usage.Gauge(child, running.child, plan.run_dir),
                    bar,
                ),
                peers=peers.Peers(child, running.base_url),
                watch=overdue.Watch(
                    prepared.script,
                    known=lambda: overdue.hopeless(prepared.engine, (plan,), child),
                    unseen=task.bench.contained,
                ),
                file=task.folder(side) / duck.file_name(_file(number)),
            )

        yield begun


def _planned(
    task: Task, side: str, number: int, running: service.Running, timing: turns.Turns
) -> tuple[load.Held, load.Plan]:
    """Return what a side's engine holds and how it is run; its files lie in a folder of its own."""
    prepared = task.prepared
    run_dir = task.logs / "rounds" / duck.stem(task.name) / f"{number:02d}-{side}"
    run_dir.mkdir(parents=True)
    held = prepared.engine.hold(
        prepared.scenario,
        prepared.script,
        load.Steady(turns=timing.of[side], rate_per_s=task.comparing.rate_per_s),
        base_url=running.base_url,
        run_dir=run_dir,
    )
    for name, text in held.files.items():
        (run_dir / name).write_text(text, encoding="utf-8")
    plan = prepared.engine.plan(
        prepared.tool, held.scenario, held.script, base_url=running.base_url, run_dir=run_dir
    )
    return held, plan


def _file(number: int) -> str:
    return f"round-{number:02d}"


def _watch(lanes: list[_Lane], task: Task, number: int) -> list[model.Finding]:
    """Return why the round has to be ended early, nothing when both sides end by themselves."""
    try:
        codes: list[int | None] = [None]
        while None in codes:
            codes = [lane.child.wait(_LOOK_EVERY_S) for lane in lanes]
            for lane in lanes:
                lane.recorder.look()
                lane.peers.look()
                lane.watch.look(lane.recorder.pulse, lane.child.usage)
            for lane in lanes:
                death = lane.running.death()
                if death is not None:
                    return [trouble.died(lane.side, death, number)]
            if task.interrupts.requested:
                return [measure.interrupted(task.name)]
            late = [lane for lane in lanes if lane.watch.late and lane.child.poll() is None]
            if late:
                return [_overdue(lane, number, task.name) for lane in late]
            if any(codes):
                # What the other side measures alone is of no use; it may be about to end as well.
                for lane in lanes:
                    lane.child.wait(_PATIENCE_S)
                break
    except errors.StoreError as error:
        return [measure.finding(error, "store", task.name)]
    return []


def _overdue(lane: _Lane, number: int, name: str) -> model.Finding:
    found = overdue.finding(lane.watch, lane.prepared.engine, (lane.plan,), lane.child, name)
    return found.model_copy(update={"message": f"{lane.side}, in round {number}: {found.message}"})


def _stopped(lanes: list[_Lane]) -> dict[str, int | None]:
    """End both engines at one time; return the exit codes of those that had ended by themselves."""
    codes = {lane.side: lane.child.poll() for lane in lanes}
    for lane in lanes:
        lane.child.ask()
    for lane in lanes:
        lane.child.stop()
    return codes


def _stored(lane: _Lane, code: int | None, task: Task, number: int) -> Iterator[model.Finding]:
    """Keep the rest of a side's samples, and yield what its engine says of its run.

    `code` None: ending it was our doing.
    """
    try:
        lane.recorder.finish()
    except errors.StoreError as error:
        yield measure.finding(error, "store", task.name)
        return
    if code is None:
        return
    outcome = lane.prepared.engine.outcome(lane.prepared.scenario, lane.plan, code)
    for found in outcome.findings:
        told = f"{lane.side}, in round {number}: {found.message}"
        yield found.model_copy(update={"message": told, "scenario": task.name})
    counted = outcome.totals.get("http_reqs")
    ended_well = all(each.effect == "warn" for each in outcome.findings)
    if counted is not None and counted != lane.recorder.requests and ended_well:
        yield trouble.incomplete(lane.side, number, counted, lane.recorder.requests, task.name)


def _stepped(lanes: list[_Lane], task: Task, number: int) -> Iterator[model.Finding]:
    """Yield that the clock was set, once: both sides look at the same one."""
    step_s = max((lane.recorder.clock.step_s for lane in lanes), key=abs)
    if abs(step_s) > _CLOCK_STEP_S:
        yield trouble.clock_step(number, step_s, task.name)


def _kept(
    task: Task, lanes: list[_Lane], timing: turns.Turns, findings: tuple[model.Finding, ...]
) -> Ran:
    """Return what came of a round, its samples cut to what was measured."""
    used: dict[str, trimmed.Used] = {}
    if all(found.effect == "warn" for found in findings):
        try:
            looked = {lane.side: _looked(lane) for lane in lanes}
            findings += tuple(trouble.astray(looked, task.name))
            windows = turns.windows(looked, timing)
            used = {
                lane.side: trimmed.cut(lane.file, windows[lane.side], lane.running.base_url)
                for lane in lanes
            }
        except errors.StoreError as error:
            findings += (measure.finding(error, "store", task.name),)
    return Ran(
        findings=findings,
        cpu={side: each.service_cpu for side, each in used.items()},
        machine_cpu=next((each.machine_cpu for each in used.values()), None),
    )


def _looked(lane: _Lane) -> trimmed.Looked:
    found = trimmed.look(lane.file, lane.running.base_url)
    if found.addressed or not lane.peers.elsewhere:
        return found
    return replace(found, astray=lane.peers.elsewhere, elsewhere=1.0)


def put_aside(task: Task, number: int) -> None:
    """Take the samples of a round that was cut short away from those that are judged."""
    folder = task.samples / "unfinished" / task.scenario
    for side in SIDES:
        file = task.folder(side) / duck.file_name(_file(number))
        shutil.rmtree(file.parent / ".spill", ignore_errors=True)
        # Parts are left where a full disk kept them from being joined.
        for each in (file, file.with_suffix(".parts")):
            if each.exists():
                folder.mkdir(parents=True, exist_ok=True)
                each.replace(folder / f"{side}-{each.name}")
