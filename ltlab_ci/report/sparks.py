"""A threshold over time, small enough for its row: the measured stat against its limit.

Not here: the figures (store/details.py), the verdict, which is judged over all samples at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.report import figures

WIDTH, HEIGHT = 100.0, 24.0
_HEADROOM = 1.12


@dataclass(frozen=True, kw_only=True)
class Spark:
    """Lines in a box of WIDTH x HEIGHT: `paths` breaks where a step has no sample."""

    paths: str
    dots: tuple[tuple[float, float], ...]
    limit: float
    words: str


def of(verdict: model.Verdict) -> Spark | None:
    """Return the small chart of a threshold, None where there is nothing to compare over time."""
    trend, bound = verdict.trend, verdict.bound
    if trend is None or bound is None or bound < 0:
        return None
    known = [value for value in trend.values if value is not None]
    if len(known) < 2 or min(known) < 0:  # noqa: PLR2004  (one point is no line)
        return None
    top = max(*known, bound) * _HEADROOM or 1.0
    across = WIDTH / (len(trend.values) - 1)
    paths, dots = _lines(trend.values, across, top)
    return Spark(paths=paths, dots=dots, limit=_y(bound, top), words=_words(verdict, trend, known))


def _lines(
    values: tuple[float | None, ...], across: float, top: float
) -> tuple[str, tuple[tuple[float, float], ...]]:
    parts: list[list[str]] = [[]]
    places: list[tuple[float, float]] = []
    for step, value in enumerate(values):
        if value is None:
            parts.append([])
            continue
        x, y = round(step * across, 1), _y(value, top)
        places.append((x, y))
        parts[-1].append(f"{x:g} {y:g}")
    lonely = {part[0] for part in parts if len(part) == 1}
    dots = tuple((x, y) for x, y in places if f"{x:g} {y:g}" in lonely)
    return "".join(f"M{'L'.join(part)}" for part in parts if len(part) > 1), dots


def _y(value: float, top: float) -> float:
    return round(HEIGHT * (1 - value / top), 1)


def _words(verdict: model.Verdict, trend: model.Trend, known: list[float]) -> str:
    holds = model.OPERATORS.get(verdict.op)
    bound = verdict.bound
    if holds is None or bound is None:
        return ""
    crossed = sum(not holds(value, bound) for value in known)
    steps = f"{figures.count(len(known))} steps of {figures.duration(trend.step_s)}"
    if not crossed:
        return f"within its limit in all {steps}"
    return f"crossed in {figures.count(crossed)} of {steps}"
