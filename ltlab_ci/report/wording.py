"""What a verdict is called and how it reads as a sentence.

Not here: digits (figures.py), order and truncation (view.py), escaping for a format (escape.py).
Foreign parts are made visible and cut one by one, so a long name never pushes a number out.
"""

from __future__ import annotations

import math
from enum import StrEnum

from ltlab_ci import model
from ltlab_ci.report import escape, figures

_REASON = 400
_UPPER_LIMIT = ("<", "<=")
_LOWER_LIMIT = (">", ">=")


class Group(StrEnum):
    """How a threshold is shown; its order is the order of rows, the worst first."""

    FAIL = "fail"
    NO_DATA = "no data"
    WARNING = "warning"
    PASS = "pass"

    @classmethod
    def of(cls, verdict: model.Verdict) -> Group:
        """Return the group of a verdict: what only warns is not red, whatever happened."""
        if verdict.status is model.Status.PASS:
            return cls.PASS
        if verdict.severity == "warn":
            return cls.WARNING
        return cls.FAIL if verdict.status is model.Status.FAIL else cls.NO_DATA


MARKS = {Group.FAIL: "❌", Group.NO_DATA: "❓", Group.WARNING: "⚠️", Group.PASS: "✅"}

NOT_JUDGED = "⚪"
NO_THRESHOLD = "not judged, since no threshold is set; state what is good enough under thresholds"

TITLES = {
    "pass": ("✅", "Load test passed"),
    "fail": ("❌", "Load test failed"),
    "not judged": (NOT_JUDGED, "Load test not judged"),
    "error": ("⛔", "Load test hit an error"),
}

EFFECTS = {
    "invalid": "not a valid measurement",
    "config": "configuration",
    "lab": "lab or service",
    "engine": "load engine",
    "store": "store of samples",
    "bug": "bug in ltlab",
    "interrupted": "interrupted",
    "warn": "hint",
}

LOAD_MODELS: dict[model.LoadModel, str] = {
    "open": "open model",
    "closed": "closed model: VUs wait for answers, so a stall sends less load",
    "mixed": "open and closed models",
    "": "",
}


def key(verdict: model.Verdict) -> str:
    """Return metric and tags as a configuration writes them."""
    tags = ",".join(f"{name}:{value}" for name, value in verdict.tags.items())
    return escape.visible(f"{verdict.metric}{{{tags}}}" if tags else verdict.metric)


def expression(verdict: model.Verdict) -> str:
    """Return the threshold as the user wrote it."""
    return escape.visible(verdict.threshold)


def limit(verdict: model.Verdict) -> str:
    """Return the limit alone: `< 500 ms`; the whole expression where its parts are not known."""
    if verdict.bound is None or not verdict.op:
        return expression(verdict)
    told = figures.limit(verdict.bound, verdict.unit)
    if verdict.against:  # a measured number, not the user's
        told = figures.of_unit(verdict.bound, verdict.unit, bound=verdict.observed)
    return f"{escape.visible(verdict.op)} {told}"


def note(verdict: model.Verdict) -> str:
    """Say what a row needs besides its numbers: whose threshold, which window, why not judged."""
    parts = (
        whose(verdict),
        f"over {escape.visible(verdict.over)}" if verdict.over else "",
        "only warns" if verdict.severity == "warn" and not verdict.unsure else "",
        _against_base(verdict),
        _reason(verdict),
    )
    return "; ".join(part for part in parts if part)


def _against_base(verdict: model.Verdict) -> str:
    """Say what a limit depends on, and what the interval leaves open."""
    if verdict.base is None or verdict.interval is None:
        return ""
    base, low, high = (
        figures.of_unit(each, verdict.unit) for each in (verdict.base, *verdict.interval)
    )
    said = f"{expression(verdict)}, with base at {base} and head between {low} and {high}"
    return f"{said}: not shown, a longer measurement may tell" if verdict.unsure else said


