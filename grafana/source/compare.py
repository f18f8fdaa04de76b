"""Base against head: what the whole rounds of a comparison measured, both sides over one another.

Here head is looked at as figures of a stretch of time. Whether a change is more than noise, with its
interval, is said by the report: it pairs slices of a few seconds, which Flux cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grafana.source import flux, panels
from grafana.source.choices import variables
from grafana.source.panels import Panel, Row

_SIDE, _ROUND = "ltlab_side", "ltlab_round"
_OF_SIDE, _OF_ROUND = (*flux.OF_RUN, _SIDE), (*flux.OF_RUN, _ROUND)
_SHARES = (("p50", 0.5), ("p95", 0.95))
_EXACT = 'quantile(q: {}, method: "exact_mean")'
_RATIO, _MORE = "r.head / r.base - 1.0", "r.head - r.base"
_SHOWN = {
    **{f"{side}_requests": "short" for side in ("base", "head")},
    **{
        column: unit
        for name, _ in _SHARES
        for column, unit in (
            (f"base_{name}", "ms"),
            (f"head_{name}", "ms"),
            (f"{name}_change", "percentunit"),
        )
    },
    **{f"{side}_failed": "percentunit" for side in ("base", "head")},
}


def dashboard() -> panels.Dashboard:
    """Return the dashboard of comparisons, of either engine."""
    return panels.Dashboard(
        uid="ltlab-compare",
        title="Base against head",
        says="Whole rounds of `ltlab compare`, warm-up cut off. Changes are those of figures over the "
        "time shown; verdicts and their intervals are in the report.",
        parts=_parts(),
        variables=variables(flux.RAW, "http_req_duration", endpoint="http_reqs", of=flux.ROUNDS),
        annotations=[
            (f"{what}s of rounds", colour, _mark(pick, what))
            for what, colour, pick in (("start", "green", "min"), ("end", "red", "max"))
        ],
    )


def _rows(metric: str, *where: str) -> str:
    return flux.rows(metric, *where, of=flux.ROUNDS)


def _parts() -> list[Panel | Row]:
    metrics = ("http_req_duration", "http_req_failed", "http_reqs")
    duration, failed, requests = (_rows(metric, flux.ENDPOINT) for metric in metrics)
    return [
        *(
            _change(f"{name}, head to base", flux.figure(duration, _EXACT.format(share), _OF_SIDE))
            for name, share in _SHARES
        ),
        _change("Requests, head to base", flux.figure(requests, "sum()", _OF_SIDE)),
        _change("Failed, head less base", flux.figure(failed, "mean()", _OF_SIDE), _MORE),
        *(_sides(name, _quantile(duration, name, _OF_SIDE), "ms", width=12) for name, _ in _SHARES),
        _sides("Requests", flux.per_second(requests, "requests", _OF_SIDE), "reqps"),
        _sides(
            "Failed requests", flux.over_time(failed, "mean", "failed", _OF_SIDE), "percentunit"
        ),
        _sides(
            "CPU of the service",
            flux.over_time(_rows("service_cpu"), "mean", "service", _OF_SIDE),
            "short",
            says="In processors: 1 is one of them busy.",
        ),
        *_differing(duration, failed),
        *_tables(),
    ]


def _differing(duration: str, failed: str) -> list[Panel | Row]:
    by_name = (*flux.OF_RUN, "name")
    return [
        Row(title="How head differs"),
        _changes(
            "Response time, head to base",
            [_apart(_quantile(duration, name, _OF_SIDE), flux.OF_RUN) for name, _ in _SHARES],
        ),
        _changes(
            "Failed requests, head less base",
            [_apart(flux.over_time(failed, "mean", "failed", _OF_SIDE), flux.OF_RUN, _MORE)],
        ),
        *(
            _changes(
                f"{name} of each endpoint, head to base",
                [_apart(_quantile(duration, name, (*_OF_SIDE, "name")), by_name)],
                label="name",
            )
            for name, _ in _SHARES
        ),
    ]


def _tables() -> list[Panel | Row]:
    return [
        Row(title="Endpoints"),
        panels.table(
            "Endpoints, the slowest of head first",
            _beside((*flux.OF_RUN, "name", "method")),
            {"testid": "", "ltlab_scenario": "", "name": "", "method": "", **_SHOWN},
            width=24,
            height=10,
        ),
        Row(title="Round by round"),
        panels.table(
            "Rounds",
            f"{_beside(_OF_ROUND)}\n  |> sort(columns: {flux.listed(*_OF_ROUND)})",
            {"testid": "", "ltlab_scenario": "", _ROUND: "", **_SHOWN},
            width=24,
        ),
    ]


def _quantile(samples: str, name: str, by: Sequence[str]) -> str:
    return flux.over_time(samples, flux.quantile(dict(_SHARES)[name]), name, by)


def _beside(by: Sequence[str]) -> str:
    """Return a table: a row for each value of `by`, figures of both sides and how head's differ."""
    duration = _rows("http_req_duration", flux.ENDPOINT)
    columns = [(name, duration, _EXACT.format(share)) for name, share in _SHARES]
    columns.append(("requests", _rows("http_reqs", flux.ENDPOINT), "sum()"))
    columns.append(("failed", _rows("http_req_failed", flux.ENDPOINT), "mean()"))
    found = flux.table(columns, by, order="head_p95", across=(_SIDE,))
    changes = ", ".join(
        f"{name}_change: r.head_{name} / r.base_{name} - 1.0" for name, _ in _SHARES
    )
    return f"{found}\n  |> map(fn: (r) => ({{r with {changes}}}))"


