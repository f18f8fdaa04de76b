"""Chance that repeats: one seeded sequence per endpoint.

Sequences are apart so that the answers of one endpoint do not depend on the traffic of another.
"""

from __future__ import annotations

import random


class Dice:
    """Draw waits and failures; the n-th draw for an endpoint depends on the seed and n alone."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self._sources: dict[str, random.Random] = {}

    def between(self, endpoint: str, low: float, high: float) -> float:
        """Return a number from low to high, all equally likely."""
        return self._source(endpoint).uniform(low, high)

    def strikes(self, endpoint: str, share: float) -> bool:
        """Return True for this share (0 to 1) of the draws."""
        return self._source(endpoint).random() < share

    def _source(self, endpoint: str) -> random.Random:
        if endpoint not in self._sources:
            self._sources[endpoint] = random.Random(f"{self._seed} {endpoint}")
        return self._sources[endpoint]
