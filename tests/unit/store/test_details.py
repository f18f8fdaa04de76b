"""Errors by kind, latency by value, thresholds over time, from samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ltlab_ci import model
from ltlab_ci.store import details, duck
from ltlab_ci.store.grid import Grid
from tests import factories
from tests.factories import SECOND_NS, START_NS

Row = dict[str, object]
END_NS = START_NS + 4 * SECOND_NS


def a_row(metric: str, at_s: float, value: float = 1.0, **tags: str) -> Row:
    at = START_NS + round(at_s * SECOND_NS)
    return {"metric_name": metric, "timestamp": at, "metric_value": value, **tags}


def filled(folder: Path, rows: list[Row]) -> duck.Store:
    columns = dict.fromkeys(("metric_name", "timestamp", "metric_value", "error", "status"), "")
    writer = duck.Writer(folder, "browse")
    writer.ingest(factories.a_batch(folder / "rows.csv", [{**columns, **row} for row in rows]))
    writer.close()
    return duck.Store(folder)


def a_grid() -> Grid:
    grid = Grid.over(START_NS, END_NS, most=400)
    assert grid is not None
    return grid


def test_errors__are_counted_by_kind_the_rare_ones_together(tmp_path: Path) -> None:
    failures = [
        *[{"status": "503"}] * 3,
        *[{"error": f"dial 127.0.0.1:{port}: refused", "status": "0"} for port in (40001, 40002)],
        {"status": "200"},
        {"error": "EOF"},
        {"error": "reset"},
        {"error": "tls"},
        {},
    ]
    rows = [a_row("http_req_failed", 1.5, 1.0, **tags) for tags in failures]
    rows += [a_row("http_req_failed", 3.5, 1.0, status="503"), a_row("http_req_failed", 1.5, 0.0)]
    found = details.errors(filled(tmp_path, rows), "browse", a_grid())
    assert [(kind.name, kind.count, kind.kinds) for kind in found] == [
        ("HTTP 503", 4, 1),
        ("dial 127.0.0.1:N: refused", 2, 1),
        ("EOF", 1, 1),
        ("HTTP 200", 1, 1),
        ("no answer", 1, 1),
        ("", 2, 2),
    ]
    assert found[0].per_s[:4] == (0.0, 3.0, 0.0, 1.0)
    assert found[-1].per_s[:4] == (0.0, 2.0, 0.0, 0.0)


def test_distribution__counts_every_request_once(tmp_path: Path) -> None:
    times = [0.0, 0.5, 10.0, 10.5, 99.0, 100.0, 1e9]
    store = filled(tmp_path, [a_row("http_req_duration", 1.0, ms) for ms in times])
    found = details.distribution(store, "browse", None, [10.0, 100.0])
    assert found is not None
    assert sum(found.counts) == len(times)
    assert [(one.bound, one.count) for one in found.beyond] == [(10.0, 4), (100.0, 1)]
    edge = 1 * found.per_decade - found.first  # the bin that starts at 10 ms
    assert found.counts[edge] == 2
    assert len(found.counts) <= 10 * found.per_decade + 1


def test_distribution__without_any_limit(tmp_path: Path) -> None:
    store = filled(tmp_path, [a_row("http_req_duration", 1.0, ms) for ms in (5.0, 6.0)])
    found = details.distribution(store, "browse", None, [])
    assert found is not None
    assert (sum(found.counts), found.beyond) == (2, ())


def test_distribution__of_a_window_without_requests(tmp_path: Path) -> None:
    store = filled(tmp_path, [a_row("http_req_duration", 1.0, 5.0)])
    later = model.Window(start_ns=END_NS, end_ns=END_NS + 1)
    assert details.distribution(store, "browse", later, [1.0]) is None


def a_question(metric: str, kind: model.MetricType, stat: str, **parts: object) -> model.Question:
    return model.Question(
        **{  # type: ignore[arg-type]  # any field
            "scenario": "browse",
            "metric": metric,
            "type": kind,
            "stat": model.Stat.parse(stat),
            "seconds": 4.0,
            **parts,
        }
    )


def test_trends__are_the_stat_of_each_step(tmp_path: Path) -> None:
    slow = [float(ms) for ms in range(1, 40)]
    rows = [a_row("http_req_duration", 0.1 + ms / 50, ms) for ms in slow]
    rows += [a_row("http_req_duration", 2.5, 7.0)]
    question = a_question("http_req_duration", model.MetricType.TREND, "p(95)")
    found = details.trends(filled(tmp_path, rows), [question], START_NS, END_NS)
    first, *rest = found[question].values
    assert first == pytest.approx(np.percentile(slow, 95))
    assert rest[:3] == [None, 7.0, None]


def test_trends__of_a_counter_are_rates_within_the_window(tmp_path: Path) -> None:
    rows = [a_row("http_reqs", at) for at in (0.2, 1.6, 1.7, 2.9, 3.1)]
    window = model.Window(start_ns=START_NS + SECOND_NS // 2 * 3, end_ns=START_NS + SECOND_NS * 3)
    question = a_question("http_reqs", model.MetricType.COUNTER, "rate", window=window)
    found = details.trends(filled(tmp_path, rows), [question], START_NS, END_NS)
    assert found[question].values == (None, 4.0, 1.0, None, None)


def test_trends__a_count_has_none_and_their_number_is_bounded(tmp_path: Path) -> None:
    store = filled(tmp_path, [a_row("http_req_duration", 1.0, 5.0)])
    many = [
        a_question("http_req_duration", model.MetricType.TREND, f"p({n / 10})") for n in range(99)
    ]
    count = a_question("http_req_duration", model.MetricType.TREND, "count")
    found = details.trends(store, [count, *many], START_NS, START_NS + 3600 * SECOND_NS)
    assert list(found) == many[: details.MAX_TRENDS]
    assert len(found[many[0]].values) <= details.MAX_TREND_STEPS
