"""A threshold as the user states it: k6's grammar, with units, wildcards, windows and base besides.

`Threshold.parse` owns the whole form. Not here: judging (evaluate/thresholds.py).
Grammar of k6: grafana.com/docs/k6, "Thresholds", and `metrics/thresholds_parser.go` of its source.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NoReturn

from ltlab_ci import errors
from ltlab_ci.model.formula import TIME_UNITS_MS, WORD, Formula
from ltlab_ci.model.place import Place
from ltlab_ci.model.samples import STATS_OF, SYSTEM_TAGS, MetricType, Stat, Unit

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "===": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}

_EXPRESSION = re.compile(
    r"(?P<stat>[^<>=!]+?)\s*(?P<op><=|>=|===|==|!=|<|>)\s*"
    r"(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<unit>[^\s\d.]\S*)?"
)
_OF_BASE = re.compile(r"(?P<stat>[^<>=!]+?)\s*(?P<op><=|>=|===|==|!=|<|>)\s*(?P<formula>[^<>=!]+)")
_PAIR = re.compile(
    r"""\s*(?P<name>"[^"]*"|'[^']*'|[^:,]+?)\s*:\s*"""
    r"""(?P<value>"[^"]*"(?=\s*(?:,|$))|'[^']*'(?=\s*(?:,|$))|[^,]*?)\s*(?P<more>,|$)"""
)
"""One `tag:value` and what ends it; a quote counts only where a name or value starts with it."""

_LONGEST_S = 3.6e6

_AGAINST_BASE = {"http_req_duration": ("avg", "med", "p"), "http_req_failed": ("rate",)}
_ENDS = (0.0, 100.0)  # the smallest and the largest value: no two rounds have them alike
_ONE_SIDED = frozenset({"<", "<=", ">", ">="})


class Severity(StrEnum):
    """What a crossed threshold does to the run: turn it red, or be shown."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of a run counted from the start of its load, in seconds: `10s..50s`."""

    start_s: float
    end_s: float

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read `START..END`; nobody else knows this form."""
        start, dots, end = text.partition("..")
        if not dots:
            raise errors.ConfigError(f"window {text!r} has no '..'", remedy="write 10s..50s")
        span = cls(start_s=seconds(start), end_s=seconds(end))
        if span.start_s >= span.end_s:
            raise errors.ConfigError(
                f"window {text!r} ends before it starts", remedy="write START..END, like 10s..50s"
            )
        return span

    def __str__(self) -> str:
        return f"{self.start_s:.12g}s..{self.end_s:.12g}s"


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A limit on one stat of one metric. `bound` is in the metric's own unit (times in ms).

    `unit` is how the user wrote the bound: "time", "%", "/s" or "" for a bare number. `place` is
    where it is stated; two that say the same are equal wherever they stand. With a `formula` the
    limit depends on what base came to: `bound` is NaN, which nothing holds, until `at` fills it in.
    """

    metric: str
    tags: tuple[tuple[str, str], ...]
    stat: Stat
    op: str
    bound: float
    unit: str
    text: str
    over: Span | None = None
    severity: Severity = Severity.FAIL
    absent_is_zero: bool = False
    formula: Formula | None = None
    place: Place | None = field(default=None, compare=False)

    @classmethod
    def parse(
        cls,
        key: str,
        that: str,
        *,
        over: Span | None = None,
        severity: Severity = Severity.FAIL,
        absent_is_zero: bool = False,
        place: Place | None = None,
    ) -> Threshold:
        """Read `http_req_duration{name:GET /items/*}` and `p(95) < 300ms`.

        Raises ConfigError for what is no threshold, with what would be one.
        """
        metric, tags = parse_key(key)
        of_base = _OF_BASE.fullmatch(that.strip()) if WORD.search(that) else None
        found = of_base or _EXPRESSION.fullmatch(that.strip()) or _refused(that)
        formula = Formula.parse(found["formula"]) if of_base else None
        bound, unit = (
            (math.nan, formula.unit)
            if formula is not None
            else _bound(found["number"], found["unit"] or "", that)
        )
        return cls(
            metric=metric,
            tags=tags,
            stat=Stat.parse(found["stat"]),
            op=found["op"],
            bound=bound,
            unit=unit,
            text=that.strip(),
            over=over,
            severity=severity,
            absent_is_zero=absent_is_zero,
            formula=formula,
            place=place,
        )

    def at(self, base: float) -> Threshold:
        """Return the threshold with the limit that it has where base came to this value."""
        return self if self.formula is None else replace(self, bound=self.formula.of(base))

    @property
    def key(self) -> str:
        """Return metric and tags as written in a configuration."""
        inner = ",".join(f"{name}:{_quoted(pattern)}" for name, pattern in self.tags)
        return f"{self.metric}{{{inner}}}" if inner else self.metric

    def holds(self, value: float) -> bool:
        """Say whether the value lies within the limit."""
        return OPERATORS[self.op](value, self.bound)


