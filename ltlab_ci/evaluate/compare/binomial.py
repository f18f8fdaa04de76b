"""How often something happens, from how often it was seen: the exact interval.

Clopper and Pearson, Biometrika 26 (1934), 404-413.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_HALVINGS = 60


def interval(hits: int, of: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share of which `hits` in `of` independent tries were seen."""
    assert 0 <= hits <= of, f"{hits} of {of}"
    tail = (1 - level) / 2
    low = _root(lambda p: 1 - _at_most(hits - 1, of, p), tail) if hits else 0.0
    high = _root(lambda p: 1 - _at_most(hits, of, p), 1 - tail) if hits < of else 1.0
    return low, high


def _at_most(hits: int, of: int, p: float) -> float:
    """Return the chance of `hits` or fewer in `of` tries; 0 < p < 1."""
    return math.fsum(
        math.exp(
            math.lgamma(of + 1)
            - math.lgamma(k + 1)
            - math.lgamma(of - k + 1)
            + k * math.log(p)
            + (of - k) * math.log1p(-p)
        )
        for k in range(hits + 1)
    )


def _root(rising: Callable[[float], float], level: float) -> float:
    """Return where a rising function of a share reaches a level."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < level else (low, middle)
    return (low + high) / 2
