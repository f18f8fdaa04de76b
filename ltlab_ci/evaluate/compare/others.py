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
    rare = np.setdiff1d(np.flatnonzero(_alike(*counts)), whole.tested)
    if len(rare) < _FEWEST:
        return recording, whole, ()
    last = len(recording.endpoints)
    code = np.arange(last, dtype=np.int32)
    code[rare] = last

    def of(side: model.Side) -> model.Side:
        return replace(side, endpoint=code[side.endpoint])

    joined = replace(
        recording,
        endpoints=(*recording.endpoints, (NAME, "")),
        rounds=tuple(
            model.Round(base=of(each.base), head=of(each.head)) for each in recording.rounds
        ),
    )
    # Slices stay as wide as they suit those that are judged alone.
    cut = slices.judged(joined, whole, shares) if whole.tested else slices.cut(joined, shares)
    if last not in cut.tested:
        return recording, whole, ()
    return joined, cut, tuple(int(each) for each in rare)


def _alike(base: Ints, head: Ints) -> NDArray[np.bool_]:
    """Say of each endpoint whether both sides request it, and equally often for all that they request."""
    both = base + head
    expected = head.sum() / max(1, both.sum())
    spread = np.sqrt(both * expected * (1 - expected))
    found: NDArray[np.bool_] = (
        (base > 0) & (head > 0) & (np.abs(head - both * expected) <= _ALIKE * spread)
    )
    return found
