"""A dashboard of a whole run from its result alone: what a lab without InfluxDB gives to Grafana.

It opens by import in any Grafana, its data lies in it.
Not here: dashboards whose panels are asked of a store (snapshot.py), charts on a page (charts.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ltlab_ci import model
from ltlab_ci.model import Json
from ltlab_ci.report import figures, frames, snapshot

UID = "ltlab-run"
_LINES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("Response time", "ms", (("p50", "p50"), ("p95", "p95"), ("p99", "p99"))),
    ("Requests", "reqps", (("requests", "requests_per_s"), ("failed", "failed_per_s"))),
    ("Virtual users", "short", (("VUs", "vus"),)),
    ("CPU, in processors", "short", (("service", "service_cpu"), ("engine", "engine_cpu"))),
    ("Memory", "decmbytes", (("service", "service_memory_mb"), ("engine", "engine_memory_mb"))),
)
_UNITS = {
    **dict.fromkeys(("avg", "p50", "p95", "p99", "max"), "ms"),
    "requests/s": "reqps",
}
_WIDTH, _HIGH = 8, 8
PLACE: Json = {
    "uid": UID,
    "title": "Load tests",
    "tags": ["ltlab"],
    "schemaVersion": 41,
    "panels": [],
}
"""The empty dashboard that a Grafana is given for such snapshots to belong to."""


def of_result(result: model.Result, starts_ns: Mapping[str, int]) -> Json:
    """Return the dashboard; `starts_ns` is when each scenario's load began, since the epoch."""
    panels: list[Json] = []
    y = 0
    for scenario in result.scenarios:
        start_ms = starts_ns.get(scenario.name, 0) // 1_000_000
        row = {"id": len(panels) + 1, "type": "row", "title": _headline(scenario), "panels": []}
        panels.append({**row, "collapsed": False, "gridPos": _place(0, y, 24, 1)})
        y += 1
        for at, panel in enumerate(_of_scenario(scenario, start_ms)):
            x, down = _WIDTH * (at % 3), _HIGH * (at // 3)
            place = _place(x, y + down, _WIDTH, _HIGH)
            panels.append({**panel, "id": len(panels) + 1, "gridPos": place})
        y += _HIGH * 3
    return {
        "uid": UID,
        "title": f"Load test: {result.headline}",
        "tags": ["ltlab", "snapshot"],
        "schemaVersion": 41,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "",
        "time": _time(result, starts_ns),
        "templating": {"list": []},
        "annotations": {"list": []},
        "links": [],
        "panels": panels,
    }


def _headline(scenario: model.ScenarioResult) -> str:
    return f"{scenario.name} ({scenario.engine}): {scenario.verdict}"


def _place(x: int, y: int, width: int, height: int) -> Json:
    return {"x": x, "y": y, "w": width, "h": height}


def _time(result: model.Result, starts_ns: Mapping[str, int]) -> Json:
    ends_ns = [
        starts_ns[scenario.name] + round(scenario.duration_s * 1e9)
        for scenario in result.scenarios
        if scenario.name in starts_ns
    ]
    if not ends_ns:
        return {"from": "now-1h", "to": "now"}
    return {
        "from": snapshot.rfc3339(min(starts_ns.values())),
        "to": snapshot.rfc3339(max(ends_ns)),
    }


def _of_scenario(scenario: model.ScenarioResult, start_ms: int) -> Iterator[Json]:
    yield _panel("table", "Thresholds", "none", [_verdicts(scenario.verdicts)])
    if scenario.series is not None:
        for title, unit, lines in _LINES:
            found = list(_series(scenario.series, start_ms, lines))
            if found:
                yield _panel("timeseries", title, unit, found)
    if scenario.endpoints:
        yield _panel("table", "Endpoints", "none", [_endpoints(scenario.endpoints)])


def _panel(kind: str, title: str, unit: str, found: list[Json]) -> Json:
    custom = {"lineWidth": 1, "fillOpacity": 8, "spanNulls": False}
    overrides = [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": "unit", "value": each}],
        }
        for name, each in _UNITS.items()
    ]
    panel: Json = {
        "type": kind,
        "title": title,
        "fieldConfig": {
            "defaults": {"unit": unit, **({"custom": custom} if kind == "timeseries" else {})},
            "overrides": overrides if kind == "table" else [],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}}
        if kind == "timeseries"
        else {"showHeader": True},
    }
    snapshot.embed(panel, found)
    return panel


def _series(
    series: model.Series, start_ms: int, lines: Sequence[tuple[str, str]]
) -> Iterator[Json]:
    times = [start_ms + round(1000 * second) for second in series.t_s]
    for label, name in lines:
        values: Sequence[float | None] = getattr(series, name)
        if any(value is not None for value in values):
            yield frames.series(label, times, list(values))


def _verdicts(verdicts: Sequence[model.Verdict]) -> Json:
    return frames.table(
        {
            "threshold": [f"{each.metric} {each.threshold}" for each in verdicts],
            "measured": [figures.measured(each) for each in verdicts],
            "verdict": [each.status.value for each in verdicts],
        }
    )


def _endpoints(endpoints: Sequence[model.Endpoint]) -> Json:
    return frames.table(
        {
            "endpoint": [f"{each.method} {each.name}".strip() for each in endpoints],
            "requests": [each.requests for each in endpoints],
            "requests/s": [each.per_s for each in endpoints],
            "failed": [each.failed for each in endpoints],
            **{
                name: [getattr(each, name) for each in endpoints]
                for name in ("avg", "p50", "p95", "p99", "max")
            },
        }
    )