def _apart(series: str, by: Sequence[str], how: str = _RATIO) -> str:
    """Return how head differs from base in each step in which both were measured."""
    return (
        f"{series}\n  |> group(columns: {flux.listed('_measurement', '_field', *by)})"
        f'\n  |> pivot(rowKey: ["_time"], columnKey: ["{_SIDE}"], valueColumn: "_value")'
        "\n  |> filter(fn: (r) => exists r.base and exists r.head)"
        f"\n  |> map(fn: (r) => ({{r with _value: {how}}}))"
        '\n  |> drop(columns: ["base", "head"])\n  |> sort(columns: ["_time"])'
    )


def _mark(pick: str, what: str) -> str:
    text = f'"{what} of round " + r.{_ROUND} + " of " + r.ltlab_scenario'
    return flux.mark(_rows("http_req_duration"), pick, text, _OF_ROUND)


def _change(title: str, figures: str, how: str = _RATIO) -> Panel:
    """Return how a figure over everything differs, one for each run's scenario."""
    query = (
        f"{figures}\n  |> pivot(rowKey: {flux.listed(*flux.OF_RUN)}, "
        f'columnKey: ["{_SIDE}"], valueColumn: "_value")'
        "\n  |> filter(fn: (r) => exists r.base and exists r.head)"
        "\n  |> map(fn: (r) => "
        f"({{testid: r.testid, ltlab_scenario: r.ltlab_scenario, _value: {how}}}))"
    )
    return replace(panels.stat(title, query, "percentunit"), width=6)


def _sides(title: str, query: str, unit: str, *, width: int = 8, says: str = "") -> Panel:
    """Return both sides over time: base dashed, head solid, as in the report."""
    dashed = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [6, 6]}}
    of_base = {"matcher": {"id": "byRegexp", "options": "/^base /"}, "properties": [dashed]}
    panel = panels.lines(title, [query], unit, _SIDE, width=width, says=says)
    return replace(panel, overrides=[of_base])


def _changes(title: str, queries: Sequence[str], *, label: str = "") -> Panel:
    """Return differences over time, which may be below zero."""
    panel = panels.lines(title, queries, "percentunit", label, width=12, interval="5s")
    defaults = {name: value for name, value in panel.defaults.items() if name != "min"}
    return replace(panel, defaults=defaults)
