"""Flux for InfluxDB 2: pure text builders, every value that a user may have written escaped.

A literal holds letters, digits and `\\xHH` alone, so no text can end it, open an interpolation or
start a comment. Not here: running it (influx.py, backfill.py, buckets.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ltlab_ci import model
from ltlab_ci.model import patterns
from ltlab_ci.store import line

_FAR_NS = 2**62  # the year 2116
_SAFE = re.compile(rb"[A-Za-z0-9_ -]")
_NO_ROUND = f'not exists r["{model.SIDE_TAG}"]'  # InfluxDB finds these by its index


def string(text: str) -> str:
    """Return a string literal."""
    return f'"{_hex(text)}"'


def regex(expression: str) -> str:
    """Return a literal of a regular expression (RE2)."""
    return f"/{_hex(expression)}/"


def moment(time_ns: int) -> str:
    """Return a time literal's equal, from ns since the epoch."""
    return f"time(v: {time_ns:d})"


def number(value: float) -> str:
    """Return a float literal; Flux has no exponents."""
    return f"{value:.17f}"


def source(bucket: str, window: model.Window | None) -> str:
    """Return the samples of a bucket in a stretch of time, start <= time < end."""
    start, end = (window.start_ns, window.end_ns) if window else (0, _FAR_NS)
    return f"from(bucket: {string(bucket)}) |> range(start: {moment(start)}, stop: {moment(end)})"


def equals(tags: Mapping[str, str]) -> list[str]:
    """Return conditions that tags have these very values."""
    return [f"r[{string(name)}] == {string(value)}" for name, value in sorted(tags.items())]


def of_run(tags: Mapping[str, str]) -> list[str]:
    """Return conditions that samples are of the run with these tags.

    Rounds of a comparison have its tags as well, and one for their side: unless that is among them, they
    are another run's.
    """
    return [*equals(tags), *(() if model.SIDE_TAG in tags else (_NO_ROUND,))]


def matches(name: str, pattern: str) -> str:
    """Return the condition that a tag is there and matches a pattern."""
    column = f"r[{string(name)}]"
    if patterns.any_text(pattern):
        return f'exists {column} and {column} != ""'
    text = patterns.plain(pattern)
    if text is not None:
        # A tag that is absent equals "" in InfluxDB's index.
        return f"exists {column} and {column} == {string(text)}" if text else "false"
    inner = "".join(
        ".*" if part is None else patterns.regex(part) for part in patterns.parts(pattern)
    )
    return f"exists {column} and {column} =~ {regex(f'(?s)^{inner}$')}"


def keep(conditions: Iterable[str]) -> str:
    """Return a filter for rows that meet all conditions."""
    return f"|> filter(fn: (r) => {' and '.join(conditions)})"


def samples(
    bucket: str,
    window: model.Window | None,
    run: Mapping[str, str],
    metric: str,
    tags: Sequence[tuple[str, str]],
) -> str:
    """Return the samples that a question is about, in `_value`, one table a series."""
    base = [f"r._measurement == {string(metric)}", *of_run(run)]
    base += [matches(name, pattern) for name, pattern in tags if name not in line.FIELDS]
    rows = source(bucket, window)
    moved = [(name, pattern) for name, pattern in tags if name in line.FIELDS]
    if not moved:
        return f"{rows} {keep([*base, 'r._field == {}'.format(string('value'))])}"
    # A field stands in a row of its own: bring it beside the value first.
    fields = sorted({"value", *(name for name, _ in moved)})
    base.append("(" + " or ".join(f"r._field == {string(field)}" for field in fields) + ")")
    return (
        f"{rows} {keep(base)} "
        '|> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value") '
        f"{keep(matches(name, pattern) for name, pattern in moved)} "
        '|> rename(columns: {value: "_value"})'
    )


def figures(samples: str, wanted: Iterable[str], shares: Sequence[float]) -> str:
    """Return a script that yields each wanted figure of AGGREGATES, and quantiles q0, q1, ...

    `shares` of 0 to 1; linear interpolation between closest ranks, as in k6 and numpy.
    """
    quantiles = [
        f'data |> group() |> quantile(q: {number(share)}, method: "exact_mean") '
        f'|> yield(name: "q{place}")'
        for place, share in enumerate(shares)
    ]
    yields = [f'data {AGGREGATES[name]} |> yield(name: "{name}")' for name in sorted(set(wanted))]
    return "\n".join([f"data = {samples}", *yields, *quantiles])


AGGREGATES = {
    "count": "|> count() |> group() |> sum()",
    "sum": "|> sum() |> group() |> sum()",
    "min": "|> min() |> group() |> min()",
    "max": "|> max() |> group() |> max()",
    "last": '|> last() |> group() |> sort(columns: ["_time", "_value"]) |> last()',
    "non_zero": "|> filter(fn: (r) => r._value != 0.0) |> count() |> group() |> sum()",
}
"""One figure over all series; what comes before `group` is done by the storage engine itself."""


