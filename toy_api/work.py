"""CPU work in units: the same number of units is the same work, on any machine.

Not here: when to work, and in which thread (timing.py).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

BLOCK = bytes(4096)
PROBES = 300
PROBE_UNITS = 100


def burn(units: int) -> str:
    """Do that much work, a chain of SHA-256 blocks, and return its outcome."""
    digest = b""
    for _ in range(units):
        digest = hashlib.sha256(digest + BLOCK).digest()
    return digest.hex()


def calibrate(cost_ms: float, *, clock: Callable[[], float] = time.thread_time) -> int:
    """Return how many units cost this much CPU time (ms) on one undisturbed core.

    A core may change its speed between two calls: expect the answers to differ by some percent.
    """
    if cost_ms == 0:
        return 0
    # The best of several: a neighbour on the machine makes a probe slower, nothing makes it faster.
    best_s = min(_probe(clock) for _ in range(PROBES))
    return max(1, round(cost_ms / 1000 / best_s * PROBE_UNITS))


def _probe(clock: Callable[[], float]) -> float:
    start = clock()
    burn(PROBE_UNITS)
    return clock() - start
