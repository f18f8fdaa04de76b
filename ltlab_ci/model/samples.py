"""What was measured: metrics, samples, and the questions a store answers about them.

Not here: what a threshold demands (thresholds.py) and how a store finds the answer (store/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ltlab_ci import errors

SYSTEM_TAGS = (
    "check",
    "error",
    "error_code",
    "expected_response",
    "group",
    "method",
    "name",
    "proto",
    "scenario",
    "service",
    "status",
    "subproto",
    "tls_version",
    "url",
)
"""Tags with a column of their own in every samples file: k6's system tags."""


PROCESS_TAG = "instance_id"
"""The tag of samples of one of several engine processes, named as k6's operator names it."""


class MetricType(StrEnum):
    """How the values of a metric add up, as k6 names it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    RATE = "rate"
    TREND = "trend"


class Unit(StrEnum):
    """What one value of a metric means; thresholds are compared in it."""

    TIME = "ms"
    DATA = "B"
    NONE = ""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric that engines measure without being asked."""

    type: MetricType
    unit: Unit = Unit.NONE


_TIME_TREND = Metric(type=MetricType.TREND, unit=Unit.TIME)
_COUNTER = Metric(type=MetricType.COUNTER)
_GAUGE = Metric(type=MetricType.GAUGE)

BUILT_IN: dict[str, Metric] = {
    **{
        f"http_req_{phase}": _TIME_TREND
        for phase in (
            "blocked",
            "connecting",
            "duration",
            "receiving",
            "sending",
            "tls_handshaking",
            "waiting",
        )
    },
    "http_req_failed": Metric(type=MetricType.RATE),
    "http_reqs": _COUNTER,
    "checks": Metric(type=MetricType.RATE),
    "iterations": _COUNTER,
    "iteration_duration": _TIME_TREND,
    "dropped_iterations": _COUNTER,
    "vus": _GAUGE,
    "vus_max": _GAUGE,
    "data_sent": Metric(type=MetricType.COUNTER, unit=Unit.DATA),
    "data_received": Metric(type=MetricType.COUNTER, unit=Unit.DATA),
    "group_duration": _TIME_TREND,
    "grpc_req_duration": _TIME_TREND,
    "grpc_streams": _COUNTER,
    "grpc_streams_msgs_received": _COUNTER,
    "grpc_streams_msgs_sent": _COUNTER,
    "ws_connecting": _TIME_TREND,
    "ws_msgs_received": _COUNTER,
    "ws_msgs_sent": _COUNTER,
    "ws_ping": _TIME_TREND,
    "ws_session_duration": _TIME_TREND,
    "ws_sessions": _COUNTER,
    "browser_data_received": Metric(type=MetricType.COUNTER, unit=Unit.DATA),
    "browser_data_sent": Metric(type=MetricType.COUNTER, unit=Unit.DATA),
    "browser_http_req_duration": _TIME_TREND,
    "browser_http_req_failed": Metric(type=MetricType.RATE),
    "browser_web_vital_cls": Metric(type=MetricType.TREND),  # a score, no time
    **{f"browser_web_vital_{vital}": _TIME_TREND for vital in ("fcp", "fid", "inp", "lcp", "ttfb")},
    "engine_cpu": Metric(type=MetricType.TREND),
    "engine_memory": Metric(type=MetricType.TREND, unit=Unit.DATA),
    "service_cpu": Metric(type=MetricType.TREND),
    "service_memory": Metric(type=MetricType.TREND, unit=Unit.DATA),
    "machine_cpu": Metric(type=MetricType.TREND),
}
"""Metrics whose type and unit are known before a run, by k6's names for every engine: all that k6 1.x
and 2.x measure themselves (their `metrics/builtin.go`, and the modules grpc and browser). The last five are ltlab's own: CPU of programs in processors (1.0 is one of them busy), of the machine as a
share of all its processors, memory in bytes."""


USAGE = frozenset({"engine_cpu", "engine_memory", "service_cpu", "service_memory", "machine_cpu"})
"""What ltlab itself measures beside every run: its samples do not show that any load ran."""


@dataclass(frozen=True, kw_only=True)
class Stat:
    """One figure drawn from the samples of a metric: `p(95)`, `avg`, `rate`."""

    name: str
    percentile: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Stat:
        """Read k6's name of a stat; `p95` and `median` are refused with what to write."""
        found = re.fullmatch(r"p\(\s*(\d+(?:\.\d+)?)\s*\)", text.strip())
        if found:
            share = float(found[1])
            if share > 100:  # noqa: PLR2004  (a percentage)
                raise errors.ConfigError(
                    f"percentile {text.strip()} is above 100", remedy="write p(0) to p(100)"
                )
            return cls(name="p", percentile=share)
        if text.strip() in PLAIN_STATS:
            return cls(name=text.strip())
        raise errors.ConfigError(f"unknown stat {text.strip()!r}", remedy=_instead(text.strip()))

    def __str__(self) -> str:
        return f"p({self.percentile:.12g})" if self.name == "p" else self.name


def _instead(text: str) -> str:
    percentile = re.fullmatch(r"[pP]_?(\d+(?:\.\d+)?)", text)
    if percentile is not None:
        return f"write p({percentile[1]})"
    meant = {"mean": "avg", "average": "avg", "median": "med", "last": "value"}.get(text.lower())
    return f"write {meant}" if meant else f"use one of {', '.join(PLAIN_STATS)}, p(95)"


PLAIN_STATS = ("avg", "min", "med", "max", "count", "rate", "value")

STATS_OF: dict[MetricType, tuple[str, ...]] = {
    MetricType.COUNTER: ("count", "rate"),
    MetricType.GAUGE: ("value", "min", "max"),
    MetricType.RATE: ("rate", "count"),
    MetricType.TREND: ("avg", "min", "med", "max", "p", "count"),
}
"""Stats that make sense for each type: k6's own, and the number of samples (`count`) besides."""


COUNTING = frozenset({MetricType.COUNTER, MetricType.RATE})
"""What can be 0 without any sample: nothing was counted, no part of nothing failed."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A stretch of a run, half open: start <= time < end, in ns since the epoch."""

    start_ns: int
    end_ns: int

    @property
    def seconds(self) -> float:
        """Return its length in seconds."""
        return (self.end_ns - self.start_ns) / 1e9


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a store is asked: one stat of one metric, for some tags, in one window.

    `tags` are (key, pattern) pairs, all of which must match; `*` in a pattern stands for any text.
    `window` None means every sample, set-up and tear-down included, as k6 counts; `seconds` is
    the time by which a counter's rate is divided.
    """

    scenario: str
    metric: str
    type: MetricType
    stat: Stat
    tags: tuple[tuple[str, str], ...] = ()
    window: Window | None = None
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The figure and the number of samples behind it; without samples there is no figure."""

    value: float | None
    count: int


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Complete rows of samples in k6's CSV dialect, without a header line, in one or more files.

    `columns` are the header's names in order: metric_name, timestamp (ns since the epoch),
    metric_value, then tags by name, then extra_tags (`k=v&k=v`) and metadata where present.
    """

    paths: tuple[Path, ...]
    columns: tuple[str, ...]

    def __str__(self) -> str:
        first, last = self.paths[0].name, self.paths[-1].name
        return first if first == last else f"{first} to {last}"


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """What the newest samples say of a run in progress: sums and quantiles of one batch.

    `work` counts samples of other metrics than `vus` and `vus_max`.
    """

    samples: int = 0
    work: int = 0
    requests: int = 0
    failed: int = 0
    p95_ms: float | None = None
    vus: int | None = None
    vus_max: int | None = None
