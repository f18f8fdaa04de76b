"""`ltlab scale`: several real k6 share one load, and there is one verdict over all samples."""

from __future__ import annotations

import json

import pytest

from tests.flow import projects
from tests.flow.conftest import MakeProject

THRESHOLDS = '{http_req_failed: ["rate == 0"], "checks{who:me}": ["count > 10"]}'
OPTIONS = """\
  scenarios: {
    rate: {
      executor: 'constant-arrival-rate',
      rate: 20, timeUnit: '1s', duration: '3s', preAllocatedVUs: 8,
    },
    users: { executor: 'per-vu-iterations', vus: 3, iterations: 5 },
  },
  thresholds: { 'http_reqs{scenario:users}': ['count==15'], http_req_duration: ['p(95)<60000'] },
"""
BODY = "check(http.get(`${url}/fast`), { ok: (r) => r.status === 200 }, { who: 'me' });"


@pytest.fixture(scope="module")
def shared(toy: str, tmp_path_factory: pytest.TempPathFactory) -> projects.Ran:
    """Run a load of an open and a closed model by three k6."""
    folder = tmp_path_factory.mktemp("shared") / "project"
    lab = projects.lab(f"{{url: {toy}}}", thresholds=THRESHOLDS)
    script = projects.k6(BODY, options=OPTIONS)
    return projects.write(folder, lab, {"load.js": script}).run("scale", "3")


def test_scale__is_the_load_of_the_script_and_one_verdict(shared: projects.Ran) -> None:
    assert shared.code == 0, shared.err
    assert shared.findings.keys() == {"load-shared"}
    scenario = shared.scenario()
    assert (scenario["load_model"], scenario["complete"]) == ("mixed", True)
    assert 74 <= shared.metrics()["iterations"]["count"] <= 77  # 20/s for 3 s, and 3 times 5
    assert shared.verdict("http_reqs count==15")["observed"] == 15
    assert shared.verdict("http_reqs count==15")["origin"] == "k6"


def test_scale__each_process_took_its_share(shared: projects.Ran) -> None:
    counted = [
        json.loads((shared.logs("load") / number / "k6-summary.json").read_bytes())["metrics"]
        for number in ("1", "2", "3")
    ]
    requests = [each["http_reqs"]["count"] for each in counted]
    assert sum(requests) == shared.metrics()["http_reqs"]["count"]
    # Each alone crossed the script's threshold: 5 of its 15 requests were its own.
    assert all(each["http_reqs{scenario:users}"]["count"] == 5 for each in counted)
    told = shared.query("SELECT DISTINCT regexp_extract(tags, 'instance_id=(.)', 1) FROM samples "
                        "WHERE metric = 'http_reqs' ORDER BY 1")  # fmt: skip
    assert told == [("1",), ("2",), ("3",)]


def test_scale__a_process_that_throws_is_named(project: MakeProject, toy: str) -> None:
    lab = projects.lab(f"{{url: {toy}}}", thresholds='{http_reqs: ["count > 0"]}')
    more = "export function setup() { throw new Error('no database'); }"
    throws = projects.k6("http.get(`${url}/fast`)", options="vus: 2, iterations: 4", more=more)
    ran = project(lab, {"load.js": throws}).run("scale", "2")
    assert ran.code == 1
    assert ran.findings["k6-exit-107"]["message"].startswith("process 2 of 2: ")


def test_scale__artillery_is_refused_before_anything_starts(project: MakeProject) -> None:
    lab = projects.lab("{url: 'http://127.0.0.1:9'}", script="load.yml")
    load = "config: {target: 'http://127.0.0.1:9', phases: [{duration: 1, arrivalRate: 1}]}\n"
    ran = project(lab, {"load.yml": load + "scenarios: [{flow: [{get: {url: /}}]}]"}).run(
        "scale", "2"
    )
    assert ran.code == 2
    [found] = ran.findings.values()
    assert "workers of its own" in found["message"]


def test_scale__stops_all_of_them_on_interrupt(project: MakeProject, toy: str) -> None:
    lab = projects.lab(f"{{url: {toy}}}", thresholds='{http_reqs: ["count > 0"]}')
    load = projects.k6("http.get(`${url}/fast`); sleep(0.1)", options="vus: 4, duration: '60s'")
    with project(lab, {"load.js": load}).running("scale", "2") as run:
        run.loaded()
        run.interrupt()
    ran = run.ended()
    assert ran.code == 130
    assert ran.findings.keys() == {"interrupted", "load-shared"}
    assert ran.verdict("http_reqs count > 0")["status"] == "pass"
