"""Rounds cut into slices of a few seconds, the same on both sides, and figures of each slice.

Both sides ran at the same time, so what disturbs the machine in a slice disturbs both, and most of
it cancels in the ratio (Bulej et al., Duet Benchmarking, ICPE 2020). A request belongs to the slice
in which it starts: a stall then does not move requests into other slices.
Not here: what the figures mean (signedrank.py, verdicts.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ltlab_ci import model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WIDTHS_S = (2.0, 4.0, 5.0, 10.0)
FEWEST_SLICES = 12
MOST_SLICES = 600  # pairs of slices are compared with pairs: longer runs get wider slices
ENOUGH = 30  # requests a side a slice
_ENOUGH_IN = 0.9  # share of the slices; the others may have a few less
_TOO_FEW = 3  # a slice with a third of what is needed says nothing about this endpoint
_ROUNDING = 1e-6  # 1 / (1 - 0.99) is a little more than 100
_NEARLY = 0.1  # 19.9 s are ten slices of 2 s


@dataclass(frozen=True, kw_only=True)
class Span:
    """The time of a round in which both sides ran, in ns, and the longer side's own time."""

    start_ns: int
    end_ns: int
    longest_s: float
    shorter: str

    @property
    def seconds(self) -> float:
        """Return its length."""
        return max(0.0, (self.end_ns - self.start_ns) / 1e9)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """How all rounds are cut: `counts` slices in each round, all slices numbered through.

    `tested` are the endpoints that can be judged, `judged` the percentiles of each, as shares.
    """

    spans: tuple[Span, ...]
    width_s: float
    counts: tuple[int, ...]
    tested: tuple[int, ...] = ()
    judged: tuple[tuple[float, ...], ...] = ()

    @property
    def total(self) -> int:
        """Return the number of slices."""
        return sum(self.counts)

    @property
    def seconds(self) -> float:
        """Return how long both sides were measured together."""
        return sum(span.seconds for span in self.spans)

    @property
    def round_of(self) -> Ints:
        """Return the round of each slice."""
        return np.repeat(np.arange(len(self.counts)), self.counts)


def span(one: model.Round) -> Span:
    """Return when both sides of a round were under load; an empty span where one sent no request.

    Where iterations hang, no VU may be left to send any: the load is there for all that.
    """
    sides = ((one.base, "base"), (one.head, "head"))
    for side, name in sides:
        if not len(side.start_ns):
            return Span(start_ns=0, end_ns=0, longest_s=0.0, shorter=name)
    starts = [int(side.start_ns.min()) for side, _ in sides]
    ends = [max(int(side.start_ns.max()), side.last_ns or 0) for side, _ in sides]
    lengths = [(end - start) / 1e9 for start, end in zip(starts, ends, strict=True)]
    return Span(
        start_ns=max(starts),
        end_ns=min(ends),
        longest_s=max(lengths),
        shorter=sides[int(lengths[1] < lengths[0])][1],
    )


def cut(recording: model.Recording, shares: Sequence[float]) -> Cut:
    """Choose the narrowest slices that let most percentiles of most endpoints be judged.

    One is judged where nearly every slice has enough successful requests of its endpoint a side.
    """
    best: Cut | None = None
    for whole in widths(recording):
        if best is not None and whole.total < FEWEST_SLICES:
            break
        found = judged(recording, whole, shares)
        if best is None or sum(map(len, found.judged)) > sum(map(len, best.judged)):
            best = found
    assert best is not None  # there are widths
    return best


def widths(recording: model.Recording) -> Iterator[Cut]:
    """Yield ways to cut all rounds, the narrowest slices first."""
    spans = tuple(span(one) for one in recording.rounds)
    for width in WIDTHS_S:
        wide = width
        while sum(_slices(spans, wide)) > MOST_SLICES:
            wide *= 2
        yield Cut(spans=spans, width_s=wide, counts=_slices(spans, wide))


def needed(share: float) -> int:
    """Return how many requests a side a slice a percentile needs: 30, and one beyond it at least."""
    return max(ENOUGH, math.ceil(1 / (1 - share) - _ROUNDING))


def _slices(spans: Sequence[Span], width_s: float) -> tuple[int, ...]:
    return tuple(int(each.seconds / width_s + _NEARLY) for each in spans)


def judged(recording: model.Recording, whole: Cut, shares: Sequence[float]) -> Cut:
    """Return a cut with the endpoints and percentiles that have enough requests in its slices."""
    if not whole.total:
        return whole
    fewer = np.minimum(*(requests(recording, whole, side, ok=True) for side in SIDES))
    enough = {share: suffices(fewer, share) for share in shares}
    of_each = {
        endpoint: tuple(share for share in shares if enough[share][endpoint])
        for endpoint in range(len(recording.endpoints))
    }
    tested = {endpoint: found for endpoint, found in of_each.items() if found}
    return replace(whole, tested=tuple(tested), judged=tuple(tested.values()))


def suffices(fewer: Ints, share: float) -> NDArray[np.bool_]:
    """Say of each column whether nearly all slices have enough; counts of the side with fewer."""
    return nearly_all(fewer, needed(share))


def nearly_all(fewer: Ints, least: int) -> NDArray[np.bool_]:
    """Say of each column whether nearly all slices have so many, or more."""
    found: NDArray[np.bool_] = (fewer >= least).mean(axis=0) >= _ENOUGH_IN
    return found


SIDES = ("base", "head")


