"""Signed-rank statistics of paired differences: estimate, interval, and a joint test of many rows.

Pure numpy, no randomness but a fixed seed: the same differences give the same figures to the bit.
Not here: where differences come from (slices.py), how far rounds disagree (launches.py).

Sources: Hodges and Lehmann, Annals of Mathematical Statistics 34 (1963), 598-611 (the estimate);
Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd ed., 3.1-3.3 (the interval);
Westfall and Young, Resampling-Based Multiple Testing, 1993 (the maximum over rows).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLIPS = 4999
SEED = 20_260_101
_EXACT_UP_TO = 60
_FINER = 10
_COLUMNS = 256


@dataclass(frozen=True, kw_only=True)
class Located:
    """Where differences lie: their centre, and intervals that hold it in 95 and 90 % of cases."""

    centre: float
    low95: float
    high95: float
    low90: float
    high90: float


def locate(differences: Floats) -> Located:
    """Return the Hodges-Lehmann centre of differences, shape (n,), all finite, with intervals."""
    averages = walsh(differences)
    ends = {}
    for tail in (0.025, 0.05):
        cut = min(max(1, tail_count(len(differences), tail)), (len(averages) + 1) // 2)
        ends[tail] = (float(averages[cut - 1]), float(averages[len(averages) - cut]))
    return Located(
        centre=float(np.median(averages)),
        low95=ends[0.025][0],
        high95=ends[0.025][1],
        low90=ends[0.05][0],
        high90=ends[0.05][1],
    )


def walsh(differences: Floats) -> Floats:
    """Return the averages of all pairs, a value with itself included, sorted."""
    first, second = np.triu_indices(len(differences))
    return np.sort((differences[first] + differences[second]) / 2)


@functools.lru_cache(maxsize=256)
def tail_count(number: int, tail: float) -> int:
    """Return k so that the k-th smallest Walsh average bounds the centre with this error.

    P(W < k) <= tail under the null of the signed-rank sum W: exact to 60 differences, then by the
    normal approximation. 0 where even k = 1 would promise too much.
    """
    if number > _EXACT_UP_TO:
        mean = number * (number + 1) / 4
        sd = math.sqrt(number * (number + 1) * (2 * number + 1) / 24)
        return max(0, math.floor(mean - NormalDist().inv_cdf(1 - tail) * sd + 0.5))
    chance = np.zeros(number * (number + 1) // 2 + 1)
    chance[0] = 1.0
    for rank in range(1, number + 1):
        moved = np.zeros_like(chance)
        moved[rank:] = chance[:-rank]
        chance = (chance + moved) / 2
    return int(np.searchsorted(np.cumsum(chance), tail, side="right"))


def scores(differences: Floats) -> NDArray[np.float32]:
    """Return doubled signed mid-ranks of each column; NaN and 0 score 0. Shape (n, tests).

    Doubled they are whole numbers, and their sums are exact in 32 bits up to thousands of rows.
    """
    found = np.zeros(differences.shape, dtype=np.float32)
    for column in range(differences.shape[1]):
        known = np.flatnonzero(np.isfinite(differences[:, column]))
        values = differences[known, column]
        _, place, ties = np.unique(np.abs(values), return_inverse=True, return_counts=True)
        before = np.cumsum(ties) - ties
        found[known, column] = np.sign(values) * (2 * before + ties + 1)[place]
    return found


@functools.lru_cache(maxsize=4)
def coins(number: int, part: int) -> NDArray[np.float32]:
    """Return a part of the sign flips: one coin a slice for all rows, which so stay as dependent as they are."""
    thrown = np.random.default_rng(SEED + part).integers(0, 2, size=(FLIPS, number), dtype=np.int8)
    return (thrown * 2 - 1).astype(np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Joint:
    """A test of many rows at once: p-values adjusted for all of them, and the null of the maximum."""

    p: Floats
    highest: Floats

    def critical(self, alpha: float) -> float:
        """Return what the largest of all rows' statistics exceeds with chance alpha at most."""
        rank = math.ceil((1 - alpha) * (len(self.highest) + 1))
        return float(self.highest[min(rank, len(self.highest)) - 1])


def joint(values: NDArray[np.float32] | Floats, alpha: float) -> Joint:
    """Test whether each column's sum is zero, by flipping whole rows; shape (n, tests).

    Adjusted p: how often the largest statistic of all columns is at least this column's own. There are
    as many flips as make p a small part of alpha where nothing else comes near.
    """
    scale = np.sqrt(np.square(values.astype(np.float64)).sum(axis=0))
    scale[scale == 0] = np.inf  # a column of zeros shows nothing
    observed = np.abs(values.sum(axis=0)) / scale
    parts = math.ceil(_FINER / (alpha * FLIPS))
    highest = np.sort(np.concatenate([_highest(values, scale, part) for part in range(parts)]))
    # Equal sums may differ in the last bits where values are no whole numbers.
    reached = len(highest) - np.searchsorted(highest, observed * (1 - 1e-9), side="left")
    return Joint(p=(reached + 1) / (len(highest) + 1), highest=highest)


def _highest(values: NDArray[np.float32] | Floats, scale: Floats, part: int) -> Floats:
    """Return the largest statistic of all columns in each flip, some columns at a time for memory's sake."""
    found = np.zeros(FLIPS)
    flips = coins(len(values), part)
    for first in range(0, values.shape[1], _COLUMNS):
        some = slice(first, first + _COLUMNS)
        found = np.maximum(found, (np.abs(flips @ values[:, some]) / scale[some]).max(axis=1))
    return found
