"""What the page quotes of the logs. They are foreign text: shown, never read as markup.

Not here: reading them and finding the error (flows/logs.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.report import escape, figures

_LINE = 400


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a log."""

    number: str
    text: str
    error: bool


@dataclass(frozen=True, kw_only=True)
class Quote:
    """One log: what was found in it, and its end."""

    name: str
    found: str
    error: str
    said: str
    lines: tuple[Line, ...]


def of(logs: Sequence[model.Excerpt]) -> tuple[Quote, ...]:
    """Prepare the logs; those with an error come first."""
    return tuple(_quote(log) for log in sorted(logs, key=lambda log: log.error is None))


def _quote(log: model.Excerpt) -> Quote:
    first = log.total_lines - len(log.tail) + 1
    lines = tuple(
        Line(
            number=str(first + place),
            text=escape.log_line(text, longest=_LINE),
            error=log.error is not None and first + place == log.error[0],
        )
        for place, text in enumerate(log.tail)
    )
    return Quote(
        name=escape.visible(log.name),
        found=_found(log),
        error="" if log.error is None else escape.log_line(log.error[1], longest=_LINE),
        said=_said(log, first),
        lines=lines,
    )


def _found(log: model.Excerpt) -> str:
    if log.error is not None:
        return f"first error in line {figures.count(log.error[0])}"
    if not log.total_lines:
        return "empty"
    return "no line looks like an error" if log.searched else "no error in its first 16 MB"


def _said(log: model.Excerpt, first: int) -> str:
    total = figures.count(log.total_lines)
    if first <= 1:
        return f"{total} {'line' if log.total_lines == 1 else 'lines'}"
    return f"the last {figures.count(len(log.tail))} of {total} lines; the file has all"