def counts(bucket: str, window: model.Window, run: Mapping[str, str], slice_ns: int) -> str:
    """Return a script for the number of values a metric and slice of time, named by its end."""
    return (
        f"{source(bucket, window)} {keep(['r._field == ' + string('value'), *of_run(run)])} "
        f"|> aggregateWindow(every: {slice_ns:d}ns, fn: count, createEmpty: false) "
        '|> group(columns: ["_measurement", "_time"]) |> sum()'
    )


def _hex(text: str) -> str:
    return "".join(
        chr(byte) if _SAFE.match(bytes([byte])) else f"\\x{byte:02x}" for byte in text.encode()
    )


MINUTE_TAGS = ("testid", "project", "ltlab_scenario", "name", "method", "status")
"""What the minutes are kept apart by; all other tags are summed up."""


def minute(rows: str, target: str) -> str:
    """Return statements that write count, mean, p50, p95, p99 and max of each metric.

    `rows` are the raw samples of one whole minute: part of it would write over the whole. Rounds are left
    out: nothing here would tell their sides apart.
    """
    # Windows within a longer range take Flux fifty times as long as one range a minute.
    columns = ", ".join(string(name) for name in ("_start", "_measurement", *MINUTE_TAGS))
    figures = {
        "count": "count()",
        "mean": "mean()",
        # max() is a row of its own and brings all its tags along; this is a figure.
        "max": f'quantile(q: {number(1.0)}, method: "exact_mean")',
        **{
            f"p{share}": f'quantile(q: {number(share / 100)}, method: "exact_mean")'
            for share in (50, 95, 99)
        },
    }
    each = [
        f'data |> {figure} |> rename(columns: {{_start: "_time"}}) '
        f'|> set(key: "_field", value: "{name}") '
        f'|> to(bucket: {string(target)}) |> yield(name: "{name}")'
        for name, figure in figures.items()
    ]
    value = keep(["r._field == " + string("value"), _NO_ROUND])
    return "\n".join([f"data = {rows} {value} |> group(columns: [{columns}])", *each])


def minute_task(name: str, bucket: str, target: str) -> str:
    """Return a task that sums up every minute when it has passed."""
    whole = (
        f"from(bucket: {string(bucket)}) |> range(start: date.truncate(t: -1m, unit: 1m), "
        "stop: date.truncate(t: now(), unit: 1m))"
    )
    return (
        f'import "date"\n\noption task = {{name: {string(name)}, every: 1m, offset: 10s}}\n\n'
        f"{minute(whole, target)}\n"
    )


def series_count(bucket: str, since_ns: int, tags: Mapping[str, str]) -> str:
    """Return a script for the number of series since a time, of samples with these tags."""
    predicate = f", predicate: (r) => {' and '.join(equals(tags))}" if tags else ""
    return (
        'import "influxdata/influxdb"\n'
        f"influxdb.cardinality(bucket: {string(bucket)}, start: {moment(since_ns)}{predicate})"
    )


def tag_names(bucket: str, since_ns: int, tags: Mapping[str, str]) -> str:
    """Return a script for the names of the tags that samples with these tags have."""
    return f"{_SCHEMA}schema.tagKeys({_schema_of(bucket, since_ns, tags)})"


def tag_values(bucket: str, since_ns: int, tags: Mapping[str, str], name: str) -> str:
    """Return a script for the number of values of a tag."""
    where = _schema_of(bucket, since_ns, tags)
    return f"{_SCHEMA}schema.tagValues({where}, tag: {string(name)}) |> count()"


def runs(bucket: str, since_ns: int) -> str:
    """Return a script for each run since a time: its number of samples, and the newest one's time."""
    rows = (
        f"{source(bucket, model.Window(start_ns=since_ns, end_ns=_FAR_NS))} "
        f"{keep(['r._field == ' + string('value'), 'exists r.testid'])}"
    )
    by = '|> group(columns: ["testid", "project", "ltlab_scenario"])'
    return (
        f"data = {rows}\n"
        f'data |> count() {by} |> sum() |> yield(name: "samples")\n'
        f'data |> last() |> keep(columns: ["testid", "project", "ltlab_scenario", "_time"]) '
        f'{by} |> max(column: "_time") |> yield(name: "newest")'
    )


def live_requests(run: Mapping[str, str], since_ns: int) -> str:
    """Return a script for the number of requests that Artillery told of by StatsD since a time."""
    window = model.Window(start_ns=since_ns, end_ns=_FAR_NS)
    counter = {"_measurement": "artillery_http", "_field": "requests"}
    rows = f"{source(model.LIVE_BUCKET, window)} {keep(equals({**counter, **run}))}"
    return f"{rows} |> group() |> sum()"


def points(bucket: str, since_ns: int) -> str:
    """Return a script for the number of values in a bucket since a time."""
    window = model.Window(start_ns=since_ns, end_ns=_FAR_NS)
    return f"{source(bucket, window)} |> count() |> group() |> sum()"


_SCHEMA = 'import "influxdata/influxdb/schema"\n'


def _schema_of(bucket: str, since_ns: int, tags: Mapping[str, str]) -> str:
    predicate = " and ".join(equals(tags)) or "true"
    return f"bucket: {string(bucket)}, start: {moment(since_ns)}, predicate: (r) => {predicate}"
