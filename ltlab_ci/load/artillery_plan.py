"""The arrival rate that the phases of an Artillery script plan; pure.

Not here: how long a phase is, which Artillery's own reading of durations decides (plan.mjs).
Phases: artillery.io/docs, "Load Phases".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ltlab_ci import model


def ramps(
    phases: Sequence[Mapping[str, Any]], lengths_s: Sequence[float | None]
) -> tuple[model.Ramp, ...]:
    """Return the planned rate of new virtual users, nothing where a phase does not tell it."""
    try:
        return tuple(_ramps(phases, lengths_s))
    except (TypeError, ValueError):  # a length or rate that is known only while it runs
        return ()


def _ramps(
    phases: Sequence[Mapping[str, Any]], lengths_s: Sequence[float | None]
) -> Iterator[model.Ramp]:
    start_s = 0.0
    for phase, length in zip(phases, lengths_s, strict=True):
        length_s = float(length)  # type: ignore[arg-type]  # None is the TypeError above
        if "pause" not in phase and length_s > 0:
            if "arrivalCount" in phase:
                rate = to = float(phase["arrivalCount"]) / length_s
            else:
                rate = float(phase.get("arrivalRate") or 0)
                to = float(phase.get("rampTo", rate))
            yield model.Ramp(
                start_s=start_s, end_s=start_s + length_s, from_per_s=rate, to_per_s=to
            )
        start_s += length_s
