"""The account of a load: what was begun, what ended, and what the end cut off.

An engine writes nothing for a request that never ended, so what hangs is in no figure until it is
balanced against what was begun. Not here: reading it from samples (store/activity.py), the balance
itself (evaluate/unfinished.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from ltlab_ci.model.series import Shown


@dataclass(frozen=True, kw_only=True)
class Ramp:
    """A level on a straight line, in VUs or in iterations per s; times from the start of the load."""

    start_s: float
    end_s: float
    from_per_s: float
    to_per_s: float

    def between(self, start_s: float, end_s: float) -> float:
        """Return the area under the line from one time to another."""
        first, last = max(start_s, self.start_s), min(end_s, self.end_s)
        if first >= last:
            return 0.0
        slope = (self.to_per_s - self.from_per_s) / (self.end_s - self.start_s)
        middle = (first + last) / 2 - self.start_s
        return (self.from_per_s + slope * middle) * (last - first)

    def scaled(self, share: float) -> Ramp:
        """Return the line of a share of its load."""
        return replace(self, from_per_s=self.from_per_s * share, to_per_s=self.to_per_s * share)


@dataclass(frozen=True, kw_only=True)
class PlannedScenario:
    """One of the scenarios that a script states (k6's `scenarios`): its level over time.

    `ramps` are arrivals per s where it is `opened`, VUs otherwise; times in s from the start of the load.
    `endless`: iterations decide when it ends. `stop_s` and `ramp_down_s`: how long an iteration may go
    on after its scenario, or its VU, was due to stop.
    """

    name: str
    opened: bool
    ramps: tuple[Ramp, ...]
    endless: bool = False
    stop_s: float = 30.0
    ramp_down_s: float = 30.0

    @property
    def start_s(self) -> float:
        """Return when it begins."""
        return self.ramps[0].start_s if self.ramps else 0.0

    @property
    def end_s(self) -> float:
        """Return when its last iteration may begin."""
        return self.ramps[-1].end_s if self.ramps else 0.0

    def amount(self, start_s: float, end_s: float) -> float:
        """Return the iterations due, or the VU-seconds planned, between two times."""
        return sum(ramp.between(start_s, end_s) for ramp in self.ramps)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What the samples of one scenario of a script add up to, set-up and tear-down left out.

    `name` is the script's own name of it, "" where the engine tells none. `refused`: HTTP requests
    that got no answer although the script counts that as a success; `bad`: those without an answer
    or with a status of 400 and above, whatever the script calls them. `calls` are gRPC's, `sessions`
    WebSocket's, `streams` gRPC's, `pages` a browser's requests. `bytes_sent` is None where that was not recorded.
    `failed_as` is the most frequent status of requests that failed, "" where none has one.
    `first_ns` and `last_ns` bound its samples, since the epoch; `quiet_s` is the longest time between
    them in which nothing of it ended, to a quarter of a second.
    """

    name: str
    requests: int = 0
    judged: int = 0
    failed: int = 0
    refused: int = 0
    bad: int = 0
    calls: int = 0
    calls_failed: int = 0
    sessions: int = 0
    sessions_failed: int = 0
    streams: int = 0
    pages: int = 0
    pages_failed: int = 0
    checks: int = 0
    checks_failed: int = 0
    iterations: int = 0
    bytes_sent: float | None = None
    others: int = 0
    failed_as: str = ""
    first_ns: int = 0
    last_ns: int = 0
    quiet_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class VuEnd:
    """The last that was heard of one VU in one scenario of a script, in ns since the epoch.

    `ended`: it had just finished an iteration. `in_session`: it holds a WebSocket or a gRPC stream open,
    which live on purpose. `after` is the last request that it completed, "" for none; `requests` are those of the
    iteration that it was in.
    """

    scenario: str
    last_ns: int
    ended: bool
    in_session: bool = False
    after: str = ""
    requests: int = 0


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What a run's samples tell of VUs and iterations.

    `begun_ns` holds, by scenario of the script, when iterations began that ended or were dropped, in
    order.
    """

    ends: tuple[VuEnd, ...] = ()
    begun_ns: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Vus:
    """The VUs of a run: the last moment at which some were active, and how long all were together, in s."""

    alive_ns: int = 0
    time_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How one scenario of a script usually goes: its longest pause between requests, its longest request.

    `requests` is the largest number of them in an iteration that was completed, 0 where none was.
    `protocol` is "" for a scenario that does something else than requests of which samples tell.
    """

    pause_s: float = 0.0
    request_s: float = 0.0
    requests: int = 0
    protocol: Literal["http", "grpc", ""] = "http"


class CutOff(Shown):
    """A request that had not ended when the load did, and so is in no sample.

    `scenario` is the script's own name of its scenario, `after` the last request that its VU completed.
    `since_s`: when it was last known not to have begun, from the start of the load; `least_s`: how long
    it had been under way at the least. `hung`: that is far beyond everything that completed.
    """

    scenario: str
    after: str = ""
    since_s: float
    least_s: float
    hung: bool
    protocol: Literal["http", "grpc"] = "http"