def misfit(threshold: Threshold, kind: MetricType, unit: Unit | None) -> str | None:
    """Say why a threshold cannot be judged on a metric of this type, None when it can.

    `unit` None means a custom metric, whose values may be anything.
    """
    stat = str(threshold.stat)
    if threshold.stat.name not in STATS_OF[kind]:
        known = ", ".join("p(95)" if name == "p" else name for name in STATS_OF[kind])
        return f"{threshold.metric} is a {kind}, which has no {stat}; it has {known}"
    fits = {
        "": True,
        "%": kind is MetricType.RATE and stat == "rate",
        "/s": kind is MetricType.COUNTER and stat == "rate",
        "time": kind in {MetricType.TREND, MetricType.GAUGE}
        and stat != "count"
        and unit in {Unit.TIME, None},
    }
    if threshold.formula is not None and threshold.unit == "%" and not fits["%"]:
        return f"{threshold.text!r} adds % to a time; base * 110% is a tenth more"
    if not fits[threshold.unit]:
        return f"the unit in {threshold.text!r} does not fit {stat} of a {kind}"
    return None


def misfit_of_base(threshold: Threshold) -> str | None:
    """Say why a limit that depends on base cannot be judged by a comparison, None when it can."""
    known = _AGAINST_BASE.get(threshold.metric)
    if known is None:
        return f"{' and '.join(_AGAINST_BASE)} can be held against base, {threshold.metric} cannot"
    ends = threshold.stat.name == "p" and threshold.stat.percentile in _ENDS
    if threshold.stat.name not in known or ends:
        return f"{threshold.stat} of {threshold.metric} cannot be held against base"
    if threshold.op not in _ONE_SIDED:
        return f"{threshold.op} cannot be shown of a figure with an interval"
    unknown = [f"{name}:{pattern}" for name, pattern in threshold.tags if not _told(name, pattern)]
    if unknown:
        return f"a comparison tells requests by name and method, not by {unknown[0]}"
    if threshold.over is not None or threshold.absent_is_zero:
        return "a limit that depends on base takes neither `over` nor `absent`"
    return None


def seconds(text: str) -> float:
    """Read a duration like `500ms`, `10s`, `1.5m`, `2h` into seconds; a bare 0 needs no unit."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text.strip())
    if found is None:
        if text.strip() == "0":
            return 0.0
        raise errors.ConfigError(
            f"{text.strip()!r} is no duration", remedy="write a number and ms, s, m or h, like 30s"
        )
    value = float(found[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}[found[2]]
    if value > _LONGEST_S:
        raise errors.ConfigError(f"{text.strip()[:20]!r} is too long", remedy="write at most 1000h")
    return value


def parse_key(key: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Split `metric{tag:value,tag:value}`; values may be quoted and may hold colons."""
    metric, brace, rest = key.strip().partition("{")
    metric = metric.strip()
    if not metric or (brace and not rest.endswith("}")) or "}" in metric:
        raise errors.ConfigError(
            f"metric {key!r} cannot be read", remedy="write metric or metric{tag:value}"
        )
    pairs = tuple(_tag_pairs(rest[:-1], key)) if brace else ()
    if len({name for name, _ in pairs}) < len(pairs):
        raise errors.ConfigError(
            f"metric {key!r} names a tag twice", remedy="give each tag once; use * for any text"
        )
    return metric, pairs


def ambiguous_in_k6_csv(tags: tuple[tuple[str, str], ...]) -> str | None:
    """Name the first custom tag whose key or value k6's CSV output cannot carry, else None."""
    for name, pattern in tags:
        if name not in SYSTEM_TAGS and set("&=") & set(name + pattern):
            return name
    return None


def _refused(that: str) -> NoReturn:
    raise errors.ConfigError(
        f"threshold {that!r} cannot be read", remedy="write it like 'p(95) < 300ms'"
    )


def _told(name: str, pattern: str) -> bool:
    # Only successful requests are compared, so this filter of k6's scripts changes nothing.
    return name in {"name", "method"} or (name, pattern) == ("expected_response", "true")


def _bound(number: str, unit: str, that: str) -> tuple[float, str]:
    value = float(number)
    if not math.isfinite(value):
        raise errors.ConfigError(
            f"the bound in {that!r} is too large", remedy="write a number below 1e308"
        )
    if unit in TIME_UNITS_MS:
        return value * TIME_UNITS_MS[unit], "time"
    if unit == "%":
        return value / 100, "%"
    if unit in {"/s", ""}:
        return value, unit
    raise errors.ConfigError(
        f"unknown unit {unit!r} in threshold {that!r}",
        remedy="use ns, us, ms, s, m for times, % for shares, /s for counts per second",
    )


def _tag_pairs(text: str, key: str) -> Iterator[tuple[str, str]]:
    position = 0
    while True:
        found = _PAIR.match(text, position)
        if found is None or not found["value"] or not _unquoted(found["name"].strip()).strip():
            rest = text[position:].strip()
            raise errors.ConfigError(
                f"tag filter {rest!r} in {key!r} has no value", remedy="write {tag:value}"
            )
        yield _unquoted(found["name"]), _unquoted(found["value"])
        position = found.end()
        if not found["more"]:
            return


def _quoted(pattern: str) -> str:
    if "," not in pattern:
        return pattern
    return f'"{pattern}"' if '"' not in pattern else f"'{pattern}'"


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text
