"""Endpoints that are too rare to be judged alone, judged together as one: all other requests.

A mixture can be compared only where both sides have it in the same proportions: an endpoint that one side
requests noticeably more often would make it slower or faster by its weight alone, and is left out.
Not here: how many requests suffice (slices.py), verdicts (verdicts.py).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ltlab_ci import model
from ltlab_ci.evaluate.compare import slices

Ints = NDArray[np.int64]

NAME = "all other requests"
_FEWEST = 2
_ALIKE = 4.0  # standard deviations of a binomial; beside it stand all endpoints of a script


def together(
    recording: model.Recording,
    whole: slices.Cut,
    shares: tuple[float, ...],
    counts: tuple[Ints, Ints],
) -> tuple[model.Recording, slices.Cut, tuple[int, ...]]:
    """Return a recording in which the rare endpoints are one more, how it is cut, and which they are.

    All as it was where they are too rare together. Endpoints keep their numbers. `counts` are the requests
    of base and head to each.
    """
    alike, most = np.flatnonzero(_alike(*counts)), sum(map(len, whole.judged))
    for width in slices.widths(recording):
        # As narrow as can be, but never so that less is judged alone.
        alone = slices.judged(recording, width, shares)
        if width.total < slices.FEWEST_SLICES or sum(map(len, alone.judged)) < most:
            continue
        rare = np.setdiff1d(alike, alone.tested)
        if len(rare) < _FEWEST:
            continue
        joined = _joined(recording, rare)
        cut = slices.judged(joined, width, shares)
        if len(recording.endpoints) in cut.tested:
            return joined, cut, tuple(int(each) for each in rare)
    return recording, whole, ()


def _joined(recording: model.Recording, rare: Ints) -> model.Recording:
    code = np.arange(len(recording.endpoints), dtype=np.int32)
    code[rare] = len(recording.endpoints)

    def of(side: model.Side) -> model.Side:
        return replace(side, endpoint=code[side.endpoint])

    return replace(
        recording,
        endpoints=(*recording.endpoints, (NAME, "")),
        rounds=tuple(
            model.Round(base=of(each.base), head=of(each.head)) for each in recording.rounds
        ),
    )


def _alike(base: Ints, head: Ints) -> NDArray[np.bool_]:
    """Say of each endpoint whether both sides request it, and equally often for all that they request."""
    both = base + head
    expected = head.sum() / max(1, both.sum())
    spread = np.sqrt(both * expected * (1 - expected))
    found: NDArray[np.bool_] = (
        (base > 0) & (head > 0) & (np.abs(head - both * expected) <= _ALIKE * spread)
    )
    return found
