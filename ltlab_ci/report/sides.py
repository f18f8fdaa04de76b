"""Base and head of one endpoint drawn over one another: their times, and their change over time.

Paths lie in a box of WIDTH x HEIGHT that is stretched to the screen; labels are placed in percent.
Base is a filled shape or a dashed line, head a solid line: no colour is needed to tell them apart.
Not here: the figures (evaluate/compare/pictures.py), intervals (forest.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.report import compared, escape, figures, forest, overlaid

_MOST_NAMED = 6
_LEAST_REACH, _MOST_REACH = 0.10, math.log(4)
_INSIDE = 0.95  # of the slices lie within the scale; a wild one would press the others flat
WIDTH, HEIGHT, HEADROOM = overlaid.WIDTH, overlaid.HEIGHT, overlaid.HEADROOM

Values = Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class OverTime:
    """One percentile's change in each slice; `rounds` are where rounds begin, with a name or none."""

    title: str
    dots: str
    centres: str
    rounds: tuple[tuple[float, str], ...]
    zero: float
    band: tuple[float, float]
    top: str
    bottom: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint: its rows in words, both distributions, percentiles, changes over time."""

    name: str
    said: str
    times: overlaid.Times | None
    percentiles: tuple[tuple[str, str, str], ...]
    over_time: tuple[OverTime, ...]


@dataclass(frozen=True, kw_only=True)
class Processors:
    """What both services used over time."""

    base: str
    head: str
    rounds: tuple[tuple[float, str], ...]
    top: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """All that is drawn of one scenario."""

    scenario: str
    length: str
    endpoints: tuple[Endpoint, ...]
    left_out: str
    processors: Processors | None


def of(comparison: model.Comparison) -> tuple[Pictures, ...]:
    """Prepare what is drawn, one entry a scenario."""
    return tuple(_pictures(each, comparison.rows) for each in comparison.pictures)


def _pictures(seen: model.Pictured, rows: Sequence[model.Change]) -> Pictures:
    count = len(seen.t_s)
    return Pictures(
        scenario=escape.visible(seen.scenario),
        length=f"{figures.count(count)} slices of {seen.slice_s:g} s",
        endpoints=tuple(_endpoint(one, seen, rows) for one in seen.endpoints),
        left_out=f"and {figures.count(seen.left_out)} more endpoints" if seen.left_out else "",
        processors=_processors(seen),
    )


def _endpoint(
    one: model.PicturedEndpoint, seen: model.Pictured, rows: Sequence[model.Change]
) -> Endpoint:
    own = {
        row.stat: row
        for row in rows
        if (row.name, row.method) == (one.name, one.method)
        and (row.scenario, row.metric) == (seen.scenario, "http_req_duration")
    }
    ordered = sorted(
        zip(one.shares, one.base_ms, one.head_ms, strict=True), key=lambda each: each[0]
    )
    return Endpoint(
        name=compared.endpoint(one.name, one.method),
        said=", ".join(f"{compared.short(stat)} {row.verdict}" for stat, row in own.items()),
        times=overlaid.times(one),
        percentiles=tuple(
            (f"p{share * 100:g}", figures.ms(base), figures.ms(head))
            for share, base, head in ordered
            if base is not None and head is not None
        ),
        over_time=tuple(
            drawn
            for each in one.changes
            if (drawn := _over_time(each, seen, own.get(each.stat))) is not None
        ),
    )


def _over_time(
    each: model.SliceChanges, seen: model.Pictured, row: model.Change | None
) -> OverTime | None:
    logs = [None if value is None else forest.log_of(value) for value in each.values]
    known = sorted(abs(log) for log in logs if log is not None)
    if not known:
        return None
    usual = known[min(len(known) - 1, int(len(known) * _INSIDE))]
    reach = min(max(_LEAST_REACH, usual * HEADROOM), _MOST_REACH)
    beyond = sum(size > reach for size in known)
    low, high = (figures.percent(math.expm1(side * reach)) for side in (-1, 1))
    steps = [_x(place, len(logs)) for place in range(len(logs))]
    dots = "".join(
        f"M{x:.1f} {_y(log, reach):.1f}h0"
        for x, log in zip(steps, logs, strict=True)
        if log is not None
    )
    slower = sum(log is not None and log > 0 for log in logs)
    words = f"head slower than base in {slower} of {len(known)} slices"
    return OverTime(
        title=f"{compared.short(each.stat)} of head against base, slice by slice",
        dots=dots,
        centres=_centres(seen, row, reach),
        rounds=_rounds(seen),
        zero=_y(0.0, reach),
        band=(_y(forest.NO_CHANGE, reach), _y(-forest.NO_CHANGE, reach)),
        top=high,
        bottom=low,
        words=f"{words}; {beyond} {'lies' if beyond == 1 else 'lie'} beyond the scale"
        if beyond
        else words,
    )


def _centres(seen: model.Pictured, row: model.Change | None, reach: float) -> str:
    """Return a line across each round at its own change."""
    # Only rounds with slices have a start; a round without one has no change either.
    changes = [change for change in row.rounds if change is not None] if row else []
    if len(changes) != len(seen.round_starts):
        return ""
    ends = [*seen.round_starts[1:], len(seen.t_s)]
    return "".join(
        f"M{_edge(first, len(seen.t_s)):.1f} {_y(forest.log_of(change), reach):.1f}"
        f"H{_edge(last, len(seen.t_s)):.1f}"
        for first, last, change in zip(seen.round_starts, ends, changes, strict=True)
    )


def _rounds(seen: model.Pictured) -> tuple[tuple[float, str], ...]:
    count = len(seen.t_s)
    every = math.ceil(len(seen.round_starts) / _MOST_NAMED)
    return tuple(
        (
            round(_edge(start, count) / WIDTH * 100, 2),
            f"round {number}" * ((number - 1) % every == 0),
        )
        for number, start in enumerate(seen.round_starts, start=1)
    )


def _processors(seen: model.Pictured) -> Processors | None:
    sides = {"base": seen.base_cpu, "head": seen.head_cpu}
    known = {name: [one for one in side if one is not None] for name, side in sides.items()}
    most = max((one for side in known.values() for one in side), default=0.0)
    if not most or not all(known.values()):
        return None
    said = (
        f"{name} {figures.plain(float(f'{sum(side) / len(side):.2g}'))}"
        for name, side in known.items()
    )
    starts = frozenset(seen.round_starts)
    base, head = (_line(side, starts, most * HEADROOM) for side in sides.values())
    return Processors(
        base=base,
        head=head,
        rounds=_rounds(seen),
        top=figures.plain(float(f"{most * HEADROOM:.2g}")),
        words=f"processors used on average: {', '.join(said)}",
    )


def _line(values: Values, starts: frozenset[int], top: float) -> str:
    """Return a line that breaks between rounds and where nothing is known."""
    parts, drawing = [], False
    for place, value in enumerate(values):
        drawing = drawing and place not in starts
        if value is None:
            drawing = False
            continue
        at = f"{_x(place, len(values)):.1f} {HEIGHT * (1 - value / top):.1f}"
        parts.append(f"L{at}" if drawing else f"M{at}h0")
        drawing = True
    return "".join(parts)


def _x(place: int, count: int) -> float:
    return (place + 0.5) * WIDTH / count


def _edge(place: int, count: int) -> float:
    return place * WIDTH / count


def _y(log: float, reach: float) -> float:
    return HEIGHT / 2 * (1 - min(max(log / reach, -1.0), 1.0))
