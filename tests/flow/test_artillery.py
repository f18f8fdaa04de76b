"""What ltlab says of an Artillery run is what Artillery says, for whatever a script brings."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socketserver
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.flow import projects
from tests.flow.conftest import MakeProject

SCRIPTS = projects.DATA / "flow" / "artillery"
ROUNDING_MS = 1.0  # Artillery takes whole milliseconds
SKETCH = 0.01  # and keeps a sketch of them
USERS = 40
THRESHOLDS = json.dumps(
    {
        "http_req_waiting": ["p(95) < 20s"],
        'http_req_duration{name:"GET user*a, b"}': ["max < 20s"],
        "http_req_failed": ["rate < 34%", "rate > 33%"],
        "checks": ["rate == 100%"],
        "checks{check:hasProperty}": ["count == 40"],
        "shop.items": ["count == 120"],
        "shop.basket_eur": ["p(99) == 12.5", "count == 40"],
        "shop.baskets": ["count == 40"],
        "shop.nothing": ["count > 0"],
        "iterations": ["count == 40"],
    }
)
GET = """\
config:
  target: "{{ $env.BASE_URL }}"
  phases: [{duration: 1, arrivalRate: 10}]
scenarios: [{flow: [{get: {url: /fast}}]}]
"""
LONG = GET.replace("duration: 1", "duration: 60")


def from_toy(folder: Path, toy: str, more: str) -> projects.Project:
    """Return a project of the shop's scripts."""
    shutil.copytree(SCRIPTS, folder)
    return projects.write(
        folder, projects.lab(f"{{url: {toy}}}", script="shop.yml", thresholds=THRESHOLDS) + more
    )


@pytest.fixture(scope="module")
def shop(toy: str, tmp_path_factory: pytest.TempPathFactory) -> projects.Ran:
    """Run the shop in its environment `ci` with two workers."""
    folder = tmp_path_factory.mktemp("shop") / "project"
    more = "    args: [-e, ci]\n    env: {NODE_OPTIONS: --require ./three_processors.cjs}\n"
    return from_toy(folder, toy, more).run("run")


@pytest.fixture(scope="module")
def report(shop: projects.Ran) -> Mapping[str, Any]:
    """Return Artillery's own report."""
    text = (shop.logs("load") / "artillery-report.json").read_text(encoding="utf-8")
    aggregate: Mapping[str, Any] = json.loads(text)["aggregate"]
    return aggregate


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("http_reqs", "http.requests"),
        ("vusers.created", "vusers.created"),
        ("vusers.completed", "vusers.completed"),
        ("iterations", "vusers.completed"),
        ("data_received", "http.downloaded_bytes"),
        ("shop.items", "shop.items"),
    ],
)
def test_counter__agrees_exactly(
    shop: projects.Ran, report: Mapping[str, Any], ours: str, theirs: str
) -> None:
    assert shop.metrics()[ours]["stats"]["count"] == report["counters"][theirs] > 0


def test_codes__agree_exactly(shop: projects.Ran, report: Mapping[str, Any]) -> None:
    rows = shop.query("SELECT status, count(*) FROM samples WHERE metric='http_reqs' GROUP BY 1")
    assert dict(rows) == {
        name.removeprefix("http.codes."): count
        for name, count in report["counters"].items()
        if name.startswith("http.codes.")
    }
    assert dict(rows) == {"200": 2 * USERS, "404": USERS}


@pytest.mark.parametrize(("stat", "share"), [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)])
def test_waiting__agrees_with_response_time(
    shop: projects.Ran, report: Mapping[str, Any], stat: str, share: float
) -> None:
    # Artillery's sketch names the sample below the rank, where ours lies between two.
    rows = shop.query("SELECT value FROM samples WHERE metric = 'http_req_waiting' ORDER BY value")
    rank = int(share * (len(rows) - 1))
    [(below,), (above,)] = rows[rank : rank + 2]
    theirs = report["summaries"]["http.response_time"][stat]
    assert theirs == pytest.approx(below, abs=ROUNDING_MS + SKETCH * below)
    ours = shop.metrics()["http_req_waiting"]["stats"]
    assert below <= ours["med" if stat == "p50" else f"p({100 * share:.0f})"] <= above


def test_own_thresholds__keep_artillerys_word(shop: projects.Ran) -> None:
    own = [v for v in shop.scenario()["verdicts"] if v["origin"] == "artillery"]
    assert {(v["threshold"], v["severity"], v["status"]) for v in own} == {
        ("p95 < 1", "fail", "fail"),
        ("http.codes.200 > 0", "fail", "pass"),
        ("http.codes.200 > 100000", "warn", "fail"),
    }
    assert shop.code == 1
    assert shop.scenario()["exit_code"] == 1
    assert shop.findings == {}


def test_thresholds__of_custom_metrics_and_checks_are_judged(shop: projects.Ran) -> None:
    ours = {
        (v["metric"], v["threshold"]): v["status"]
        for v in shop.scenario()["verdicts"]
        if v["origin"] == "ltlab"
    }
    assert ours.pop(("shop.nothing", "count > 0")) == "no data"
    assert len(ours) == 11
    assert set(ours.values()) == {"pass"}


