"""One round of a comparison: both services fresh, both engines at once, the samples of both kept.

Not here: how many rounds and when to look (duet.py), what the samples say (evaluate/compare/).
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ltlab_ci import console, errors, load, model
from ltlab_ci.flows import measure, recording, usage
from ltlab_ci.interrupts import Interrupts
from ltlab_ci.lab import service
from ltlab_ci.lab.bench import Bench
from ltlab_ci.lab.program import Program
from ltlab_ci.store import duck, trimmed

SIDES = ("base", "head")
_LOOK_EVERY_S = 0.25
_PATIENCE_S = 5.0
_SLACK_S = 1.0  # engines never start in the same instant; what is measured is cut from the overlap
_TURN_S = 2.0
_CLOCK_STEP_S = 0.5


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
class _Turns:
    """When the sides load their services in a round: at once, or the one after the other."""

    of: Mapping[str, tuple[tuple[float, float], ...]]
    warmup_s: float
    seconds: float
    alternate: bool


@dataclass(frozen=True, kw_only=True)
class _Lane:
    """A side of a running round."""

    side: str
    prepared: measure.Prepared
    plan: load.Plan
    running: service.Running
    child: Program
    recorder: recording.Recorder
    file: Path


def one(task: Task, number: int, seconds: float) -> Ran:
    """Measure one round, numbered from 1. Raises LabNotReady, EngineError, KeyboardInterrupt."""
    coin = _coin(f"{task.seed}:{task.name}:{number}")
    order = SIDES if coin else SIDES[::-1]
    # Which port a side has changes with every round, whatever the coin says.
    first = (number + _coin(task.seed)) % 2
    places = {"base": first, "head": 1 - first}
    turns = _turns(task.comparing, seconds, order)
    with contextlib.ExitStack() as opened:
        running: dict[str, service.Running] = {}
        for side in order:
            running[side] = opened.enter_context(_up(task, side, places[side], number, running))
        with task.interrupts.deferred():
            lanes = [
                opened.enter_context(_lane(task, side, number, running[side], turns))
                for side in order
            ]
            early = _watch(lanes, task, number)
            late = [found for lane in lanes for found in _end(lane, task, number, early=early)]
    return _kept(task, lanes, turns, (*early, *late))


def _coin(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 2


def _turns(comparing: model.Comparing, seconds: float, order: tuple[str, ...]) -> _Turns:
    if comparing.mode == "duet":
        whole = ((0.0, comparing.warmup_s + seconds + _SLACK_S),)
        return _Turns(
            of=dict.fromkeys(SIDES, whole),
            warmup_s=comparing.warmup_s,
            seconds=seconds,
            alternate=False,
        )
    warm = math.ceil(comparing.warmup_s / _TURN_S)
    number = warm + max(1, round(seconds / _TURN_S / 2))
    return _Turns(
        of={
            side: tuple((2 * _TURN_S * each + offset, _TURN_S) for each in range(number))
            for side, offset in zip(order, (0.0, _TURN_S), strict=True)
        },
        warmup_s=warm * _TURN_S,
        seconds=seconds,
        alternate=True,
    )


@contextlib.contextmanager
def _up(
    task: Task, side: str, place: int, number: int, others: Mapping[str, service.Running]
) -> Iterator[service.Running]:
    """Start a side's service; say whose trouble it is when it does not come up."""
    log = task.logs / f"service-{side}.log"
    with contextlib.ExitStack() as opened:
        try:
            running = opened.enter_context(
                task.bench.service(task.versions[side], log=log, place=place)
            )
        except errors.LabNotReady as error:
            told = f"{side}, in round {number}: {error.message}"
            if not others:
                raise errors.LabNotReady(told, remedy=error.remedy) from error
            other = next(iter(others))
            raise errors.LabNotReady(
                f"{told} (while {other} was up)",
                remedy="both versions run at once: let port, files and names come from {port}, {env} "
                "and {side} in `service`; where only two loads at once are too much, say "
                f"`mode: alternate`. Its log is logs/{log.name}",
            ) from error
        yield running


@contextlib.contextmanager
def _lane(
    task: Task, side: str, number: int, running: service.Running, turns: _Turns
) -> Iterator[_Lane]:
    prepared, bench = task.prepared, task.bench
    run_dir = task.logs / "rounds" / duck.stem(task.name) / f"{number:02d}-{side}"
    run_dir.mkdir(parents=True)
    held = prepared.engine.hold(
        prepared.scenario,
        prepared.script,
        load.Steady(turns=turns.of[side], rate_per_s=task.comparing.rate_per_s),
        base_url=running.base_url,
        run_dir=run_dir,
    )
    for name, text in held.files.items():
        (run_dir / name).write_text(text, encoding="utf-8")
    plan = prepared.engine.plan(
        prepared.tool, held.scenario, held.script, base_url=running.base_url, run_dir=run_dir
    )
    writer = duck.Writer(task.folder(side), _file(number), whole=True)
    # One line tells how it goes; both sides get the same load.
    shown = task.voice.progress(f"{task.name} round {number}", held.script.load.duration_s)
    with (
        shown
        if side == "head"
        else contextlib.nullcontext(console.Progress("", None, None)) as bar,
        bench.exec(plan.argv, image=prepared.tool.image, env=plan.env, log=plan.log) as child,
    ):
        yield _Lane(
            side=side,
            prepared=replace(prepared, scenario=held.scenario, script=held.script),
            plan=plan,
            running=running,
            child=child,
            recorder=recording.Recorder(
                writer,
                prepared.engine.reader(run_dir),
                usage.Gauge(child, running.child, run_dir),
                bar,
            ),
            file=task.folder(side) / duck.file_name(_file(number)),
        )


