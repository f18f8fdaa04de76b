"""Was the machine's clock set while load ran? Samples carry its time, so windows and rates hang on it.

Not here: what a step means for a run (evaluate/validity.py).
"""

from __future__ import annotations

import time

_TRIES = 5


class Clock:
    """Holds the clock that can be set against the one that cannot; `look` now and then."""

    def __init__(self) -> None:
        self._start_s = time.monotonic()
        self._first_s = self._worst_s = _offset_s()

    def look(self) -> None:
        """Compare the two clocks."""
        offset_s = _offset_s()
        if abs(offset_s - self._first_s) > abs(self._worst_s - self._first_s):
            self._worst_s = offset_s

    @property
    def step_s(self) -> float:
        """Return the farthest the clock was from where it should have been, in seconds."""
        return self._worst_s - self._first_s

    @property
    def elapsed_s(self) -> float:
        """Return how long it has been, in seconds, whatever the clock says."""
        return time.monotonic() - self._start_s


def _offset_s() -> float:
    """Return wall clock minus monotonic clock, from the closest of a few readings."""
    best_s, offset_s = float("inf"), 0.0
    for _ in range(_TRIES):
        before_s, wall_s, after_s = time.monotonic(), time.time(), time.monotonic()
        # Whoever is put to sleep between two readings would see a step where none was.
        if after_s - before_s < best_s:
            best_s, offset_s = after_s - before_s, wall_s - (before_s + after_s) / 2
    return offset_s
