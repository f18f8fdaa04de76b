"""A limit that depends on what base came to: `base * 1.3`, `max(base * 1.3, base + 50ms)`; pure.

Grammar: sum = product (("+" | "-") product)*; product = part (("*" | "/") part)*; part = number with
an optional unit, `base`, `max(sum, sum, ...)`, `min(sum, sum, ...)` or `(sum)`.
Not here: thresholds that hold one (thresholds.py), judging them (evaluate/compare/limits.py).
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ltlab_ci import errors

WORD: Final = re.compile(r"(?<!\w)base(?!\w)")
"""What makes a limit one of this kind."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?P<unit>%|[^\W\d_]*)"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<sign>[-+*/(),]))"
)
_SUMS: Final[dict[str, Callable[[float, float], float]]] = {"+": operator.add, "-": operator.sub}
_PRODUCTS: Final[dict[str, Callable[[float, float], float]]] = {
    "*": operator.mul,
    "/": operator.truediv,
}
_CHOICES: Final[dict[str, Callable[[Iterable[float]], float]]] = {"max": max, "min": min}
_EXAMPLE: Final = "write it like 'base * 1.3', or 'max(base * 1.3, base + 50ms)'"
_DEEPEST: Final = 20

TIME_UNITS_MS: Final = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
_PROBES: Final = (1e-3, 1.0, 1e4)


class _Kind(StrEnum):
    """What a part stands for; what is added to a value is one, a bare number among them."""

    VALUE = "value of the metric"
    SHARE = "%"
    NUMBER = "number"


@dataclass(frozen=True)
class _Part:
    of: Callable[[float], float]
    kind: _Kind


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A limit as written. `unit` is what is added to base or held against it: "time", "%" or "".

    `of` returns the limit, in the metric's own unit, given what base came to.
    """

    text: str
    unit: str
    of: Callable[[float], float] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Formula:
        """Read a formula that holds `base`. Raises ConfigError for what is none."""
        read = _Reader(text)
        whole = read.whole()
        try:
            known = all(math.isfinite(whole.of(base)) for base in _PROBES)
        except (ZeroDivisionError, OverflowError):
            known = False
        if not known:
            raise errors.ConfigError(f"{text.strip()!r} is no finite number", remedy=_EXAMPLE)
        if len(read.units) > 1:
            raise errors.ConfigError(
                f"{text.strip()!r} adds % to a time", remedy="write base * 110% for a tenth more"
            )
        return cls(text=text.strip(), unit="".join(read.units), of=whole.of)


class _Reader:
    """Reads one formula, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split(text))
        self._at = 0
        self._depth = 0
        self.units: set[str] = set()

    def _split(self, text: str) -> Iterable[re.Match[str]]:
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._error(f"{text[position:].strip()!r} is not understood")
            yield found
            position = found.end()

    def _error(self, why: str) -> errors.ConfigError:
        return errors.ConfigError(
            f"limit {self._text.strip()!r} cannot be read: {why}", remedy=_EXAMPLE
        )

    def whole(self) -> _Part:
        found = self._sum()
        if self._at < len(self._tokens):
            raise self._error(f"{self._tokens[self._at][0].strip()!r} is too much")
        return found

    def _next(self, *signs: str) -> str:
        """Return the next sign and go on, if it is one of these; else ""."""
        here = self._tokens[self._at] if self._at < len(self._tokens) else None
        if here is None or here["sign"] not in signs:
            return ""
        self._at += 1
        return here["sign"]

    def _sum(self) -> _Part:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("it is nested too deeply")
        found = self._product()
        while sign := self._next(*_SUMS):
            found = self._beside(found, self._product(), _SUMS[sign])
        self._depth -= 1
        return found

    def _beside(self, one: _Part, other: _Part, both: Callable[[float, float], float]) -> _Part:
        """Return what comes of two parts that have to be alike: added, or the larger of them."""
        if {one.kind, other.kind} == {_Kind.VALUE, _Kind.SHARE}:
            self.units.add("%")
        return _joined(one, other, both)

    def _product(self) -> _Part:
        found = self._part()
        while sign := self._next(*_PRODUCTS):
            other = self._part()
            if other.kind is _Kind.VALUE and (found.kind is _Kind.VALUE or sign == "/"):
                raise self._error("base or a time can only be multiplied or divided by a number")
            found = _joined(found, other, _PRODUCTS[sign])
        return found

    def _part(self) -> _Part:
        if self._next("("):
            return self._closed(self._sum())
        here = self._tokens[self._at] if self._at < len(self._tokens) else None
        if here is None or here["sign"]:
            raise self._error("a number or base is missing")
        self._at += 1
        if here["number"]:
            return self._number(float(here["number"]), here["unit"])
        if here["word"] == "base":
            return _Part(lambda base: base, _Kind.VALUE)
        if here["word"] in _CHOICES and self._next("("):
            return self._choice(_CHOICES[here["word"]])
        raise self._error(f"{here['word']!r} is not known; known are base, max(...) and min(...)")

    def _number(self, value: float, unit: str) -> _Part:
        if unit in TIME_UNITS_MS:
            self.units.add("time")
            return _Part(lambda _base: value * TIME_UNITS_MS[unit], _Kind.VALUE)
        if unit == "%":
            return _Part(lambda _base: value / 100, _Kind.SHARE)
        if unit:
            raise self._error(f"unknown unit {unit!r}")
        return _Part(lambda _base: value, _Kind.NUMBER)

    def _choice(self, choose: Callable[[Iterable[float]], float]) -> _Part:
        found = self._sum()
        several = 1
        while self._next(","):
            found = self._beside(found, self._sum(), lambda one, other: choose((one, other)))
            several += 1
        if several == 1:
            raise self._error("max and min need two values or more")
        return self._closed(found)

    def _closed(self, found: _Part) -> _Part:
        if not self._next(")"):
            raise self._error("a closing ) is missing")
        return found


def _joined(one: _Part, other: _Part, both: Callable[[float, float], float]) -> _Part:
    kind = next(each for each in _Kind if each in {one.kind, other.kind})
    return _Part(lambda base: both(one.of(base), other.of(base)), kind)
