"""A samples file as points for InfluxDB: every sample a point of its own, as lines of text.

DuckDB makes the lines, since a run has millions. Not here: the form of a key (line.py), sending.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from ltlab_ci import model
from ltlab_ci.store import duck, line

SLICE_NS = 10_000_000_000
"""Points are counted, and written again, by metric and stretches of ten seconds."""

Slice = tuple[str, int]
"""A metric, and time since the epoch in SLICE_NS, rounded down."""

_KEYS = tuple(f'"{name}"' for name in model.SYSTEM_TAGS if name not in line.FIELDS)
_GROUP = ("metric", *_KEYS, "tags")
_LINE = (
    "key || ' ' || fields || coalesce('url=\"' || "
    "replace(replace(url, '\\', '\\\\'), '\"', '\\\"') || '\",', '') "
    "|| 'value=' || value::VARCHAR || ' ' || time_ns::VARCHAR"
)


class Points:
    """The points of one scenario's samples files, each with the given tags unless it has them itself.

    Samples of one series in one nanosecond would overwrite each other in InfluxDB: each is moved
    behind the one before, in order of time and value, so that the same file gives the same points.
    """

    def __init__(self, files: Sequence[Path], tags: Mapping[str, str]) -> None:
        self._spill = files[0].with_suffix(".points")
        self._db = duck.connect(self._spill)
        self._load(duck.reading(files), tags)

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def counts(self) -> dict[Slice, int]:
        """Return the number of points in each slice."""
        rows = self._db.execute(
            f"SELECT metric, time_ns // {SLICE_NS}, count(*) FROM points JOIN series USING (id) "
            "GROUP BY 1, 2"
        ).fetchall()
        return {(metric, place): count for metric, place, count in rows}

    def unstorable(self) -> dict[str, int]:
        """Return, for each metric, the samples that InfluxDB cannot hold.

        Values that are no finite number, and names that line protocol cannot carry.
        """
        rows = self._db.execute(
            "SELECT metric, count(*) FROM raw JOIN series USING (id) WHERE NOT ok GROUP BY 1"
        ).fetchall()
        return dict(rows)

    def reach(self) -> model.Window | None:
        """Return the stretch of time in whole slices that holds every point."""
        row = self._db.execute("SELECT min(time_ns), max(time_ns) FROM points").fetchone()
        assert row is not None  # an aggregate without GROUP BY always has one row
        first, last = row
        if first is None:
            return None
        return model.Window(
            start_ns=first // SLICE_NS * SLICE_NS, end_ns=(last // SLICE_NS + 1) * SLICE_NS
        )

    def lines(self, slices: Collection[Slice], size: int) -> Iterator[list[str]]:
        """Yield the lines of some slices, so many at a time."""
        self._db.execute("CREATE OR REPLACE TABLE wanted (metric VARCHAR, place BIGINT)")
        self._db.execute(
            "INSERT INTO wanted SELECT unnest(?::VARCHAR[]), unnest(?::BIGINT[])",
            [[metric for metric, _ in slices], [place for _, place in slices]],
        )
        found = self._db.execute(
            f"SELECT {_LINE} FROM points JOIN series USING (id) JOIN wanted "
            f"ON wanted.metric = series.metric AND wanted.place = time_ns // {SLICE_NS}"
        )
        while rows := found.fetchmany(size):
            yield [row[0] for row in rows]

    def _load(self, source: str, tags: Mapping[str, str]) -> None:
        columns = ", ".join(_GROUP)
        self._db.execute(
            f"CREATE TABLE named AS SELECT row_number() OVER () AS id, * "
            f"FROM (SELECT DISTINCT {columns} FROM {source})"
        )
        self._db.execute(
            "CREATE TABLE series (id BIGINT, metric VARCHAR, key VARCHAR, fields VARCHAR)"
        )
        read = self._db.cursor().execute(f"SELECT id, {columns} FROM named")
        while rows := read.fetchmany(10_000):
            made = [
                _series(row[1], dict(zip(_GROUP[1:], row[2:], strict=True)), tags) for row in rows
            ]
            self._db.execute(
                "INSERT INTO series SELECT unnest(?::BIGINT[]), unnest(?::VARCHAR[]), "
                "unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
                [
                    [row[0] for row in rows],
                    [row[1] for row in rows],
                    [one.key if one else None for one in made],
                    [one.fields if one else None for one in made],
                ],
            )
        same = " AND ".join(f"s.{name} IS NOT DISTINCT FROM named.{name}" for name in _GROUP)
        self._db.execute(
            "CREATE TABLE raw AS SELECT id, time_ns, value, url, "
            "coalesce(isfinite(value), false) AND key IS NOT NULL AS ok "
            f"FROM {source} AS s JOIN named ON {same} JOIN series USING (id)"
        )
        self._set_apart()

    def _set_apart(self) -> None:
        """Make `points` of what can be stored, no two of a series at one time."""
        alike = self._db.execute(
            "SELECT 1 FROM raw WHERE ok GROUP BY id, time_ns HAVING count(*) > 1 LIMIT 1"
        ).fetchone()
        if alike is None:
            self._db.execute("CREATE VIEW points AS SELECT * FROM raw WHERE ok")
            return
        # The earliest free time is the greatest of (time - place) so far, plus the place.
        order = "PARTITION BY id ORDER BY place"
        self._db.execute(
            "CREATE TABLE points AS "
            f"SELECT id, max(time_ns - place) OVER ({order}) + place AS time_ns, value, url FROM ("
            "SELECT *, row_number() OVER (PARTITION BY id ORDER BY time_ns, value, url) AS place "
            "FROM raw WHERE ok)"
        )


def _series(
    metric: str, columns: Mapping[str, str | None], tags: Mapping[str, str]
) -> line.Series | None:
    own = {name.strip('"'): value for name, value in columns.items() if value and name != "tags"}
    return line.series(metric, {**tags, **own, **line.custom_tags(columns["tags"])})
