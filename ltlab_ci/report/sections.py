"""One scenario's part of a report: how it ran, its key figures, endpoints and metrics.

Not here: its thresholds, which stand in one table with all others (view.py); charts (charts.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.report import charts, escape, figures, histogram, wording

_TIME_METRICS = {name for name, known in model.BUILT_IN.items() if known.unit is model.Unit.TIME}
_DATA_METRICS = {name for name, known in model.BUILT_IN.items() if known.unit is model.Unit.DATA}
_MARKS = {
    "pass": wording.MARKS[wording.Group.PASS],
    "fail": wording.MARKS[wording.Group.FAIL],
    "not judged": wording.NOT_JUDGED,
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many rows of a scenario's tables are shown."""

    endpoints: int
    metrics: int


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number as text, and as it sorts; None where nothing was measured."""

    text: str
    value: float | None


@dataclass(frozen=True, kw_only=True)
class EndpointRow:
    """One request name."""

    name: str
    method: str
    cells: tuple[Cell, ...]
    failed: bool


ENDPOINT_COLUMNS = ("requests", "per s", "failed", "avg", "p50", "p95", "p99", "max")


@dataclass(frozen=True, kw_only=True)
class Section:
    """One scenario."""

    id: str
    name: str
    mark: str
    verdict: str
    engine: str
    script: str
    state: str
    duration: str
    samples: str
    judged: str
    meta: tuple[str, ...]
    tiles: tuple[tuple[str, str], ...]
    charts: tuple[charts.Chart, ...]
    windows: str
    histogram: histogram.Histogram | None
    endpoints: tuple[EndpointRow, ...]
    endpoints_total: int
    endpoints_left_out: str
    metrics: tuple[tuple[str, str], ...]
    metrics_left_out: str


def of(scenario: model.ScenarioResult, number: int, *, limits: Limits) -> Section:
    """Prepare what is shown of a scenario; `number` makes its ids unique on a page."""
    total = len(scenario.endpoints) + scenario.endpoints_left_out
    shown = scenario.endpoints[: limits.endpoints]
    metrics = scenario.metrics[: limits.metrics]
    return Section(
        id=f"scenario-{number}",
        name=escape.visible(scenario.name),
        mark=_MARKS[scenario.verdict],
        verdict=scenario.verdict,
        engine=escape.visible(f"{scenario.engine} {scenario.engine_version}"),
        script=escape.visible(scenario.script),
        state=_state(scenario),
        duration=figures.duration(scenario.duration_s) if scenario.ran else figures.NOTHING,
        samples=figures.count(scenario.samples),
        judged=_judged(scenario.judged_s),
        meta=_meta(scenario),
        tiles=_tiles(scenario),
        charts=charts.of(scenario, number),
        windows=", ".join(label for label, _, _ in charts.windows(scenario)),
        histogram=histogram.of(scenario.distribution, scenario.verdicts),
        endpoints=tuple(_endpoint(one) for one in shown),
        endpoints_total=total,
        endpoints_left_out=_more(total - len(shown)),
        metrics=tuple((escape.visible(one.name), _stats(one)) for one in metrics),
        metrics_left_out=_more(len(scenario.metrics) - len(metrics)),
    )


def _state(scenario: model.ScenarioResult) -> str:
    if not scenario.ran:
        return "did not run"
    words = "ran to its end" if scenario.complete else "incomplete"
    code = scenario.exit_code
    return f"{words}, exit code {code}" if code else words


def _judged(span: tuple[float, float] | None) -> str:
    return "" if span is None else f"{span[0]:.4g} s to {span[1]:.4g} s"


def _meta(scenario: model.ScenarioResult) -> tuple[str, ...]:
    what = (f"{scenario.engine} {scenario.engine_version}", scenario.script, _state(scenario))
    named = (*what, wording.LOAD_MODELS[scenario.load_model])
    known = tuple(escape.visible(text) for text in named if text)
    if not scenario.ran:
        return known
    took = f"took {figures.duration(scenario.duration_s)}"
    judged = _judged(scenario.judged_s)
    how = (took, f"{figures.count(scenario.samples)} samples", judged and f"judged from {judged}")
    return (*known, *(text for text in how if text))


def _tiles(scenario: model.ScenarioResult) -> tuple[tuple[str, str], ...]:
    stats = {metric.name: metric.stats for metric in scenario.metrics}
    requests, times = stats.get("http_reqs", {}), stats.get("http_req_duration", {})
    read = (
        ("requests", requests.get("count"), figures.count),
        ("request rate", requests.get("rate"), figures.per_s),
        ("requests failed", stats.get("http_req_failed", {}).get("rate"), figures.share),
        ("median time", times.get("med"), figures.ms),
        ("p95 time", times.get("p(95)"), figures.ms),
        ("most VUs", stats.get("vus", {}).get("max"), figures.count),
    )
    return tuple((name, shown(value)) for name, value, shown in read if value is not None)


def _endpoint(one: model.Endpoint) -> EndpointRow:
    times = (one.avg, one.p50, one.p95, one.p99, one.max)
    return EndpointRow(
        name=escape.visible(one.name) + _merged(one),
        method=escape.visible(one.method),
        cells=(
            Cell(text=figures.count(one.requests), value=one.requests),
            Cell(text=figures.per_s(one.per_s), value=one.per_s),
            Cell(text=_failed(one), value=one.failed),
            *(Cell(text=figures.ms(value), value=value) for value in times),
        ),
        failed=one.failed > 0,
    )


def _merged(one: model.Endpoint) -> str:
    """Say how many recorded names an endpoint stands for, where it is not one of them."""
    return f" ({figures.count(one.names)} URLs)" if one.example else ""


def _failed(one: model.Endpoint) -> str:
    if not one.failed or not one.requests:
        return figures.count(one.failed)
    return f"{figures.count(one.failed)} ({figures.share(one.failed / one.requests)})"


def _stats(metric: model.MetricSummary) -> str:
    return " · ".join(
        f"{escape.visible(stat)} {_stat(metric, stat, value)}"
        for stat, value in metric.stats.items()
    )


def _stat(metric: model.MetricSummary, stat: str, value: float) -> str:
    if stat == "count":
        return figures.count(value) if metric.name not in _DATA_METRICS else figures.size(value)
    if metric.type is model.MetricType.RATE:
        return figures.share(value)
    if stat == "rate":
        per_s = figures.size(value) if metric.name in _DATA_METRICS else figures.plain(value)
        return f"{per_s}/s"
    return figures.ms(value) if metric.name in _TIME_METRICS else figures.plain(value)


def _more(left: int) -> str:
    return f"and {figures.count(left)} more" if left > 0 else ""
