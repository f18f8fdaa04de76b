"""Figures for people to look at: every metric's summary, endpoints, and series over time.

Not here: verdicts, which come from questions and answers alone (duck.py, evaluate/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ltlab_ci import model
from ltlab_ci.store import details, duck, sql
from ltlab_ci.store.grid import SLIVER_S, Grid

MAX_ENDPOINTS = 200
MAX_STEPS = 400
_STATS = {
    model.MetricType.COUNTER: ("count", "rate"),
    model.MetricType.GAUGE: ("value", "min", "max"),
    model.MetricType.RATE: ("rate", "count"),
    model.MetricType.TREND: ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)", "count"),
}
NOT_LOAD = "coalesce(\"group\", '') NOT IN ('::setup', '::teardown')"
"""Leaves out set-up and tear-down, which do not belong to the load."""


@dataclass(frozen=True, kw_only=True)
class Extent:
    """What a scenario's samples cover: metrics by count, first start and last end of its load."""

    metrics: Mapping[str, int]
    start_ns: int
    end_ns: int
    ambiguous_tags: bool

    @property
    def seconds(self) -> float:
        """Return how long the load lasted."""
        return (self.end_ns - self.start_ns) / 1e9


def extent(store: duck.Store, scenario: str) -> Extent:
    """Return what was recorded; set-up and tear-down do not belong to the load."""
    source = store.source(scenario)
    if source is None:
        return Extent(metrics={}, start_ns=0, end_ns=0, ambiguous_tags=False)
    metrics = dict(store.rows(f"SELECT metric, count(*) FROM {source} GROUP BY 1 ORDER BY 1"))
    [row] = store.rows(
        "SELECT min(CASE WHEN timed THEN time_ns - CAST(value * 1e6 AS BIGINT) END), "
        "max(time_ns) FILTER (timed), min(time_ns), max(time_ns) FROM (SELECT *, "
        "metric IN ('http_req_duration', 'iteration_duration') AND value BETWEEN 0 AND 1e10 "
        f"AND {NOT_LOAD} AS timed "
        f"FROM {source})"
    )
    start, end, first, last = row
    unclear = store.rows(
        # Grouped and materialized, or the costly condition is tried on every single row.
        f"WITH found AS MATERIALIZED (SELECT tags FROM {source} GROUP BY 1) "
        f"SELECT tags FROM found WHERE {sql.AMBIGUOUS_TAGS} LIMIT 1"
    )
    return Extent(
        metrics=metrics,
        start_ns=start if start is not None else first or 0,
        end_ns=end if end is not None else last or 0,
        ambiguous_tags=bool(unclear),
    )


def values(store: duck.Store, scenario: str, metric: str, tag: str, *, limit: int = 5) -> list[str]:
    """Return the most frequent values of a tag on a metric, for a message that helps."""
    source = store.source(scenario)
    if source is None:
        return []
    column, parameters = sql.tag_column(tag)
    rows = store.rows(
        f"SELECT {column} AS found, count(*) FROM {source} WHERE metric = ? AND found IS NOT NULL "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}",
        [*parameters, metric],
    )
    return [str(row[0]) for row in rows]


def summaries(
    store: duck.Store, scenario: str, types: Mapping[str, model.MetricType], *, seconds: float
) -> tuple[model.MetricSummary, ...]:
    """Return every stat of every recorded metric whose type is known, over the whole run."""
    asked = {
        (metric, stat): model.Question(
            scenario=scenario,
            metric=metric,
            type=kind,
            stat=model.Stat.parse(stat),
            seconds=seconds,
        )
        for metric, kind in sorted(types.items())
        for stat in _STATS[kind]
    }
    answers = store.ask(asked.values())
    found = []
    for metric, kind in sorted(types.items()):
        here = {stat: answers[asked[metric, stat]] for stat in _STATS[kind]}
        stats = {stat: a.value for stat, a in here.items() if a.value is not None}
        count = max((a.count for a in here.values()), default=0)
        if count:
            found.append(model.MetricSummary(name=metric, type=kind, count=count, stats=stats))
    return tuple(found)


def endpoints(
    store: duck.Store, scenario: str, *, seconds: float
) -> tuple[tuple[model.Endpoint, ...], int]:
    """Return the busiest request names with their latency, and how many more there were."""
    source = store.source(scenario)
    if source is None:
        return (), 0
    # The busiest first: percentiles of a hundred thousand URLs would fit no memory.
    chosen = (
        "SELECT coalesce(name, url, '') AS what, coalesce(method, '') AS how, "
        "coalesce(fsum(value) FILTER (metric = 'http_reqs'), 0) AS requests, count(*) OVER () AS number "
        f"FROM {source} WHERE metric IN ('http_reqs', 'http_req_failed', 'http_req_duration') "
        f"GROUP BY 1, 2 ORDER BY requests DESC, 1, 2 LIMIT {MAX_ENDPOINTS}"
    )
    rows = store.rows(
        f"WITH busiest AS MATERIALIZED ({chosen}) SELECT what, how, any_value(requests) AS requests, "
        "coalesce(fsum(value) FILTER (metric = 'http_req_failed'), 0), "
        "favg(value) FILTER (metric = 'http_req_duration'), "
        "quantile_cont(value, [0.5, 0.95, 0.99]) FILTER (metric = 'http_req_duration'), "
        "max(value) FILTER (metric = 'http_req_duration'), any_value(number) "
        f"FROM {source} JOIN busiest ON coalesce(name, url, '') = what AND coalesce(method, '') = how "
        "WHERE metric IN ('http_req_failed', 'http_req_duration', 'http_reqs') "
        "GROUP BY 1, 2 ORDER BY requests DESC, 1, 2"
    )
    found = tuple(_endpoint(row[:-1], seconds) for row in rows)
    return found, (rows[0][-1] if rows else 0) - len(found)


