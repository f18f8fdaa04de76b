"""Figures over time and over values, as result.json holds them, and what is quoted of a log.

Not here: verdicts and everything around them (results.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import pydantic


class Shown(pydantic.BaseModel):
    """A part of result.json."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ErrorKind(Shown):
    """Failed requests of one kind, `per_s` on the steps of the series.

    A kind is `HTTP 503` or the engine's error text, in which long numbers became N. `kinds` is 1;
    in the last one, whose name is "", it says how many rarer kinds were summed up.
    """

    name: str
    kinds: int = 1
    count: int
    per_s: tuple[float | None, ...]


class Series(Shown):
    """Figures over time, one value a step; None where nothing was measured in a step.

    CPU is in processors (1.0 is one of them busy), the mean of a step; memory its maximum.
    `offered_per_s`: iterations that an open model plans to start; `iterations_per_s`: completed.
    """

    step_s: float
    t_s: tuple[float, ...]
    p50: tuple[float | None, ...]
    p95: tuple[float | None, ...]
    p99: tuple[float | None, ...]
    requests_per_s: tuple[float | None, ...]
    failed_per_s: tuple[float | None, ...]
    vus: tuple[float | None, ...]
    service_cpu: tuple[float | None, ...] = ()
    engine_cpu: tuple[float | None, ...] = ()
    service_memory_mb: tuple[float | None, ...] = ()
    engine_memory_mb: tuple[float | None, ...] = ()
    iterations_per_s: tuple[float | None, ...] = ()
    offered_per_s: tuple[float | None, ...] = ()
    errors: tuple[ErrorKind, ...] = ()


class Trend(Shown):
    """The stat of a threshold in each step of the load; None where a step has no sample."""

    step_s: float
    values: tuple[float | None, ...]


class Beyond(Shown):
    """How many requests took longer than a bound in ms."""

    bound: float
    count: int


class Distribution(Shown):
    """Requests by their time, over the samples that thresholds without a window are judged on.

    `counts[i]` is the number of times from 10^((first + i) / per_decade) ms to the next bin's
    start; what is shorter or longer than the outermost bins is counted in them.
    """

    per_decade: int
    first: int
    counts: tuple[int, ...]
    beyond: tuple[Beyond, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """The end of a log, bounded, and the first line of the log that looks like an error.

    `total_lines` counts the whole file; the last of `tail` has that number. `error` is the number
    and text of a line. `searched` is False where the file is too long to search all of it.
    """

    name: str
    total_lines: int
    tail: tuple[str, ...]
    error: tuple[int, str] | None = None
    searched: bool = True
