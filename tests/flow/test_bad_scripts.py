"""Scripts that load and then go wrong: what was measured is kept, and never called green."""

from __future__ import annotations

import socket

import pytest

from tests.flow import projects
from tests.flow.conftest import MakeProject


@pytest.fixture
def lab(toy: str) -> str:
    """Return an ltlab.yml whose one threshold holds for whatever was requested."""
    return projects.lab(f"{{url: {toy}}}", thresholds='{iterations: ["count > 0"]}')


def test_throws__in_every_iteration(project: MakeProject, lab: str) -> None:
    script = projects.k6("http.get(`${url}/fast`); throw new Error('no such basket');")
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    assert run.scenario()["exit_code"] == 0
    assert run.findings["every-iteration-threw"]["effect"] == "invalid"
    assert "20 iterations threw" in run.findings["iterations-threw"]["message"]
    assert "no such basket" in run.findings["iterations-threw"]["message"]
    assert run.verdict("iterations count > 0")["status"] == "pass"


def test_throws__in_some_iterations(project: MakeProject, lab: str) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`); if (exec.scenario.iterationInTest % 4 == 0) null.price;"
    )
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 0
    assert run.findings["iterations-threw"]["effect"] == "warn"
    assert "5 iterations threw: TypeError" in run.findings["iterations-threw"]["message"]


def test_logs_an_error__is_not_taken_for_a_throw(project: MakeProject, lab: str) -> None:
    script = projects.k6("http.get(`${url}/fast`); console.error('all is well source=stacktrace');")
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 0
    assert run.findings == {}


def test_requests__none_at_all(project: MakeProject, lab: str) -> None:
    run = project(lab, {"load.js": projects.k6("sleep(0.001);")}).run("run")
    assert run.code == 1
    assert run.findings["no-request"]["effect"] == "invalid"


def test_requests__every_one_fails(project: MakeProject, lab: str) -> None:
    script = projects.k6("http.get(`${url}/nowhere`);")
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    assert "every one of 20 requests failed" in run.findings["every-request-failed"]["message"]


def test_iterations__none_is_completed(project: MakeProject, lab: str) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`); sleep(60);",
        options="scenarios: { one: { executor: 'constant-vus', vus: 1, duration: '1s', "
        "gracefulStop: '0s' } }",
    )
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    assert run.findings["no-iteration"]["effect"] == "invalid"


def test_requests__that_never_end(project: MakeProject, lab: str) -> None:
    # It accepts a connection and never answers.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        script = projects.k6(
            f"http.get(exec.vu.idInTest === 1 ? 'http://127.0.0.1:{silent.getsockname()[1]}' "
            ": `${url}/fast`); sleep(0.1);",
            options="scenarios: { one: { executor: 'constant-vus', vus: 4, duration: '2s', "
            "gracefulStop: '2s' } }, thresholds: { http_req_duration: ['p(95)<5000'], "
            "http_req_failed: ['rate<0.01'] }",
        )
        run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    assert run.scenario()["exit_code"] == 0
    assert run.findings["requests-cut-off"]["effect"] == "invalid"
    assert run.findings["requests-cut-off"]["message"].startswith("1 request never ended")
    [cut_off] = run.scenario()["cut_off"]
    assert cut_off["hung"]
    assert cut_off["least_s"] == pytest.approx(4, abs=1)


def test_setup__does_not_hide_a_dead_load(project: MakeProject, lab: str) -> None:
    script = projects.k6(
        "http.get(`${url}/nowhere`);", more="export function setup() { http.get(`${url}/fast`); }"
    )
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    assert "every one of 20 requests failed" in run.findings["every-request-failed"]["message"]


def test_setup__throws(project: MakeProject, lab: str) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`);", more="export function setup() { throw new Error('no login'); }"
    )
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    assert run.scenario()["exit_code"] == 107
    assert "no login" in run.findings["k6-exit-107"]["message"]
    assert list(run.findings) == ["k6-exit-107"]


def test_teardown__throws(project: MakeProject, lab: str) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`);",
        more="export function teardown() { throw new Error('no logout'); }",
    )
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    assert "no logout" in run.findings["k6-exit-107"]["message"]
    assert run.verdict("iterations count > 0")["observed"] == 20


def test_abort__by_the_script(project: MakeProject, lab: str) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`); if (exec.scenario.iterationInTest == 5) exec.test.abort('enough');"
    )
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    assert run.scenario()["exit_code"] == 108
    assert "enough" in run.findings["k6-exit-108"]["message"]


def test_fail__by_the_script(project: MakeProject, lab: str) -> None:
    script = projects.k6("http.get(`${url}/fast`); exec.test.fail('basket is empty');")
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    assert run.scenario()["exit_code"] == 110
    assert "basket is empty" in run.findings["k6-exit-110"]["message"]


def test_setup__takes_too_long(project: MakeProject, lab: str) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`);",
        options="setupTimeout: '500ms'",
        more="export function setup() { sleep(30); }",
    )
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    assert "setup()" in run.findings["k6-exit-100"]["message"]


def test_arguments__k6_does_not_know(project: MakeProject, toy: str) -> None:
    lab = projects.lab(f"{{url: {toy}}}").replace("script:", "args: [--vuss, '2']\n    script:")
    run = project(lab, {"load.js": projects.k6("http.get(url);")}).run("run")
    assert run.code == 2
    assert "--vuss" in run.findings["k6-exit-255"]["message"]


def test_own_threshold__on_a_metric_that_does_not_exist(project: MakeProject, lab: str) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`);", options="thresholds: { http_req_duratoin: ['p(95)<500'] }"
    )
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 2
    assert "http_req_duratoin" in run.refusal[0]
