"""How Grafana's Flux data source turns a query and InfluxDB's answer into frames; and its files.

Written to `pkg/tsdb/influxdb/flux/{macros,builder}.go`: with a `_measurement` a table is a series
(Time and one field, tags as labels), without it every column is a field.
"""

from __future__ import annotations

import csv
import datetime
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
MAX_SERIES = 1000

_TYPES = {
    "string": ("string", "string"),
    "dateTime:RFC3339": ("time", "time.Time"),
    "dateTime:RFC3339Nano": ("time", "time.Time"),
    "double": ("number", "float64"),
    "long": ("number", "int64"),
    "unsignedLong": ("number", "uint64"),
    "boolean": ("boolean", "bool"),
}


def request(flux: str) -> Json:
    """Return the body of a query to InfluxDB 2."""
    dialect = {"annotations": ["datatype", "group", "default"], "delimiter": ",", "header": True}
    return {"query": flux, "type": "flux", "dialect": dialect}


def interpolated(
    flux: str, start_ms: int, stop_ms: int, *, interval_ms: int, bucket: str, organization: str
) -> str:
    """Fill in Grafana's macros."""
    values = {
        "timeRangeStart": _rfc3339(start_ms),
        "timeRangeStop": _rfc3339(stop_ms),
        "windowPeriod": _go_duration(interval_ms),
        "defaultBucket": f'"{bucket}"',
        "bucket": f'"{bucket}"',
        "organization": f'"{organization}"',
    }
    flux = re.sub(r"[a-zA-Z]+\.([a-zA-Z]+)", lambda m: values.get(m[1], m[0]), flux)
    flux = flux.replace("$__interval_ms", str(interval_ms))
    return flux.replace("$__interval", f"{interval_ms}ms")


def _rfc3339(ms: int) -> str:
    moment = datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _go_duration(ms: int) -> str:
    if ms % 1000:
        return f"{ms}ms"
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{seconds}s" if hours else f"{minutes}m{seconds}s"


def read(text: str, ref: str, *, max_points: int) -> list[Json]:
    """Return a frame for each table. Raises ValueError for an answer beyond Grafana's limits."""
    frames = []
    for types, names, rows in _tables(text):
        series = "_measurement" in names
        frame = _series(types, names, rows) if series else _table(types, names, rows)
        frame["schema"]["refId"] = ref
        if len(rows) > max_points:
            raise ValueError(f"returned too many points in a series: {max_points}")
        frames.append(frame)
        if len(frames) > MAX_SERIES:
            raise ValueError(f"reached max series limit ({MAX_SERIES})")
    return frames


def _tables(text: str) -> Iterator[tuple[list[str], list[str], list[list[str]]]]:
    """Yield each table as types, names and rows; annotation rows begin with `#`."""
    types: list[str] = []
    names: list[str] = []
    defaults: list[str] = []
    found: dict[str, list[list[str]]] = {}
    for row in [*csv.reader(io.StringIO(text, newline="")), []]:
        if not row or row[0] == "#datatype":
            for rows in found.values():
                yield types, names, rows
            found = {}
            if row:
                types, names = row[1:], []
        elif row[0] == "#default":
            defaults = row[1:]
        elif row[0] == "#group":
            continue
        elif not names:
            names = row[1:]
            if "error" in names and "result" not in names:
                types = types or ["string"] * len(names)
        elif names[0] == "error":
            raise ValueError(row[1])
        else:
            cells = [cell or default for cell, default in zip(row[1:], defaults, strict=True)]
            found.setdefault(cells[names.index("table")], []).append(cells)


def _series(types: list[str], names: list[str], rows: list[list[str]]) -> Json:
    at = {name: place for place, name in enumerate(names)}
    labels = {n: rows[0][at[n]] for n in names if n not in {"result", "table"} and n[0] != "_"}
    kind = types[at["_value"]]
    fields = [
        {"name": "Time", "type": "time", "typeInfo": {"frame": "time.Time"}},
        {
            "name": rows[0][at["_field"]],
            "type": _TYPES[kind][0],
            "typeInfo": {"frame": _TYPES[kind][1], "nullable": True},
            "labels": labels,
        },
    ]
    times = [_value("dateTime:RFC3339", row[at["_time"]]) for row in rows]
    values = [_value(kind, row[at["_value"]]) for row in rows]
    name = rows[0][at["_measurement"]]
    return {"schema": {"name": name, "fields": fields}, "data": {"values": [times, values]}}


def _table(types: list[str], names: list[str], rows: list[list[str]]) -> Json:
    shown = [place for place, name in enumerate(names) if name not in {"result", "table"}]
    fields = [
        {
            "name": names[place],
            "type": _TYPES[types[place]][0],
            "typeInfo": {"frame": _TYPES[types[place]][1], "nullable": True},
        }
        for place in shown
    ]
    values = [[_value(types[place], row[place]) for row in rows] for place in shown]
    return {"schema": {"fields": fields}, "data": {"values": values}}


def _value(kind: str, text: str) -> object:
    if text == "" and kind != "string":
        return None
    match kind:
        case "double":
            number = float(text)
            return number if number - number == 0 else None
        case "long" | "unsignedLong":
            return int(text)
        case "boolean":
            return text == "true"
        case "dateTime:RFC3339" | "dateTime:RFC3339Nano":
            # InfluxDB has nanoseconds, Python's datetime microseconds; frames have ms.
            cut = re.sub(r"(\.\d{6})\d+", r"\1", text)
            return int(datetime.datetime.fromisoformat(cut).timestamp() * 1000)
        case _:
            return text


def data_source(text: str) -> Json:
    """Read the one data source of our own provisioning file; `$__file{}` and `$VAR` expand."""
    found = dict(re.findall(r"(\w+): *([^{}\n,]+)", text))
    expanded = re.sub(r"\$(\w+)", lambda m: os.environ.get(m[1], ""), found["url"].strip())
    token = re.search(r"token: *\$__file\{([^}]+)\}", text)
    plain = re.search(r"token: *\$(\w+)", text)
    secret = Path(token[1]).read_text(encoding="utf-8").strip() if token else ""
    if plain and plain[1] != "__file":
        secret = os.environ.get(plain[1], "")
    return {
        "uid": found["uid"].strip(),
        "url": expanded,
        "jsonData": {
            "version": "Flux",
            "organization": found["organization"].strip(),
            "defaultBucket": found["defaultBucket"].strip(),
        },
        "secureJsonData": {"token": secret},
    }


def paths(text: str) -> list[str]:
    """Return the folders that a dashboards provider reads."""
    return [found.strip() for found in re.findall(r"path: *([^\s},]+)", text)]


def update_interval_s(text: str) -> float | None:
    """Return how often a dashboards provider looks for changes, None where it does not say."""
    found = re.search(r"updateIntervalSeconds: *(\d+)", text)
    return float(found[1]) if found else None
