"""A dashboard of one run that opens anywhere later: its data lies in it, no data source is asked.

Grafana's server fills nothing in: what a snapshot shows is what its writer put into it. Panels get
one query of type `snapshot` that holds frames, as Grafana 11 to 13 write and read it.
Not here: asking the queries (flows/ with lab/ or store/), frames themselves (frames.py).
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ltlab_ci import model
from ltlab_ci.model import Json
from ltlab_ci.report import frames

GRAFANA = {"type": "grafana", "uid": "grafana"}
MAX_ROWS, MAX_FRAMES, MAX_BYTES = 1000, 100, 8_000_000
_POINTS = 400
_SPECIAL = re.compile(r"[\\^$*+?.()|\[\]{}/]")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A dashboard with its data; `notes` say what was left out to keep it small, or has no data."""

    dashboard: Json
    notes: tuple[str, ...]


def queries(dashboard: Json, view: model.View) -> tuple[model.PanelQuery, ...]:
    """Return every query of a dashboard, its panels' and then its annotations', for one run."""
    found = []
    for panel in _panels(dashboard):
        points = panel.get("maxDataPoints") or _POINTS
        step_s = max(_seconds(panel.get("interval")), math.ceil(view.window.seconds / points))
        found += [
            model.PanelQuery(
                panel=panel["id"],
                ref=target["refId"],
                flux=_filled(target["query"], view.variables),
                step_s=step_s,
                max_points=points,
            )
            for target in panel["targets"]
            if isinstance(target.get("query"), str)
        ]
    found += [
        model.PanelQuery(
            panel=0,
            ref=each["name"],
            flux=_filled(each["target"]["query"], view.variables),
            step_s=1,
            max_points=_POINTS,
        )
        for each in _annotations(dashboard)
    ]
    return tuple(found)


def _panels(dashboard: Json) -> Iterator[Json]:
    """Yield the panels that have queries, those of collapsed rows among them."""
    for panel in dashboard.get("panels", ()):
        yield from _panels(panel)
        if panel.get("targets"):
            yield panel


def _annotations(dashboard: Json) -> list[Json]:
    listed = dashboard.get("annotations", {}).get("list", ())
    return [each for each in listed if isinstance((each.get("target") or {}).get("query"), str)]


def plain_flux(query: model.PanelQuery, view: model.View, *, bucket: str) -> str:
    """Return a query that InfluxDB itself understands: Grafana's macros are filled in too."""
    values = {
        "timeRangeStart": rfc3339(view.window.start_ns),
        "timeRangeStop": rfc3339(view.window.end_ns),
        "windowPeriod": f"{query.step_s}s",
        "defaultBucket": json.dumps(bucket),
    }
    return re.sub(r"\bv\.(\w+)", lambda found: values.get(found[1], found[0]), query.flux)


def keep(dashboard: Json, view: model.View, found: model.Frames) -> Kept:
    """Return a dashboard with the frames of its queries in it, bounded in size, and no query left.

    A panel whose queries brought nothing stays, empty. Its uid is the run's own, so that an import
    replaces nothing.
    """
    notes: list[str] = []
    kept = copy.deepcopy(dashboard)
    room = MAX_BYTES
    for panel in _panels(kept):
        title = panel.get("title") or f"panel {panel['id']}"
        fitting = _fitting(title, _of_panel(panel, found), notes)
        size = len(json.dumps(fitting))
        if size > room:
            notes.append(f"{title}: left out, {size / 1e6:.1f} MB are too much")
            fitting, size = [], 0
        room -= size
        embed(panel, fitting)
    unique = hashlib.sha256(json.dumps(sorted(view.variables.items())).encode()).hexdigest()[:8]
    kept |= {
        "uid": f"{dashboard['uid'][:31]}-{unique}",
        "title": f"{dashboard['title']}: {view.title}",
        "tags": [*dashboard.get("tags", ()), "snapshot"],
        "refresh": "",
        "links": [],
        "time": {"from": rfc3339(view.window.start_ns), "to": rfc3339(view.window.end_ns)},
        "templating": {"list": _chosen(dashboard, view)},
        "annotations": {"list": _marks(dashboard, found)},
    }
    return Kept(dashboard=kept, notes=tuple(notes))


def embed(panel: Json, fitting: list[Json]) -> None:
    """Put frames into a panel in the place of its queries."""
    target = {"refId": "A", "datasource": GRAFANA, "queryType": "snapshot", "snapshot": fitting}
    panel |= {"datasource": GRAFANA, "targets": [target]}


def _of_panel(panel: Json, found: model.Frames) -> list[Json]:
    refs = [target["refId"] for target in panel["targets"]]
    return [frame for ref in refs for frame in found.get((panel["id"], ref), ())]


def _fitting(title: str, found: list[Json], notes: list[str]) -> list[Json]:
    if not any(map(frames.length, found)):
        notes.append(f"{title}: no data")
    if len(found) > MAX_FRAMES:
        notes.append(f"{title}: {MAX_FRAMES} of {len(found)} series")
    longest = max(map(frames.length, found), default=0)
    if longest > MAX_ROWS:
        notes.append(f"{title}: thinned from {longest} points")
    return [frames.thinned(frame, MAX_ROWS) for frame in found[:MAX_FRAMES]]


def _filled(flux: str, variables: Mapping[str, tuple[str, ...]]) -> str:
    """Fill in variables as Grafana's page does before it sends a query: as part of a regex."""

    def regex(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        values = variables.get(name)
        if values is None:
            return found[0] if name.startswith("__") else ".*"
        escaped = [_SPECIAL.sub(r"\\\g<0>", value) for value in values]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"

    return re.sub(r"\$\{(\w+)(?::regex)?\}|\$([a-zA-Z_]\w*)", regex, flux)


def _chosen(dashboard: Json, view: model.View) -> list[Json]:
    """Return the variables with what was chosen, and nothing to ask."""
    chosen = []
    for variable in dashboard.get("templating", {}).get("list", ()):
        values = list(view.variables.get(variable["name"], ("All",)))
        current = {"selected": True, "text": values, "value": values}
        chosen.append(
            {
                "type": "custom",
                "name": variable["name"],
                "label": variable.get("label") or variable["name"],
                "query": ",".join(value.replace(",", "\\,") for value in values),
                "multi": True,
                "current": current,
                "options": [{"selected": True, "text": v, "value": v} for v in values],
            }
        )
    return chosen


def _marks(dashboard: Json, found: model.Frames) -> list[Json]:
    marks = []
    for each in _annotations(dashboard):
        events: list[Json] = []
        for frame in found.get((0, each["name"]), ()):
            names = [field["name"] for field in frame["schema"]["fields"]]
            for row in zip(*frame["data"]["values"], strict=True):
                cells = dict(zip(names, row, strict=True))
                tags = str(cells.get("tags") or "").split(",")
                text = str(cells.get("text") or each["name"])
                events.append({"time": cells.get("_time"), "text": text, "tags": tags})
        shown = {name: each.get(name) for name in ("name", "enable", "iconColor")}
        marks.append({**shown, "datasource": GRAFANA, "type": "tags", "snapshotData": events})
    return marks


def _seconds(interval: str | None) -> int:
    found = re.fullmatch(r">?(\d+)([smh])", interval or "")
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]] if found else 1


def rfc3339(time_ns: int) -> str:
    """Return a time as Flux and dashboards write it, in UTC, to the ms."""
    moment = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns % 1_000_000_000 // 1_000_000:03d}Z"
