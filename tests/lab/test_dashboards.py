"""Every query of every dashboard finds data in a real InfluxDB that real runs and Telegraf filled.

And what Grafana would make of the answers, by a fake written to its contract: no Grafana runs here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ltlab_ci import model
from ltlab_ci.lab import grafana
from ltlab_ci.report import frames, snapshot
from tests.fakes import grafana as fake
from tests.flow import projects
from tests.lab import real_data, stack

DASHBOARDS = real_data.ROOT / "grafana" / "dashboards"
UIDS = sorted(path.stem for path in DASHBOARDS.glob("*.json"))
LONGER = 1.5  # head's times over base's
MINUTES = """
data = from(bucket: "ltlab") |> range(start: -2h)
  |> filter(fn: (r) => r._measurement == "http_req_duration" or r._measurement == "http_reqs")
  |> group(columns: ["_measurement", "_field", "testid", "project", "ltlab_scenario"])
p95 = (column, tables=<-) => tables |> quantile(q: 0.95, column: column, method: "exact_mean")
data |> aggregateWindow(every: 1m, fn: count, createEmpty: false)
  |> set(key: "_field", value: "count") |> to(bucket: "ltlab_minute", org: "ltlab")
data |> aggregateWindow(every: 1m, fn: p95, createEmpty: false)
  |> set(key: "_field", value: "p95") |> to(bucket: "ltlab_minute", org: "ltlab")
"""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """Servers that hold one run of k6, one of Artillery, and a comparison with head half as slow again."""

    influx: real_data.Influx
    ran: projects.Ran
    start_ns: int

    def view(self, uid: str) -> model.View:
        """Return the view on the run that belongs to a dashboard."""
        scenario = "visit-artillery" if uid.startswith("artillery") else "visit-k6"
        return model.View(
            title="run",
            variables={
                "testid": (real_data.TESTID,),
                "project": (real_data.PROJECT,),
                "ltlab_scenario": (scenario,),
            },
            # A figure a minute is stamped with the end of its minute, which may not have come yet.
            window=model.Window(start_ns=self.start_ns, end_ns=time.time_ns() + 60 * 10**9),
        )

    def ask(self, query: model.PanelQuery, view: model.View) -> tuple[model.Json, ...]:
        """Return the frames of a query, straight from InfluxDB."""
        flux = snapshot.plain_flux(query, view, bucket="ltlab")
        return frames.of_csv(self.influx.query(flux))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    folder = tmp_path_factory.mktemp("servers")
    with real_data.influxd(folder) as influx, real_data.telegraf(folder, influx) as statsd:
        ran = real_data.run_both(folder / "project", statsd=statsd)
        for scenario in ("visit-k6", "visit-artillery"):
            samples = ran.report / "samples" / f"{scenario}.parquet"
            assert real_data.keep(influx, samples, scenario=scenario) > 100
        # The same samples again as a round of the same run: no other dashboard may show them.
        samples = ran.report / "samples" / "visit-k6.parquet"
        for side, longer in (("base", 1.0), ("head", LONGER)):
            tags = {"ltlab_side": side, "ltlab_round": "01"}
            real_data.keep(influx, samples, scenario="visit-k6", more=tags, longer=longer)
        influx.query(MINUTES)
        started = datetime.fromisoformat(ran.found["times"]["started"])
        whole = Filled(influx=influx, ran=ran, start_ns=int(started.timestamp()) * 10**9)
        real_data.until(lambda: _arrived(whole), what="Artillery's and Telegraf's own figures")
        yield whole


def _arrived(filled: Filled) -> bool:
    """Say whether what comes by StatsD and what Telegraf asks every 2 s has come."""
    return all(_rows(filled, uid) for uid in ("artillery-telegraf", "lab-health"))


def _rows(filled: Filled, uid: str) -> bool:
    view = filled.view(uid)
    asked = snapshot.queries(read(uid), view)
    return all(sum(map(frames.length, filled.ask(query, view))) for query in asked)


def read(uid: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DASHBOARDS / f"{uid}.json").read_bytes())
    return found


def answers(filled: Filled, uid: str, title: str) -> list[model.Json]:
    """Return the frames of a panel's queries."""
    view = filled.view(uid)
    panel = next(each for each in read(uid)["panels"] if each["title"] == title)
    asked = snapshot.queries({"panels": [panel]}, view)
    return [frame for query in asked for frame in filled.ask(query, view)]


