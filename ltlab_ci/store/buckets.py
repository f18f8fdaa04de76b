"""InfluxDB's buckets: made where missing, summed up by the minute, watched.

`ltlab` holds every sample; `ltlab_live` what Telegraf sends, never judged; `ltlab_minute` a few
figures of each minute, kept for long. Not here: samples themselves (backfill.py, influx.py).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from influxdb_client import (
    BucketRetentionRules,
    InfluxDBClient,
    TaskCreateRequest,
    TaskStatusType,
    TaskUpdateRequest,
)

from ltlab_ci import errors, model
from ltlab_ci.store import flux, influx

RETENTION_S: Mapping[str, int] = {
    "ltlab": 14 * 86_400,
    "ltlab_live": 14 * 86_400,
    "ltlab_minute": 365 * 86_400,
}
"""How long samples are kept by default, in seconds; 0 would be for ever."""

MANY_SERIES = 20_000
"""More series than this from one run slow InfluxDB down for everybody."""

_SHORTEST_S = 3_600
_POLL_S = 0.2
_MINUTE_NS = 60 * 10**9
_TASK = "ltlab_minute"


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket as it is: seconds that samples are kept (0: for ever), values and series in it."""

    name: str
    retention_s: int
    points: int = 0
    series: int = 0


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """A scenario of a run in the raw bucket: its samples, the newest one's time since the epoch."""

    testid: str
    project: str
    scenario: str
    samples: int
    newest_s: float


@dataclass(frozen=True, kw_only=True)
class Cardinality:
    """How many series some samples make, and the tag with most values."""

    series: int
    tag: str = ""
    values: int = 0

    def warning(self, limit: int = MANY_SERIES) -> tuple[str, str] | None:
        """Say what is wrong and what to do, None where the series are not too many."""
        if self.series <= limit:
            return None
        what = (
            f"the samples make {self.series:,} series in InfluxDB, more than {limit:,}; "
            f"tag {self.tag!r} alone has {self.values:,} values"
        )
        return what, (
            "give requests with changing addresses one tag `name` "
            "(k6: tags: {name: 'GET /items/:id'}; Artillery: name: 'GET /items/:id')"
        )


def ensure_buckets(
    server: model.Influx, retention_s: Mapping[str, int] = RETENTION_S
) -> tuple[str, ...]:
    """Make the buckets that are missing and return their names; others stay as they are.

    Raises ConfigError for a time that InfluxDB does not know, StoreError when it refuses.
    """
    for name, seconds in retention_s.items():
        if 0 < seconds < _SHORTEST_S or seconds < 0:
            raise errors.ConfigError(
                f"bucket {name!r} cannot keep samples for {seconds} s",
                remedy="give at least one hour, or 0 for ever",
            )
    made = []
    with influx.talking(server) as client:
        api = client.buckets_api()
        for name, seconds in retention_s.items():
            if api.find_bucket_by_name(name) is None:
                rules = BucketRetentionRules(type="expire", every_seconds=seconds)
                api.create_bucket(bucket_name=name, org=server.org, retention_rules=rules)
                made.append(name)
    return tuple(made)


def ensure_minutes(server: model.Influx, target: str = "ltlab_minute") -> None:
    """Have InfluxDB sum up the raw samples every minute; a task of that name is brought up to date.

    Only new samples: after a backfill, call `sum_up`.
    """
    script = flux.minute_task(_TASK, server.bucket, target)
    with influx.talking(server) as client:
        api = client.tasks_api()
        there = api.find_tasks(name=_TASK, org=server.org)
        if not there:
            wanted = TaskCreateRequest(org=server.org, flux=script, status=TaskStatusType.ACTIVE)
            api.create_task(task_create_request=wanted)
        elif there[0].flux.strip() != script.strip():
            api.update_task_request(there[0].id, TaskUpdateRequest(flux=script))


def sum_up(server: model.Influx, run: influx.Run, target: str = "ltlab_minute") -> None:
    """Write the minutes of one scenario anew, from all its samples."""
    if run.window is None:
        return
    first, last = run.window.start_ns // _MINUTE_NS, (run.window.end_ns - 1) // _MINUTE_NS
    with influx.talking(server) as client:
        for place in range(first, last + 1):
            window = model.Window(start_ns=place * _MINUTE_NS, end_ns=(place + 1) * _MINUTE_NS)
            rows = f"{flux.source(server.bucket, window)} {flux.keep(flux.equals(run.tags))}"
            influx.rows(client, flux.minute(rows, target))


def cardinality(server: model.Influx, tags: Mapping[str, str], since_ns: int) -> Cardinality:
    """Count the series that samples with these tags have made since a time."""
    with influx.talking(server) as client:
        series = _one(client, flux.series_count(server.bucket, since_ns, tags))
        names = [
            str(row["_value"])
            for row in influx.rows(client, flux.tag_names(server.bucket, since_ns, tags))
        ]
        values = {
            name: _one(client, flux.tag_values(server.bucket, since_ns, tags, name))
            for name in names
            if not name.startswith("_")
        }
    tag = max(sorted(values), key=lambda name: values[name], default="")
    return Cardinality(series=series, tag=tag, values=values.get(tag, 0))


def live_requests(server: model.Influx, run: influx.Run, expected: int, *, within_s: float) -> int:
    """Count the requests in Artillery's live figures, as soon as all are there or the time is over.

    Its last ones take a second or two through Telegraf.
    """
    if run.window is None:
        return 0
    script = flux.live_requests(run.tags, run.window.start_ns)
    end_s = time.monotonic() + within_s
    with influx.talking(server) as client:
        while (found := _one(client, script)) < expected and time.monotonic() < end_s:
            time.sleep(_POLL_S)
    return found


def facts(
    server: model.Influx, names: tuple[str, ...] = tuple(RETENTION_S)
) -> tuple[tuple[Bucket, ...], tuple[RunFacts, ...]]:
    """Return those of the buckets that exist, and the raw bucket's runs, the newest first."""
    with influx.talking(server) as client:
        found = {name: client.buckets_api().find_bucket_by_name(name) for name in names}
        buckets = tuple(
            _bucket(client, name, sum(rule.every_seconds or 0 for rule in it.retention_rules))
            for name, it in found.items()
            if it is not None
        )
        rows = influx.rows(client, flux.runs(server.bucket, _oldest_ns(14 * 86_400)))
    told: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in rows:
        key = tuple(str(row.get(name) or "") for name in ("testid", "project", "ltlab_scenario"))
        figure = row["_value"] if row["result"] == "samples" else row["_time"].timestamp()
        told.setdefault((key[0], key[1], key[2]), {})[row["result"]] = figure
    runs = [
        RunFacts(
            testid=testid,
            project=project,
            scenario=scenario,
            samples=int(figures["samples"]),
            newest_s=figures["newest"],
        )
        for (testid, project, scenario), figures in told.items()
    ]
    return buckets, tuple(sorted(runs, key=lambda run: -run.newest_s))


def _bucket(client: InfluxDBClient, name: str, retention_s: int) -> Bucket:
    since_ns = _oldest_ns(retention_s)
    return Bucket(
        name=name,
        retention_s=retention_s,
        points=_one(client, flux.points(name, since_ns)),
        series=_one(client, flux.series_count(name, since_ns, {})),
    )


def _one(client: InfluxDBClient, script: str) -> int:
    return sum(int(row["_value"] or 0) for row in influx.rows(client, script))


def _oldest_ns(retention_s: int) -> int:
    """Return a time before all samples that a bucket still has."""
    return max(0, time.time_ns() - retention_s * 10**9) if retention_s else 0
