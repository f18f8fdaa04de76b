"""Figures that explain a red run: errors by kind, latency by value, thresholds over time.

Not here: the plain series and tables (charts.py); verdicts, which rest on exact answers (duck.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from ltlab_ci import model
from ltlab_ci.store import duck, sql
from ltlab_ci.store.grid import SLIVER_S, Grid

MAX_KINDS = 5
MAX_TRENDS = 60
MAX_TREND_STEPS = 120
PER_DECADE = 20
_LONGEST_KIND = 120
_BINS = (-3 * PER_DECADE, 7 * PER_DECADE)  # 1 µs to almost three hours

_KIND = (
    "CASE WHEN regexp_full_match(status, '[45][0-9][0-9]') THEN 'HTTP ' || status "
    f"WHEN error <> '' THEN left(regexp_replace(error, '[0-9]{{4,}}', 'N', 'g'), {_LONGEST_KIND}) "
    "WHEN regexp_full_match(status, '[1-9][0-9]*') THEN 'HTTP ' || status "
    "ELSE 'no answer' END"
)
"""Ports and ids in error texts would make every one a kind of its own, so long numbers go."""


def errors(store: duck.Store, scenario: str, grid: Grid) -> tuple[model.ErrorKind, ...]:
    """Return failed requests over time by kind: the most frequent, then the rest as one."""
    source = store.source(scenario)
    assert source is not None  # a grid comes from samples
    step, parameters = grid.sql
    failed = (
        f"(SELECT {_KIND} AS kind, {step} AS step, value FROM {source} WHERE "
        "metric = 'http_req_failed' AND value > 0 AND time_ns BETWEEN ? AND ?)"
    )
    bounds = [*parameters, grid.start_ns, grid.end_ns]
    totals = store.rows(
        f"SELECT kind, count(*) FROM {failed} GROUP BY 1 ORDER BY 2 DESC, 1", bounds
    )
    named = [str(kind) for kind, _ in totals[:MAX_KINDS]]
    rows = store.rows(
        f"SELECT CASE WHEN list_contains(?, kind) THEN kind ELSE '' END, step, count(*) "
        f"FROM {failed} GROUP BY 1, 2",
        [named, *bounds],
    )
    found = {(str(kind), int(at)): int(count) for kind, at, count in rows}
    kinds = [(str(kind), 1, int(count)) for kind, count in totals[:MAX_KINDS]]
    rest = totals[MAX_KINDS:]
    if rest:
        kinds.append(("", len(rest), sum(int(count) for _, count in rest)))
    return tuple(
        model.ErrorKind(
            name=name,
            kinds=number,
            count=count,
            per_s=tuple(
                duck.rounded(found.get((name, at), 0) / width) if width >= SLIVER_S else None
                for at, width in enumerate(grid.widths_s)
            ),
        )
        for name, number, count in kinds
    )


def distribution(
    store: duck.Store, scenario: str, window: model.Window | None, bounds: Sequence[float]
) -> model.Distribution | None:
    """Count the times of requests in bins of equal width on a logarithmic scale."""
    source = store.source(scenario)
    if source is None:
        return None
    condition, parameters = sql.where("http_req_duration", (), window)
    times = f"{source} WHERE {condition} AND value >= 0 AND isfinite(value)"
    low, high = _BINS
    rows = store.rows(
        f"SELECT CAST(least(greatest(floor(log10(greatest(value, 1e-9)) * {PER_DECADE}), {low}), "
        f"{high}) AS INTEGER), count(*) FROM {times} GROUP BY 1",
        parameters,
    )
    if not rows:
        return None
    counts = {int(place): int(count) for place, count in rows}
    beyond = ", ".join("count(*) FILTER (value > ?)" for _ in bounds) or "count(*)"
    [exact] = store.rows(f"SELECT {beyond} FROM {times}", [*bounds, *parameters])
    return model.Distribution(
        per_decade=PER_DECADE,
        first=min(counts),
        counts=tuple(counts.get(place, 0) for place in range(min(counts), max(counts) + 1)),
        beyond=tuple(
            model.Beyond(bound=bound, count=int(count))
            for bound, count in zip(bounds, exact, strict=False)
        ),
    )


def trends(
    store: duck.Store, questions: Iterable[model.Question], start_ns: int, end_ns: int
) -> dict[model.Question, model.Trend]:
    """Answer questions once more for every step; the first MAX_TRENDS of those where it means
    something: a count grows with time, so it has no trend to hold against its limit."""
    grid = Grid.over(start_ns, end_ns, most=MAX_TREND_STEPS)
    asked = [question for question in dict.fromkeys(questions) if question.stat.name != "count"]
    groups: dict[model.Question, list[model.Question]] = defaultdict(list)
    for question in asked[:MAX_TRENDS]:
        groups[duck.without_stat(question)].append(question)
    found: dict[model.Question, model.Trend] = {}
    for group in groups.values():
        source = store.source(group[0].scenario)
        if grid is not None and source is not None:
            found.update(_trends(store, source, group, grid))
    return found


def _trends(
    store: duck.Store, source: str, group: list[model.Question], grid: Grid
) -> dict[model.Question, model.Trend]:
    first = group[0]
    shares = sorted({share for q in group if (share := duck.percentile(q.stat)) is not None})
    condition, parameters = sql.where(first.metric, first.tags, first.window)
    step, at = grid.sql
    rows = store.rows(
        f"SELECT {step}, {sql.figures(shares)} FROM {source} WHERE {condition} "
        "AND time_ns BETWEEN ? AND ? GROUP BY 1",
        [*at, *parameters, grid.start_ns, grid.end_ns],
    )
    by_step = {int(row[0]): row[1:] for row in rows}
    return {
        question: model.Trend(
            step_s=grid.step_s,
            values=tuple(
                _value(question, by_step.get(number), shares, seconds)
                for number, seconds in enumerate(_covered_s(grid, first.window))
            ),
        )
        for question in group
    }


def _covered_s(grid: Grid, window: model.Window | None) -> list[float]:
    """Return how much of each step lies in the load and in the window, in seconds."""
    if window is None:
        return list(grid.widths_s)
    first = (window.start_ns - grid.start_ns) / 1e9
    last = (window.end_ns - grid.start_ns) / 1e9
    steps = zip(grid.t_s, grid.widths_s, strict=True)
    return [max(0.0, min(t + width, last) - max(t, first)) for t, width in steps]


def _value(
    question: model.Question,
    row: tuple[Any, ...] | None,
    shares: Sequence[float],
    seconds: float,
) -> float | None:
    if question.type is model.MetricType.COUNTER:
        total = row[1] if row is not None else 0.0
        return duck.rounded(total / seconds) if seconds >= SLIVER_S else None
    if row is None:
        return None
    return duck.pick(question, row[:7], dict(zip(shares, row[7] or (), strict=False))).value
