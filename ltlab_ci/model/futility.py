"""Limits that decide nothing: whatever a run measures, they hold, or they are crossed.

What a figure can come to is told by metric and stat alone: a share lies between 0 and 1, a time and a
count are never below 0. Not here: stats and units that do not fit a metric (thresholds.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ltlab_ci.model.samples import BUILT_IN, STATS_OF, MetricType, Unit
from ltlab_ci.model.thresholds import Threshold, misfit

_BASES: Final = {
    True: tuple(share / 1000 for share in range(1001)),
    False: (0.0, *(10 ** (power / 20) for power in range(-80, 161))),
}
"""What base may come to, a share or a time in ms: a formula decides nothing if none of its limits do."""

_SHARES_OF_ALL: Final = frozenset({"machine_cpu"})  # a trend, but of a share of all processors
_PERCENT: Final = 100.0
_EQUALITIES: Final = frozenset({"==", "===", "!="})
_WHOLE: Final = "a whole number"


@dataclass(frozen=True, kw_only=True)
class Futile:
    """Why a limit decides nothing, what was probably meant, and whether it always holds."""

    why: str
    instead: str
    holds: bool


@dataclass(frozen=True, kw_only=True)
class _Range:
    """What a figure can come to, both ends included. `least`: the lowest that is not *no data*."""

    low: float
    high: float
    whole: bool
    least: float
    said: str


def futile(threshold: Threshold, kind: MetricType | None) -> Futile | None:
    """Return what is wrong with a limit that every value meets, or none; None where values decide.

    `kind` None means a custom metric whose type is not known: what decides for one type it may have is
    left alone. The sums of counters count as never below 0.
    """
    if kind is None:
        built_in = BUILT_IN.get(threshold.metric)
        kinds = [
            each
            for each in (MetricType if built_in is None else [built_in.type])
            if threshold.stat.name in STATS_OF[each] and misfit(threshold, each, None) is None
        ]
        found = [futile(threshold, each) for each in kinds]
        return found[0] if found and None not in found else None
    values = _range(threshold, kind)
    if values is None:
        return None
    limits = [threshold.bound]
    if threshold.formula is not None:
        limits = [threshold.formula.of(base) for base in _BASES[kind is MetricType.RATE]]
    op = threshold.op
    fraction = op in _EQUALITIES and values.whole and not threshold.bound.is_integer()
    told = f"{threshold.stat} of {threshold.metric} is {_WHOLE if fraction else values.said}"
    if all(_always(op, limit, values) for limit in limits):
        return Futile(why=f"cannot fail: {told}", instead=_meant(threshold, values), holds=True)
    if all(_never(op, limit, values) for limit in limits):
        return Futile(why=f"can never hold: {told}", instead=_meant(threshold, values), holds=False)
    # One run can cross it, but a bare 1 is nearly always a mistake for 1 %; 100 % says what it means.
    if kind is MetricType.RATE and (op, threshold.unit, threshold.bound) == ("<", "", 1.0):
        return Futile(
            why="fails only where all are true: 1 is all of them, 100 %",
            instead="write 'rate < 1%', or 'rate < 100%' if that is meant",
            holds=True,
        )
    return None


def _range(threshold: Threshold, kind: MetricType) -> _Range | None:
    """Return what the figure can come to, None for custom values, which may be anything."""
    built_in, stat = BUILT_IN.get(threshold.metric), threshold.stat.name
    if kind is MetricType.RATE and stat == "rate":
        return _Range(low=0, high=1, whole=False, least=0, said="a share, from 0 to 1 (100 %)")
    if stat in {"count", "rate"}:
        sums = kind is MetricType.COUNTER
        # Without samples there is no data, whatever the limit says.
        samples = not sums and not threshold.absent_is_zero
        whole = stat == "count" and (built_in is not None or not sums)
        said = "1 or more where there is data at all" if samples else "never below 0"
        return _Range(low=0, high=math.inf, whole=whole, least=float(samples), said=said)
    if threshold.metric in _SHARES_OF_ALL:
        return _Range(low=0, high=1, whole=False, least=0, said="a share, from 0 to 1")
    if built_in is not None or threshold.unit == "time":
        whole = built_in is not None and kind is MetricType.GAUGE
        return _Range(low=0, high=math.inf, whole=whole, least=0, said="never below 0")
    return None


def _always(op: str, limit: float, values: _Range) -> bool:
    match op:
        case "<":
            return limit > values.high
        case "<=":
            return limit >= values.high
        case ">":
            return limit < values.low
        case ">=":
            return limit <= values.low
        case "!=":
            return not _possible(limit, values, values.low)
        case _:
            return False


def _never(op: str, limit: float, values: _Range) -> bool:
    match op:
        case "<":
            return limit <= values.least
        case "<=":
            return limit < values.least
        case ">":
            return limit >= values.high
        case ">=":
            return limit > values.high
        case "==" | "===":
            return not _possible(limit, values, values.least)
        case _:
            return False


def _possible(value: float, values: _Range, low: float) -> bool:
    return low <= value <= values.high and not (values.whole and not value.is_integer())


def _meant(threshold: Threshold, values: _Range) -> str:
    """Say what to write instead, as near to what stands there as can be."""
    stat, op = threshold.stat, threshold.op
    if threshold.formula is not None:
        limit = "base + 1%" if values.high == 1 else "base * 1.3"
    elif values.high == 1:
        return _share_meant(threshold)
    elif values.least and op not in {">", ">=", "!="}:
        return "add up what must not happen in a counter, and write `absent: zero` beside its limit"
    elif stat.name in {"count", "rate"}:
        at_most = "> 0" if values.least else "< 1"
        return f"write a number that can be missed, like '{stat} {_either(op, '> 0', at_most)}'"
    else:
        time = threshold.unit == "time" or BUILT_IN[threshold.metric].unit is Unit.TIME
        limit = "300ms" if time else "300"
    return f"write a limit that can be missed, like '{stat} < {limit}'"


def _share_meant(threshold: Threshold) -> str:
    stat, op, bound = threshold.stat, threshold.op, threshold.bound
    if threshold.metric in _SHARES_OF_ALL:
        return f"write a share: '{stat} < 0.9' is 90 %"
    if (op, bound) == (">", 1.0):
        return f"write '{stat} == 100%', or '{stat} > 99%'"
    whole = bound == _PERCENT and op in {"<=", ">"}  # which would decide nothing either
    if threshold.unit == "" and 1 <= bound <= _PERCENT and not whole:
        return f"write '{stat} {op} {bound:.12g}%'"
    return f"write a share that can be missed, like '{stat} {_either(op, '> 99%', '< 1%')}'"


def _either(op: str, at_least: str, at_most: str) -> str:
    return at_least if op in {">", ">="} else at_most
