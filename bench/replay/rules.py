"""The rules that comments are judged by: ltlab's own, and what people use instead, on the same recordings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench import looks
from ltlab_ci import model
from ltlab_ci.evaluate import compare
from ltlab_ci.evaluate.compare import overall

Floats = NDArray[np.float64]

_HABIT = math.log(1.1)
_SURE = 2.576  # two-sided 1 % of a normal distribution
_DRAWS = 2000


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a rule says of one comment: any alarm, *slower*, a p95 row *slower*; intervals that hold."""

    alarm: bool
    slower: bool
    p95: bool = False
    held: int = 0
    intervals: int = 0


Truths = Mapping[tuple[str, str], float]
"""The true change by endpoint and stat."""


def truths(recording: model.Recording) -> Truths:
    """Return what many launches together say of each row: hardly anything of it is chance."""
    found, _ = compare.compare(recording, model.Rules())
    return {(row.name, row.stat): row.change for row in found.rows}


def ltlab(recording: model.Recording, truth: Truths, round_s: float) -> Said:
    """Judge a duet as `ltlab compare` does."""
    found = looks.judged(recording, round_s)
    known = [
        (row.interval, truth.get((row.name, row.stat), 0.0))
        for row in found.rows
        if row.interval is not None
    ]
    return Said(
        alarm=overall.alarmed(found),
        slower=found.verdict == "slower",
        p95=any(row.verdict == "slower" and row.stat == "p(95)" for row in found.rows),
        held=sum(low <= change <= high for (low, high), change in known),
        intervals=len(known),
    )


def habit(base: Sequence[model.Side], head: Sequence[model.Side], endpoints: int) -> Said:
    """Compare p95 of a run of base with p95 of a later run of head: more than 10 % is an alarm.

    `base` and `head` are sides of different launches: what people have who run one after the other.
    """
    changes = [
        math.log(np.quantile(after, 0.95)) - math.log(np.quantile(before, 0.95))
        for before, after in zip(_pooled(base, endpoints), _pooled(head, endpoints), strict=True)
    ]
    slower = any(change > _HABIT for change in changes)
    return Said(alarm=slower or any(change < -_HABIT for change in changes), slower=slower)


def mann_whitney(recording: model.Recording) -> Said:
    """Test all requests of both sides against each other, at 1 % for all endpoints together."""
    signs = []
    for before, after in _both(recording):
        z = _rank_sum(before, after)
        signs.append(math.copysign(1, z) if abs(z) > _sure(len(recording.endpoints)) else 0)
    return Said(alarm=any(signs), slower=any(sign > 0 for sign in signs))


def bootstrap(recording: model.Recording, rng: np.random.Generator) -> Said:
    """Draw requests of each side anew; a 99 % interval of the ratio of p95 without 1 is an alarm."""
    signs = []
    tail = 0.005 / len(recording.endpoints)
    for before, after in _both(recording):
        ratios = _drawn(after, rng) / _drawn(before, rng)
        low, high = np.quantile(ratios, [tail, 1 - tail])
        signs.append(1 if low > 1 else -1 if high < 1 else 0)
    return Said(alarm=any(signs), slower=1 in signs)


def _drawn(times: Floats, rng: np.random.Generator) -> Floats:
    """Return p95 of so many bootstrap samples, without drawing them.

    A rank of n uniform draws is beta-distributed, and where it falls says which request it is.
    """
    rank = math.ceil(0.95 * len(times))
    at = rng.beta(rank, len(times) - rank + 1, _DRAWS)
    found: Floats = np.sort(times)[np.minimum((at * len(times)).astype(int), len(times) - 1)]
    return found


def _both(recording: model.Recording) -> list[tuple[Floats, Floats]]:
    base = _pooled([one.base for one in recording.rounds], len(recording.endpoints))
    head = _pooled([one.head for one in recording.rounds], len(recording.endpoints))
    return list(zip(base, head, strict=True))


def _pooled(sides: Sequence[model.Side], endpoints: int) -> list[Floats]:
    return [
        np.concatenate([side.ms[(side.endpoint == number) & side.ok] for side in sides])
        for number in range(endpoints)
    ]


def _rank_sum(before: Floats, after: Floats) -> float:
    """Return the z of the rank-sum test (Mann and Whitney, 1947), > 0 where `after` is larger."""
    both = np.concatenate([before, after])
    ranks = np.empty(len(both))
    ranks[np.argsort(both, kind="stable")] = np.arange(1, len(both) + 1)
    n, m = len(before), len(after)
    statistic = ranks[n:].sum() - m * (m + 1) / 2
    return float((statistic - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12))


def _sure(tests: int) -> float:
    """Return the two-sided limit of a normal z at 1 % over so many tests (Bonferroni)."""
    low, high = _SURE, 10.0
    while high - low > 1e-6:  # noqa: PLR2004
        middle = (low + high) / 2
        low, high = (
            (middle, high) if math.erfc(middle / math.sqrt(2)) > 0.01 / tests else (low, middle)
        )
    return low
