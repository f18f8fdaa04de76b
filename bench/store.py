"""Time to store and judge ten million k6 samples, beside DuckDB alone on the same file."""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import TypeVar

import duckdb
import numpy as np

from bench import table
from ltlab_ci import model
from ltlab_ci.load import k6
from ltlab_ci.store import charts, duck

REQUESTS = 840_000
REPEATS = 3
START_NS = 1_700_000_000_000_000_000
HTTP = tuple(name for name in model.BUILT_IN if name.startswith("http_req"))
OTHER = ("iterations", "iteration_duration", "data_sent", "data_received")
T = TypeVar("T")


def write_csv(
    path: Path, requests: int = REQUESTS, metrics: Sequence[str] = (*HTTP, *OTHER)
) -> int:
    """Write a file as k6 does: a request with its iteration each millisecond; return its samples."""
    http = f"metric_name IN {HTTP}"
    columns = {
        "metric_name": "metric_name",
        "timestamp": f"{START_NS} + i * 1000000",
        "metric_value": "CASE metric_name WHEN 'http_reqs' THEN 1 WHEN 'iterations' THEN 1 "
        "WHEN 'http_req_failed' THEN (i % 200 = 0)::INT "
        "ELSE round(exp(3 + random()), 6) END::DECIMAL(18, 6)",
        **dict.fromkeys(("check", "error", "error_code")),
        "expected_response": f"CASE WHEN {http} THEN 'true' END",
        "group": None,
        "method": f"CASE WHEN {http} THEN 'GET' END",
        "name": f"CASE WHEN {http} THEN 'GET /items/' || i % 20 END",
        "proto": f"CASE WHEN {http} THEN 'HTTP/1.1' END",
        "scenario": "'default'",
        "service": None,
        "status": f"CASE WHEN {http} THEN '200' END",
        **dict.fromkeys(("subproto", "tls_version")),
        "url": f"CASE WHEN {http} THEN 'http://127.0.0.1:8000/items/' || i % 20 END",
        "extra_tags": "'region=eu&team=shop'",
        "metadata": None,
    }
    fields = ", ".join(f'{how or "NULL"} AS "{name}"' for name, how in columns.items())
    with duckdb.connect(config={"memory_limit": "1GB"}) as db:
        db.execute(
            f"COPY (SELECT {fields} FROM (SELECT i, unnest({[*metrics]}) AS metric_name "
            f"FROM range({requests}) AS r(i))) TO '{path}' (FORMAT csv, HEADER)"
        )
    return requests * len(metrics)


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
            window=windows[number // 4 % 2],
        )
        for number in range(20)
    ]


def ours(source: Path) -> dict[str, float]:
    """Read, store and judge the file as a run does with k6's; return seconds, and GB of memory."""
    with tempfile.TemporaryDirectory(dir=source.parent) as made:
        folder = Path(made)
        os.link(source, folder / k6.CSV)
        reader, writer = k6.reader(folder), duck.Writer(folder / "report", "bench")

        def ingest() -> None:
            for batch in reader.finish():
                writer.ingest(batch)
            writer.close()

        begun_s = time.process_time()
        stored_s, _ = timed(ingest)
        store = duck.Store(folder / "report")
        judged_s, answers = timed(lambda: store.ask(questions()))
        cpu_s = time.process_time() - begun_s
        memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        charts_s, _ = timed(lambda: charts.series(store, "bench", charts.extent(store, "bench")))
        check(store, answers)
        store.close()
    return {
        "stored": stored_s,
        "judged": judged_s,
        "both": stored_s + judged_s,
        "cpu": cpu_s,
        "charts": charts_s,
        "memory": memory_gb,
    }


def alone(source: Path) -> dict[str, float]:
    """Do the least that could be done: the file as it is, quantiles without tags or windows."""
    with (
        tempfile.TemporaryDirectory(dir=source.parent) as folder,
        duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": "false"}) as db,
    ):
        target = f"{folder}/alone.parquet"

        def convert_and_ask() -> None:
            db.execute(
                f"COPY (FROM read_csv('{source}', header = true)) TO '{target}' "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
            for question in questions():
                db.execute(
                    f"SELECT quantile_cont(metric_value, {question.stat.percentile / 100}) "
                    f"FROM '{target}' WHERE metric_name = 'http_req_duration'"
                ).fetchone()

        begun_s = time.process_time()
        seconds, _ = timed(convert_and_ask)
        cpu_s = time.process_time() - begun_s
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"both": seconds, "cpu": cpu_s, "memory": memory_gb}


def check(store: duck.Store, answers: dict[model.Question, model.Answer]) -> None:
    """Hold every answer against numpy, so that nothing wrong is timed."""
    found = store.db.execute(
        "SELECT name, time_ns, value, tags LIKE '%team=shop%' AS shop "
        f"FROM {store.source('bench')} WHERE metric = 'http_req_duration'"
    ).fetchnumpy()
    for question, answer in answers.items():
        chosen = np.ones(len(found["value"]), dtype=bool)
        for tag, pattern in question.tags:
            if tag == "team":
                chosen &= found["shop"]
            elif pattern.endswith("*"):
                chosen &= np.char.startswith(found["name"].astype(str), pattern[:-1])
            else:
                chosen &= found["name"] == pattern
        if question.window is not None:
            chosen &= found["time_ns"] >= question.window.start_ns
            chosen &= found["time_ns"] < question.window.end_ns
        expected = np.percentile(found["value"][chosen], question.stat.percentile)
        assert answer.count == chosen.sum() > 0
        assert answer.value is not None
        assert np.isclose(answer.value, expected, rtol=1e-11, atol=0)


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """Return the seconds that an action takes, and what it returns."""
    start = time.perf_counter()
    returned = action()
    return time.perf_counter() - start, returned


def measure() -> Iterator[table.Row]:
    """Yield a row for each thing measured, medians over turns, each in a process of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="ltlab-bench-") as folder,
        multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool,
    ):
        source = Path(folder) / "made.csv"
        samples = pool.apply(write_csv, (source,))
        yield "samples", f"{samples:,} ({source.stat().st_size / 1e9:.2f} GB of CSV)"
        turns = [
            (pool.apply(ours, (source,)), pool.apply(alone, (source,))) for _ in range(REPEATS)
        ]
    us, them = (middle(each) for each in zip(*turns, strict=True))
    yield "stored as Parquet", f"{us['stored']:.1f} s"
    yield "20 thresholds judged", f"{us['judged']:.1f} s"
    yield "stored and judged (at most 15 s)", f"**{us['both']:.1f} s**"
    yield "peak memory until then (at most 1.5 GB)", f"**{us['memory']:.2f} GB**"
    yield "series for the charts", f"{us['charts']:.1f} s"
    yield "DuckDB alone, the same CSV to Parquet and 20 quantiles", f"{them['both']:.1f} s"
    yield "peak memory of DuckDB alone", f"{them['memory']:.2f} GB"
    yield "processor time, ltlab", f"{us['cpu']:.1f} s"
    yield "processor time, DuckDB alone", f"{them['cpu']:.1f} s"
    yield "ratio of processor times", f"**{us['cpu'] / them['cpu']:.2f}**"


def middle(turns: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure."""
    return {name: median(turn[name] for turn in turns) for name in turns[0]}


if __name__ == "__main__":
    table.carry_out("store", measure(), about=__doc__)
