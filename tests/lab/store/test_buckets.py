"""Buckets, minutes and figures about them, on a real server."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ltlab_ci import errors, model
from ltlab_ci.store import backfill, buckets, flux, influx
from tests import factories
from tests.factories import SECOND_NS, START_NS
from tests.lab.store import servers
from tests.samples import Sample, recorded

MINUTE_NS = 60 * SECOND_NS


def test_ensure_buckets__makes_the_missing_ones_and_keeps_the_others(
    influxd: servers.Influxd,
) -> None:
    wanted = {"ltlab": 7_200, "first": 3_600, "second": 0}
    assert buckets.ensure_buckets(influxd.server, wanted) == ("first", "second")
    assert buckets.ensure_buckets(influxd.server, {**wanted, "first": 7_200}) == ()
    found, _ = buckets.facts(influxd.server, (*wanted, "absent"))
    assert {one.name: one.retention_s for one in found} == {"ltlab": 0, "first": 3_600, "second": 0}


@pytest.mark.parametrize("seconds", [-1, 1, 3_599])
def test_ensure_buckets__a_time_that_influxdb_does_not_know_is_refused_first(
    influxd: servers.Influxd, seconds: int
) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        buckets.ensure_buckets(influxd.server, {"never-made": 3_600, "too-short": seconds})
    factories.assert_two_lines(caught.value)
    assert buckets.facts(influxd.server, ("never-made",))[0] == ()


def a_load(start_ns: int, count: int) -> list[Sample]:
    """Return two endpoints' durations and a gauge without any tag, one a hundredth of a second."""
    durations = [
        Sample(
            metric="http_req_duration",
            time_ns=start_ns + place * SECOND_NS // 100,
            value=float((place * 37) % 1009),
            tags={"name": f"GET /{place % 2}", "url": f"http://a/{place}", "proto": f"{place % 3}"},
        )
        for place in range(count)
    ]
    return [*durations, Sample(metric="vus", time_ns=start_ns, value=5.0)]


def minutes(server: model.Influx, tags: Mapping[str, str]) -> dict[tuple[str, ...], float]:
    """Return what the minutes say: a figure by metric, name, start in seconds and field."""
    with influx.talking(server) as client:
        rows = influx.rows(
            client, f"{flux.source('ltlab_minute', None)} {flux.keep(flux.equals(tags))}"
        )
    return {
        (
            row["_measurement"],
            row.get("name") or "",
            str(int(row["_time"].timestamp())),
            row["_field"],
        ): row["_value"]
        for row in rows
    }


def expected(samples: list[Sample]) -> dict[tuple[str, ...], Any]:
    """Return the same, by numpy."""
    groups: dict[tuple[str, ...], list[float]] = {}
    for one in samples:
        minute = one.time_ns // MINUTE_NS * 60
        key = (one.metric, one.tags.get("name", ""), str(minute))
        groups.setdefault(key, []).append(one.value)
    return {
        (*key, field): pytest.approx(figure, rel=1e-9)
        for key, values in groups.items()
        for field, figure in {
            "count": len(values),
            "mean": np.mean(values),
            "max": max(values),
            **{f"p{share}": np.percentile(values, share) for share in (50, 95, 99)},
        }.items()
    }


def test_sum_up__every_minute_of_a_run_once(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    buckets.ensure_buckets(influxd.server, {"ltlab_minute": 0})
    samples = a_load(START_NS + 17 * SECOND_NS, 15_000)
    filled = backfill.complete(influxd.server, [recorded(tmp_path / "samples", samples)], tags)
    for _ in range(2):
        buckets.sum_up(influxd.server, filled.run)
        assert minutes(influxd.server, tags) == expected(samples)
    assert len({key[2] for key in expected(samples)}) == 4


def test_ensure_minutes__influxdb_sums_up_by_itself(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    buckets.ensure_buckets(influxd.server, {"ltlab_minute": 0, "spare": 0})
    buckets.ensure_minutes(influxd.server, "spare")
    buckets.ensure_minutes(influxd.server)
    buckets.ensure_minutes(influxd.server)
    samples = a_load((time.time_ns() // MINUTE_NS - 1) * MINUTE_NS, 2_000)
    assert backfill.complete(
        influxd.server, [recorded(tmp_path / "samples", samples)], tags
    ).complete
    with influx.talking(influxd.server) as client:
        api = client.tasks_api()
        [task] = api.find_tasks(name="ltlab_minute")
        assert (task.status, task.every, task.offset) == ("active", "1m", "10s")
        api.run_manually(task.id)
    end_s = time.monotonic() + 60
    while len(found := minutes(influxd.server, tags)) < len(expected(samples)):
        assert time.monotonic() < end_s, found
        time.sleep(0.1)
    assert found == expected(samples)


def test_cardinality__warns_and_names_the_tag(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    samples = [
        Sample(
            metric=metric,
            time_ns=START_NS + place,
            value=1.0,
            tags={"name": f"GET /{place}", "url": f"http://a/{place}", "status": f"{place % 2}"},
        )
        for place in range(40)
        for metric in ("http_reqs", "http_req_failed")
    ]
    backfill.complete(influxd.server, [recorded(tmp_path / "samples", samples)], tags)
    found = buckets.cardinality(influxd.server, tags, START_NS)
    # One series a metric and name.
    assert (found.series, found.tag, found.values) == (80, "name", 40)
    assert found.warning(80) is None
    told = found.warning(79)
    assert told is not None
    assert "'name' alone has 40 values" in told[0]
    nothing = buckets.cardinality(influxd.server, {"testid": "none"}, START_NS)
    assert nothing == buckets.Cardinality(series=0)


def test_facts__buckets_and_the_newest_runs_first(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    raw = replace(influxd.server, bucket="raw")
    assert buckets.ensure_buckets(raw, {"raw": 86_400}) == ("raw",)
    assert buckets.facts(raw, ("raw",)) == ((buckets.Bucket(name="raw", retention_s=86_400),), ())
    now_ns = time.time_ns()
    for place, start_ns in enumerate((now_ns - 600 * SECOND_NS, now_ns - 60 * SECOND_NS)):
        samples = a_load(start_ns, 10 + place)
        parquet = recorded(tmp_path / str(place), samples)
        backfill.complete(raw, [parquet], {**tags, "testid": f"run-{place}"})
    found, runs = buckets.facts(raw, ("raw",))
    assert [(run.testid, run.project, run.scenario, run.samples) for run in runs] == [
        ("run-1", "shop", "browse", 12),
        ("run-0", "shop", "browse", 11),
    ]
    assert runs[0].newest_s == pytest.approx(now_ns / 1e9 - 60 + 0.1, abs=0.01)
    assert found[0].points == 11 + 12 + 21  # values and urls
    assert found[0].series > 0