def pieces(
    recording: model.Recording, whole: Cut, side: str
) -> Iterator[tuple[model.Side, NDArray[np.bool_], Ints]]:
    """Yield a side of each round, which of its requests lie in a slice, and in which one."""
    first = 0
    for one, reach, count in zip(recording.rounds, whole.spans, whole.counts, strict=True):
        samples: model.Side = getattr(one, side)
        inside, index = place(samples.start_ns, reach, count)
        yield samples, inside, index[inside] + first
        first += count


def place(times_ns: Ints, reach: Span, count: int) -> tuple[NDArray[np.bool_], Ints]:
    """Return which times lie in a span, and the slice of each when the span has `count` of them."""
    if not count:
        return np.zeros(len(times_ns), dtype=np.bool_), np.zeros(len(times_ns), dtype=np.int64)
    step = (reach.end_ns - reach.start_ns) / count
    index = np.floor((times_ns - reach.start_ns) / step).astype(np.int64)
    return (index >= 0) & (index < count), index


def requests(recording: model.Recording, whole: Cut, side: str, *, ok: bool) -> Ints:
    """Count the successful (or failed) requests; shape (slices, endpoints)."""
    shape = (whole.total, len(recording.endpoints))
    found = np.zeros(shape[0] * shape[1], dtype=np.int64)
    for samples, inside, index in pieces(recording, whole, side):
        taken = samples.ok[inside] == ok
        where = index[taken] * shape[1] + samples.endpoint[inside][taken]
        found += np.bincount(where, minlength=len(found))
    return found.reshape(shape)


def quantiles(
    recording: model.Recording,
    whole: Cut,
    side: str,
    shares: Sequence[float],
    groups_of: Sequence[Sequence[int]],
) -> tuple[Floats, Floats]:
    """Return quantiles in ms of successful requests to groups of endpoints.

    First of each slice, shape (slices, groups, shares), NaN where there are too few; then over
    all slices, shape (groups, shares). Linear interpolation between closest ranks.
    """
    code = np.full(len(recording.endpoints), -1, dtype=np.int64)
    for number, members in enumerate(groups_of):
        code[list(members)] = number
    times, groups = [], []
    for samples, inside, index in pieces(recording, whole, side):
        endpoint = code[samples.endpoint[inside]]
        taken = samples.ok[inside] & (endpoint >= 0)
        times.append(samples.ms[inside][taken])
        groups.append(endpoint[taken] * whole.total + index[taken])
    ms, group = np.concatenate(times), np.concatenate(groups)
    shape = (len(groups_of), whole.total)
    fewest = [needed(share) // _TOO_FEW for share in shares]
    of_slices = _grouped(ms, group, shape[0] * shape[1], shares, fewest)
    of_all = _grouped(ms, group // max(1, whole.total), shape[0], shares, [1] * len(shares))
    return of_slices.reshape(*shape, len(shares)).transpose(1, 0, 2), of_all


def _grouped(
    values: Floats, group: Ints, number: int, shares: Sequence[float], fewest: Sequence[int]
) -> Floats:
    """Return quantiles of each group; shape (groups, shares), NaN for a group of too few."""
    ordered = values[np.lexsort((values, group))]
    sizes = np.bincount(group, minlength=number)
    first = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    found = np.full((number, len(shares)), np.nan)
    for column, (share, least) in enumerate(zip(shares, fewest, strict=True)):
        some = sizes >= least
        rank = (sizes[some] - 1) * share
        below = np.floor(rank).astype(np.int64)
        low = ordered[first[some] + below]
        high = ordered[first[some] + np.minimum(below + 1, sizes[some] - 1)]
        found[some, column] = low + (rank - below) * (high - low)
    return found


def arrivals(recording: model.Recording, whole: Cut, side: str) -> Ints:
    """Count iterations by their start, or requests where iterations were not recorded."""
    known = all(len(getattr(one, name).iterations_ns) for one in recording.rounds for name in SIDES)
    return _counted(recording, whole, side, "iterations_ns" if known else "start_ns")


def gave_up(recording: model.Recording, whole: Cut, side: str) -> Ints:
    """Count iterations by when they failed."""
    return _counted(recording, whole, side, "failed_ns")


def hung(recording: model.Recording, whole: Cut, side: str) -> Ints:
    """Count iterations that never ended, by when they began."""
    return _counted(recording, whole, side, "hung_ns")


def dropped(recording: model.Recording, whole: Cut, side: str) -> Ints:
    """Count iterations that were dropped, by when they were due."""
    return _counted(recording, whole, side, "dropped_ns")


def checks(recording: model.Recording, whole: Cut, side: str) -> tuple[Ints, Ints]:
    """Count the checks that failed, and all of them; shape (slices, checks)."""
    shape = (whole.total, len(recording.checks))
    failed, tried = np.zeros((2, shape[0] * shape[1]), dtype=np.int64)
    first = 0
    for one, reach, count in zip(recording.rounds, whole.spans, whole.counts, strict=True):
        found: model.Checks | None = getattr(one, side).checks
        if found is not None:
            inside, index = place(found.time_ns, reach, count)
            where = (index[inside] + first) * shape[1] + found.check[inside]
            tried += np.bincount(where, minlength=len(tried))
            failed += np.bincount(where[~found.ok[inside]], minlength=len(failed))
        first += count
    return failed.reshape(shape), tried.reshape(shape)


def _counted(recording: model.Recording, whole: Cut, side: str, times: str) -> Ints:
    found = np.zeros(whole.total, dtype=np.int64)
    first = 0
    for one, reach, count in zip(recording.rounds, whole.spans, whole.counts, strict=True):
        moments = getattr(getattr(one, side), times)
        if moments is not None:
            inside, index = place(moments, reach, count)
            found += np.bincount(index[inside] + first, minlength=len(found))
        first += count
    return found
