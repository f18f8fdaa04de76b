"""The charts of summary.md: p95 and request rate over time, in Mermaid, which forges draw.

They hold numbers and words of ours alone, so no foreign name ever meets Mermaid's grammar.
Not here: the charts of report.html (charts.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from ltlab_ci import model

MAX_POINTS = 30
"""GitLab draws up to 2000 characters of Mermaid at once and asks before it draws more; a chart has
about 370."""

_LEAST_POINTS = 2
_HEADROOM = 1.1
_SMALLEST = 1e-6  # a nanosecond in ms; less than that is shown as nothing

# Flat, and in a blue that shows on light and dark pages: Mermaid's own first colour hardly does.
_LOOK = (
    '%%{init: {"xyChart": {"height": 340}, '
    '"themeVariables": {"xyChart": {"plotColorPalette": "#4a7dd8"}}}}%%'
)

Values = Sequence[float | None]


def charts(series: model.Series | None) -> tuple[str, ...]:
    """Return the p95 (ms) and the request rate of a scenario; nothing for less than two points.

    Steps are joined to at most MAX_POINTS. A p95 cannot be had from several: the highest is shown.
    """
    if series is None:
        return ()
    rates = _without_end(series.requests_per_s)
    joined = max(1, -(-len(rates) // MAX_POINTS))
    rate = [_mean(part) for part in _parts(rates, joined)]
    p95 = [_highest(part) for part in _parts(series.p95[: len(rates)], joined)]
    if len(rate) < _LEAST_POINTS:
        return ()
    step_s = series.step_s * joined
    times = f"p95 of every {_digits(series.step_s)} s in ms"
    if joined > 1:
        times += f", the highest within {_digits(step_s)} s"
    if None in p95:
        times += " (no bar: no answer)"
    drawn = [_chart(times, "ms", "bar", p95, step_s)] if any(p95) else []
    words = f"requests per second, over {_digits(step_s)} s each"
    return (*drawn, _chart(words, "/s", "line", rate, step_s))


def _chart(title: str, unit: str, kind: str, values: Values, step_s: float) -> str:
    shown = [value or 0.0 for value in values]
    top = max(shown) * _HEADROOM if max(shown) > _SMALLEST else 1.0
    return "\n".join(
        (
            _LOOK,
            "xychart-beta",
            f'  title "{title}"',
            f'  x-axis "s" 0 --> {_digits(step_s * (len(shown) - 1))}',
            f'  y-axis "{unit}" 0 --> {_digits(top)}',
            f"  {kind} [{', '.join(_digits(value) for value in shown)}]",
        )
    )


def _without_end(values: Values) -> Values:
    # The last step may be too short for a rate.
    end = max((at for at, value in enumerate(values, start=1) if value is not None), default=0)
    return values[:end]


def _parts(values: Values, size: int) -> list[Values]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def _mean(values: Values) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0


def _highest(values: Values) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _digits(value: float) -> str:
    """Return three digits that matter, without an exponent, which the grammar does not know."""
    text = f"{float(f'{value:.3g}'):.9f}" if value < 1000 else f"{value:.0f}"  # noqa: PLR2004
    return text.rstrip("0").rstrip(".") if "." in text else text
