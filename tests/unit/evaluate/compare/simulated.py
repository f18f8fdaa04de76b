"""Recordings of two services whose truth is known, small enough to judge hundreds of times."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ltlab_ci import model
from tests.factories import START_NS


def a_side(**parts: Any) -> model.Side:  # noqa: ANN401  (any field of the model)
    """Return a side without iterations; `at_s` gives starts in seconds from the first moment."""
    at_s = np.asarray(parts.pop("at_s"), dtype=np.float64)
    given: dict[str, Any] = {
        "file": "round.parquet",
        "endpoint": np.zeros(len(at_s), dtype=np.int32),
        "start_ns": START_NS + np.round(at_s * 1e9).astype(np.int64),
        "ms": np.ones(len(at_s)),
        "ok": np.ones(len(at_s), dtype=np.bool_),
        "iterations_ns": np.array([], dtype=np.int64),
    }
    return model.Side(**given | parts)


def a_recording(
    seed: int,
    *,
    change: float = 0.0,
    rounds: int = 3,
    seconds: float = 20.0,
    rate: float = 40.0,
    endpoints: int = 1,
    launches: float = 0.0,
    failing: tuple[float, float] = (0.0, 0.0),
    head_rate: float = 1.0,
) -> model.Recording:
    """Return rounds under noise that both sides share; `launches` is the SD of a launch's log-time."""
    rng = np.random.default_rng([20_300_101, seed])
    found = []
    for number in range(rounds):
        shared = rng.normal(0, 0.2, int(seconds) + 2)
        sides = []
        for slower, share, speed in ((0.0, failing[0], 1.0), (change, failing[1], head_rate)):
            count = int(rate * speed * seconds)
            at_s = (np.arange(count) + rng.uniform()) / (rate * speed)
            log = math.log1p(slower) + rng.normal(0, launches) + shared[at_s.astype(int)]
            sides.append(
                a_side(
                    at_s=number * (seconds + 5) + at_s,
                    endpoint=rng.integers(0, endpoints, count).astype(np.int32),
                    ms=20 * np.exp(log + rng.standard_t(4, count) * 0.25),
                    ok=rng.uniform(size=count) >= share,
                )
            )
        found.append(model.Round(base=sides[0], head=sides[1]))
    names = tuple((f"/{number}", "GET") for number in range(endpoints))
    return model.Recording(endpoints=names, rounds=tuple(found))


def stalling(recording: model.Recording) -> model.Recording:
    """Return it with a head that is twenty times slower for 2 s of every second round."""

    def stalled(one: model.Round, number: int) -> model.Round:
        into = (one.head.start_ns - one.head.start_ns.min()) / 1e9
        slow = (into >= 8) & (into < 10) & (number % 2 == 0)
        return replace(one, head=replace(one.head, ms=np.where(slow, 20, 1) * one.head.ms))

    return replace(
        recording, rounds=tuple(stalled(one, n) for n, one in enumerate(recording.rounds))
    )