def whose(verdict: model.Verdict) -> str:
    """Say whose threshold it is, "" for one of ltlab.yml."""
    return "" if verdict.origin == "ltlab" else f"threshold of the {verdict.origin} script"


def sentence(verdict: model.Verdict) -> str:
    """Say what was measured: `p(95) of http_req_duration is 612 ms, limit < 500 ms`."""
    named = key(verdict)
    subject = f"{escape.visible(verdict.stat)} of {named}" if verdict.stat else named
    within = f" over {escape.visible(verdict.over)}" if verdict.over else ""
    said = _said(verdict, subject=f"{subject}{within}")
    of = f" ({whose(verdict)})" if whose(verdict) else ""
    return f"{said}{of}" + (f": {_reason(verdict)}" if verdict.reason else "")


def distance(verdict: model.Verdict) -> str:
    """Say how far from its limit a value is: `22 % over`; "" where that means nothing."""
    value, bound = verdict.observed, verdict.bound
    if value is None or bound is None or verdict.op not in (*_UPPER_LIMIT, *_LOWER_LIMIT):
        return ""
    if value == bound:
        return "at the limit"
    if bound > 0 and value / bound >= 10:  # noqa: PLR2004  (from here on, times say more)
        return f"{figures.count(value / bound)} times the limit"
    if verdict.op in _UPPER_LIMIT:
        side = "over" if value > bound else "below"
    else:
        side = "short" if value < bound else "above"
    return f"{_gap(abs(value - bound), bound, verdict.unit)} {side}"


def excess(verdict: model.Verdict) -> float:
    """Return how far beyond its limit a value is, as a part of the limit; below 0 it holds.

    Where most must succeed, as a part of what may fail. What has no figure, or no upper or lower
    limit, is farthest from it.
    """
    value, bound = verdict.observed, verdict.bound
    if value is None or bound is None or verdict.op not in (*_UPPER_LIMIT, *_LOWER_LIMIT):
        return -math.inf
    beyond = value - bound if verdict.op in _UPPER_LIMIT else bound - value
    if verdict.unit == "share" and verdict.op in _LOWER_LIMIT and 0 < bound < 1:
        return beyond / (1 - bound)
    return beyond / abs(bound) if bound else math.copysign(math.inf, beyond) if beyond else 0.0


def tally(groups: list[Group]) -> str:
    """Count verdicts in words: `2 fail, 1 without data, 5 hold`."""
    words = {
        Group.FAIL: ("fails", "fail"),
        Group.NO_DATA: ("without data", "without data"),
        Group.WARNING: ("warning", "warnings"),
        Group.PASS: ("holds", "hold"),
    }
    counts = ((groups.count(group), one, many) for group, (one, many) in words.items())
    said = [f"{figures.count(n)} {one if n == 1 else many}" for n, one, many in counts if n]
    return ", ".join(said) if said else "none was judged"


def _said(verdict: model.Verdict, *, subject: str) -> str:
    match verdict.status:
        case model.Status.NO_DATA:
            return f"no data for {subject}, limit {limit(verdict)}"
        case model.Status.PASS if verdict.observed is None:
            return f"{subject}: {expression(verdict)} holds"
        case model.Status.FAIL if verdict.observed is None:
            return f"{subject}: {expression(verdict)} is crossed"
        case model.Status.PASS | model.Status.FAIL:
            return f"{subject} is {figures.measured(verdict)}, limit {limit(verdict)}"


def _gap(gap: float, bound: float, unit: str) -> str:
    if unit == "share":
        points = figures.share(gap).removesuffix(" %")
        return f"{points} {'point' if points == '1' else 'points'}"
    if bound == 0:
        return figures.of_unit(gap, unit)
    part = gap / abs(bound)
    return figures.share(round(part, 2) if part >= 0.01 else part)  # noqa: PLR2004


def _reason(verdict: model.Verdict) -> str:
    return escape.visible(verdict.reason, longest=_REASON)
