"""Record launches of a condition: five sides at the same time, fresh services, ports and order drawn.

`python -m bench.replay.record quiet --launches 60`. It goes on where an earlier recording ended.
All load stays on 127.0.0.1 and ends by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil

from bench.replay import corpus, loads
from bench.replay.service import ENDPOINTS
from ltlab_ci import model
from toy_api import work

WARM_UP_S = 3
_READY_S, _PATIENCE_S = 20.0, 180.0
_LATE_NS = 1_000_000_000
_ROOT = Path(__file__).parents[2]
ONE, FIVE = ("/a",), tuple(ENDPOINTS)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a condition asks for: requests/s a side, which endpoints, a noisy neighbour or none."""

    rate: int
    engine: model.EngineName = model.EngineName.K6
    seconds: int = 20
    paths: tuple[str, ...] = ONE
    neighbour: bool = False


PLANS: Mapping[str, Plan] = {
    "quiet": Plan(rate=60),
    "noisy": Plan(rate=60, neighbour=True),
    "saturated": Plan(rate=160),
    "quiet-5": Plan(rate=80, paths=FIVE),
    "noisy-5": Plan(rate=80, paths=FIVE, neighbour=True),
    "artillery": Plan(rate=40, engine=model.EngineName.ARTILLERY, seconds=30),
}

_NEIGHBOUR = """
import hashlib, random, time
chance = random.Random({seed})
end = time.monotonic() + {seconds}
while time.monotonic() < end:
    busy = time.monotonic() + chance.expovariate(1 / 2)
    while time.monotonic() < min(busy, end):
        hashlib.sha256(bytes(100_000)).digest()
    time.sleep(min(chance.expovariate(1 / 3), max(0, end - time.monotonic())))
"""


def main() -> None:
    """Record until the condition has as many launches as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("condition", choices=PLANS)
    parser.add_argument("--launches", type=int, default=60)
    given = parser.parse_args()
    plan = PLANS[given.condition]
    units_per_ms = work.calibrate(10) / 10
    load = loads.prepared(
        plan.engine, rate=plan.rate, paths=plan.paths, seconds=WARM_UP_S + plan.seconds
    )
    about = _about(given.condition, plan, load.tool.version)
    for launch in range(len(about.dropped), given.launches):
        sides, dropped, busy = _launch(
            plan, load, units_per_ms, random.Random(f"{given.condition} {launch}")
        )
        about = replace(
            about, dropped=(*about.dropped, tuple(dropped)), busy=(*about.busy, round(busy, 2))
        )
        corpus.append(about, launch, sides)
        p95 = [round(float(np.quantile(one.us, 0.95)) / 1000, 1) for one in sides]
        print(f"{given.condition} {launch}: p95 {p95} ms, {busy:.0%} busy", flush=True)  # noqa: T201


def _about(condition: str, plan: Plan, version: str) -> corpus.About:
    if corpus.path(condition).exists():
        return corpus.about(condition)
    return corpus.About(
        condition=condition,
        recorded=f"{datetime.now(UTC):%Y-%m-%d}",
        cpus=os.cpu_count() or 1,
        kernel=platform.release().split("-")[0],
        engine=f"{plan.engine} {version}",
        rate=plan.rate,
        seconds=plan.seconds,
        paths=plan.paths,
        neighbour=plan.neighbour,
    )


def _launch(
    plan: Plan, load: loads.Prepared, units_per_ms: float, chance: random.Random
) -> tuple[list[corpus.Requests], list[int], float]:
    """Run all sides once; return their requests after the warm-up, what was dropped, the busy share."""
    with contextlib.ExitStack() as running, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        order = chance.sample(list(corpus.SIDES), len(corpus.SIDES))
        ports = {side: _free_port() for side in order}
        for side in order:
            running.enter_context(_service(side, ports[side], units_per_ms, chance.getrandbits(31)))
        for port in ports.values():
            _wait_for(port)
        if plan.neighbour:
            length_s = load.steady.turns[0][1] + 1
            running.enter_context(neighbour(chance.random(), length_s))
        engines = [
            running.enter_context(loads.started(load, ports[side], folder / side))
            for side in chance.sample(order, len(order))
        ]
        psutil.cpu_percent()
        for one in engines:
            if one.wait(timeout=_PATIENCE_S):
                raise SystemExit(f"an engine ended with {one.returncode}")
        busy = psutil.cpu_percent() / 100
        pairs = [loads.measured(load, folder / "base", folder / side) for side in corpus.SIDES]
    sides = [pairs[0].base, *(pair.head for pair in pairs[1:])]
    return _cut(plan, sides), [each.dropped for each in sides], busy


def _cut(plan: Plan, sides: Sequence[model.Side]) -> list[corpus.Requests]:
    """Return what all sides sent at the same time, the warm-up left out."""
    first = max(int(each.start_ns.min()) for each in sides) + WARM_UP_S * 1_000_000_000
    last = first + plan.seconds * 1_000_000_000
    if any(int(each.start_ns.max()) < last - _LATE_NS for each in sides):
        raise SystemExit("an engine began too late: give them more time apart")
    found = []
    for each in sides:
        inside = (each.start_ns >= first) & (each.start_ns < last)
        found.append(
            corpus.Requests(
                endpoint=each.endpoint[inside],
                start_us=(each.start_ns[inside] - first) // 1000,
                us=np.rint(each.ms[inside] * 1000).astype(np.int64),
                ok=each.ok[inside],
            )
        )
    return found


def _service(
    side: str, port: int, units_per_ms: float, seed: int
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    given = {
        "--port": str(port),
        "--units-per-ms": f"{units_per_ms:.3f}",
        "--change": str(corpus.SIDES[side]),
        "--seed": str(seed),
    }
    words = [word for pair in given.items() for word in pair]
    return _program([sys.executable, "-m", "bench.replay.service", *words])


@contextlib.contextmanager
def _program(
    argv: Sequence[str], env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(list(argv), cwd=_ROOT, env=env, stdout=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.terminate()
        child.wait()


def neighbour(
    seed: float, seconds: float
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """Let another program work in spells while the block lasts, for so many seconds at most."""
    script = _NEIGHBOUR.format(seed=seed, seconds=seconds)
    return _program([sys.executable, "-c", script])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    until = time.monotonic() + _READY_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    main()
