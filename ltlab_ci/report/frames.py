"""Data frames as Grafana keeps them in a snapshot, from InfluxDB's answers or plain columns; pure.

The shapes are those of Grafana's own InfluxDB data source: a table with a `_measurement` becomes a
series with its tags as labels, any other a frame of its columns.
Not here: the dashboards that hold them (snapshot.py).
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ltlab_ci import errors
from ltlab_ci.model import Json

Cell = str | float | bool | None

_NUMBERS = frozenset({"double", "long", "unsignedLong"})
_OWN = frozenset({"result", "table"})


@dataclass
class _Table:
    """The part of an answer with one set of columns; `rows` by number of the table in it."""

    types: list[str] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    rows: dict[str, list[list[str]]] = field(default_factory=dict)


def of_csv(text: str) -> tuple[Json, ...]:
    """Return a frame for each table of annotated CSV (datatype and default needed), in its order.

    Raises StoreError for an answer that holds an error instead, as InfluxDB sends one that it
    notices after the first row.
    """
    return tuple(_frame(part, rows) for part in _parts(text) for rows in part.rows.values())


def series(name: str, times_ms: Sequence[int], values: Sequence[Cell]) -> Json:
    """Return one series: times in ms since the epoch, values of the same length."""
    fields = [{"name": "Time", "type": "time"}, {"name": name, "type": "number"}]
    return {"schema": {"name": name, "fields": fields}, "data": {"values": [times_ms, values]}}


def table(columns: Mapping[str, Sequence[Cell]]) -> Json:
    """Return a table; a column is of text if its first value is."""
    fields = [
        {"name": name, "type": "string" if isinstance([*cells, 0][0], str) else "number"}
        for name, cells in columns.items()
    ]
    return {"schema": {"fields": fields}, "data": {"values": [list(c) for c in columns.values()]}}


def length(frame: Json) -> int:
    """Return how many rows a frame has."""
    values = frame["data"]["values"]
    return len(values[0]) if values else 0


def thinned(frame: Json, rows: int) -> Json:
    """Return a frame of at most so many rows, evenly chosen, the first among them."""
    every = -(-length(frame) // rows)
    if every <= 1:
        return frame
    values = [column[::every] for column in frame["data"]["values"]]
    return {**frame, "data": {**frame["data"], "values": values}}


def _parts(text: str) -> Iterator[_Table]:
    part = _Table()
    for row in csv.reader(io.StringIO(text)):
        if not row:
            continue
        if row[0] == "#datatype":
            yield part
            part = _Table(types=row[1:])
        elif row[0] == "#default":
            part.defaults = row[1:]
        elif row[0].startswith("#"):
            continue
        elif not part.names:
            part.names = row[1:]
        elif "table" not in part.names:  # `error,reference`; a tag may be named `error` as well
            raise errors.StoreError(
                f"InfluxDB: {row[1]}",
                remedy="look at InfluxDB's log, and run again",
            )
        else:
            cells = [c or default for c, default in zip(row[1:], part.defaults, strict=True)]
            part.rows.setdefault(cells[part.names.index("table")], []).append(cells)
    yield part


def _frame(part: _Table, rows: list[list[str]]) -> Json:
    at = {name: place for place, name in enumerate(part.names)}

    def column(name: str) -> list[Cell]:
        return [_cell(part.types[at[name]], row[at[name]]) for row in rows]

    if "_measurement" not in at:
        shown = [name for name in part.names if name not in _OWN]
        fields = [{"name": name, "type": _type(part.types[at[name]])} for name in shown]
        return {"schema": {"fields": fields}, "data": {"values": [column(name) for name in shown]}}
    first = rows[0]
    tags = [name for name in part.names if name not in _OWN and not name.startswith("_")]
    value = {
        "name": first[at["_field"]],
        "type": _type(part.types[at["_value"]]),
        "labels": {name: first[at[name]] for name in tags},
    }
    schema = {
        "name": first[at["_measurement"]],
        "fields": [{"name": "Time", "type": "time"}, value],
    }
    return {"schema": schema, "data": {"values": [column("_time"), column("_value")]}}


def _type(kind: str) -> str:
    if kind.startswith("dateTime"):
        return "time"
    return "number" if kind in _NUMBERS else "boolean" if kind == "boolean" else "string"


def _cell(kind: str, text: str) -> Cell:
    if not text and kind != "string":
        return None
    if kind.startswith("dateTime"):
        # Frames count in ms; what InfluxDB writes beyond microseconds Python would refuse.
        seconds, _, fraction = text.removesuffix("Z").partition(".")
        whole = int(datetime.fromisoformat(f"{seconds}+00:00").timestamp()) * 1000
        return whole + int(f"{fraction:0<3}"[:3])
    if kind == "double":
        number = float(text)
        return number if math.isfinite(number) else None
    if kind in _NUMBERS:
        return int(text)
    return text == "true" if kind == "boolean" else text
