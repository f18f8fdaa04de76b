"""Whatever happens to a server or to k6's own writes: nothing is missing in the end, or it is said."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ltlab_ci import errors, model
from ltlab_ci.store import backfill, buckets, duck, flux, influx
from tests import factories
from tests.factories import SECOND_NS, START_NS
from tests.lab.store import servers
from tests.samples import Sample, recorded

K6 = Path.home() / ".cache" / "ltlab-ci" / "k6-2.2.0" / "k6"


def many(count: int, *, start_ns: int = START_NS) -> list[Sample]:
    """Return samples of several metrics and names, a few requests a millisecond."""
    return [
        Sample(
            metric=("http_reqs", "http_req_duration", "my trend")[place % 3],
            time_ns=start_ns + place * 300_000,
            value=place / 8,
            tags={"name": f"GET /{place % 7}", "url": f"http://a/{place}"},
            custom={"kind": "a b"},
        )
        for place in range(count)
    ]


def points_in(server: model.Influx, tags: Mapping[str, str]) -> list[tuple[object, ...]]:
    """Return every field of every point of a run, whatever wrote it."""
    script = f"{flux.source(server.bucket, None)} {flux.keep(flux.equals(tags))}"
    with influx.talking(server) as client:
        rows = influx.rows(client, script)
    left = {"result", "table", "_start", "_stop"}
    return sorted(
        tuple(sorted((name, str(value)) for name, value in row.items() if name not in left))
        for row in rows
    )


def test_complete__writes_what_is_missing_and_nothing_twice(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    parquet = recorded(tmp_path / "samples", many(700))
    first = backfill.complete(influxd.server, [parquet], tags)
    there = points_in(influxd.server, tags)
    again = backfill.complete(influxd.server, [parquet], tags)
    assert first.complete
    assert again.complete
    assert {name: (one.expected, one.backfilled) for name, one in first.metrics.items()} == {
        "http_req_duration": (233, 233),
        "http_reqs": (234, 234),
        "my trend": (233, 233),
    }
    assert [one.backfilled for one in again.metrics.values()] == [0, 0, 0]
    assert points_in(influxd.server, tags) == there
    assert len(there) == 2 * 700  # values and urls


def test_complete__samples_of_one_nanosecond_are_all_there(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    times = [0, 0, 0, 1, 2, 9, 9, 10]
    samples = [
        Sample(metric="vus", time_ns=START_NS + time_ns, value=float(place))
        for place, time_ns in enumerate(times)
    ]
    parquet = recorded(tmp_path / "samples", samples)
    for _ in range(2):
        filled = backfill.complete(influxd.server, [parquet], tags)
        assert filled.complete
        questions = [factories.a_question("vus", stat) for stat in ("min", "max", "value")]
        answers = influx.Store(influxd.server, {"browse": filled.run}).ask(questions)
        assert [(each.value, each.count) for each in answers.values()] == [(0, 8), (7, 8), (7, 8)]


def test_complete__says_what_influxdb_cannot_hold(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    good = Sample(metric="http_reqs", time_ns=START_NS, value=1.0, tags={"name": "fine"})
    bad = [
        replace(good, metric="my trend", value=float("inf")),
        replace(good, tags={"name": "two\nlines"}),
        replace(good, tags={"name": "at the end\\"}),
        replace(good, custom={"a\\ b": '"'}),
        replace(good, custom={"time": "now"}),
        replace(good, custom={"_measurement": "other"}),
        replace(good, tags={"name": "x" * 66_000}),
        replace(good, metric="#comment"),
    ]
    parquet = recorded(tmp_path / "samples", [good, *bad])
    filled = backfill.complete(influxd.server, [parquet], tags)
    assert not filled.complete
    assert filled.refused == ()
    assert {
        name: (one.found, one.missing, one.unstorable) for name, one in filled.metrics.items()
    } == {
        "#comment": (0, 1, 1),
        "http_reqs": (1, 6, 6),
        "my trend": (0, 1, 1),
    }


def test_complete__a_scenario_without_samples_is_complete(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    parquet = recorded(tmp_path / "samples", many(1))
    duck.connect(tmp_path).execute(
        f"COPY (FROM {duck.reading([parquet])} LIMIT 0) TO '{tmp_path / 'none.parquet'}'"
    )
    filled = backfill.complete(influxd.server, [tmp_path / "none.parquet"], tags)
    assert filled.complete
    assert filled.metrics == {}


SCRIPT = """
import http from 'k6/http';
import { check, group } from 'k6';
import { Counter } from 'k6/metrics';
const odd = new Counter('odd_ones');
export const options = {
  scenarios: { main: { executor: 'constant-arrival-rate', rate: 100, duration: '4s', preAllocatedVUs: 9 } },
  systemTags: ['proto', 'subproto', 'status', 'method', 'url', 'name', 'group', 'check', 'error',
    'error_code', 'tls_version', 'scenario', 'service', 'expected_response', 'vu', 'iter', 'ip'],
};
export default function () {
  group('a "group", = \\\\ é', () => {
    const got = http.get(`${__ENV.TARGET}/ping?x=${__ITER}`, { tags: { 'odd key, ': 'v \\\\ "w", é' } });
    check(got, { 'it is, = there': (r) => r.status === 204 });
  });
  http.get('http://127.0.0.1:1/refused', { tags: { name: 'refused' } });
  odd.add(1, { vu: 'mine' });
}
"""


def test_complete__agrees_with_k6_to_the_letter(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "load.js").write_text(SCRIPT)
    given = [word for name, value in tags.items() for word in ("--tag", f"{name}={value}")]
    url = influxd.server.url
    subprocess.run(
        [
            K6,
            "run",
            "--quiet",
            *given,
            "--out",
            f"influxdb={url}/ltlab",
            "--out",
            "csv=raw.csv",
            "load.js",
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "TARGET": url,
            "K6_INFLUXDB_USERNAME": "x",
            "K6_INFLUXDB_PASSWORD": servers.TOKEN,
            "K6_CSV_TIME_FORMAT": "unix_nano",
            "K6_NO_USAGE_REPORT": "true",
            "K6_AUTO_EXTENSION_RESOLUTION": "false",
        },
        check=True,
        capture_output=True,
        timeout=60,
    )
    header, rows = (tmp_path / "raw.csv").read_text().split("\n", 1)
    (tmp_path / "rows.csv").write_text(rows)
    writer = duck.Writer(tmp_path / "samples", "browse")
    writer.ingest(model.Batch(paths=(tmp_path / "rows.csv",), columns=tuple(header.split(","))))
    writer.close()
    parquet = tmp_path / "samples" / "browse.parquet"
    by_k6 = points_in(influxd.server, tags)
    live = backfill.complete(influxd.server, [parquet], tags)
    assert live.complete
    assert {one.backfilled for one in live.metrics.values()} == {0}
    assert live.metrics["http_reqs"].found > 700
    other = replace(influxd.server, bucket="other")
    buckets.ensure_buckets(other, {"other": 0})
    written = backfill.complete(other, [parquet], tags)
    assert written.complete
    # k6's CSV has six decimals, so a value may differ behind them.
    assert [_rounded(point) for point in points_in(other, tags)] == [
        _rounded(point) for point in by_k6
    ]


def _rounded(point: tuple[object, ...]) -> object:
    found = dict(point)  # type: ignore[arg-type, var-annotated]
    if found["_field"] == "value":
        found["_value"] = round(float(found["_value"]), 6)
    return found


def test_complete__a_server_killed_in_mid_write_has_everything_in_the_end(
    tags: Mapping[str, str], tmp_path: Path
) -> None:
    parquet = recorded(tmp_path / "samples", many(60_000))
    with servers.influxd(tmp_path) as own:
        stopped = threading.Event()

        def crash() -> None:
            while not points_written(own.server, tags):
                time.sleep(0.01)
            own.kill()
            stopped.set()
            own.start()

        crashing = threading.Thread(target=crash)
        crashing.start()
        with servers.proxy(own.server.url) as slow:
            slow.wait_s = 0.15
            filled = backfill.complete(replace(own.server, url=slow.url), [parquet], tags)
        crashing.join()
        assert stopped.is_set()
        assert filled.complete
        assert sum(one.found for one in filled.metrics.values()) == 60_000


def points_written(server: model.Influx, tags: Mapping[str, str]) -> bool:
    """Say whether anything of a run has arrived."""
    script = f"{flux.source(server.bucket, None)} {flux.keep(flux.equals(tags))} |> first()"
    with influx.talking(server) as client:
        return bool(influx.rows(client, script))


def test_complete__requests_that_are_too_big_are_cut_and_busy_servers_waited_for(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    parquet = recorded(tmp_path / "samples", many(9_000))
    with servers.proxy(influxd.server.url, most_bytes=20_000, busy=4) as proxy:
        filled = backfill.complete(replace(influxd.server, url=proxy.url), [parquet], tags)
    assert filled.complete
    assert set(proxy.refused) == {413, 503}


def test_complete__samples_older_than_the_bucket_keeps_are_missing_and_said(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    short = replace(influxd.server, bucket="short")
    buckets.ensure_buckets(short, {"short": 3600})
    now_ns = time.time_ns()
    old = many(6, start_ns=now_ns - 7200 * SECOND_NS)
    new = many(6, start_ns=now_ns - 60 * SECOND_NS)
    filled = backfill.complete(short, [recorded(tmp_path / "samples", [*old, *new])], tags)
    assert not filled.complete
    assert {(one.expected, one.found, one.missing) for one in filled.metrics.values()} == {
        (4, 2, 2)
    }
    assert "retention" in " ".join(filled.refused)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"token": "wrong"}, "does not accept the token"),
        ({"bucket": "nowhere"}, "knows no bucket 'nowhere'"),
        ({"org": "nobody"}, "in organization 'nobody'"),
        ({"url": "http://127.0.0.1:1"}, "cannot be reached"),
        ({"url": "http://user:secret@127.0.0.1:1"}, "http://127.0.0.1:1 cannot be reached"),
        ({"url": "http://no.such.host.invalid:8086"}, "cannot be reached"),
        ({"url": "not an address"}, "cannot be reached"),
    ],
)
def test_a_wrong_server_is_said_in_two_lines(
    influxd: servers.Influxd,
    tags: Mapping[str, str],
    tmp_path: Path,
    wrong: Mapping[str, str],
    told: str,
) -> None:
    server = replace(influxd.server, **wrong)
    parquet = recorded(tmp_path / "samples", many(3))
    store = influx.Store(server, {"browse": influx.Run(tags=tags)}, patience_s=0.5)
    for action in (
        lambda: backfill.complete(server, [parquet], tags, patience_s=0.5),
        lambda: store.ask([factories.a_question("http_reqs", "count")]),
    ):
        with pytest.raises(errors.StoreError) as caught:
            action()
        factories.assert_two_lines(caught.value)
        assert told in caught.value.message
        assert servers.TOKEN not in repr(caught.value) + caught.value.remedy
        assert "secret" not in caught.value.message
    assert not list(parquet.parent.glob("*.points"))
    assert servers.TOKEN not in repr(server)
