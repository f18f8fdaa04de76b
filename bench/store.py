"""Time to store and judge ten million k6 samples, beside DuckDB alone on the same file.

`make bench` runs it and writes the table in docs/performance.md. All figures of a table come from
one run on one machine; what carries over to others is the ratio.
"""

from __future__ import annotations

import argparse
import csv
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np

from ltlab_ci import model
from ltlab_ci.store import charts, duck

DOC = Path(__file__).parents[1] / "docs" / "performance.md"
START_NS = 1_700_000_000_000_000_000
METRICS = tuple(
    name for name in model.BUILT_IN if name.startswith(("http_req", "iteration", "data_"))
)


def write_csv(path: Path, requests: int) -> int:
    """Write a k6 CSV file of that many requests, one sample a metric each; return its samples."""
    metrics = ", ".join(f"('{name}')" for name in METRICS)
    with duckdb.connect() as db:
        db.execute("SELECT setseed(0.5)")
        db.execute(
            f"COPY (SELECT metric_name, {START_NS} + i * 1000000 AS timestamp, "
            "5 + 20 * random() AS metric_value, 'true' AS expected_response, 'GET' AS method, "
            "'GET /items/' || (i % 20) AS name, 'default' AS scenario, '200' AS status, "
            "'http://127.0.0.1:8000/items/' || (i % 20) AS url, "
            "'region=eu&team=shop' AS extra_tags, NULL AS metadata "
            f"FROM range({requests}) AS r(i), (VALUES {metrics}) AS m(metric_name)) "
            f"TO '{path}' (FORMAT csv, HEADER)"
        )
    return requests * len(METRICS)


def questions() -> list[model.Question]:
    """Return twenty thresholds' questions: plain, by name, by wildcard, by a custom tag, windowed."""
    tags = ((), (("name", "GET /items/7"),), (("name", "GET /items/1*"),), (("team", "shop"),))
    windows = (None, model.Window(start_ns=START_NS + 10**10, end_ns=START_NS + 3 * 10**11))
    return [
        model.Question(
            scenario="bench",
            metric="http_req_duration",
            type=model.MetricType.TREND,
            stat=model.Stat(name="p", percentile=90 + number / 2),
            tags=tags[number % 4],
            window=windows[number % 2],
        )
        for number in range(20)
    ]


def measure(folder: Path, requests: int) -> Iterator[tuple[str, str]]:
    """Yield a row for each thing measured."""
    source = folder / "samples.csv"
    samples = write_csv(source, requests)
    rows = folder / "rows.csv"
    with source.open(encoding="utf-8") as file, rows.open("w", encoding="utf-8") as out:
        columns = tuple(next(csv.reader([file.readline()])))
        while piece := file.read(1 << 24):
            out.write(piece)
    yield "samples", f"{samples:,} ({source.stat().st_size / 1e9:.2f} GB of CSV)"
    writer = duck.Writer(folder / "report", "bench")
    stored_s = timed(lambda: writer.ingest(model.Batch(path=rows, columns=columns)))
    stored_s += timed(writer.close)
    store = duck.Store(folder / "report")
    asked = questions()
    judged_s = timed(lambda: store.ask(asked))
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    charts_s = timed(lambda: charts.series(store, "bench", charts.extent(store, "bench")))
    check(store, asked[0])
    store.close()
    alone_s = timed(lambda: alone(source, folder / "alone.parquet"))
    yield "stored as Parquet", f"{stored_s:.1f} s"
    yield "20 thresholds judged", f"{judged_s:.1f} s"
    yield "series for the charts", f"{charts_s:.1f} s"
    yield "stored and judged", f"**{stored_s + judged_s:.1f} s**"
    yield "DuckDB alone, the same CSV to Parquet and 20 quantiles", f"{alone_s:.1f} s"
    yield "ratio", f"**{(stored_s + judged_s) / alone_s:.2f}**"
    yield "peak memory, until then", f"{memory_gb:.2f} GB"


def alone(source: Path, target: Path) -> None:
    """Do the least that could be done: the file as it is, quantiles without tags or windows."""
    with duckdb.connect(config={"memory_limit": "1GB"}) as db:
        db.execute(
            f"COPY (FROM read_csv('{source}', header = true)) TO '{target}' "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
        for number in range(20):
            share = (90 + number / 2) / 100
            db.execute(
                f"SELECT quantile_cont(metric_value, {share}) FROM '{target}' "
                "WHERE metric_name = 'http_req_duration'"
            ).fetchone()


def check(store: duck.Store, question: model.Question) -> None:
    """Hold one answer against numpy, so that nothing wrong is timed."""
    path = store.source(question.scenario)
    values = store.db.execute(f"SELECT value FROM {path} WHERE metric = ?", [question.metric])
    expected = np.percentile(values.fetchnumpy()["value"], question.stat.percentile)
    found = store.ask([question])[question].value
    assert found is not None
    assert np.isclose(found, expected, rtol=1e-11)


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    """Measure, print, and write the table into the docs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=840_000)
    parser.add_argument("--write", action="store_true", help="Write docs/performance.md.")
    given = parser.parse_args()
    lines = ["| what | measured |", "| --- | --- |"]
    with tempfile.TemporaryDirectory(prefix="ltlab-bench-") as folder:
        for what, figure in measure(Path(folder), given.requests):
            lines.append(f"| {what} | {figure} |")
            print(lines[-1], flush=True)  # noqa: T201  (a script)
    if given.write:
        text = DOC.read_text(encoding="utf-8")
        before, rest = text.split("<!-- store -->\n", 1)
        after = rest.split("<!-- end -->", 1)[1]
        block = "<!-- store -->\n" + "\n".join(lines) + "\n<!-- end -->"
        DOC.write_text(before + block + after, encoding="utf-8")


if __name__ == "__main__":
    main()
