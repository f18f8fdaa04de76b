"""The charts of one scenario: which lines, in which unit, and what they say in words.

Not here: drawing (templates/report.js). Charts without one measured value do not exist.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ltlab_ci import errors, model
from ltlab_ci.report import escape, figures, wording

Values: TypeAlias = Sequence[float | None]

_DIGITS = 4
_LATENCY_STATS = ("med", "p(50)", "p(95)", "p(99)")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a chart; `style` names its colour and dashes in report.js."""

    label: str
    style: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart. `words` says what a reader without eyes for it needs to know."""

    id: str
    title: str
    unit: str
    words: str
    lines: tuple[Line, ...]
    limits: tuple[tuple[str, float], ...] = ()


def of(scenario: model.ScenarioResult, number: int) -> tuple[Chart, ...]:
    """Return the charts of a scenario, all on the same times."""
    series = scenario.series
    if series is None:
        return ()
    found = (
        _chart(
            f"chart-{number}-times",
            "Response times",
            "ms",
            (("p50", series.p50), ("p95", series.p95), ("p99", series.p99)),
            limits=_latency_limits(scenario.verdicts),
        ),
        _chart(f"chart-{number}-rate", "Requests", "/s", (("requests", series.requests_per_s),)),
        _iterations(series, number),
        _failed(series, number),
        _chart(f"chart-{number}-vus", "Virtual users", "", (("VUs", series.vus),)),
        _chart(
            f"chart-{number}-cpu",
            "Processors used",
            "",
            (("service", series.service_cpu), ("engine", series.engine_cpu)),
        ),
        _chart(
            f"chart-{number}-memory",
            "Memory",
            " MB",
            (("service", series.service_memory_mb), ("engine", series.engine_memory_mb)),
        ),
    )
    return tuple(chart for chart in found if chart is not None)


def _iterations(series: model.Series, number: int) -> Chart | None:
    """Show what was offered against what was achieved; a closed model offers nothing."""
    if not series.offered_per_s:
        return None
    return _chart(
        f"chart-{number}-iterations",
        "Iterations offered and completed",
        "/s",
        (("completed", series.iterations_per_s), ("offered", _to_its_end(series.offered_per_s))),
    )


def _to_its_end(offered: Values) -> Values:
    # After a plan's last step nothing is offered: a line down to 0 would look like a collapse.
    last = max((place for place, rate in enumerate(offered) if rate), default=len(offered))
    return [rate if place <= last else None for place, rate in enumerate(offered)]


def _failed(series: model.Series, number: int) -> Chart | None:
    identity = f"chart-{number}-failed"
    if not series.errors:
        return _chart(identity, "Failed requests", "/s", (("failed", series.failed_per_s),))
    lines = tuple(
        Line(label=_kind(kind), style=f"kind{place}", values=tuple(map(_rounded, kind.per_s)))
        for place, kind in enumerate(series.errors)
    )
    said = (f"{_kind(kind)} {figures.count(kind.count)} times" for kind in series.errors)
    return Chart(
        id=identity,
        title="Failed requests by kind",
        unit="/s",
        words="; ".join(said),
        lines=lines,
    )


def _kind(kind: model.ErrorKind) -> str:
    if kind.name:
        return escape.visible(kind.name, longest=60)
    return f"{figures.count(kind.kinds)} rarer {'kind' if kind.kinds == 1 else 'kinds'}"


def windows(scenario: model.ScenarioResult) -> tuple[tuple[str, float, float], ...]:
    """Return the windows of thresholds, each once, with where they start and end."""
    found = {}
    for text in dict.fromkeys(one.over for one in scenario.verdicts if one.over):
        with contextlib.suppress(errors.ConfigError):  # result.json may come from anywhere
            span = model.Span.parse(text)
            found[escape.visible(text)] = (span.start_s, span.end_s)
    return tuple((text, *ends) for text, ends in found.items())


def data(scenarios: Sequence[model.ScenarioResult]) -> list[dict[str, object]]:
    """Return what report.js draws, one entry a scenario that has charts."""
    drawn = ((number, one, of(one, number)) for number, one in enumerate(scenarios))
    return [
        {
            "sync": f"scenario-{charts[0].id}",
            "t": list(one.series.t_s),
            "step": one.series.step_s,
            "judged": one.judged_s,
            "windows": [
                {"label": label, "from": start, "to": end} for label, start, end in windows(one)
            ],
            "tools": f"tools-{number}",
            "charts": [_drawing(chart) for chart in charts],
        }
        for number, one, charts in drawn
        if one.series is not None and charts
    ]


def _drawing(chart: Chart) -> dict[str, object]:
    return {
        "id": chart.id,
        "unit": chart.unit,
        "lines": [
            {"label": line.label, "style": line.style, "values": list(line.values)}
            for line in chart.lines
        ],
        "limits": [{"label": label, "value": value} for label, value in chart.limits],
    }


def _chart(
    identity: str,
    title: str,
    unit: str,
    lines: Sequence[tuple[str, Values]],
    *,
    limits: tuple[tuple[str, float], ...] = (),
) -> Chart | None:
    drawn = tuple(
        Line(label=label, style=label, values=tuple(_rounded(value) for value in values))
        for label, values in lines
        if any(value is not None for value in values)
    )
    if not drawn:
        return None
    said = "; ".join(_said(line, _SHOWN[unit]) for line in drawn)
    return Chart(id=identity, title=title, unit=unit, words=said, lines=drawn, limits=limits)


_SHOWN: dict[str, Callable[[float], str]] = {
    "ms": figures.ms,
    "/s": figures.per_s,
    " MB": lambda value: figures.size(value * 1e6),
    "": figures.plain,
}


def _said(line: Line, shown: Callable[[float], str]) -> str:
    known = [value for value in line.values if value is not None]
    return f"{line.label} from {shown(min(known))} to {shown(max(known))}"


def _rounded(value: float | None) -> float | None:
    # Four digits are more than a screen shows, and they keep the page small.
    return None if value is None else float(f"{value:.{_DIGITS}g}")


def _latency_limits(verdicts: Sequence[model.Verdict]) -> tuple[tuple[str, float], ...]:
    return tuple(
        dict.fromkeys(
            (escape.visible(f"{one.stat} {wording.limit(one)}"), one.bound)
            for one in verdicts
            if one.metric == "http_req_duration"
            and not one.tags
            and one.stat in _LATENCY_STATS
            and one.bound is not None
        )
    )
