"""One samples file as a SELECT of what a comparison needs: Parquet of ours, k6's CSV, plain or gzipped.

Not here: what is read by it (rounds.py).
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import duckdb

from ltlab_ci import errors
from ltlab_ci.store import duck, sql

_NEEDED = ("metric", "time_ns", "value")
_K6 = {"metric_name": "metric", "timestamp": "time_ns", "metric_value": "value"}
_US_DIGITS, _NS_DIGITS = 16, 19  # of a time since the epoch, until the year 2286
_RFC3339_DIGITS = 3  # of a second; rfc3339_nano cuts zeros, so one finer time is proof
_ZONE = r"([+-])(\d\d):(\d\d)$"
_RFC3339 = (
    # DuckDB's type with nanoseconds knows no zones, so the offset is taken off by hand.
    f"(epoch_ns(regexp_replace(timestamp, '(Z|{_ZONE})', '')::TIMESTAMP_NS) - 1000000000 * "
    f"CASE regexp_extract(timestamp, '{_ZONE}', 1) WHEN '+' THEN 1 WHEN '-' THEN -1 ELSE 0 END * ("
    f"3600 * coalesce(try_cast(regexp_extract(timestamp, '{_ZONE}', 2) AS BIGINT), 0) + "
    f"60 * coalesce(try_cast(regexp_extract(timestamp, '{_ZONE}', 3) AS BIGINT), 0)))"
)
_FINER: Final = (
    "record with `K6_CSV_TIME_FORMAT=unix_nano k6 run --out csv=FILE`: slices of a few seconds, "
    "paired across two processes, need microseconds"
)


def select(db: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Return a SELECT of what a comparison needs, one column a fact: metric, time_ns, value, name, method,
    is_url, ok, checked, refused.

    Raises ConfigError for a file that lacks a column, is not whole, or has times too coarse.
    """
    if path.name.endswith(".parquet"):
        source = f"read_parquet('{duck.exactly(path)}')"
        rows = db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        columns = {str(row[0]): str(row[0]) for row in rows}
        time = "time_ns"
    else:
        source, columns = _csv(path)
        time = _time(db, path, source) if "time_ns" in columns else ""
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise errors.ConfigError(
            f"{path} has no column {', '.join(missing)}",
            remedy="name Parquet files of an ltlab report, or k6's CSV with its header line",
        )
    name = "coalesce(name::VARCHAR, '')" if "name" in columns else "''"
    method = "coalesce(method::VARCHAR, '')" if "method" in columns else "''"
    checked = "coalesce(\"check\"::VARCHAR, '')" if "check" in columns else "''"
    refused = (
        "coalesce(try_cast(status AS INTEGER) >= 400, false)" if "status" in columns else "false"
    )
    # Without its URL a name tells by itself alone: one that begins like an address is one.
    named = {"name", "url"} <= set(columns)
    is_url = sql.IS_URL if named else f"starts_with({name}, 'http')"
    outside = "AND coalesce(\"group\", '') NOT IN ('::setup', '::teardown')"
    return (
        f"SELECT {columns['metric']} AS metric, {time} AS time_ns, "
        f"{columns['value']}::DOUBLE AS value, {name} AS name, {method} AS method, {is_url} AS is_url, "
        f"{_ok(columns)} AS ok, {checked} AS checked, {refused} AS refused FROM {source} WHERE {columns['metric']} IN "
        "('http_req_duration', 'http_req_failed', 'iteration_duration', 'dropped_iterations', "
        "'ltlab_iterations_begun', 'ltlab_iterations_failed', 'vusers.created', 'vusers.failed', "
        "'ltlab_iterations_hung', 'checks', 'data_received', 'service_cpu', 'vus') "
        f"AND ({columns['metric']} != 'http_req_failed' OR {columns['value']} = 1) "
        f"AND {columns['value']} BETWEEN 0 AND 1e10 {outside if 'group' in columns else ''}"
    )


def _ok(columns: Mapping[str, str]) -> str:
    """Return a condition: the engine expected the response; without its word, no error is seen."""
    words = []
    if "expected_response" in columns:
        words.append("expected_response::VARCHAR = 'true'")
    fine = "error_code IS NULL" if "error_code" in columns else "true"
    if "status" in columns:
        words.append(f"try_cast(status AS INTEGER) BETWEEN 1 AND 399 AND {fine}")
    return f"coalesce({', '.join([*words, fine])})"


def _csv(path: Path) -> tuple[str, dict[str, str]]:
    """Return a k6 CSV file as a table expression, and its columns by our names."""
    header, plain = _header(path)
    types = {"metric_value": "DOUBLE"}
    declared = ", ".join(f"'{_text(name)}': '{types.get(name, 'VARCHAR')}'" for name in header)
    source = (
        f"read_csv('{duck.exactly(path)}', header = true, auto_detect = false, delim = ',', "
        f"quote = '\"', escape = '\"', nullstr = '', new_line = '\\n', strict_mode = {plain}, "
        f"max_line_size = 16777216, columns = {{{declared}}})"
    )
    return source, {_K6.get(name, name): name for name in header}


def _header(path: Path) -> tuple[list[str], bool]:
    """Return the names of the columns, and whether lines end as k6 writes them."""
    try:
        opener = gzip.open if path.name.endswith(".gz") else open
        with opener(path, "rt", encoding="utf-8", newline="") as file:
            line = file.readline()
            # DuckDB's strict mode finds no rows at all where a spreadsheet has put \r\n.
            return next(csv.reader([line]), []), not line.endswith("\r\n")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise unreadable(path, str(error)) from error


def _time(db: duckdb.DuckDBPyConnection, path: Path, source: str) -> str:
    """Return an expression for a CSV file's time in ns. Raises ConfigError for coarse time."""
    row = db.execute(
        "SELECT any_value(timestamp), min(length(timestamp)), "
        f"max(length(regexp_extract(timestamp, '[.](\\d+)', 1))) FROM {source}"
    ).fetchone()
    assert row is not None  # an aggregate without GROUP BY always has one row
    example, digits, decimals = row
    if example is None:
        raise errors.ConfigError(
            f"{path} holds no samples", remedy="name files of a run that made HTTP requests"
        )
    if "T" in example and decimals > _RFC3339_DIGITS:
        return _RFC3339
    if example.isdigit() and digits in (_US_DIGITS, _NS_DIGITS):
        return f"timestamp::BIGINT * {1000 if digits == _US_DIGITS else 1}"
    raise errors.ConfigError(f"the times in {path} are too coarse ({example})", remedy=_FINER)


def unreadable(path: Path, why: str) -> errors.ConfigError:
    """Return the error for a file that is not whole."""
    return errors.ConfigError(
        f"{path} cannot be read: {why}",
        remedy="check that the file is whole: a load engine that was killed leaves a broken one",
    )


def _text(name: str) -> str:
    return name.replace("'", "''")
