"""The same samples in both stores: every answer is the same."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.model import MetricType
from ltlab_ci.store import backfill, charts, duck, flux, influx, line
from tests import factories
from tests.factories import START_NS
from tests.flow import projects
from tests.lab.store import servers
from tests.samples import HOSTILE, STATS, Sample, every_question, filtered, recorded, runs

_ON_ONE_SERVER = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def storable(sample: Sample) -> bool:
    return line.series(sample.metric, {**sample.tags, **sample.custom}) is not None


RUNS = runs().map(lambda samples: [sample for sample in samples if storable(sample)])


def check(
    server: model.Influx, parquet: Path, questions: Sequence[model.Question], scenario: str
) -> None:
    """Hold InfluxDB's answers against DuckDB's."""
    filled = backfill.complete(server, [parquet], {"testid": uuid.uuid4().hex})
    assert filled.complete, filled
    found = influx.Store(server, {scenario: filled.run}).ask(questions)
    store = duck.Store(parquet.parent)
    try:
        expected = store.ask(questions)
        row = store.db.execute(f"SELECT sum(abs(value)) FROM {duck.reading([parquet])}").fetchone()
    finally:
        store.close()
    size = row[0] or 0.0 if row else 0.0
    assert set(found) == set(expected)
    for question, answer in expected.items():
        mine = found[question]
        assert mine.count == answer.count, question
        # A sum of both signs loses what its parts cancel.
        assert mine.value == (
            None
            if answer.value is None
            else pytest.approx(answer.value, rel=1e-9, abs=1e-13 * size)
        ), question


@_ON_ONE_SERVER
@given(samples=RUNS, shares=st.lists(st.floats(0, 100), max_size=4))
def test_ask__every_stat_of_every_type(
    influxd: servers.Influxd, samples: list[Sample], shares: list[float]
) -> None:
    questions = every_question() + [
        factories.a_question("my trend", f"p({share:f})") for share in shares
    ]
    with tempfile.TemporaryDirectory() as folder:
        check(influxd.server, recorded(Path(folder) / "samples", samples), questions, "browse")


@_ON_ONE_SERVER
@given(samples=RUNS, data=st.data())
def test_ask__filters_and_windows(
    influxd: servers.Influxd, samples: list[Sample], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        parquet = recorded(Path(folder) / "samples", samples)
        check(influxd.server, parquet, data.draw(filtered(samples)), "browse")


def test_ask__by_tags_that_are_fields(influxd: servers.Influxd, tmp_path: Path) -> None:
    samples = [
        Sample(
            metric="http_req_duration",
            time_ns=START_NS + place,
            value=float(place),
            tags={"url": f'http://a/{place % 3}?q="\\', "name": "a"} if place % 4 else {},
            custom={"vu": str(place % 2)} if place % 5 else {},
        )
        for place in range(60)
    ]
    patterns = ('http://a/1?q="\\', "http://a/*", "*", "*2*", "none", "")
    questions = [
        factories.a_question("http_req_duration", stat, tags=tags)
        for stat in STATS[MetricType.TREND]
        for tags in [
            *((("url", pattern),) for pattern in patterns),
            (("vu", "1"),),
            (("vu", "*"), ("url", "*1*"), ("name", "a")),
        ]
    ]
    check(influxd.server, recorded(tmp_path / "samples", samples), questions, "browse")


def test_ask__other_scenarios_unknown_metrics_and_nothing_asked(
    influxd: servers.Influxd, tmp_path: Path
) -> None:
    samples = [Sample(metric="http_reqs", time_ns=START_NS, value=5.0, custom={"none": ""})]
    questions = [
        factories.a_question("checks", "rate"),
        factories.a_question("http_reqs", "count", scenario="another"),
        factories.a_question("http_reqs", "count", tags=(("name", "*"),)),
        factories.a_question("http_reqs", "count", tags=(("none", "*"),)),
        factories.a_question("http_reqs", "count", tags=(("_value", "5"),)),
        factories.a_question("http_reqs", "count", tags=(("time", "*"),)),
        factories.a_question('http_reqs") |> drop()', "count"),
        factories.a_question(
            "http_reqs", "count", window=model.Window(start_ns=START_NS - 9, end_ns=START_NS)
        ),
        factories.a_question(
            "http_reqs", "rate", window=model.Window(start_ns=START_NS, end_ns=START_NS + 1)
        ),
    ]
    check(influxd.server, recorded(tmp_path / "samples", samples), questions, "browse")
    assert influx.Store(influxd.server, {}).ask([]) == {}


PROJECT = """
version: 1
service: {url: "%s"}
scenarios:
  by-k6: {script: load.js}
  by-artillery: {script: load.yml}
