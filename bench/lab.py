"""The lab of containers: how soon it is up and gone, its memory, a million samples in its InfluxDB.

`python -m bench.lab --write` writes the table in docs/performance.md. The limit is what influxd takes
of the same lines, packed beforehand. Images are those of tests/lab/servers: Grafana is a fake there,
whose memory says nothing of Grafana's.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
import requests

from bench import store as plain
from bench import table
from ltlab_ci import model
from ltlab_ci.lab import compose, container, daemon
from ltlab_ci.store import backfill, duck, influx, points

SAMPLES = 1_000_000
METRIC = "http_req_duration"
WRITERS = 3
TURNS = 3
IDLE_S = 20
SERVERS = Path(__file__).parents[1] / "tests" / "lab" / "servers"
BIN = Path(sys.executable).parent  # Compose is there where Docker has no plug-in of it


def measure() -> Iterator[table.Row]:
    """Yield a row for each thing measured."""
    environ = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    with docker(environ) as found, tempfile.TemporaryDirectory(prefix="ltlab-bench-") as name:
        turns = [up_and_down(found) for _ in range(TURNS)]
        up_s, down_s = (median(each) for each in zip(*turns, strict=True))
        yield "up, until a sample comes through (at most 20 s)", f"**{up_s:.1f} s**"
        yield "down, with all that it stored (at most 10 s)", f"**{down_s:.1f} s**"
        with compose.lab(found, settings()) as stack:
            time.sleep(IDLE_S)  # what is measured: a lab that nobody uses
            yield from memory(stack)
            yield from written_and_judged(stack.addresses.influx, Path(name))


@contextlib.contextmanager
def docker(environ: dict[str, str]) -> Iterator[daemon.Daemon]:
    """Hand out a daemon that has the lab's images; one that was started for this is stopped."""
    script = ["sh", str(SERVERS / "daemon.sh")]
    started = subprocess.run(script, env=environ, stdout=subprocess.PIPE, check=True).stdout.strip()
    try:
        images = ["sh", str(SERVERS / "images.sh"), sys.executable]
        subprocess.run(images, env=environ, check=True)
        yield daemon.find(environ)
    finally:
        if started:
            os.kill(int(started), signal.SIGTERM)


def settings() -> compose.Settings:
    """Return a lab that takes samples of the year that bench.store writes."""
    unique = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    return compose.temporary(unique, raw_retention_days=3650, minute_retention_days=365)


def up_and_down(found: daemon.Daemon) -> tuple[float, float]:
    """Return the seconds until a lab is ready, and until it is gone."""
    with contextlib.ExitStack() as opened:
        up_s, _ = plain.timed(lambda: opened.enter_context(compose.lab(found, settings())))
        down_s, _ = plain.timed(opened.close)
    return up_s, down_s


def memory(stack: compose.Stack) -> Iterator[table.Row]:
    """Yield the memory of each container of an idle lab, without what the kernel may drop."""
    total = 0.0
    for service in compose.SERVICES:
        made = stack.container(service)
        assert made is not None
        figures = made.stats(stream=False)
        assert isinstance(figures, dict)
        used = container.used(figures)
        assert used is not None
        total += used.memory_bytes / 1e6
        of = f"{service} (a stand-in)" if service == "grafana" else service
        yield f"memory of the idle lab, {of}", f"{used.memory_bytes / 1e6:.0f} MB"
    yield "memory of the idle lab (at most 1,000 MB)", f"**{total:.0f} MB**"


def written_and_judged(server: model.Influx, folder: Path) -> Iterator[table.Row]:
    """Yield rows for samples of one metric: written, beside the server's own limit, and judged."""
    samples, files = recorded(folder)
    bodies = packed(files)
    limit_s, _ = plain.timed(lambda: post(server, bodies))
    tags = {"testid": "filled"}
    filled_s, filled = plain.timed(lambda: backfill.complete(server, files, tags))
    assert filled.complete
    counted_s, _ = plain.timed(lambda: backfill.complete(server, files, tags))
    asked = plain.questions()
    there = influx.Store(server, {"bench": filled.run})
    judged_s, _ = plain.timed(lambda: there.ask(asked))
    check(there, folder / "report", asked)
    yield f"{samples:,} samples of {METRIC}, written and counted twice", f"{filled_s:.1f} s"
    yield "that is, points a second (at least 100,000)", f"**{samples / filled_s:,.0f}**"
    yield "influxd alone, the same lines packed: points a second", f"{samples / limit_s:,.0f}"
    yield "ratio of both", f"**{filled_s / limit_s:.2f}**"
    yield "compared when nothing is missing", f"{counted_s:.1f} s"
    yield f"20 thresholds over {samples:,} points (at most 10 s)", f"**{judged_s:.1f} s**"


def recorded(folder: Path) -> tuple[int, list[Path]]:
    """Record a k6 CSV file as a run does; return its samples, and the files they are in."""
    source, rows = folder / "samples.csv", folder / "rows.csv"
    samples = plain.write_csv(source, SAMPLES, (METRIC,))
    header, _, text = source.read_text(encoding="utf-8").partition("\n")
    rows.write_text(text, encoding="utf-8")
    writer = duck.Writer(folder / "report", "bench")
    writer.ingest(model.Batch(paths=(rows,), columns=tuple(next(csv.reader([header])))))
    writer.close()
    return samples, sorted((folder / "report").glob("*.parquet"))


def packed(parquet: list[Path]) -> list[bytes]:
    """Return the requests' bodies as they are sent."""
    made = points.Points(parquet, {"testid": "alone"})
    try:
        return [
            gzip.compress("\n".join(lines).encode(), compresslevel=1)
            for lines in made.lines(list(made.counts()), backfill.BATCH)
        ]
    finally:
        made.close()


def post(server: model.Influx, bodies: list[bytes]) -> None:
    """Send bodies as fast as the server takes them."""
    session = requests.Session()
    session.headers = {"Authorization": f"Token {server.token}", "Content-Encoding": "gzip"}
    url = f"{server.url}/api/v2/write?org={server.org}&bucket={server.bucket}&precision=ns"
    with ThreadPoolExecutor(WRITERS) as pool:
        for answer in pool.map(lambda body: session.post(url, data=body, timeout=60), bodies):
            answer.raise_for_status()


def check(there: influx.Store, folder: Path, asked: list[model.Question]) -> None:
    """Hold the answers against DuckDB's, so that nothing wrong is timed."""
    here = duck.Store(folder)
    expected, found = here.ask(asked), there.ask(asked)
    here.close()
    assert all(answer.count for answer in expected.values())
    for question, answer in expected.items():
        assert found[question].count == answer.count
        assert np.isclose(found[question].value or 0.0, answer.value or 0.0, rtol=1e-9)


if __name__ == "__main__":
    table.carry_out("lab", measure(), about=__doc__)