def series(
    store: duck.Store, scenario: str, reach: Extent, planned: model.PlannedLoad | None = None
) -> model.Series | None:
    """Return latency, rates and VUs over the load, in at most MAX_STEPS steps of whole seconds."""
    source = store.source(scenario)
    grid = Grid.over(reach.start_ns, reach.end_ns, most=MAX_STEPS)
    if source is None or grid is None:
        return None
    table, vus = _steps(store, source, grid), _vus(store, source, grid)
    quantiles = [row[0] or (None, None, None) for row in table]
    return model.Series(
        step_s=grid.step_s,
        t_s=grid.t_s,
        p50=tuple(duck.rounded(q[0]) for q in quantiles),
        p95=tuple(duck.rounded(q[1]) for q in quantiles),
        p99=tuple(duck.rounded(q[2]) for q in quantiles),
        requests_per_s=_rates(table, 1, grid),
        failed_per_s=_rates(table, 2, grid),
        vus=tuple(duck.rounded(vus.get(number)) for number in range(grid.steps)),
        service_cpu=tuple(duck.rounded(row[3]) for row in table),
        engine_cpu=tuple(duck.rounded(row[4]) for row in table),
        service_memory_mb=tuple(duck.rounded(row[5]) for row in table),
        engine_memory_mb=tuple(duck.rounded(row[6]) for row in table),
        iterations_per_s=_rates(table, 7, grid) if "iterations" in reach.metrics else (),
        offered_per_s=_offered(planned, grid),
        errors=details.errors(store, scenario, grid),
    )


def _steps(store: duck.Store, source: str, grid: Grid) -> list[tuple[Any, ...]]:
    """Return one row a step, all None for a step without samples."""
    step, parameters = grid.sql
    rows = store.rows(
        f"SELECT {step}, "
        "quantile_cont(value, [0.5, 0.95, 0.99]) FILTER (metric = 'http_req_duration'), "
        "fsum(value) FILTER (metric = 'http_reqs'), "
        "fsum(value) FILTER (metric = 'http_req_failed'), "
        "favg(value) FILTER (metric = 'service_cpu'), "
        "favg(value) FILTER (metric = 'engine_cpu'), "
        "max(value) FILTER (metric = 'service_memory') / 1e6, "
        "max(value) FILTER (metric = 'engine_memory') / 1e6, "
        "fsum(value) FILTER (metric = 'iterations') "
        f"FROM {source} WHERE time_ns >= ? AND time_ns <= ? GROUP BY 1",
        [*parameters, grid.start_ns, grid.end_ns],
    )
    by_step = {int(row[0]): row[1:] for row in rows}
    return [by_step.get(number, (None,) * 8) for number in range(grid.steps)]


def _vus(store: duck.Store, source: str, grid: Grid) -> dict[int, float]:
    """Return the most VUs of each step; several engine processes count their own, so they add up."""
    step, parameters = grid.sql
    process = f"regexp_extract(tags, '(?:^|&){model.PROCESS_TAG}=([^&]*)', 1)"
    rows = store.rows(
        f"SELECT step, sum(most) FROM (SELECT {step} AS step, max(value) AS most FROM {source} "
        "WHERE metric = 'vus' AND value IS NOT NULL AND time_ns >= ? AND time_ns <= ? "
        f"GROUP BY 1, {process}) GROUP BY 1",
        [*parameters, grid.start_ns, grid.end_ns],
    )
    return {int(number): float(most) for number, most in rows}


def _rates(table: list[tuple[Any, ...]], column: int, grid: Grid) -> tuple[float | None, ...]:
    return tuple(
        duck.rounded((row[column] or 0.0) / width) if width >= SLIVER_S else None
        for row, width in zip(table, grid.widths_s, strict=True)
    )


def _offered(planned: model.PlannedLoad | None, grid: Grid) -> tuple[float | None, ...]:
    if planned is None or not planned.ramps:
        return ()
    return tuple(
        duck.rounded(planned.offered(t, t + width) / width)
        for t, width in zip(grid.t_s, grid.widths_s, strict=True)
    )


def _endpoint(row: tuple[Any, ...], seconds: float) -> model.Endpoint:
    name, method, requests, failed, avg, quantiles, high = row
    p50, p95, p99 = quantiles or (None, None, None)
    return model.Endpoint(
        name=str(name),
        method=str(method),
        requests=int(duck.rounded(requests) or 0),
        per_s=duck.rounded(requests / seconds) or 0.0 if seconds else 0.0,
        failed=int(duck.rounded(failed) or 0),
        avg=duck.rounded(avg),
        p50=duck.rounded(p50),
        p95=duck.rounded(p95),
        p99=duck.rounded(p99),
        max=duck.rounded(high),
    )