thresholds:
  http_reqs: ["count > 0"]
"""
K6 = """
import http from 'k6/http';
import { check, group } from 'k6';
import { Trend } from 'k6/metrics';
const sizes = new Trend('sizes');
export const options = { iterations: 40, vus: 4, tags: { region: 'eu west' } };
export default function () {
  group('browsing', () => {
    const got = http.get(`${__ENV.BASE_URL}/users?page=${__ITER}`, { tags: { name: 'users' } });
    check(got, { 'is "ok", \\\\ = fine': (r) => r.status === 200 });
    sizes.add(got.body.length / 3);
  });
  http.get(`${__ENV.BASE_URL}/nothing-there`);
}
"""
ARTILLERY = """
config:
  target: "{{ $env.BASE_URL }}"
  phases: [{duration: 3, arrivalRate: 10}]
scenarios:
  - flow:
      - get: {url: "/users?page=1", name: "the users"}
      - get: {url: "/nothing-there"}
"""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory, toy: str) -> Path:
    """Run both engines through ltlab; return the folder of their samples."""
    folder = tmp_path_factory.mktemp("real") / "project"
    files = {"load.js": K6, "load.yml": ARTILLERY}
    ran = projects.write(folder, PROJECT % toy, files).run("run")
    assert (ran.report / "samples" / "by-k6.parquet").is_file(), ran.err
    return ran.report / "samples"


@pytest.mark.parametrize("scenario", ["by-k6", "by-artillery"])
def test_ask__what_real_engines_measured(
    influxd: servers.Influxd, recordings: Path, scenario: str
) -> None:
    store = duck.Store(recordings)
    reach = charts.extent(store, scenario)
    names = charts.values(store, scenario, "http_reqs", "name")
    store.close()
    assert len(names) == 2
    middle = model.Window(start_ns=reach.start_ns + 10**8, end_ns=reach.start_ns + 10**9)
    questions = [
        factories.a_question(
            metric, stat, type=kind, scenario=scenario, tags=tags, window=window, seconds=3.0
        )
        for metric in reach.metrics
        for kind in [model.BUILT_IN[metric].type if metric in model.BUILT_IN else MetricType.TREND]
        for stat in STATS[kind]
        for tags in [(), (("name", names[0]),), (("name", "*users"),), (("status", "4*"),)]
        for window in (None, middle)
    ]
    assert len(reach.metrics) > 10
    parquet = recordings / duck.file_name(scenario)
    check(influxd.server, parquet, questions, scenario)


@_ON_ONE_SERVER
@given(text=st.text(min_size=1) | st.text(HOSTILE + '"${}/)|>', min_size=1))
def test_flux__no_text_gets_out_of_its_literal(influxd: servers.Influxd, text: str) -> None:
    script = (
        'import "array"\n'
        f"array.from(rows: [{{id: 1, v: {flux.string(text)}}}, "
        f"{{id: 2, v: {flux.string(text + 'x')}}}]) "
        f"|> filter(fn: (r) => {flux.matches('v', text.replace('*', chr(92) + '*'))})"
    )
    with influx.talking(influxd.server) as client:
        assert [row["id"] for row in influx.rows(client, script)] == [1]


@_ON_ONE_SERVER
@given(text=st.text(HOSTILE.replace("\\", "").replace("*", "") + '"${}/)|>', min_size=2))
def test_flux__in_a_wildcard_only_the_star_is_special(influxd: servers.Influxd, text: str) -> None:
    texts = (text, text[0] + "!!" + text[1:], "z")
    rows = ", ".join(f"{{id: {n}, v: {flux.string(each)}}}" for n, each in enumerate(texts))
    script = (
        f'import "array"\narray.from(rows: [{rows}]) '
        f"|> filter(fn: (r) => {flux.matches('v', text[0] + '*' + text[1:])})"
    )
    with influx.talking(influxd.server) as client:
        assert [row["id"] for row in influx.rows(client, script)] == [0, 1]
