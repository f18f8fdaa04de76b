"""Figures of a comparison for people to look at: bounded, and never judged.

Not here: verdicts (verdicts.py), how they are drawn (report/).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ltlab_ci import model
from ltlab_ci.evaluate.compare import slices, verdicts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_ENDPOINTS = 12
PER_DECADE = 40  # bins of 6 %: what is worth a verdict moves a distribution by a bin or so
_BINS = (-3 * PER_DECADE, 7 * PER_DECADE)  # 1 µs to almost three hours
_BEYOND = 5
_DIGITS = 4  # more than a screen shows
_WORST_FIRST = ("invalid", "slower", "inconclusive", "faster", "no change")


def of(
    recording: model.Recording,
    whole: slices.Cut,
    latency: verdicts.Latency,
    rows: Sequence[model.Change],
) -> model.Pictured:
    """Return what to show; `rows` are the verdicts on latency, a row each endpoint and percentile."""
    chosen = _worst([recording.endpoints[index] for index in whole.tested], rows)[:MOST_ENDPOINTS]
    counts = {side: _counts(recording, whole, side, chosen) for side in slices.SIDES}
    starts = np.cumsum([0, *whole.counts[:-1]])
    return model.Pictured(
        slice_s=whole.width_s,
        t_s=tuple(_cut(each) for each in _starts_s(whole)),
        round_starts=tuple(
            int(start) for start, count in zip(starts, whole.counts, strict=True) if count
        ),
        endpoints=tuple(
            _endpoint(recording, whole, latency, place, (counts["base"][row], counts["head"][row]))
            for row, place in enumerate(chosen)
        ),
        left_out=max(0, len(whole.tested) - len(chosen)),
        base_cpu=_cpu(recording, whole, "base"),
        head_cpu=_cpu(recording, whole, "head"),
    )


def _worst(tested: Sequence[tuple[str, str]], rows: Sequence[model.Change]) -> list[int]:
    """Return tested endpoints by their place, those with the worst row first."""
    ranks: dict[tuple[str, str], tuple[int, float]] = {}
    for row in rows:
        rank = _WORST_FIRST.index(row.verdict), -abs(row.change)
        ranks[row.name, row.method] = min(rank, ranks.get((row.name, row.method), rank))
    return sorted(range(len(tested)), key=lambda place: (*ranks[tested[place]], place))


def _starts_s(whole: slices.Cut) -> list[float]:
    found, before = [], 0.0
    for span, count in zip(whole.spans, whole.counts, strict=True):
        found += [before + span.seconds * number / count for number in range(count)]
        before += span.seconds if count else 0.0
    return found


def _endpoint(
    recording: model.Recording,
    whole: slices.Cut,
    latency: verdicts.Latency,
    place: int,
    counts: tuple[Ints, Ints],
) -> model.PicturedEndpoint:
    base, head = counts
    name, method = recording.endpoints[whole.tested[place]]
    met = np.flatnonzero(base + head)
    first, last = (int(met[0]), int(met[-1]) + 1) if len(met) else (0, 0)
    stats = len(latency.judged)
    changes = np.expm1(latency.differences.reshape(whole.total, -1, stats)[:, place, :])
    fewest = min(int(base.sum()), int(head.sum()))
    shown = [fewest * (1 - share) >= _BEYOND for share in latency.shares]
    return model.PicturedEndpoint(
        name=name,
        method=method,
        per_decade=PER_DECADE,
        first=first + _BINS[0],
        base=tuple(int(each) for each in base[first:last]),
        head=tuple(int(each) for each in head[first:last]),
        shares=latency.shares,
        base_ms=_known(np.where(shown, latency.base_all[place], np.nan)),
        head_ms=_known(np.where(shown, latency.head_all[place], np.nan)),
        changes=tuple(
            model.SliceChanges(stat=verdicts.stat(share), values=_known(changes[:, column]))
            for column, share in enumerate(latency.judged)
        ),
    )


def _counts(
    recording: model.Recording, whole: slices.Cut, side: str, chosen: Sequence[int]
) -> Ints:
    """Count successful requests in bins of equal width on a log scale; shape (chosen, bins)."""
    low, high = _BINS
    bins = high - low + 1
    code = np.full(len(recording.endpoints), -1, dtype=np.int64)
    code[[whole.tested[place] for place in chosen]] = np.arange(len(chosen))
    found = np.zeros(len(chosen) * bins, dtype=np.int64)
    for samples, inside, _ in slices.pieces(recording, whole, side):
        endpoint = code[samples.endpoint[inside]]
        taken = samples.ok[inside] & (endpoint >= 0)
        log = np.log10(np.maximum(samples.ms[inside][taken], 1e-9)) * PER_DECADE
        place = np.clip(np.floor(log), low, high).astype(np.int64) - low
        found += np.bincount(endpoint[taken] * bins + place, minlength=len(found))
    return found.reshape(len(chosen), bins)


def _cpu(recording: model.Recording, whole: slices.Cut, side: str) -> tuple[float | None, ...]:
    """Return the processors that the service used in each slice; empty where none is known."""
    total, number = np.zeros(whole.total), np.zeros(whole.total)
    first = 0
    for one, reach, count in zip(recording.rounds, whole.spans, whole.counts, strict=True):
        samples: model.Side = getattr(one, side)
        if samples.cpu_ns is not None and samples.cpu is not None:
            inside, index = slices.place(samples.cpu_ns, reach, count)
            where = index[inside] + first
            total += np.bincount(where, weights=samples.cpu[inside], minlength=whole.total)
            number += np.bincount(where, minlength=whole.total)
        first += count
    if not number.any():
        return ()
    return _known(np.divide(total, number, out=np.full(whole.total, np.nan), where=number > 0))


def _known(values: Floats) -> tuple[float | None, ...]:
    return tuple(_cut(float(each)) if math.isfinite(each) else None for each in values)


def _cut(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
