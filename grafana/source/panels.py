"""Panels and dashboards as Grafana's JSON (classic schema, read by Grafana 10 to 13).

Not here: what is queried (flux.py), which panels make a dashboard (load_tests.py, live.py, compare.py,
health.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SOURCE = {"type": "influxdb", "uid": "ltlab-influxdb"}
_WIDTH = 24
_LEGEND = {"displayMode": "list", "placement": "bottom", "showLegend": True}
_REDUCE = {"calcs": ["lastNotNull"], "fields": "/^_value$/", "values": True}

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel: its type, its queries in order, and how it shows them."""

    title: str
    kind: str
    queries: Sequence[str]
    width: int = 8
    height: int = 8
    unit: str = "short"
    says: str = ""
    defaults: Json = field(default_factory=dict)
    options: Json = field(default_factory=dict)
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()
    interval: str = "1s"

    def json(self, number: int, *, x: int, y: int) -> Json:
        """Return the panel as part of a dashboard; `number` is its id."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            **({"description": self.says} if self.says else {}),
            "datasource": SOURCE,
            "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
            "interval": self.interval,
            "maxDataPoints": 400,
            "fieldConfig": {
                "defaults": {"unit": self.unit, **self.defaults},
                "overrides": list(self.overrides),
            },
            "options": self.options,
            "targets": [
                {"refId": chr(ord("A") + at), "datasource": SOURCE, "query": query}
                for at, query in enumerate(self.queries)
            ],
            **({"transformations": list(self.transformations)} if self.transformations else {}),
        }


@dataclass(frozen=True, kw_only=True)
class Row:
    """A headline over the panels that follow it."""

    title: str


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A choice at the top of a dashboard; `everything` offers All, as `.*` or as every value."""

    name: str
    label: str
    query: str
    everything: bool = True
    all_value: str | None = None

    def json(self) -> Json:
        """Return the variable as part of a dashboard; asked again when the time range changes."""
        return {
            "type": "query",
            "name": self.name,
            "label": self.label,
            "datasource": SOURCE,
            "query": self.query,
            "refresh": 2,
            "sort": 0,
            "regex": "",
            "multi": True,
            "includeAll": self.everything,
            "options": [],
            **({"allValue": self.all_value} if self.all_value else {}),
            **({"current": {"text": ["All"], "value": ["$__all"]}} if self.everything else {}),
        }


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A dashboard; `annotations` are (name, colour, query)."""

    uid: str
    title: str
    says: str
    parts: Sequence[Panel | Row]
    variables: Sequence[Variable] = ()
    annotations: Sequence[tuple[str, str, str]] = ()
    since: str = "now-1h"

    def json(self) -> Json:
        """Return the dashboard as Grafana imports and provisions it."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.says,
            "tags": ["ltlab"],
            "schemaVersion": 41,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "timezone": "browser",
            "refresh": "10s",
            "time": {"from": self.since, "to": "now"},
            "timepicker": {"refresh_intervals": ["5s", "10s", "30s", "1m", "5m"]},
            "templating": {"list": [variable.json() for variable in self.variables]},
            "annotations": {"list": [_annotation(*each) for each in self.annotations]},
            "links": [_links()],
            "panels": list(_placed(self.parts)),
        }


def _links() -> Json:
    return {
        "type": "dashboards",
        "title": "Load tests",
        "tags": ["ltlab"],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def _annotation(name: str, colour: str, query: str) -> Json:
    return {
        "name": name,
        "datasource": SOURCE,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "target": {"refId": "Anno", "query": query},
    }


def _placed(parts: Sequence[Panel | Row]) -> Iterator[Json]:
    """Lay panels out from left to right, a new line where one does not fit."""
    x = y = high = 0
    for number, part in enumerate(parts, start=1):
        if isinstance(part, Row) or x + part.width > _WIDTH:
            x, y, high = 0, y + high, 0
        if isinstance(part, Row):
            place = {"h": 1, "w": _WIDTH, "x": 0, "y": y}
            row = {"id": number, "type": "row", "title": part.title, "gridPos": place}
            yield {**row, "collapsed": False, "panels": []}
            y += 1
        else:
            yield part.json(number, x=x, y=y)
            x, high = x + part.width, max(high, part.height)


def stat(title: str, query: str, unit: str) -> Panel:
    """Return one big figure for each run."""
    options = {
        "reduceOptions": _REDUCE,
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "auto",
        "wideLayout": True,
    }
    return Panel(
        title=title, kind="stat", queries=[query], width=3, height=4, unit=unit, options=options
    )


def lines(
    title: str,
    queries: Sequence[str],
    unit: str,
    label: str = "",
    *,
    width: int = 8,
    says: str = "",
    interval: str = "1s",
    stack: bool = False,
    of_run: bool = True,
) -> Panel:
    """Return values over time; `label` is the name of the tag that tells the lines apart."""
    name = f"${{__field.labels.{label}}}" if label else "${__field.name}"
    custom: Json = {
        "drawStyle": "bars" if stack else "line",
        "fillOpacity": 60 if stack else 8,
        "lineWidth": 1,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stack else "none", "group": "A"},
    }
    whose = " ${__field.labels.ltlab_scenario}" if of_run else ""
    return Panel(
        title=title,
        kind="timeseries",
        queries=queries,
        unit=unit,
        defaults={"displayName": f"{name}{whose}", "min": 0, "custom": custom},
        options={"legend": {**_LEGEND, "calcs": []}, "tooltip": {"mode": "multi", "sort": "desc"}},
        width=width,
        says=says,
        interval=interval,
    )


def table(
    title: str, query: str, columns: Mapping[str, str], *, width: int = 12, height: int = 8
) -> Panel:
    """Return a table; `columns` are shown in this order, each with its unit."""
    overrides = [
        {
            "matcher": {"id": "byName", "options": column},
            "properties": [{"id": "unit", "value": unit}],
        }
        for column, unit in columns.items()
        if unit
    ]
    return Panel(
        title=title,
        kind="table",
        queries=[query],
        overrides=overrides,
        options={"showHeader": True, "cellHeight": "sm"},
        transformations=[
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"result": True, "table": True},
                    "indexByName": {name: at for at, name in enumerate(columns)},
                    "renameByName": {},
                },
            }
        ],
        width=width,
        height=height,
    )


def heatmap(title: str, query: str, bins: Sequence[float]) -> Panel:
    """Return a heat map of a row a step and a column a bin, named by its upper bound in ms."""
    names = [*(f"{bound:g}" for bound in bins), "+Inf"]
    return Panel(
        title=title,
        kind="heatmap",
        queries=[query],
        unit="short",
        options={
            "calculate": False,
            "rowsFrame": {"layout": "le"},
            "cellGap": 1,
            "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5},
            "filterValues": {"le": 0.5},
            "yAxis": {"axisPlacement": "left", "unit": "ms"},
            "legend": {"show": True},
            "tooltip": {"mode": "single", "yHistogram": False},
            "showValue": "never",
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
        },
        transformations=[
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"result": True, "table": True},
                    "indexByName": {name: at for at, name in enumerate(["_time", *names])},
                    "renameByName": {},
                },
            }
        ],
        width=12,
    )
