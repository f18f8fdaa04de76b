"""Changes of a comparison drawn one below the other, each with its interval: a forest plot.

Places are in percent of the width, so that texts keep their size on every screen; shapes and words
carry the verdict, colours only repeat it. Not here: order and texts of rows (compared.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.report import compared, figures

MOST_ROWS = 40
NO_CHANGE = math.log(1.05)
_LEAST_REACH, _LOWEST, _HIGHEST = 0.08, math.log(0.4), math.log(2.5)
_MARGIN = 0.06
_TICKS = (0, 10, -10, 50, -50, 20, -20, 100, 5, -5, 30, -30, 150, -40, 75, 3, -3)
_APART = 11.0
_EDGE = 6.0


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One row: from `low` to `high` with its centre at `x`; cut ends lie beyond the scale."""

    what: str
    change: str
    verdict: str
    low: float
    high: float
    x: float
    low_cut: bool
    high_cut: bool
    sure: bool
    words: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One change on the scale; `anchor` keeps its label inside."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class Forest:
    """What the template draws."""

    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    zero: float
    band: tuple[float, float]
    least: tuple[float, float]
    least_said: str
    left_out: str


@dataclass(frozen=True, kw_only=True)
class Axis:
    """Changes on a logarithmic scale: twice as slow lies as far out as twice as fast."""

    low: float
    high: float

    def place(self, log: float) -> float:
        """Return where a log-ratio lies, in percent; what is beyond the scale lies at its end."""
        share = (min(max(log, self.low), self.high) - self.low) / (self.high - self.low)
        return round(share * 100, 2)


def of(comparison: model.Comparison) -> Forest | None:
    """Prepare the plot, None where no change has an interval."""
    ranked = sorted((*comparison.rows, comparison.throughput), key=compared.rank)
    known = [(row, row.interval) for row in ranked if row.interval is not None]
    if not known:
        return None
    shown = known[:MOST_ROWS]
    logs = [compared.worse(row) * log_of(end) for row, interval in shown for end in interval]
    axis = _axis(logs, comparison.min_effect)
    left = len(known) - len(shown)
    least = math.log1p(comparison.min_effect)
    return Forest(
        marks=tuple(_mark(row, interval, axis) for row, interval in shown),
        ticks=ticks(axis),
        zero=axis.place(0.0),
        band=(axis.place(-NO_CHANGE), axis.place(NO_CHANGE)),
        least=(axis.place(-least), axis.place(least)),
        least_said=figures.unsigned(comparison.min_effect) if comparison.min_effect else "",
        left_out=f"and {figures.count(left)} more, in result.json" if left else "",
    )


def ticks(axis: Axis) -> tuple[Tick, ...]:
    """Return round changes that fit beside one another, no change always among them."""
    found: list[Tick] = []
    for percent in _TICKS:
        log = math.log1p(percent / 100)
        x = axis.place(log)
        if axis.low <= log <= axis.high and all(abs(x - one.x) >= _APART for one in found):
            label = f"{figures.percent(percent / 100)}" if percent else "no change"
            found.append(Tick(x=x, label=label, anchor=anchor(x)))
    return tuple(sorted(found, key=lambda tick: tick.x))


def log_of(change: float) -> float:
    """Return a change as a log-ratio; what is gone altogether lies beyond every scale."""
    return math.log1p(change) if change > -1 else -math.inf


def _axis(logs: Sequence[float], min_effect: float) -> Axis:
    reach = max(_LEAST_REACH, math.log1p(min_effect))
    low = min(-reach, max(_LOWEST, min(logs)))
    high = max(reach, min(_HIGHEST, max(logs)))
    spare = (high - low) * _MARGIN
    return Axis(low=low - spare, high=high + spare)


def _mark(row: model.Change, interval: tuple[float, float], axis: Axis) -> Mark:
    told = compared.row(row)
    worse = compared.worse(row)  # less work done lies on the side of what is slower
    low, high = sorted(worse * log_of(end) for end in interval)
    return Mark(
        what=told.what,
        change=told.change,
        verdict=told.verdict,
        low=axis.place(low),
        high=axis.place(high),
        x=axis.place(worse * log_of(row.change)),
        low_cut=low < axis.low,
        high_cut=high > axis.high,
        sure=told.strong,
        words=f"{told.what}: {told.change}, {told.verdict}",
    )


def anchor(x: float) -> str:
    """Return how a label at this place stays inside."""
    if x < _EDGE:
        return "start"
    return "end" if x > 100 - _EDGE else "middle"
