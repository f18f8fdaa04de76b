"""What the rows on latency do not see: a few slow requests among many, and endpoints with few requests.

A tail is judged as failures are: the share of requests beyond a high quantile of both sides together, by
slices that change sides and by an exact test. An endpoint that is called too rarely for that is judged by
the ranks of its requests within slices (P. van Elteren, Bulletin of the ISI 37 (1960), 351-361), and has to
change at least twofold. Both have a small part of the permitted false alarms, and are rows only where they show
something. Not here: p50 and p95 (verdicts.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ltlab_ci import model
from ltlab_ci.evaluate.compare import failures, slices

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

METRIC, RARE = "slow_requests", "med"
LEVELS = (0.98, 0.99, 0.995)
"""Where tails begin, as shares of the requests of both sides together."""

LEAST_SHARE = 0.005
LEAST_TIMES = (
    2.0  # what launches of the same code differ by moves a tail too, but does not double it
)
LEAST_REQUESTS = 8
_ENOUGH = 400  # of both sides: two lie beyond the highest level
_TAIL = 0.95
_NEARLY = 0.75
_STALLED = 10
_LEAST_MS = 0.001


def judge(
    recording: model.Recording,
    whole: slices.Cut,
    rows: Sequence[model.Change],
    alpha: float,
) -> tuple[model.Change, ...]:
    """Return a row for each endpoint whose tail differs, and for all requests where no single one's does.

    `rows` are those on latency: a tail that is as much slower as they say is not told again.
    """
    if not whole.total:
        return ()
    requests = _Requests(recording, whole)
    every = range(len(recording.endpoints))
    groups: list[tuple[int, ...]] = [(each,) for each in every if requests.number(each) >= _ENOUGH]
    groups += [tuple(every)] if len(every) > 1 else []
    if not groups:
        return ()
    of = [requests.of(members) for members in groups]
    counted = [_beyond(each, whole.total) for each in of]
    beyond = np.concatenate([each[0] for each in counted], axis=2)
    tried = np.concatenate([each[1] for each in counted], axis=2)
    apart = failures.differ(beyond, tried, alpha, among=_noticeable(beyond, tried, whole))
    found: list[model.Change] = []
    for number, members in enumerate(groups):
        name, method = recording.endpoints[members[0]] if len(members) == 1 else ("", "")
        levels = np.flatnonzero(apart[number * len(LEVELS) : (number + 1) * len(LEVELS)])
        if not len(levels):
            continue
        several = [LEVELS[each] for each in levels]
        calm = _calm(of[number], whole.total, several[0])
        ms, side = of[number][0][calm], of[number][2][calm]
        row = _row(ms, side, name, method)
        alike = [each for each in (*rows, *found) if each.verdict == row.verdict]
        own = [each.change for each in alike if (each.name, each.method) == (name, method)]
        known = any(_explained(each, ms, side, several) for each in own) if name else bool(alike)
        if not known:
            found.append(row)
    return tuple(found)


def _explained(change: float, ms: Floats, side: Ints, levels: Sequence[float]) -> bool:
    """Say whether both sides had about as many slow requests, were that change of all times taken out of them."""
    half = math.sqrt(1 + change)
    for limit in np.quantile(ms, levels):
        base = float((ms[side == 0] * half > limit).mean())
        head = float((ms[side == 1] / half > limit).mean())
        if max(base, head) > LEAST_TIMES * min(base, head):
            return False
    return True


class _Requests:
    """The successful requests of both sides inside slices: time, slice, side, endpoint, all in one order."""

    def __init__(self, recording: model.Recording, whole: slices.Cut) -> None:
        parts: list[tuple[Floats, Ints, Ints, Ints]] = []
        for number, side in enumerate(slices.SIDES):
            for samples, inside, index in slices.pieces(recording, whole, side):
                fine = samples.ok[inside]
                endpoint = samples.endpoint[inside][fine]
                at_side = np.full(len(endpoint), number, dtype=np.int64)
                numbers = endpoint.astype(np.int64)
                parts.append((samples.ms[inside][fine], index[fine], at_side, numbers))
        whole_of = [np.concatenate(each) for each in zip(*parts, strict=True)]
        order = np.argsort(whole_of[3], kind="stable")
        self._ms, self._slice, self._side, endpoints = (each[order] for each in whole_of)
        self._first = np.searchsorted(endpoints, np.arange(len(recording.endpoints) + 1))

    def number(self, endpoint: int) -> int:
        """Return how many there are to an endpoint, on both sides."""
        return int(self._first[endpoint + 1] - self._first[endpoint])

    def of(self, members: Sequence[int]) -> tuple[Floats, Ints, Ints]:
        """Return times, slices and sides (0 base, 1 head) of endpoints that follow one another."""
        some = slice(self._first[members[0]], self._first[members[-1] + 1])
        return self._ms[some], self._slice[some], self._side[some]


def _beyond(of: tuple[Floats, Ints, Ints], total: int) -> tuple[Ints, Ints]:
    """Count the requests beyond each level, and all; shape (sides, slices, levels).

    Levels are quantiles of both sides together, so they stay where they are when slices change sides.
    """
    ms, at, side = of
    where = side * total + at
    beyond, tried = np.zeros((2, 2, total, len(LEVELS)), dtype=np.int64)
    for column, level in enumerate(LEVELS if len(ms) else ()):
        kept = _calm(of, total, level)
        far_out = kept & (ms > np.quantile(ms[kept], level)) if kept.any() else kept
        for counts, some in ((beyond, far_out), (tried, kept)):
            counts[:, :, column] = np.bincount(where[some], minlength=2 * total).reshape(2, total)
    return beyond, tried


def _calm(of: tuple[Floats, Ints, Ints], total: int, level: float) -> NDArray[np.bool_]:
    """Say which requests lie in no slice of the tenth in which most requests of both sides are slow.

    What stalls the machine stalls both sides, and would hide anything else.
    """
    ms, at, _ = of
    slow = np.bincount(at[ms > np.quantile(ms, level)], minlength=total)
    return np.isin(at, np.argsort(slow, kind="stable")[: total - total // _STALLED])


def _noticeable(beyond: Ints, tried: Ints, whole: slices.Cut) -> NDArray[np.bool_]:
    """Say of each column whether the shares differ by enough, and the same way in every round."""
    shares = beyond.sum(axis=1) / np.maximum(tried.sum(axis=1), 1)
    low, high = shares.min(axis=0), shares.max(axis=0)
    enough: NDArray[np.bool_] = (high - low >= LEAST_SHARE) & (high >= LEAST_TIMES * low)
    for number in np.unique(whole.round_of):
        of_round = whole.round_of == number
        hits, of = beyond[:, of_round].sum(axis=1), tried[:, of_round].sum(axis=1)
        parts = hits / np.maximum(of, 1)
        enough &= ((parts[1] - parts[0]) * (shares[1] - shares[0]) > 0) | ~of.all(axis=0)
    return enough


def _row(ms: Floats, side: Ints, name: str, method: str) -> model.Change:
    """Return the row of a tail that differs, told at the time that parts both sides best."""
    over_ms = _parting(ms, side)
    base, head = (float((ms[side == number] > over_ms).mean()) for number in (0, 1))
    return model.Change(
        metric=METRIC,
        name=name,
        method=method,
        stat="rate",
        unit="share",
        base=base,
        head=head,
        change=head - base,
        interval=None,
        verdict="slower" if head > base else "faster",
        over_ms=over_ms,
    )


def _parting(ms: Floats, side: Ints) -> float:
    """Return a time, in the tail, that parts the sides: as round as may be, in the widest gap between requests.

    Beyond it the sides' shares differ by nearly as much as beyond any.
    """
    order = np.argsort(ms, kind="stable")
    ranked, of_head = ms[order], side[order] == 1
    head = np.cumsum(of_head) / max(1, int(of_head.sum()))
    base = np.cumsum(~of_head) / max(1, int((~of_head).sum()))
    first = min(int(len(ms) * _TAIL), len(ms) - 2)
    apart = np.abs(head - base)[first:-1]
    gaps = np.diff(np.log(np.maximum(ranked[first:], _LEAST_MS)))
    at = first + int(np.argmax(np.where(apart >= _NEARLY * apart.max(), gaps, -1.0)))
    low, high = float(ranked[at]), float(ranked[at + 1])
    middle = math.sqrt(max(low, _LEAST_MS) * max(high, _LEAST_MS))
    for digits in range(1, 12):
        rounded = float(f"{middle:.{digits}g}")
        if low <= rounded < high:
            return rounded
    return low


def rare(recording: model.Recording, whole: slices.Cut, alpha: float) -> tuple[model.Change, ...]:
    """Return a row for each endpoint with few requests that is at least twice as slow, or as fast."""
    ways = [each for each in slices.widths(recording) if each.total]
    if not ways or len(whole.tested) == len(recording.endpoints):
        return ()
    requests = _Requests(recording, ways[-1])
    few = {
        endpoint: requests.of((endpoint,))
        for endpoint in range(len(recording.endpoints))
        if endpoint not in whole.tested
    }
    few = {
        endpoint: of
        for endpoint, of in few.items()
        if np.bincount(of[2], minlength=2).min() >= LEAST_REQUESTS
    }
    rows = (
        _rare(recording.endpoints[endpoint], of, ways[-1], alpha / len(few))
        for endpoint, of in few.items()
    )
    return tuple(row for row in rows if row is not None)


def _rare(
    endpoint: tuple[str, str], of: tuple[Floats, Ints, Ints], wide: slices.Cut, alpha: float
) -> model.Change | None:
    ms, at, side = of
    base, head = (float(np.median(ms[side == number])) for number in (0, 1))
    apart = math.log(max(head, _LEAST_MS) / max(base, _LEAST_MS))
    surplus, variance = _ranked(ms, at, side, wide.total)
    rounds = np.bincount(wide.round_of, weights=surplus)
    total = float(surplus.sum())
    if abs(apart) < math.log(LEAST_TIMES) or (rounds * apart < 0).any() or not variance.any():
        return None
    if math.erfc(abs(total) / math.sqrt(2 * float(variance.sum()))) > alpha or total * apart < 0:
        return None
    return model.Change(
        metric="http_req_duration",
        name=endpoint[0],
        method=endpoint[1],
        stat=RARE,
        base=base,
        head=head,
        change=math.expm1(apart),
        interval=None,
        verdict="slower" if apart > 0 else "faster",
        reason=f"few requests: {(side == 0).sum()} and {(side == 1).sum()}",
    )


def _ranked(ms: Floats, at: Ints, side: Ints, total: int) -> tuple[Floats, Floats]:
    """Return by how much head's ranks exceed what chance gives them in each slice, and the variance of that.

    Within a slice it is chance whose request has which rank, where nothing changed. The sum over slices is then
    about normal, and far out rarer than a normal deviate: on the safe side.
    """
    _, place, ties = np.unique(ms, return_inverse=True, return_counts=True)
    rank = (np.cumsum(ties) - (ties - 1) / 2)[place]
    number, mine = (np.bincount(at[some], minlength=total) for some in (side >= 0, side == 1))
    several = np.maximum(number, 1)
    mean = np.bincount(at, weights=rank, minlength=total) / several
    spread = np.bincount(at, weights=np.square(rank - mean[at]), minlength=total)
    mine_of = np.where(side == 1, rank - mean[at], 0.0)
    surplus = np.bincount(at, weights=mine_of, minlength=total).astype(np.float64)
    variance = mine * (number - mine) / several * spread / np.maximum(number - 1, 1)
    return surplus, variance