def shown(filled: Filled, uid: str, title: str) -> dict[str, list[Any]]:
    """Return the columns of a panel that shows one table."""
    [frame] = answers(filled, uid, title)
    names = [field["name"] for field in frame["schema"]["fields"]]
    return dict(zip(names, frame["data"]["values"], strict=True))


@pytest.mark.parametrize("uid", UIDS)
def test_queries__each_finds_data(filled: Filled, uid: str) -> None:
    view = filled.view(uid)
    asked = snapshot.queries(read(uid), view)
    titles = {panel["id"]: panel["title"] for panel in read(uid)["panels"]} | {0: "annotation"}
    empty = [
        (titles[query.panel], query.ref)
        for query in asked
        if not sum(map(frames.length, filled.ask(query, view)))
    ]
    assert len(asked) > 15
    assert empty == []


@pytest.mark.parametrize("uid", UIDS)
def test_variables__each_offers_the_run(filled: Filled, uid: str) -> None:
    offered = {}
    view = filled.view(uid)
    for variable in read(uid)["templating"]["list"]:
        panel = {"id": 1, "targets": [{"refId": "A", "query": variable["query"]}]}
        [query] = snapshot.queries({"panels": [panel]}, view)
        [frame] = filled.ask(query, view)
        offered[variable["name"]] = frame["data"]["values"][-1]
    expected = {name: list(values) for name, values in view.variables.items()}
    assert uid == "lab-health" or {name: offered[name] for name in expected} == expected
    assert "GET /users" in offered.get("name", ["GET /users"])


@pytest.mark.parametrize("uid", ["k6-dashboard", "artillery-pro"])
def test_figures__are_those_of_the_verdict(filled: Filled, uid: str) -> None:
    [scenario] = filled.view(uid).variables["ltlab_scenario"]
    judged = filled.ran.metrics(scenario)
    for title, metric, stat in (
        ("p50", "http_req_duration", "med"),
        ("p95", "http_req_duration", "p(95)"),
        ("p99", "http_req_duration", "p(99)"),
        ("Requests", "http_reqs", "count"),
        ("Failed", "http_req_failed", "rate"),
    ):
        [value] = shown(filled, uid, title)["_value"]
        assert value == pytest.approx(judged[metric]["stats"][stat], rel=1e-9), title


@pytest.mark.parametrize(
    ("title", "changes"),
    [
        ("p50, head to base", [LONGER - 1]),
        ("p95, head to base", [LONGER - 1]),
        ("Requests, head to base", [0.0]),
        ("Failed, head less base", [0.0]),
    ],
)
def test_figures__of_a_comparison(filled: Filled, title: str, changes: list[float]) -> None:
    assert shown(filled, "ltlab-compare", title)["_value"] == pytest.approx(changes, abs=1e-9)


def test_tables__of_a_comparison_hold_both_sides(filled: Filled) -> None:
    metrics = filled.ran.metrics("visit-k6")
    whole = shown(filled, "ltlab-compare", "Rounds")
    assert whole["ltlab_round"] == ["01"]
    base, head = whole["base_p95"], whole["head_p95"]
    assert base == pytest.approx([metrics["http_req_duration"]["stats"]["p(95)"]], rel=1e-9)
    assert [*head, *whole["p95_change"]] == pytest.approx([base[0] * LONGER, LONGER - 1], rel=1e-9)
    assert whole["head_requests"] == [metrics["http_reqs"]["stats"]["count"]]
    endpoints = shown(filled, "ltlab-compare", "Endpoints, the slowest of head first")
    assert {"GET /users", "GET /nothing", "GET /io"} <= set(endpoints["name"])
    expected = [LONGER - 1] * len(endpoints["name"])
    assert endpoints["p50_change"] == pytest.approx(expected, rel=1e-9)


def test_lines__of_a_comparison_differ_in_every_step(filled: Filled) -> None:
    p50, p95 = answers(filled, "ltlab-compare", "Response time, head to base")
    for frame in (p50, p95):
        expected = [LONGER - 1] * frames.length(frame)
        assert frame["data"]["values"][1] == pytest.approx(expected, rel=1e-9)


