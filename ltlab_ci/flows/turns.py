"""When each side of a round loads its service, and which of its samples were measured; pure.

Not here: running a round (rounds.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.store import trimmed


@dataclass(frozen=True, kw_only=True)
class Turns:
    """When the sides load their services in a round: at once, or in turns of `turn_s` if that is not 0."""

    of: Mapping[str, tuple[tuple[float, float], ...]]
    warmup_s: float
    seconds: float
    turn_s: float


def planned(
    comparing: model.Comparing, seconds: float, order: tuple[str, ...], *, apart_s: float
) -> Turns:
    """Return the turns of a round; `order` says who begins.

    Engines never start in the same instant but up to `apart_s` apart: where both load at once, what is
    measured is cut from the overlap; turns are long enough to lie beside one another mostly.
    """
    if comparing.mode == "duet":
        whole = ((0.0, comparing.warmup_s + seconds + apart_s),)
        return Turns(
            of=dict.fromkeys(order, whole),
            warmup_s=comparing.warmup_s,
            seconds=seconds,
            turn_s=0.0,
        )
    turn_s = 2 * apart_s
    warm = math.ceil(comparing.warmup_s / turn_s)
    number = warm + max(1, math.ceil(seconds / turn_s / 2))
    return Turns(
        of={
            side: tuple((2 * turn_s * each + offset, turn_s) for each in range(number))
            for side, offset in zip(order, (0.0, turn_s), strict=True)
        },
        warmup_s=warm * turn_s,
        seconds=seconds,
        turn_s=turn_s,
    )


def windows(looked: Mapping[str, trimmed.Looked], turns: Turns) -> dict[str, list[trimmed.Window]]:
    """Return what to keep of each side: the time of both, or its turns moved together."""
    first = {side: each.first_ns or 0 for side, each in looked.items()}
    start_ns = max(first.values()) + _ns(turns.warmup_s)
    if not turns.turn_s:
        window = trimmed.Window(start_ns=start_ns, end_ns=start_ns + _ns(turns.seconds))
        return {side: [window] for side in looked}
    found: dict[str, list[trimmed.Window]] = {side: [] for side in looked}
    for side, of in turns.of.items():
        zero_ns = first[side] - _ns(of[0][0])  # when a side's engine began to count
        measured = [turn for turn in of if turn[0] - of[0][0] >= turns.warmup_s * 2]
        for place, (turn_s, length_s) in enumerate(measured):
            at_ns = zero_ns + _ns(turn_s)
            found[side].append(
                trimmed.Window(
                    start_ns=at_ns,
                    end_ns=at_ns + _ns(length_s),
                    moved_ns=start_ns + place * _ns(turns.turn_s) - at_ns,
                )
            )
    return found


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
