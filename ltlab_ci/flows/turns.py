"""When each side of a round loads its service, and which of its samples were measured; pure.

Not here: running a round (rounds.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.store import trimmed

_SLACK_S = 1.0  # engines never start in the same instant; what is measured is cut from the overlap
_TURN_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Turns:
    """When the sides load their services in a round: at once, or the one after the other."""

    of: Mapping[str, tuple[tuple[float, float], ...]]
    warmup_s: float
    seconds: float
    alternate: bool


def planned(comparing: model.Comparing, seconds: float, order: tuple[str, ...]) -> Turns:
    """Return the turns of a round; `order` says who begins."""
    if comparing.mode == "duet":
        whole = ((0.0, comparing.warmup_s + seconds + _SLACK_S),)
        return Turns(
            of=dict.fromkeys(order, whole),
            warmup_s=comparing.warmup_s,
            seconds=seconds,
            alternate=False,
        )
    warm = math.ceil(comparing.warmup_s / _TURN_S)
    number = warm + max(1, round(seconds / _TURN_S / 2))
    return Turns(
        of={
            side: tuple((2 * _TURN_S * each + offset, _TURN_S) for each in range(number))
            for side, offset in zip(order, (0.0, _TURN_S), strict=True)
        },
        warmup_s=warm * _TURN_S,
        seconds=seconds,
        alternate=True,
    )


def windows(looked: Mapping[str, trimmed.Looked], turns: Turns) -> dict[str, list[trimmed.Window]]:
    """Return what to keep of each side: the time of both, or its turns moved together."""
    first = {side: each.first_ns or 0 for side, each in looked.items()}
    start_ns = max(first.values()) + _ns(turns.warmup_s)
    if not turns.alternate:
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
                    moved_ns=start_ns + place * _ns(_TURN_S) - at_ns,
                )
            )
    return found


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