def held(prepared: measure.Prepared, comparing: model.Comparing) -> load.Held:
    """Return what will be held of a script, before anything starts. Raises ConfigError."""
    turns = _turns(comparing, prepared.engine.ROUND_S, SIDES).of["base"]
    return prepared.engine.hold(
        prepared.scenario,
        prepared.script,
        load.Steady(turns=turns, rate_per_s=comparing.rate_per_s),
        base_url="",
        run_dir=Path(),
    )


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
            for lane in lanes:
                death = lane.running.death()
                if death is not None:
                    return [_died(lane.side, death, number)]
            if task.interrupts.requested:
                return [measure.interrupted(task.name)]
            if any(codes):
                # What the other side measures alone is of no use; it may be about to end as well.
                for lane in lanes:
                    lane.child.wait(_PATIENCE_S)
                break
    except errors.StoreError as error:
        return [measure.finding(error, "store", task.name)]
    return []


def _end(
    lane: _Lane, task: Task, number: int, *, early: list[model.Finding]
) -> Iterator[model.Finding]:
    """Stop a side's engine, keep the rest of its samples, and yield what it says of its run."""
    failed = lane.child.poll()
    code = lane.child.stop()
    try:
        lane.recorder.finish()
    except errors.StoreError as error:
        yield measure.finding(error, "store", task.name)
        return
    if early or failed is None:  # ending it was our doing
        return
    outcome = lane.prepared.engine.outcome(lane.prepared.scenario, lane.plan, code)
    for found in outcome.findings:
        told = f"{lane.side}, in round {number}: {found.message}"
        yield found.model_copy(update={"message": told, "scenario": task.name})
    counted = outcome.totals.get("http_reqs")
    if counted is not None and counted != lane.recorder.requests and not outcome.findings:
        yield model.Finding(
            code="samples-incomplete",
            effect="store",
            message=f"{lane.side}, in round {number}: the engine counted {counted:g} http_reqs, the "
            f"samples hold {lane.recorder.requests}",
            remedy="run again; if it happens again, report it with logs/",
            scenario=task.name,
        )
    if abs(lane.recorder.clock.step_s) > _CLOCK_STEP_S:
        yield model.Finding(
            code="clock-step",
            effect="invalid",
            message="the machine's clock was set by "
            f"{lane.recorder.clock.step_s:+.1f} s during round {number}: samples lie where they do "
            "not belong",
            remedy="run again once the clock is right (NTP), on a machine that does not sleep meanwhile",
            scenario=task.name,
        )


def _kept(
    task: Task, lanes: list[_Lane], turns: _Turns, findings: tuple[model.Finding, ...]
) -> Ran:
    """Cut the samples to what was measured; those of a round that was cut short are put aside."""
    used: dict[str, trimmed.Used] = {}
    if all(found.effect == "warn" for found in findings):
        try:
            looked = {lane.side: trimmed.look(lane.file, lane.running.base_url) for lane in lanes}
            findings += tuple(_astray(task, looked))
            windows = _windows(looked, turns)
            used = {lane.side: trimmed.cut(lane.file, windows[lane.side]) for lane in lanes}
        except errors.StoreError as error:
            findings += (measure.finding(error, "store", task.name),)
    if any(found.effect != "warn" for found in findings):
        for lane in lanes:
            _put_aside(lane, task.samples / "unfinished" / task.scenario)
    return Ran(
        findings=findings,
        cpu={side: each.service_cpu for side, each in used.items()},
        machine_cpu=next((each.machine_cpu for each in used.values()), None),
    )


def _put_aside(lane: _Lane, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        lane.file.replace(folder / f"{lane.side}-{lane.file.name}")


def _astray(task: Task, looked: Mapping[str, trimmed.Looked]) -> Iterator[model.Finding]:
    for side, each in looked.items():
        if each.astray:
            yield model.Finding(
                code="requests-elsewhere",
                effect="invalid",
                message=f"no request of {side} went to its service; one went to {each.astray}",
                remedy="let the script take the address from BASE_URL (`__ENV.BASE_URL` in k6)",
                scenario=task.name,
            )
        elif each.first_ns is None:
            yield model.Finding(
                code="no-request",
                effect="invalid",
                message=f"the script made no HTTP request on {side}",
                remedy="let the script call the service; BASE_URL in its environment says where it is",
                scenario=task.name,
            )


def _windows(
    looked: Mapping[str, trimmed.Looked], turns: _Turns
) -> dict[str, list[trimmed.Window]]:
    """Return what to keep of each side: the time of both, or its turns moved together."""
    first = {side: each.first_ns or 0 for side, each in looked.items()}
    start_ns = max(first.values()) + _ns(turns.warmup_s)
    if not turns.alternate:
        window = trimmed.Window(start_ns=start_ns, end_ns=start_ns + _ns(turns.seconds))
        return {side: [window] for side in looked}
    found: dict[str, list[trimmed.Window]] = {side: [] for side in looked}
    for side, of in turns.of.items():
        zero_ns = first[side] - _ns(of[0][0])  # when a side's engine began to count
        measured = [turn for turn in of if turn[0] - of[0][0] >= turns.warmup_s * 2]
        for place, (turn_s, length_s) in enumerate(measured):
            at_ns = zero_ns + _ns(turn_s)
            found[side].append(
                trimmed.Window(
                    start_ns=at_ns,
                    end_ns=at_ns + _ns(length_s),
                    moved_ns=start_ns + place * _ns(_TURN_S) - at_ns,
                )
            )
    return found


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)


def _died(side: str, death: str, number: int) -> model.Finding:
    return model.Finding(
        code="service-died",
        effect="lab",
        message=f"the service of {side} {death} in round {number}",
        remedy=f"see logs/service-{side}.log in the report",
    )
