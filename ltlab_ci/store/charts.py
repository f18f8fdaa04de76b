"""Figures for people to look at: every metric's summary, endpoints, and series over time.

Not here: verdicts, which come from questions and answers alone (duck.py, evaluate/).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ltlab_ci import model
from ltlab_ci.store import details, duck, sql
from ltlab_ci.store.grid import SLIVER_S, Grid

MAX_ENDPOINTS = 200
_BATCH = 20_000
MAX_STEPS = 400
_STATS = {
    model.MetricType.COUNTER: ("count", "rate"),
    model.MetricType.GAUGE: ("value", "min", "max"),
    model.MetricType.RATE: ("rate", "count"),
    model.MetricType.TREND: ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)", "count"),
}
_SPELT: tuple[model.Spelling, ...] = ("name as path", "url as path", "name with method")
NOT_LOAD = "coalesce(\"group\", '') NOT IN ('::setup', '::teardown')"
"""Leaves out set-up and tear-down, which do not belong to the load."""


@dataclass(frozen=True, kw_only=True)
class Extent:
    """What a scenario's samples cover: metrics by count, first start and last end of its load.

    `spelt`: how names and URLs of requests are written in them.
    """

    metrics: Mapping[str, int]
    start_ns: int
    end_ns: int
    ambiguous_tags: bool
    spelt: frozenset[model.Spelling] = frozenset()

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
        "max(time_ns) FILTER (timed), min(time_ns), max(time_ns), "
        "bool_or(starts_with(name, '/')), bool_or(starts_with(url, '/')), "
        "bool_or(regexp_matches(name, '^[A-Z]+ /')) FROM (SELECT *, "
        "metric IN ('http_req_duration', 'iteration_duration') AND value BETWEEN 0 AND 1e10 "
        f"AND {NOT_LOAD} AS timed "
        f"FROM {source})"
    )
    start, end, first, last, *spelt = row
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
        spelt=frozenset(each for each, found in zip(_SPELT, spelt, strict=True) if found),
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
    store: duck.Store,
    scenario: str,
    *,
    seconds: float,
    base_url: str = "",
    naming: model.Naming | None = None,
) -> tuple[tuple[model.Endpoint, ...], int]:
    """Return the busiest endpoints with their latency, and how many more there were.

    Names are what a comparison calls them: without the service's address, ids in URLs made one.
    """
    source = store.source(scenario)
    if source is None:
        return (), 0
    _name(store, source, base_url, naming or model.Naming())
    # The busiest first: percentiles of a hundred thousand endpoints would fit no memory.
    chosen = (
        "SELECT route AS what, how, sum(requests) AS requests, count(DISTINCT raw) AS names, "
        "min(bare) AS example, count(*) OVER () AS number FROM named "
        f"GROUP BY 1, 2 ORDER BY requests DESC, 1, 2 LIMIT {MAX_ENDPOINTS}"
    )
    rows = store.rows(
        f"WITH busiest AS MATERIALIZED ({chosen}) "
        "SELECT what, busiest.how, any_value(busiest.requests) AS requests, "
        "coalesce(fsum(value) FILTER (metric = 'http_req_failed'), 0), "
        "favg(value) FILTER (metric = 'http_req_duration'), "
        "quantile_cont(value, [0.5, 0.95, 0.99]) FILTER (metric = 'http_req_duration'), "
        "max(value) FILTER (metric = 'http_req_duration'), any_value(names), any_value(example), "
        "any_value(number) "
        f"FROM {source} JOIN named ON coalesce(name, url, '') = raw AND coalesce(method, '') = named.how "
        "JOIN busiest ON route = what AND named.how = busiest.how "
        "WHERE metric IN ('http_req_failed', 'http_req_duration', 'http_reqs') "
        "GROUP BY 1, 2 ORDER BY requests DESC, 1, 2"
    )
    found = tuple(_endpoint(row[:-1], seconds) for row in rows)
    return found, (rows[0][-1] if rows else 0) - len(found)


def _name(store: duck.Store, source: str, base_url: str, naming: model.Naming) -> None:
    """Make the table `named`: each recorded name and method, its requests, and its route."""
    duck.know_address(store.db, base_url)
    store.rows(
        "CREATE OR REPLACE TABLE recorded AS SELECT *, path(raw) AS bare FROM ("
        "SELECT coalesce(name, url, '') AS raw, coalesce(method, '') AS how, "
        f"bool_and({sql.IS_URL}) AS is_url, "
        "coalesce(fsum(value) FILTER (metric = 'http_reqs'), 0) AS requests "
        f"FROM {source} WHERE metric IN ('http_reqs', 'http_req_failed', 'http_req_duration') "
        "GROUP BY 1, 2)"
    )
    # In one order, and what could be merged alone: of the names that scripts give there may be any number.
    wanted = "is_url" if not naming.patterns else "true"

    def seen() -> Iterator[tuple[str, bool, int]]:
        for name, is_url, count in _each(
            store,
            f"SELECT bare, is_url, sum(requests) FROM recorded WHERE {wanted} OR contains(bare, ':') "
            "GROUP BY 1, 2 ORDER BY 1, 2",
        ):
            yield str(name), bool(is_url), int(duck.rounded(count) or 0)

    routes = model.Routes.learned(seen, naming)
    store.rows("CREATE OR REPLACE TABLE routed (bare VARCHAR, is_url BOOLEAN, route VARCHAR)")
    for rows in _batches(
        store, f"SELECT DISTINCT bare, is_url FROM recorded WHERE {wanted} ORDER BY ALL"
    ):
        called = [routes.of(str(name), is_url=bool(is_url)) for name, is_url in rows]
        names, urls = (list(column) for column in zip(*rows, strict=True))
        store.rows(
            "INSERT INTO routed SELECT unnest(?::VARCHAR[]), unnest(?::BOOLEAN[]), "
            "unnest(?::VARCHAR[])",
            [names, urls, called],
        )
    store.rows(
        "CREATE OR REPLACE TABLE named AS SELECT recorded.* EXCLUDE is_url, "
        "coalesce(route, bare) AS route FROM recorded LEFT JOIN routed USING (bare, is_url)"
    )


def _batches(store: duck.Store, query: str) -> Iterator[list[tuple[Any, ...]]]:
    """Yield what a query finds, a piece at a time; other queries may run meanwhile."""
    cursor = store.db.cursor()
    try:
        found = cursor.execute(query)
        while rows := found.fetchmany(_BATCH):
            yield rows
    finally:
        cursor.close()


def _each(store: duck.Store, query: str) -> Iterator[tuple[Any, ...]]:
    for rows in _batches(store, query):
        yield from rows


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
    name, method, requests, failed, avg, quantiles, high, names, example = row
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
        names=int(names),
        example=str(example) if example != name else "",
    )
