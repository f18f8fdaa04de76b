"""Which iterations of k6 ended, told from their ends alone; pure.

Not here: what a comparison makes of those that did not (trimmed.py), reading samples (rounds.py).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def starts_ns(ends_ns: Ints, took_ms: NDArray[np.float64]) -> Ints:
    """Return when iterations began, by their ends (ns since the epoch) and durations."""
    found: Ints = ends_ns - (took_ms * 1e6).astype(np.int64)
    return found


def complete_ns(ends_ns: Ints, took_ms: NDArray[np.float64]) -> int | None:
    """Return before when all that began have ended, None where none has.

    One that the end of the load cut off has left no sample. None can have been, of those that began longer
    before the last end than any took.
    """
    return int(ends_ns.max()) - int(took_ms.max() * 1e6) if len(ends_ns) else None


def hanging(
    begun_ns: Ints, ends_ns: Ints, took_ms: NDArray[np.float64], until_ns: int
) -> list[int]:
    """Return when those began that never ended, though there was time for longer ones than any that did.

    `begun_ns` is told by the module around the script, a moment after the start that k6 counts from. `until_ns` is
    the last sign of load: where all VUs hang, nothing ends any more.
    """
    complete = complete_ns(ends_ns, took_ms)
    if complete is None:
        return []
    complete += max(0, until_ns - int(ends_ns.max()))
    starts, at = np.sort(starts_ns(ends_ns, took_ms)), 0
    found = []
    for moment in np.sort(begun_ns[begun_ns < complete]):
        if at < len(starts) and starts[at] <= moment:
            at += 1
        else:
            found.append(int(moment))
    return found
