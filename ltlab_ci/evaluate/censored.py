"""Figures with the requests in them that never ended: censored data, of which only a lower bound is known.

Such a request counts where that can only make a figure worse: as over a limit on latency that it had
exceeded when it was cut off, and as failed where it hangs. Not here: which those are (unfinished.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ltlab_ci import model
from ltlab_ci.model import patterns

_PROTOCOLS = {
    "http_req_duration": "http",
    "http_req_waiting": "http",
    "http_req_failed": "http",
    "grpc_req_duration": "grpc",
}


def values(question: model.Question, threshold: model.Threshold, facts: model.Facts) -> list[float]:
    """Return what requests that never ended add to a figure, ascending: at least so many ms, or 1 failure.

    Of tags other than the scenario nothing is known: most come with the answer.
    """
    protocol = _PROTOCOLS.get(question.metric)
    known = all(name == "scenario" for name, _ in question.tags)
    if protocol is None or not known or threshold.op not in {"<", "<="}:
        return []
    those = [
        one
        for one in facts.cut_off
        if one.protocol == protocol
        and all(patterns.matches(pattern, one.scenario) for _, pattern in question.tags)
    ]
    if question.metric == "http_req_failed":
        return [1.0 for one in those if one.hung]
    least = (1e3 * _under_way_s(one, question.window, facts) for one in those)
    return sorted(ms for ms in least if ms > threshold.bound)


def _under_way_s(one: model.CutOff, window: model.Window | None, facts: model.Facts) -> float:
    """Return for how long a request had been under way at the end of what is judged, at the least."""
    if window is None:
        return one.least_s
    judged_s = (window.end_ns - facts.load_start_ns) / 1e9
    return one.least_s - max(0.0, one.since_s + one.least_s - judged_s)


def shifted(question: model.Question, count: int, beyond: int) -> model.Question | None:
    """Return the percentile of `count` samples at whose rank it stands once `beyond` larger ones are added.

    None where the rank lies among those, and for other stats.
    """
    rank = _rank(question.stat, count + beyond)
    if not beyond or rank is None or not 0 < rank <= count - 1:
        return None
    return replace(question, stat=model.Stat(name="p", percentile=100 * rank / (count - 1)))


def figure(
    question: model.Question,
    answer: model.Answer,
    beyond: Sequence[float],
    moved: model.Answer | None,
) -> float | None:
    """Return a figure of samples with the values `beyond` added; `moved` answers `shifted`."""
    value, count = answer.value, answer.count
    if value is None or not beyond:
        return value
    if question.stat.name == "max":
        return max(value, beyond[-1])
    if question.stat.name in {"avg", "rate"}:
        return (value * count + sum(beyond)) / (count + len(beyond))
    rank = _rank(question.stat, count + len(beyond))
    if rank is not None and rank > count - 1:
        return beyond[max(0, min(len(beyond) - 1, math.floor(rank) - count))]
    return max(value, moved.value) if moved is not None and moved.value is not None else value


def _rank(stat: model.Stat, count: int) -> float | None:
    """Return the rank, from 0, at which k6 and numpy read a percentile: between two where it is no whole one."""
    if stat.name not in {"p", "med"}:
        return None
    return (50.0 if stat.name == "med" else stat.percentile) / 100 * (count - 1)