def test_heat_map__counts_every_request_once(filled: Filled) -> None:
    panel = next(each for each in read("k6-pro")["panels"] if each["type"] == "heatmap")
    columns = shown(filled, "k6-pro", panel["title"])
    named = panel["transformations"][0]["options"]["indexByName"]
    counted = sum(sum(cells) for name, cells in columns.items() if name != "_time")
    assert set(columns) == set(named)
    assert counted == filled.ran.metrics("visit-k6")["http_req_duration"]["count"]


@pytest.fixture(scope="module")
def served(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a Grafana from the files that a lab's Grafana gets, but for places."""
    folder = tmp_path_factory.mktemp("grafana") / "provisioning"
    shutil.copytree(real_data.ROOT / "grafana" / "provisioning", folder)
    token = folder / "token"
    token.write_text(real_data.TOKEN, encoding="utf-8")
    source = folder / "datasources" / "influxdb.yml"
    text = source.read_text(encoding="utf-8").replace("http://influxdb:8086", filled.influx.url)
    source.write_text(text.replace("/run/secrets/influxdb_token", str(token)), encoding="utf-8")
    grafana_ = fake.provisioned(folder, default_dashboards=DASHBOARDS)
    with fake.Server(grafana_).serving() as url:
        yield url


def test_data_source__answers(served: str) -> None:
    assert real_data.answers(f"{served}/api/datasources/uid/{grafana.DATA_SOURCE}/health")


@pytest.mark.parametrize("uid", ["k6-elite", "artillery-telegraf"])
def test_frames__are_the_same_from_grafana_and_from_influxdb(
    filled: Filled, served: str, uid: str
) -> None:
    view = filled.view(uid)
    asked = snapshot.queries(read(uid), view)
    with grafana.opened(model.Grafana(url=served)) as client:
        theirs = client.frames(asked, view.window)
    for query in asked:
        ours = [_plain(frame) for frame in filled.ask(query, view)]
        assert [_plain(frame) for frame in theirs[query.panel, query.ref]] == ours


def _plain(frame: model.Json) -> object:
    """Return a frame as values; InfluxDB gives a pivot's columns in no certain order."""
    columns = [
        (field["name"], field["type"], field.get("labels") or {}, values)
        for field, values in zip(frame["schema"]["fields"], frame["data"]["values"], strict=True)
    ]
    return frame["schema"].get("name"), sorted(columns, key=lambda column: column[0])


def test_snapshot__holds_the_run_and_opens_without_any_data_source(
    filled: Filled, served: str
) -> None:
    view = filled.view("k6-elite")
    dashboard = read("k6-elite")
    with grafana.opened(model.Grafana(url=served)) as client:
        found = client.frames(snapshot.queries(dashboard, view), view.window)
        kept = snapshot.keep(dashboard, view, found)
        posted = client.publish(kept.dashboard, of=dashboard, file="x.json", expires_s=3600)
    assert kept.notes == ()
    text = json.dumps(kept.dashboard)
    assert "from(bucket" not in text
    assert len(text) < snapshot.MAX_BYTES
    assert re.fullmatch(rf"{served}/dashboard/snapshot/\w+", posted.url)
    events = [each["snapshotData"] for each in kept.dashboard["annotations"]["list"]]
    assert [event["text"] for [event] in events] == ["start of visit-k6", "end of visit-k6"]


def test_example_alerts__can_be_asked(filled: Filled) -> None:
    rules = (real_data.ROOT / "grafana/provisioning/alerting/examples.yml").read_text()
    queries = re.findall(r"query: \|\n((?: {16}.*\n)+)", rules)
    view = filled.view("k6-dashboard")
    assert len(queries) == rules.count("condition:")
    for flux in queries:
        panel = {"id": 1, "targets": [{"refId": "A", "query": flux}]}
        [query] = snapshot.queries({"panels": [panel]}, view)
        assert sum(map(frames.length, filled.ask(query, view))), flux


def test_the_fake__runs_alone_as_the_image_of_grafana_does(tmp_path: Path) -> None:
    port = stack.free_port()
    env = {**os.environ, "GF_SERVER_HTTP_PORT": str(port)}
    argv = [sys.executable, "-m", "tests.fakes.grafana"]
    with real_data.running(argv, tmp_path / "log", env=env):
        url = f"http://127.0.0.1:{port}/api/health"
        real_data.until(lambda: real_data.answers(url), what="the fake")
