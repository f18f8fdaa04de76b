"""Time to bring a million samples into InfluxDB 2 and judge them, beside the server's own limit.

`python -m bench.influx --write` writes the table in docs/performance.md. The limit is what influxd takes of the same lines, packed beforehand. The server is of tests/lab/servers.
"""

from __future__ import annotations

import csv
import gzip
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import requests

from bench import store as plain
from bench import table
from ltlab_ci import model
from ltlab_ci.store import backfill, duck, influx, points
from tests.lab.store import servers

WRITERS = 3
REQUESTS = 92_000


def measure() -> Iterator[table.Row]:
    """Yield a row for each thing measured."""
    with (
        tempfile.TemporaryDirectory(prefix="ltlab-bench-") as name,
        servers.influxd(Path(name)) as own,
    ):
        folder = Path(name)
        samples, files = recorded(folder)
        bodies = packed(files)
        limit_s, _ = plain.timed(lambda: post(own.server, bodies))
        tags = {"testid": "filled"}
        filled_s, filled = plain.timed(lambda: backfill.complete(own.server, files, tags))
        assert filled.complete
        counted_s, _ = plain.timed(lambda: backfill.complete(own.server, files, tags))
        asked = plain.questions()
        there = influx.Store(own.server, {"bench": filled.run})
        judged_s, _ = plain.timed(lambda: there.ask(asked))
        check(there, folder / "report", asked)
    yield "samples", f"{samples:,}"
    yield "written by ltlab, counted before and after", f"{filled_s:.1f} s"
    yield "that is, points a second (at least 100,000)", f"**{samples / filled_s:,.0f}**"
    yield (
        "influxd alone, the same lines packed beforehand: points a second",
        f"{samples / limit_s:,.0f}",
    )
    yield "ratio of both", f"**{filled_s / limit_s:.2f}**"
    yield "compared when nothing is missing", f"{counted_s:.1f} s"
    yield (
        f"20 thresholds on a metric with {REQUESTS:,} of them judged in InfluxDB (at most 10 s)",
        f"**{judged_s:.1f} s**",
    )


def recorded(folder: Path) -> tuple[int, list[Path]]:
    """Record a k6 CSV file as a run does; return its samples, and the files they are in."""
    source, rows = folder / "samples.csv", folder / "rows.csv"
    samples = plain.write_csv(source, REQUESTS)
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
    table.carry_out("influx", measure(), about=__doc__)
