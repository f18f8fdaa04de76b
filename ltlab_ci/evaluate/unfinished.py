"""Requests that never ended: what was begun balanced against what ended, scenario by scenario.

k6 writes nothing for a request that the end of the load cut off. A VU of a closed model is always in
an iteration, so one that fell silent before it was due to stop was in a request or in a pause; of an
open model every start is known from its rate, so what is missing among the iterations that ended or
were dropped was cut off. How long the request had been under way is then known from below: the time
since the last sign of life, less the longest pause seen, twice over, since a pause of random length
may be longer than any that was completed. An iteration that had made as many requests as any that was
completed is at rest behind the last of them. k6's own count of interrupted iterations bounds their number.

Not here: what it means for a verdict (thresholds.py, validity.py).
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ltlab_ci import model

PAUSES = 2.0
"""A pause may be as many times as long as the longest that a VU completed."""

FAR = 2.0
LEAST_S = 0.5
"""A request hangs that has been under way for more than FAR times the longest that was completed,
and for more than LEAST_S."""

_LATE_S = 0.1  # a start of an arrival rate may come so late
_EDGE_S = 1.0  # at both ends of a load, in which it is seen how late they come
_CLOCK_S = 0.2  # starts and ends of scenarios are known to within this


@dataclass(frozen=True, kw_only=True)
class Silence:
    """An iteration that may have been cut off: since when, and until when nothing was heard of it.

    Times in s from the start of the load. `requests`: how many it had completed. `doubtful`: its VU may have had nothing left to do.
    """

    scenario: str
    since_s: float
    until_s: float
    after: str = ""
    requests: int = 0
    doubtful: bool = False

    @property
    def seconds(self) -> float:
        """Return how long it lasted."""
        return self.until_s - self.since_s


def silences(
    planned: Sequence[model.PlannedScenario],
    activity: model.Activity,
    start_ns: int,
    alive_s: float,
    interrupted: float | None,
) -> tuple[Silence, ...]:
    """Return the iterations that were cut off, as far as the samples tell; the surest first.

    `start_ns` is the start of the load, `alive_s` when its last VU stopped; `interrupted` is the engine's
    own count, None where it gave none.
    """
    found: list[Silence] = []
    for each in planned:
        ends = _of(each, activity.ends, alone=len(planned) == 1)
        seen = _opened if each.opened else _closed
        found += seen(each, ends, activity.begun_ns.get(each.name, ()), start_ns, alive_s)
    found.sort(key=lambda one: (one.doubtful, -one.seconds, one.scenario, one.since_s))
    sure = [one for one in found if not one.doubtful]
    if interrupted is None:
        return tuple(sure)
    # At its end an arrival rate may begin one iteration more than is due.
    open_ends = sum(each.opened for each in planned)
    unexplained = int(interrupted) - len(sure) - open_ends
    return tuple(found[: max(len(sure), len(sure) + unexplained)][: int(interrupted)])


def cut_off(silent: Sequence[Silence], paces: Mapping[str, model.Pace]) -> tuple[model.CutOff, ...]:
    """Return the requests that silences stand for: those that outlasted every pause, oldest first."""
    found = []
    for one in silent:
        pace = paces.get(one.scenario, model.Pace())
        if _at_rest(one, pace) or not pace.protocol:
            continue
        least_s = one.seconds - PAUSES * pace.pause_s
        if least_s <= 0:
            continue
        found.append(
            model.CutOff(
                scenario=one.scenario,
                after=one.after,
                since_s=round(one.since_s, 3),
                least_s=round(least_s, 3),
                hung=least_s > max(FAR * pace.request_s, LEAST_S),
                protocol=pace.protocol,
            )
        )
    return tuple(sorted(found, key=lambda each: (each.since_s, each.scenario)))


def at_rest(silent: Sequence[Silence], paces: Mapping[str, model.Pace]) -> frozenset[str]:
    """Return the scenarios of a script whose VUs all pause, as far as they were cut off."""
    names = {one.scenario for one in silent}
    busy = {
        one.scenario for one in silent if not _at_rest(one, paces.get(one.scenario, model.Pace()))
    }
    return frozenset(names - busy)


def _at_rest(one: Silence, pace: model.Pace) -> bool:
    return 0 < pace.requests <= one.requests


def _of(
    planned: model.PlannedScenario, ends: Sequence[model.VuEnd], *, alone: bool
) -> list[model.VuEnd]:
    # A script may switch the tag `scenario` off.
    names = {planned.name, ""} if alone else {planned.name}
    return [end for end in ends if end.scenario in names]


def _closed(
    planned: model.PlannedScenario,
    ends: Sequence[model.VuEnd],
    _: Sequence[int],
    start_ns: int,
    alive_s: float,
) -> list[Silence]:
    """Pair the VUs, by their last sign of life, with the times at which VUs were due to stop."""
    due = _stops(planned)
    if not due:
        return []
    heard = sorted(ends, key=lambda end: end.last_ns)
    unheard = len(due) - len(heard)
    # A VU of which nothing was ever heard began with the last of them, at the latest.
    first_s = _last_start(planned, len(due))
    found = [
        Silence(
            scenario=planned.name,
            since_s=first_s,
            until_s=min(due[-1][1], alive_s),
            doubtful=planned.endless,
        )
        for _ in range(unheard if first_s < alive_s else 0)
    ]
    for end, (stop_s, latest_s) in zip(heard[-len(due) :], due[max(0, unheard) :], strict=True):
        since_s = (end.last_ns - start_ns) / 1e9
        until_s = min(latest_s, alive_s)
        if end.in_session or until_s <= since_s:
            continue
        if end.ended and not planned.endless and since_s >= min(stop_s, alive_s) - _CLOCK_S:
            continue  # it had done all that it was to do
        found.append(
            Silence(
                scenario=planned.name,
                since_s=since_s,
                until_s=until_s,
                after=end.after,
                requests=end.requests,
                doubtful=end.ended and planned.endless,
            )
        )
    return found


def _stops(planned: model.PlannedScenario) -> list[tuple[float, float]]:
    """Return when each VU was due to stop, and how much later it did at the latest, in that order."""
    levels = [max(ramp.from_per_s, ramp.to_per_s) for ramp in planned.ramps]
    end_s = planned.end_s
    found = []
    for number in range(1, math.floor(max(levels, default=0.0) + 1e-9) + 1):
        stop_s = _last_at(planned, number)
        grace_s = planned.stop_s if stop_s >= end_s else planned.ramp_down_s
        # Whoever ramps down is cut off with the scenario at the latest.
        found.append((stop_s, min(stop_s + grace_s, end_s + planned.stop_s)))
    return sorted(found)


def _last_at(planned: model.PlannedScenario, level: int) -> float:
    """Return the last moment at which so many VUs were planned."""
    for ramp in reversed(planned.ramps):
        if ramp.to_per_s >= level:
            return ramp.end_s
        if ramp.from_per_s >= level:
            done = (ramp.from_per_s - level) / (ramp.from_per_s - ramp.to_per_s)
            return ramp.start_s + done * (ramp.end_s - ramp.start_s)
    return planned.start_s


def _last_start(planned: model.PlannedScenario, level: int) -> float:
    """Return the first moment at which so many VUs were planned."""
    for ramp in planned.ramps:
        if ramp.from_per_s >= level:
            return ramp.start_s
        if ramp.to_per_s >= level:
            done = (level - ramp.from_per_s) / (ramp.to_per_s - ramp.from_per_s)
            return ramp.start_s + done * (ramp.end_s - ramp.start_s)
    return planned.end_s


def _opened(
    planned: model.PlannedScenario,
    ends: Sequence[model.VuEnd],
    begun_ns: Sequence[int],
    start_ns: int,
    alive_s: float,
) -> list[Silence]:
    """Return the starts that neither ended nor were dropped; a VU that began to work tells more of one."""
    until_s = min(planned.end_s + planned.stop_s, alive_s)
    missing = [at for at in _missing(planned, begun_ns, start_ns) if at < alive_s]
    begun = [end for end in ends if not end.ended and not end.in_session and end.last_ns > start_ns]
    found = []
    for end in sorted(begun, key=lambda each: each.last_ns):
        since_s = (end.last_ns - start_ns) / 1e9
        at = bisect.bisect_right(missing, since_s + _CLOCK_S)
        if not at:
            continue  # it ended in time, and wrote something after that
        del missing[0]
        found.append(
            Silence(
                scenario=planned.name,
                since_s=since_s,
                until_s=until_s,
                after=end.after,
                requests=end.requests,
            )
        )
    return [
        *found,
        *(Silence(scenario=planned.name, since_s=at, until_s=until_s) for at in missing),
    ]


def _missing(planned: model.PlannedScenario, begun_ns: Sequence[int], start_ns: int) -> list[float]:
    """Return when iterations were due of which there is no trace, in order.

    At each moment as many are missing as were due by then and have not begun; one is missing for good
    from when on that number never falls below it again.
    """
    due = _due(planned)
    if len(due) < 2:  # noqa: PLR2004
        return due[len(begun_ns) :]
    begun = [(at - start_ns) / 1e9 for at in begun_ns]
    missing = max(0, len(due) - len(begun))
    middles = [(one + other) / 2 for one, other in pairwise([*due, 2 * due[-1] - due[-2]])]
    short = [number - bisect.bisect_right(begun, at) for number, at in enumerate(middles, start=1)]
    late = _late(due, short, missing)
    lasting = [missing]
    for number in reversed(short):
        lasting.append(max(0, min(lasting[-1], number - late)))
    lasting.reverse()
    return [
        at
        for at, earlier, now in zip([*due, due[-1]], [0, *lasting], lasting, strict=False)
        for _ in range(now - earlier)
    ]


def _late(due: Sequence[float], short: Sequence[int], missing: int) -> int:
    """Return how many starts a busy machine may have been behind at any time.

    As many as were missing in the first moments, or at the end beyond those that never came; no more than
    are due within _LATE_S.
    """
    first = bisect.bisect_right(due, due[0] + _EDGE_S)
    last = bisect.bisect_left(due, due[-1] - _EDGE_S)
    most = max(*short[:first], *(number - missing for number in short[last:]))
    closest_s = min(other - one for one, other in pairwise(due))
    return max(0, min(most, math.ceil(_LATE_S / closest_s)))


def _due(planned: model.PlannedScenario) -> list[float]:
    """Return when each iteration of an open model was due, by the area under its rate."""
    found: list[float] = []
    area = 0.0
    for ramp in planned.ramps:
        length = ramp.end_s - ramp.start_s
        slope = (ramp.to_per_s - ramp.from_per_s) / length
        whole = ramp.between(ramp.start_s, ramp.end_s)
        while len(found) < area + whole - 1e-9:
            part = len(found) - area  # the first is due at once
            if slope == 0:
                at = part / ramp.from_per_s
            else:
                root = math.sqrt(max(0.0, ramp.from_per_s**2 + 2 * slope * part))
                at = (root - ramp.from_per_s) / slope
            found.append(ramp.start_s + at)
        area += whole
    return found
