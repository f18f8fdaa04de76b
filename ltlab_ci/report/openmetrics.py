"""metrics.txt: the figures of a run as OpenMetrics 1.0 text, which GitLab's `reports:metrics` reads.

Times are in seconds, sizes in bytes, shares 0 to 1; docs/metrics.md lists the families. There are
no timestamps: the same result gives the same bytes. Not here: wording for people (wording.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from ltlab_ci import model
from ltlab_ci.report import escape

_EXACT_BELOW = 1e15

Labels = tuple[tuple[str, str], ...]


class _Told(NamedTuple):
    type: str
    name: str
    unit: str
    help: str


class Family(Enum):
    """Every family, in the order of the file."""

    EXIT_CODE = _Told("gauge", "exit_code", "", "Exit code of the run; 0 is a pass.")
    FINDING = _Told("gauge", "finding", "", "1 for each thing found about the run.")
    PASSED = _Told("gauge", "scenario_passed", "", "1 if it passed, else 0; none: not judged.")
    COMPLETE = _Told("gauge", "scenario_complete", "", "1 if it ran to its end, else 0.")
    DURATION = _Told("gauge", "scenario_duration_seconds", "seconds", "How long its load lasted.")
    HOLDS = _Told("gauge", "threshold_passed", "", "1 if it holds; 0 if crossed or without data.")
    OBSERVED = _Told("gauge", "threshold_observed", "", "What was measured, in the unit told.")
    BOUND = _Told("gauge", "threshold_bound", "", "The limit, in the unit told.")
    JUDGED = _Told("gauge", "threshold_samples", "", "How many samples were judged.")
    CHANGE = _Told("gauge", "change_ratio", "ratio", "Head against base; 0.09 is 9 % more.")
    LOW = _Told("gauge", "change_low_ratio", "ratio", "Low end of its 95 % interval.")
    HIGH = _Told("gauge", "change_high_ratio", "ratio", "High end of its 95 % interval.")
    SHOWN = _Told("gauge", "change_shown", "", "1 if head is shown to be worse, -1 better, else 0.")
    SIDE = _Told("gauge", "side_value", "", "What base and head came to, in the unit told.")
    TIME = _Told("gauge", "time_seconds", "seconds", "One stat of a metric of times.")
    SIZE = _Told("gauge", "size_bytes", "bytes", "One stat of a metric of sizes.")
    VALUE = _Told("gauge", "value", "", "One stat of a metric without a known unit.")
    SHARE = _Told("gauge", "share_ratio", "ratio", "The share of samples that are true.")
    DATA = _Told("counter", "data_bytes", "bytes", "The sum of a counter of bytes.")
    EVENTS = _Told("counter", "events", "", "The sum of a counter.")
    DATA_RATE = _Told("gauge", "data_bytes_per_second", "", "A counter of bytes over the load.")
    EVENT_RATE = _Told("gauge", "events_per_second", "", "A counter over the load.")
    SAMPLES = _Told("counter", "samples", "", "How many samples a metric has.")


class Point(NamedTuple):
    """One line of the file."""

    family: Family
    labels: Labels
    value: float


_OF_UNIT = {
    model.Unit.TIME: (Family.TIME, 1e-3),
    model.Unit.DATA: (Family.SIZE, 1.0),
    model.Unit.NONE: (Family.VALUE, 1.0),
}
_SHOWN: dict[str, int] = {"slower": 1, "more errors": 1, "faster": -1, "fewer errors": -1}
_BASE_UNITS = {
    "ms": ("seconds", 1e-3),
    "share": ("ratio", 1.0),
    "per s": ("per_second", 1.0),
    "B": ("bytes", 1.0),
    "": ("", 1.0),
}


def render(result: model.Result) -> str:
    """Return every figure of a result."""
    families: dict[Family, dict[Labels, float]] = defaultdict(dict)
    for family, labels, value in _points(result):
        shown = tuple((name, escape.label(text)) for name, text in labels if text)
        # No two lines may have the same labels: a threshold stated twice counts as its worse self.
        families[family][shown] = min(value, families[family].get(shown, value))
    lines = [line for family in Family for line in _lines(family, families[family])]
    return "\n".join([*lines, "# EOF", ""])


def _lines(family: Family, points: dict[Labels, float]) -> Iterator[str]:
    if not points:
        return
    told = family.value
    name = f"ltlab_{told.name}"
    yield f"# TYPE {name} {told.type}"
    if told.unit:
        yield f"# UNIT {name} {told.unit}"
    yield f"# HELP {name} {told.help}"
    suffix = "_total" if told.type == "counter" else ""
    for labels, value in points.items():
        inside = ",".join(f'{label}="{text}"' for label, text in labels)
        yield f"{name}{suffix}{f'{{{inside}}}' if inside else ''} {_number(value)}"


def _points(result: model.Result) -> Iterator[Point]:
    yield Point(Family.EXIT_CODE, (), result.exit_code)
    for found in result.findings:
        labels = (("scenario", found.scenario or ""), ("code", found.code))
        yield Point(Family.FINDING, (*labels, ("effect", found.effect)), 1)
    if result.comparison is not None:
        yield from _comparison(result.comparison)
    for scenario in result.scenarios:
        here = (("scenario", scenario.name), ("engine", scenario.engine))
        if scenario.verdict != "not judged":
            yield Point(Family.PASSED, here, scenario.verdict == "pass")
        yield Point(Family.COMPLETE, here, scenario.complete)
        yield Point(Family.DURATION, here, scenario.duration_s)
        for verdict in scenario.verdicts:
            yield from _threshold(here, verdict)
        for metric in scenario.metrics:
            yield from _metric((*here, ("metric", metric.name)), metric)


def _comparison(comparison: model.Comparison) -> Iterator[Point]:
    for row in (*comparison.rows, comparison.throughput):
        labels = _compared(row)
        yield Point(Family.CHANGE, labels, row.change)
        if row.interval is not None:
            yield Point(Family.LOW, labels, row.interval[0])
            yield Point(Family.HIGH, labels, row.interval[1])
        yield from _sides(labels, row, row.unit)
    for each in (comparison.errors, *comparison.errors_of):
        yield from _sides(_compared(each), each, "share")


def _compared(row: model.Change | model.Errors) -> Labels:
    named = (("metric", row.metric), ("name", row.name), ("method", row.method))
    return (("scenario", row.scenario), *named, ("stat", row.stat))


def _sides(labels: Labels, row: model.Change | model.Errors, unit: str) -> Iterator[Point]:
    # An invalid comparison shows nothing: its figures stand without a word on them.
    if row.verdict != "invalid":
        yield Point(Family.SHOWN, labels, _SHOWN.get(row.verdict, 0))
    name, factor = _BASE_UNITS[unit]
    for side, value in (("base", row.base), ("head", row.head)):
        yield Point(Family.SIDE, (*labels, ("side", side), ("unit", name)), value * factor)


def _threshold(here: Labels, verdict: model.Verdict) -> Iterator[Point]:
    labels = (
        *here,
        ("metric", verdict.metric),
        ("tags", ",".join(f"{name}:{value}" for name, value in verdict.tags.items())),
        ("threshold", verdict.threshold),
        ("over", verdict.over or ""),
        ("severity", verdict.severity),
        ("origin", verdict.origin),
    )
    unit, factor = _BASE_UNITS[verdict.unit]
    yield Point(Family.HOLDS, labels, verdict.status is model.Status.PASS)
    if verdict.count or verdict.observed is not None or verdict.status is model.Status.NO_DATA:
        yield Point(Family.JUDGED, labels, verdict.count)  # an engine's own word has no count
    if verdict.observed is not None:
        yield Point(Family.OBSERVED, (*labels, ("unit", unit)), verdict.observed * factor)
    if verdict.bound is not None:
        yield Point(Family.BOUND, (*labels, ("unit", unit)), verdict.bound * factor)


def _metric(here: Labels, metric: model.MetricSummary) -> Iterator[Point]:
    known = model.BUILT_IN.get(metric.name)
    unit = known.unit if known is not None else model.Unit.NONE
    yield Point(Family.SAMPLES, here, metric.count)
    if metric.type is model.MetricType.COUNTER:
        yield from _counter(here, metric, unit)
        return
    family, factor = _OF_UNIT[unit]
    for stat, value in metric.stats.items():
        if stat == "count":  # the number of samples, said already
            continue
        if metric.type is model.MetricType.RATE:
            yield Point(Family.SHARE, here, value)
        else:
            yield Point(family, (*here, ("stat", stat)), value * factor)


def _counter(here: Labels, metric: model.MetricSummary, unit: model.Unit) -> Iterator[Point]:
    of_bytes = unit is model.Unit.DATA
    total, rate = metric.stats.get("count"), metric.stats.get("rate")
    if total is not None and total >= 0:
        yield Point(Family.DATA if of_bytes else Family.EVENTS, here, total)
    elif total is not None:  # a k6 script may add less than nothing; a counter of theirs must not
        yield Point(Family.VALUE, (*here, ("stat", "count")), total)
    if rate is not None:
        yield Point(Family.DATA_RATE if of_bytes else Family.EVENT_RATE, here, rate)


def _number(value: float) -> str:
    if value == int(value) and abs(value) < _EXACT_BELOW:
        return str(int(value))
    return f"{value:.12g}"
