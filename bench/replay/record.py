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

import duckdb
import numpy as np
import psutil

from bench.overhead import engine
from bench.replay import corpus
from bench.replay.service import ENDPOINTS
from toy_api import work

WARM_UP_S = 3
_READY_S = 20.0
_LOAD = Path(__file__).with_name("load.js")
_ROOT = Path(__file__).parents[2]
ONE, FIVE = ("/a",), tuple(ENDPOINTS)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a condition asks for: requests/s a side, which endpoints, a noisy neighbour or none."""

    rate: int
    paths: tuple[str, ...] = ONE
    neighbour: bool = False


PLANS: Mapping[str, Plan] = {
    "quiet": Plan(rate=60),
    "noisy": Plan(rate=60, neighbour=True),
    "saturated": Plan(rate=140),
    "quiet-5": Plan(rate=80, paths=FIVE),
    "noisy-5": Plan(rate=80, paths=FIVE, neighbour=True),
}

NEIGHBOUR = """
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
    about = _about(given.condition, plan)
    for launch in range(len(about.dropped), given.launches):
        sides, dropped, busy = _launch(plan, units_per_ms, random.Random(launch))
        about = replace(
            about, dropped=(*about.dropped, tuple(dropped)), busy=(*about.busy, round(busy, 2))
        )
        corpus.append(about, launch, sides)
        p95 = [round(float(np.quantile(one.us, 0.95)) / 1000, 1) for one in sides]
        print(f"{given.condition} {launch}: p95 {p95} ms, {busy:.0%} busy", flush=True)  # noqa: T201


def _about(condition: str, plan: Plan) -> corpus.About:
    if corpus.path(condition).exists():
        return corpus.about(condition)
    said = subprocess.run([engine(), "version"], capture_output=True, text=True, check=True).stdout
    return corpus.About(
        condition=condition,
        recorded=f"{datetime.now(UTC):%Y-%m-%d}",
        cpus=os.cpu_count() or 1,
        kernel=platform.release(),
        k6=said.split()[1],
        rate=plan.rate,
        seconds=corpus.SECONDS,
        paths=plan.paths,
        neighbour=plan.neighbour,
    )


def _launch(
    plan: Plan, units_per_ms: float, chance: random.Random
) -> tuple[list[corpus.Requests], list[int], float]:
    """Run all sides once; return their requests after the warm-up, what was dropped, the busy share."""
    with contextlib.ExitStack() as running, tempfile.TemporaryDirectory() as folder:
        order = chance.sample(list(corpus.SIDES), len(corpus.SIDES))
        ports = {name: _free_port() for name in order}
        for name in order:
            running.enter_context(_service(name, ports[name], units_per_ms, chance.getrandbits(31)))
        for port in ports.values():
            _wait_for(port)
        if plan.neighbour:
            script = NEIGHBOUR.format(seed=chance.random(), seconds=WARM_UP_S + corpus.SECONDS + 2)
            running.enter_context(_program([sys.executable, "-c", script]))
        loads = [
            running.enter_context(_load(plan, ports[name], Path(folder) / f"{name}.csv"))
            for name in chance.sample(order, len(order))
        ]
        psutil.cpu_percent()
        for one in loads:
            if one.wait(timeout=120):
                raise SystemExit(f"k6 ended with {one.returncode}")
        busy = psutil.cpu_percent() / 100
        files = [Path(folder) / f"{name}.csv" for name in corpus.SIDES]
        return *_read(plan, files), busy


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


def _load(
    plan: Plan, port: int, samples: Path
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    env = {
        **os.environ,
        "K6_NO_USAGE_REPORT": "true",
        "K6_CSV_TIME_FORMAT": "unix_nano",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PATHS": ",".join(plan.paths),
        "RATE": str(plan.rate),
        "SECONDS": str(WARM_UP_S + corpus.SECONDS),
    }
    argv = [engine(), "run", "--quiet", "--no-summary", "--address", "127.0.0.1:0"]
    return _program([*argv, "--out", f"csv={samples}", str(_LOAD)], env=env)


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


def _read(plan: Plan, files: Sequence[Path]) -> tuple[list[corpus.Requests], list[int]]:
    with duckdb.connect() as db:
        found = [_side(db, file) for file in files]
        dropped = [
            db.execute(
                "SELECT coalesce(sum(metric_value), 0)::INTEGER FROM read_csv(?, all_varchar = false) "
                "WHERE metric_name = 'dropped_iterations'",
                [str(file)],
            ).fetchall()[0][0]
            for file in files
        ]
    first = max(int(one["start_ns"].min()) for one in found) + WARM_UP_S * 1_000_000_000
    last = min(int(one["start_ns"].max()) for one in found)
    sides = []
    for one in found:
        inside = (one["start_ns"] >= first) & (one["start_ns"] <= last)
        place = {name: number for number, name in enumerate(plan.paths)}
        sides.append(
            corpus.Requests(
                endpoint=np.array([place[name] for name in one["name"][inside]], dtype=np.int32),
                start_us=(one["start_ns"][inside] - first) // 1000,
                us=np.rint(one["ms"][inside] * 1000).astype(np.int64),
                ok=one["ok"][inside].astype(np.bool_),
            )
        )
    return sides, dropped


def _side(db: duckdb.DuckDBPyConnection, file: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = db.execute(
        "SELECT timestamp::BIGINT - (metric_value * 1e6)::BIGINT AS start_ns, metric_value AS ms, name, "
        "expected_response::BOOLEAN AS ok FROM read_csv(?) WHERE metric_name = 'http_req_duration'",
        [str(file)],
    ).fetchnumpy()
    return found


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