def test_names__are_whole(shop: projects.Ran) -> None:
    rows = shop.query("SELECT DISTINCT name FROM samples WHERE metric = 'http_reqs'")
    assert {name for (name,) in rows} == {
        'GET user = "Ada" | a, b',
        'GET user = "Linus" | a, b',
        'GET user = "Grace, Admiral" | a, b',
        'GET user = "Jürgen" | a, b',
        "/io",
        "/nowhere",
    }
    scenarios = shop.query("SELECT DISTINCT scenario FROM samples WHERE metric = 'http_reqs'")
    assert scenarios == [('buy, "quickly" & <b>well</b>',)]


def test_workers__are_told_apart(shop: projects.Ran) -> None:
    rows = shop.query("SELECT DISTINCT tags FROM samples WHERE metric = 'http_reqs' ORDER BY 1")
    assert len(rows) == 2
    assert all(tags.startswith("worker=") for (tags,) in rows)


def test_plugin__leaves_no_records_behind(shop: projects.Ran) -> None:
    assert not list(shop.logs("load").glob("worker-*"))
    assert not list(shop.folder.glob("dist"))


def test_expect__fails(project: MakeProject, toy: str) -> None:
    script = """\
config: {phases: [{duration: 1, arrivalRate: 5}], plugins: {expect: {}}}
scenarios: [{flow: [{get: {url: /fast, expect: [{statusCode: 201}, {contentType: json}]}}]}]
"""
    lab = projects.lab(f"{{url: {toy}}}", script="load.yml", thresholds='{checks: ["rate >= 50%"]}')
    run = project(lab, {"load.yml": script}).run("run")
    assert run.code == 1
    assert run.scenario()["exit_code"] == 21
    assert run.verdict("checks rate >= 50%")["observed"] == 0.5
    own = run.verdict("checks every `expect` holds")
    assert (own["origin"], own["status"]) == ("artillery", "fail")
    assert run.findings == {}


class HangUp(socketserver.BaseRequestHandler):
    """Takes a connection and closes it."""

    def handle(self) -> None:
        """Do nothing."""


@pytest.fixture
def closing() -> Iterator[str]:
    """Listen on a port where every connection is closed at once; return its address."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), HangUp) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_requests__every_one_fails(project: MakeProject, closing: str) -> None:
    lab = projects.lab(
        f"{{url: {closing}}}", script="load.yml", thresholds='{"vusers.created": ["count > 0"]}'
    )
    run = project(lab, {"load.yml": GET}).run("run")
    assert run.code == 1
    assert run.scenario()["exit_code"] == 0
    assert run.findings["every-request-failed"]["effect"] == "invalid"
    assert run.verdict("vusers.created count > 0")["observed"] == 10
    assert run.query("SELECT DISTINCT error FROM samples WHERE metric='http_reqs'") == [
        ("ECONNRESET",)
    ]


OWN_PLUGIN = """\
exports.LEGACY_METRICS_FORMAT = false;
exports.Plugin = class {
  constructor(script, events) {
    if (process.env.LOCAL_WORKER_ID === undefined) {
      events.on('done', () => console.log('the plug-in of the project was here'));
    }
  }
};
"""


def test_requests__that_miss_the_service_are_no_test_of_it(
    project: MakeProject, toy: str, closing: str
) -> None:
    """The script has a target of its own, and a plug-in from the project's node_modules."""
    script = GET.replace('"{{ $env.BASE_URL }}"', closing).replace(
        "config:", "config:\n  plugins: {gate: {}}"
    )
    made = project(
        projects.lab(f"{{url: {toy}}}", script="load.yml"),
        {"load.yml": script, "node_modules/artillery-plugin-gate/index.js": OWN_PLUGIN},
    )
    run = made.run("run")
    assert run.code == 1
    found = run.findings["requests-elsewhere"]
    assert found["effect"] == "invalid"
    assert found["message"] == (
        f"none of the 10 requests went to the service under test at {toy}; "
        f"the script calls {closing}: ECONNRESET (10)"
    )
    assert run.findings["users-failed"]["message"].startswith("10 of 10 virtual users failed")
    assert "the plug-in of the project was here" in (run.logs("load") / "artillery.log").read_text()
    by_hand = made.run("artillery", "-s", "load.yml", "--url", toy)
    assert by_hand.code == 0
    assert "requests-elsewhere" not in by_hand.findings


@pytest.mark.parametrize(
    ("signum", "code", "ended"), [(signal.SIGKILL, 4, 137), (signal.SIGINT, 130, 130)]
)
def test_cut_short__keeps_what_was_measured(
    project: MakeProject, toy: str, signum: signal.Signals, code: int, ended: int
) -> None:
    lab = projects.lab(
        f"{{url: {toy}}}", script="load.yml", thresholds='{http_reqs: ["count > 0"]}'
    )
    with project(lab, {"load.yml": LONG}).running("run") as running:
        engine = running.process("artillery", "--output")
        running.loaded()
        if signum == signal.SIGKILL:
            os.kill(engine, signum)
        else:
            running.interrupt(signum)
    run = running.ended()
    assert run.code == code
    assert run.scenario()["exit_code"] == ended
    assert not run.scenario()["complete"]
    assert run.scenario()["verdict"] == "fail"
    assert run.verdict("http_reqs count > 0")["status"] == "pass"
