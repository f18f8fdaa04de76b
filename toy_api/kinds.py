"""The kinds of values an option takes: each reads its own text and says what it expects.

Not here: which options there are and where their texts come from (settings.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Kind(Protocol[T_co]):
    """Read one text, or raise ValueError; `expects` completes the sentence "must be"."""

    @property
    def expects(self) -> str: ...

    def parse(self, text: str) -> T_co: ...


@dataclass(frozen=True, kw_only=True)
class Text:
    """Any text, taken as it stands."""

    expects: str

    def parse(self, text: str) -> str:
        return text


@dataclass(frozen=True, kw_only=True)
class Switch:
    """On or off, spelt out: a typo must not read as "off"."""

    expects: str = "true or false"

    def parse(self, text: str) -> bool:
        if text not in {"true", "false"}:
            raise ValueError(text)
        return text == "true"


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number within bounds, both included; this refuses nan and inf as well."""

    low: float
    high: float
    unit: str = ""

    @property
    def expects(self) -> str:
        return f"a number from {self.low:g} to {self.high:g} {self.unit}".rstrip()

    def parse(self, text: str) -> float:
        value = float(text)
        if not self.low <= value <= self.high:
            raise ValueError(text)
        return value


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A whole number within bounds, both included."""

    low: int
    high: int

    @property
    def expects(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def parse(self, text: str) -> int:
        value = int(text)
        if not self.low <= value <= self.high:
            raise ValueError(text)
        return value
