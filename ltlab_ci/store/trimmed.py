"""Samples of a round cut down to what was measured on both sides: warm-up and what came after go.

Where sides took turns, each one's turns are moved together, so that turns made one after the other
lie over one another. The service's own address in names goes: it differs by side and round, and what is
requested is the same. Not here: reading rounds to judge them (rounds.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ltlab_ci import errors
from ltlab_ci.store import duck, iterations

# A request belongs to where it starts; its sample has the time of its end.
_START = (
    "CASE WHEN metric IN ('http_req_duration', 'iteration_duration') "
    "THEN time_ns - CAST(value * 1e6 AS BIGINT) ELSE time_ns END"
)


@dataclass(frozen=True, kw_only=True)
class Window:
    """A stretch of time to keep, in ns since the epoch, and by how much its samples are moved."""

    start_ns: int
    end_ns: int
    moved_ns: int = 0


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What there is in a file: the first start of load, and where its requests went, if any tells."""

    first_ns: int | None
    addressed: bool = False
    astray: str = ""
    elsewhere: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Used:
    """CPU in what was kept: of the service in processors, of the machine as a share; None: unknown."""

    service_cpu: float | None
    machine_cpu: float | None


def look(path: Path, base_url: str) -> Looked:
    """Return what must be known before a file is cut. Raises StoreError.

    `astray` is the address of a request that did not go to `base_url`, `elsewhere` the share of such.
    """
    with _open(path) as (db, columns):
        outside = "AND coalesce(\"group\", '') NOT IN ('::setup', '::teardown')"
        outside = outside if "group" in columns else ""
        [(first,)] = db.execute(
            f"SELECT min({_START}) FROM samples WHERE metric IN "
            f"('http_req_duration', 'iteration_duration') {outside}"
        ).fetchall()
        if "url" not in columns:
            return Looked(first_ns=first)
        # An address written as http.url`...` holds ${} in place of its host.
        duck.know_address(db, base_url)
        [(all_of_it, own, other)] = db.execute(
            "SELECT count(*), count(*) FILTER (path(url) != url), "
            "any_value(url) FILTER (path(url) = url) FROM samples "
            f"WHERE metric = 'http_req_duration' AND url LIKE 'http%' {outside}"
        ).fetchall()
        share = 1 - own / all_of_it if all_of_it else 0.0
        return Looked(first_ns=first, addressed=all_of_it > 0, astray=other or "", elsewhere=share)


def cut(path: Path, windows: Sequence[Window], base_url: str) -> Used:
    """Keep the samples inside the windows only. Raises StoreError."""
    with _open(path) as (db, columns):
        db.execute("CREATE TABLE windows (start_ns BIGINT, end_ns BIGINT, moved_ns BIGINT)")
        db.executemany(
            "INSERT INTO windows VALUES (?, ?, ?)",
            [[each.start_ns, each.end_ns, each.moved_ns] for each in windows],
        )
        new = path.with_suffix(".new")
        _add_hanging(db)
        duck.know_address(db, base_url)
        named = ", path(name) AS name" if "name" in columns else ""
        db.execute(
            "COPY (SELECT begun.* EXCLUDE began_ns "
            f"REPLACE (time_ns + moved_ns AS time_ns{named}) FROM ({_begun(columns)}) AS begun "
            "JOIN windows ON began_ns >= start_ns AND began_ns < end_ns) "
            f"TO '{duck.quoted(new)}' {duck.PARQUET}"
        )
        [used] = db.execute(
            "SELECT avg(value) FILTER (metric = 'service_cpu'), "
            "avg(value) FILTER (metric = 'machine_cpu') "
            f"FROM read_parquet('{duck.exactly(new)}')"
        ).fetchall()
    new.replace(path)
    return Used(service_cpu=duck.rounded(used[0]), machine_cpu=duck.rounded(used[1]))


def _add_hanging(db: duckdb.DuckDBPyConnection) -> None:
    """Add iterations of k6 that never ended, where they began.

    Before anything is cut off: a start and its end would lie on two sides of a window's edge else.
    """
    found = db.execute(
        "SELECT metric, time_ns, value FROM samples "
        "WHERE metric IN ('ltlab_iterations_begun', 'iteration_duration', 'dropped_iterations') "
        "OR metric = 'vus' AND value > 0"
    ).fetchnumpy()
    ends, begun = (
        found["metric"] == name for name in ("iteration_duration", "ltlab_iterations_begun")
    )
    hang: list[int] = []
    if begun.any():
        times, until_ns = found["time_ns"], int(found["time_ns"].max())
        hang = iterations.hanging(times[begun], times[ends], found["value"][ends], until_ns)
    db.execute("CREATE TABLE hanging AS SELECT unnest($hang::BIGINT[]) AS time_ns", {"hang": hang})
    db.execute(
        "CREATE VIEW whole AS FROM samples UNION ALL BY NAME "
        "SELECT 'ltlab_iterations_hung' AS metric, time_ns, 1.0 AS value FROM hanging"
    )


def _begun(columns: frozenset[str]) -> str:
    """Return a SELECT of all samples and when they began: those of a request with its duration."""
    same = [name for name in ("time_ns", "name", "method") if name in columns]
    on = " AND ".join(f"own.{name} IS NOT DISTINCT FROM sent.{name}" for name in same)
    return (
        f"WITH own AS (SELECT *, {_START} AS began_ns FROM whole), "
        f"sent AS (SELECT {', '.join(same)}, min(began_ns) AS sent_ns FROM own "
        "WHERE metric = 'http_req_duration' GROUP BY ALL) "
        "SELECT own.* REPLACE (CASE WHEN starts_with(metric, 'http_req') "
        "THEN coalesce(sent_ns, began_ns) ELSE began_ns END AS began_ns) "
        f"FROM own LEFT JOIN sent ON {on}"
    )


@contextlib.contextmanager
def _open(path: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, frozenset[str]]]:
    db = duck.connect(path.parent / ".spill")
    try:
        db.execute("SET threads = 2")
        db.execute(f"CREATE VIEW samples AS FROM read_parquet('{duck.exactly(path)}')")
        found = db.execute("DESCRIBE samples").fetchall()
        yield db, frozenset(str(row[0]) for row in found)
    except duckdb.Error as error:
        raise errors.StoreError(
            f"{path.name} could not be cut to what was measured: {str(error).splitlines()[0]}",
            remedy="check that the disk has room, then run again",
        ) from error
    finally:
        db.close()
