"""Response times of a scenario as a histogram on a logarithmic axis, with the limits drawn in.

Not here: counting (store/details.py). All places are in percent of the width, or of the height of
the bars, so that the text keeps its size on every screen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.report import figures, wording

_MAX_LIMITS = 6
_FEWEST_BINS = 12
_STEPS = (1, 2, 5)
_MOST_TICKS = 9
_EDGE = 5.0  # so near the edge, in percent, a centred label would leave a phone's card


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bin: `words` says what it counts."""

    x: float
    width: float
    height: float
    words: str


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A limit on response times, and how many requests were beyond it."""

    x: float
    anchor: str
    label: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """What the template draws."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str, str], ...]  # place, anchor, label
    limits: tuple[Limit, ...]
    words: str


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """From one power of ten to another."""

    low: float
    high: float

    def place(self, ms: float) -> float:
        share = (math.log10(ms) - self.low) / (self.high - self.low)
        return round(share * 100, 2)


def of(
    distribution: model.Distribution | None, verdicts: Sequence[model.Verdict]
) -> Histogram | None:
    """Prepare the histogram, None without requests."""
    if distribution is None or not sum(distribution.counts):
        return None
    limits = _limits(verdicts)
    axis = _axis(distribution, [bound for bound, _ in limits])
    total, most = sum(distribution.counts), max(distribution.counts)
    edges = [_edge(distribution, place) for place in range(len(distribution.counts) + 1)]
    beyond = {one.bound: one.count for one in distribution.beyond}
    bars = tuple(
        Bar(
            x=axis.place(low),
            width=round(axis.place(high) - axis.place(low), 2),
            height=round(count / most * 100, 2),
            words=f"{figures.ms(low)} to {figures.ms(high)}: {_requests(count, total)}",
        )
        for low, high, count in zip(edges, edges[1:], distribution.counts, strict=False)
        if count
    )
    peak = distribution.counts.index(most)
    middle = f"most often {figures.ms(edges[peak])} to {figures.ms(edges[peak + 1])}"
    return Histogram(
        bars=bars,
        ticks=_ticks(axis),
        limits=tuple(_limit(bound, label, axis, beyond, total) for bound, label in limits),
        words=f"{figures.count(total)} requests from {figures.ms(edges[0])} "
        f"to {figures.ms(edges[-1])}, {middle}",
    )


def _edge(distribution: model.Distribution, place: int) -> float:
    return float(10 ** ((distribution.first + place) / distribution.per_decade))


def _requests(count: int, total: int) -> str:
    return f"{figures.count(count)} requests, {figures.share(count / total)}"


def _limits(verdicts: Sequence[model.Verdict]) -> list[tuple[float, str]]:
    """Return the bounds on all response times, with the stats that are held against each."""
    found: dict[float, list[str]] = {}
    for one in verdicts:
        about = one.metric == "http_req_duration" and not one.tags and one.op in {"<", "<="}
        if about and one.bound is not None and one.bound > 0 and one.unit == "ms":
            named = f"{one.stat} {wording.limit(one)}"
            if named not in found.setdefault(one.bound, []):
                found[one.bound].append(named)
    return [(bound, ", ".join(found[bound])) for bound in sorted(found)][:_MAX_LIMITS]


def _axis(distribution: model.Distribution, bounds: Sequence[float]) -> _Axis:
    """Show every bin and limit, and so much around a narrow distribution that bars stay bars."""
    per = distribution.per_decade
    first, last = distribution.first, distribution.first + len(distribution.counts)
    places = [math.log10(bound) * per for bound in bounds]
    low = min([first, *(math.floor(place) for place in places)]) - 1
    high = max([last, *(math.ceil(place) for place in places)]) + 1
    spare = max(0, _FEWEST_BINS - (high - low))
    return _Axis(low=(low - spare / 2) / per, high=(high + spare / 2) / per)


def _ticks(axis: _Axis) -> tuple[tuple[float, str, str], ...]:
    decades = range(math.floor(axis.low), math.ceil(axis.high) + 1)
    values = [step * 10.0**decade for decade in decades for step in _STEPS]
    inside = [value for value in values if axis.low <= math.log10(value) <= axis.high]
    if len(inside) > _MOST_TICKS:
        inside = [10.0**decade for decade in decades if axis.low <= decade <= axis.high]
    places = ((axis.place(value), figures.limit(value, "ms")) for value in inside)
    return tuple((place, _tick_anchor(place), label) for place, label in places)


def _tick_anchor(place: float) -> str:
    if place < _EDGE:
        return "start"
    return "end" if place > 100 - _EDGE else "middle"


def _limit(bound: float, label: str, axis: _Axis, beyond: dict[float, int], total: int) -> Limit:
    x = axis.place(bound)
    told = beyond.get(bound)
    took = "" if told is None else f"{_requests(told, total)}, took longer"
    return Limit(x=x, anchor="end" if x > 50 else "start", label=label, words=took)  # noqa: PLR2004
