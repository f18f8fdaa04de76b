"""Both sides' times over one another: two distributions on one logarithmic axis.

Paths lie in a box of WIDTH x HEIGHT that is stretched to the screen; labels are placed in percent.
Base is a filled shape, head a line: no colour is needed to tell them apart. Not here: the counts
(evaluate/compare/pictures.py), one run's distribution (histogram.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.report import figures, forest

WIDTH, HEIGHT = 1000.0, 100.0
HEADROOM = 1.15
_STEPS = (1, 1.5, 2, 3, 5, 7)
_APART = 18.0
_TAIL = 0.001  # of the requests may lie beyond either end: a few would press the others flat
_FEWEST_BINS = 16


@dataclass(frozen=True, kw_only=True)
class Times:
    """Both distributions: shares of requests a bin, on one logarithmic axis."""

    base: str
    head: str
    ticks: tuple[forest.Tick, ...]
    words: str


def times(one: model.PicturedEndpoint) -> Times | None:
    """Return both distributions, None where a side has no requests."""
    totals = sum(one.base), sum(one.head)
    if not all(totals):
        return None
    first, last = _reach(one)
    spare = max(0, _FEWEST_BINS - (last - first)) // 2 + 1
    bins = last - first + 2 * spare
    shares = [
        [count / total for count in counts[first:last]]
        for counts, total in zip((one.base, one.head), totals, strict=True)
    ]
    most = max(max(side) for side in shares) * HEADROOM
    base, head = (_steps(side, spare, bins, most) for side in shares)
    start = (one.first + first - spare) / one.per_decade
    end = start + bins / one.per_decade
    peaks = [_bin(one, first + side.index(max(side))) for side in shares]
    return Times(
        base=f"{base}Z",
        head=head,
        ticks=_ticks(start, end),
        words=f"{figures.count(totals[0])} requests on base, most often {peaks[0]}; "
        f"{figures.count(totals[1])} on head, most often {peaks[1]}{_beyond(one, first, last)}",
    )


def _reach(one: model.PicturedEndpoint) -> tuple[int, int]:
    """Return the bins to draw: all but a few requests of either side lie in them."""
    found = []
    for counts in (one.base, one.head):
        spare = sum(counts) * _TAIL
        first = last = 0
        passed = 0.0
        for place, count in enumerate(counts):
            first = place if passed <= spare else first
            passed += count
            last = place + 1 if passed - count < sum(counts) - spare else last
        found.append((first, last))
    return min(first for first, _ in found), max(last for _, last in found)


def _beyond(one: model.PicturedEndpoint, first: int, last: int) -> str:
    out = [sum(side[:first]) + sum(side[last:]) for side in (one.base, one.head)]
    if not any(out):
        return ""
    return f"; {figures.count(out[0])} and {figures.count(out[1])} lie outside the drawing"


def _steps(shares: Sequence[float], spare: int, bins: int, most: float) -> str:
    """Return an outline in steps, from the ground and back to it."""
    wide = WIDTH / bins
    parts = [f"M{spare * wide:.1f} {HEIGHT:g}"]
    for place, share in enumerate(shares):
        parts.append(f"V{HEIGHT * (1 - share / most):.1f}H{(spare + place + 1) * wide:.1f}")
    return f"{''.join(parts)}V{HEIGHT:g}"


def _bin(one: model.PicturedEndpoint, place: int) -> str:
    low, high = (10 ** ((one.first + place + side) / one.per_decade) for side in (0, 1))
    return f"{figures.ms(low)} to {figures.ms(high)}"


def _ticks(start: float, end: float) -> tuple[forest.Tick, ...]:
    found: list[forest.Tick] = []
    for decade in range(math.floor(start), math.ceil(end) + 1):
        for step in _STEPS:
            x = round((decade + math.log10(step) - start) / (end - start) * 100, 2)
            if 0 <= x <= 100 and (not found or x - found[-1].x >= _APART):  # noqa: PLR2004
                label = figures.limit(step * 10.0**decade, "ms")
                found.append(forest.Tick(x=x, label=label, anchor=forest.anchor(x)))
    return tuple(found)
