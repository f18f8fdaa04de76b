"""How far launches of the same code differ, and what that adds to an interval.

Two starts of the same program differ by a per cent or so (memory layout, JIT, caches), whatever the
slices within a start say (Kalibera and Jones, arXiv 2007.10899). With three rounds the spread between
them cannot be estimated alone, so it gets a weakly informative prior, as in meta-analyses of few
studies (Friede, Roever, Wandel, Neuenschwander, Research Synthesis Methods 8 (2017), 79-91). What is
likely is averaged over the spreads that the rounds leave open, not taken from one best guess of it: a few
rounds that lie close by chance would else pass for launches that hardly differ.
Not here: the differences within rounds (slices.py), verdicts (verdicts.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltlab_ci.evaluate.compare import signedrank

Floats = NDArray[np.float64]

PRIOR = 0.0125
"""Scale of the half-normal prior on the spread between launches, in log-ratios: 1.25 %."""

_GRID = np.linspace(0.0, 8 * PRIOR, 161)
Z95 = 1.959964
_MOST_CORRELATED = 0.6
_FEW = 1
_HALVINGS = 30


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A log-ratio with intervals that allow for launches.

    `chance` is that of a centre this far from zero, whichever way, where nothing changed. `rounds`
    holds each round's own centre, NaN where it has too few slices.
    """

    centre: float
    low95: float
    high95: float
    low90: float
    high90: float
    chance: float
    rounds: tuple[float, ...]

    def beyond(self, critical: float) -> bool:
        """Say whether the centre is as unlikely as a standard normal deviate of this size, or more."""
        return self.chance <= _tail(critical)


def estimates(differences: Floats, round_of: NDArray[np.int64]) -> tuple[Estimate, ...]:
    """Estimate each column of differences, shape (slices, tests), NaN where nothing is known."""
    centres = [_centres(column, round_of) for column in differences.T]
    rests = [
        column - np.asarray(centre)[round_of]
        for column, centre in zip(differences.T, centres, strict=True)
    ]
    stretch = _stretch(rests, round_of)
    return tuple(
        _estimate(column, rest, centre, round_of, stretch)
        for column, rest, centre in zip(differences.T, rests, centres, strict=True)
    )


def _centres(column: Floats, round_of: NDArray[np.int64]) -> tuple[float, ...]:
    found = []
    for number in range(int(round_of.max()) + 1 if len(round_of) else 0):
        values = column[(round_of == number) & np.isfinite(column)]
        found.append(
            float(np.median(signedrank.walsh(values))) if len(values) >= _FEW else math.nan
        )
    return tuple(found)


def _estimate(
    column: Floats,
    rest: Floats,
    centres: tuple[float, ...],
    round_of: NDArray[np.int64],
    stretch: float,
) -> Estimate:
    known = np.isfinite(column)
    at = signedrank.locate(column[known])
    plain = (at.high95 - at.low95) / (2 * Z95)
    inside = rest[np.isfinite(rest)]
    sizes = [
        int((known & (round_of == n)).sum()) for n, c in enumerate(centres) if not math.isnan(c)
    ]
    rounds = [centre for centre in centres if not math.isnan(centre)]
    around = signedrank.locate(inside)
    spare = len(inside) / max(1, len(inside) - len(rounds))
    within = stretch * math.sqrt(spare) * (around.high95 - around.low95) / (2 * Z95)
    of_round = within**2 * len(inside) * float(np.mean([1 / size for size in sizes]))
    weights = spreads(rounds, of_round)
    errors = np.maximum(plain, np.sqrt(within**2 + np.square(_GRID) / len(rounds)))
    wider = _reach(errors, weights, 0.05) / (Z95 * plain) if plain > 0 else 1.0
    return Estimate(
        centre=at.centre,
        low95=at.centre - (at.centre - at.low95) * wider,
        high95=at.centre + (at.high95 - at.centre) * wider,
        low90=at.centre - (at.centre - at.low90) * wider,
        high90=at.centre + (at.high90 - at.centre) * wider,
        chance=_tails(abs(at.centre), errors, weights),
        rounds=centres,
    )


def spreads(rounds: Sequence[float], variance: float) -> Floats:
    """Return how likely each spread between launches is, given each round's log-ratio; shape of the grid.

    `variance` is what a round's log-ratio varies by slices alone. A single round says nothing about
    launches, so the prior alone speaks.
    """
    free = len(rounds) - 1
    seen = float(np.var(rounds, ddof=1)) if free else 0.0
    total = np.maximum(variance + _GRID**2, 1e-12)
    log = -np.square(_GRID / PRIOR) / 2 - free / 2 * (np.log(total) + seen / total)
    weight = np.exp(log - log.max())
    found: Floats = weight / weight.sum()
    return found


def _tail(deviate: float) -> float:
    """Return the chance of a standard normal deviate of this size or more, whichever way."""
    return math.erfc(deviate / math.sqrt(2))


def _tails(size: float, errors: Floats, weights: Floats) -> float:
    """Return the chance of this size or more where the standard error is one of these."""
    with np.errstate(divide="ignore", invalid="ignore"):
        deviates = np.nan_to_num(size / errors, nan=0.0)
    return float(weights @ [_tail(one) for one in deviates])


def _reach(errors: Floats, weights: Floats, chance: float) -> float:
    """Return the size that is reached with this chance, between none and six of the largest error."""
    low, high = 0.0, 6 * float(errors.max())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _tails(middle, errors, weights) > chance else (low, middle)
    return high


def _stretch(rests: Sequence[Floats], round_of: NDArray[np.int64]) -> float:
    """Return the factor on standard errors for neighbouring slices that go up and down together.

    One lag-1 correlation of all rows within rounds, of AR(1) form: sqrt((1 + r) / (1 - r)).
    """
    same = round_of[1:] == round_of[:-1]
    found = []
    for rest in rests:
        size = 3 * float(np.nanmedian(np.abs(rest))) * 1.4826
        clipped = np.nan_to_num(np.clip(rest, -size, size))
        power = float(np.square(clipped).sum())
        if power > 0:
            pairs = float((clipped[1:] * clipped[:-1])[same].sum())
            found.append(pairs / power * len(rest) / max(1, int(same.sum())))
    if not found:
        return 1.0
    # Taken from a round's own centre, correlations come out too low by about 1/n.
    bias = (int(round_of.max()) + 1) / len(round_of)
    linked = min(max(0.0, float(np.mean(found)) + bias), _MOST_CORRELATED)
    return math.sqrt((1 + linked) / (1 - linked))
