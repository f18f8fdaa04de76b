"""What InfluxDB is not allowed, or engines are not: said at once, and nobody waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from ltlab_ci import errors, model
from ltlab_ci.lab import engine_token
from ltlab_ci.store import backfill, influx
from tests.factories import START_NS
from tests.lab.store import servers
from tests.samples import Sample, recorded

BY_URL = model.Question(
    scenario="browse",
    metric="http_req_duration",
    type=model.MetricType.TREND,
    stat=model.Stat(name="p", percentile=95),
    tags=(("url", "http://a/*"),),
)


def test_ask__more_memory_than_a_query_may_use_is_said_without_waiting(
    tags: Mapping[str, str], tmp_path: Path
) -> None:
    samples = [
        Sample(
            metric="http_req_duration",
            time_ns=START_NS + place,
            value=place / 8,
            tags={"url": f"http://a/{place}"},
        )
        for place in range(20_000)
    ]
    parquet = recorded(tmp_path / "samples", samples)
    with servers.influxd(tmp_path, INFLUXD_QUERY_MEMORY_BYTES="100000") as small:
        filled = backfill.complete(small.server, [parquet], tags)
        assert filled.complete
        # It would be asked again for a minute if this went away by itself.
        store = influx.Store(small.server, {"browse": filled.run}, patience_s=10**6)
        with pytest.raises(errors.StoreError) as caught:
            store.ask([BY_URL])
    assert "needs more memory for a question than it may use" in caught.value.message
    assert "INFLUXD_QUERY_MEMORY_BYTES" in caught.value.remedy


def test_engine_token__writes_to_its_bucket_and_does_nothing_else(
    influxd: servers.Influxd,
) -> None:
    with engine_token.write_only(influxd.server, "a run") as token:
        assert token != influxd.server.token
        engine = replace(influxd.server, token=token)
        assert _write(engine) == requests.codes.no_content
        assert _v1_write(engine) == requests.codes.no_content
        assert _write(replace(engine, bucket="_tasks")) == requests.codes.forbidden
        with pytest.raises(errors.StoreError), influx.talking(engine) as client:
            influx.rows(client, 'from(bucket: "ltlab") |> range(start: -1h)')
        seen = requests.get(f"{engine.url}/api/v2/buckets", headers=_with(engine), timeout=30)
        assert seen.json()["buckets"] == []
    assert _write(engine) == requests.codes.unauthorized


def _write(server: model.Influx) -> int:
    url = f"{server.url}/api/v2/write?org={server.org}&bucket={server.bucket}"
    answer = requests.post(url, data="probe value=1", headers=_with(server), timeout=30)
    return answer.status_code


def _v1_write(server: model.Influx) -> int:
    """Write as k6 does."""
    url = f"{server.url}/write?db={server.bucket}"
    answer = requests.post(url, data="probe value=2", auth=("ltlab", server.token), timeout=30)
    return answer.status_code


def _with(server: model.Influx) -> dict[str, str]:
    return {"Authorization": f"Token {server.token}"}
