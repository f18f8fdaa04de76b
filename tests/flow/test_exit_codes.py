"""Every exit code of a run, and which one wins: with the real engines and a real service."""

from __future__ import annotations

import os
import signal

import pytest

from tests.flow import projects
from tests.flow.conftest import MakeProject

GET = projects.k6("http.get(`${url}/fast`);")
LONG = projects.k6("http.get(`${url}/fast`);", options="vus: 2, duration: '60s'")
HOLDS = '{http_req_duration: ["p(95) < 20s"]}'
CROSSED = '{http_req_duration: ["max < 0.001ms"], http_reqs: ["count > 0"]}'


def test_0__every_threshold_holds(project: MakeProject) -> None:
    run = project(projects.lab(projects.toy(), thresholds=HOLDS), {"load.js": GET}).run("run")
    assert run.code == 0, run.err
    assert run.found["verdict"] == "pass"
    assert run.verdict("http_req_duration p(95) < 20s")["status"] == "pass"
    assert run.scenario()["complete"]
    assert run.query("SELECT sum(value) FROM samples WHERE metric = 'http_reqs'") == [(20,)]


def test_1__a_threshold_is_crossed_and_the_others_are_judged(
    project: MakeProject, toy: str
) -> None:
    lab = projects.lab(f"{{url: {toy}}}", thresholds=CROSSED)
    run = project(lab, {"load.js": GET}).run("run")
    assert run.code == 1
    crossed = run.verdict("http_req_duration max < 0.001ms")
    assert crossed["status"] == "fail"
    lines = lab.splitlines()
    assert crossed["place"]["file"] == "ltlab.yml"
    assert "max < 0.001ms" in lines[crossed["place"]["line"] - 1]
    assert lines[run.scenario()["place"]["line"] - 1] == "  load:"
    assert run.verdict("http_reqs count > 0")["status"] == "pass"


def test_1__a_threshold_without_data(project: MakeProject, toy: str) -> None:
    thresholds = '{"http_req_duration{name:nobody}": ["p(95) < 1s"]}'
    lab = projects.lab(f"{{url: {toy}}}", thresholds=thresholds)
    run = project(lab, {"load.js": GET}).run("run")
    assert run.code == 1
    [verdict] = run.scenario()["verdicts"]
    assert (verdict["status"], verdict["observed"]) == ("no data", None)
    assert "none of the 20 samples" in verdict["reason"]


def test_0__a_threshold_that_only_warns_is_crossed(project: MakeProject, toy: str) -> None:
    thresholds = '{http_reqs: [{that: "count > 1000", severity: warn}]}'
    lab = projects.lab(f"{{url: {toy}}}", thresholds=thresholds)
    run = project(lab, {"load.js": GET}).run("run")
    assert run.code == 0
    assert run.verdict("http_reqs count > 1000")["status"] == "fail"


@pytest.mark.parametrize(
    ("flags", "ready", "said"),
    [
        (["--ready-after", "60"], "{get: /health, timeout: 1s}", "not ready after 1 s: GET"),
        (["--die-after", "0.1"], "{get: /nowhere}", "exited with 1"),
        (["--unknown"], "{get: /health}", "exited with 2"),
    ],
    ids=["never ready", "dies before it is ready", "dies at once"],
)
def test_3__the_service_does_not_come_up(
    project: MakeProject, flags: list[str], ready: str, said: str
) -> None:
    lab = projects.lab(projects.toy(*flags, ready=ready), thresholds=HOLDS)
    run = project(lab, {"load.js": GET}).run("run")
    assert run.code == 3
    assert said in run.findings["LabNotReady"]["message"]
    assert not run.scenario()["ran"]
    assert run.verdict("http_req_duration p(95) < 20s")["status"] == "no data"


def test_3__the_service_dies_half_way(project: MakeProject) -> None:
    lab = projects.lab(projects.toy("--die-after", "2"), thresholds=HOLDS)
    run = project(lab, {"load.js": LONG}).run("run")
    assert run.code == 3
    assert "the service exited with 1" in run.findings["service-died"]["message"]
    assert set(run.findings) == {"service-died"}
    assert not run.scenario()["complete"]
    assert run.scenario()["samples"] > 0


def test_4__the_engine_is_killed_half_way(project: MakeProject, toy: str) -> None:
    lab = projects.lab(f"{{url: {toy}}}", thresholds=HOLDS)
    run = killed(project(lab, {"load.js": LONG}))
    assert run.code == 4
    assert run.verdict("http_req_duration p(95) < 20s")["status"] == "pass"
    assert run.scenario()["verdict"] == "fail"


def test_1__a_crossed_threshold_wins_over_a_killed_engine(project: MakeProject, toy: str) -> None:
    lab = projects.lab(f"{{url: {toy}}}", thresholds=CROSSED)
    run = killed(project(lab, {"load.js": LONG}))
    assert run.code == 1
    assert run.findings["k6-exit-137"]["effect"] == "engine"


def killed(mine: projects.Project) -> projects.Ran:
    """Kill k6 once samples are stored; what every such run has in common holds."""
    with mine.running("run") as running:
        running.loaded()
        os.kill(running.process("k6", "run"), signal.SIGKILL)
    run = running.ended()
    assert run.scenario()["exit_code"] == 137
    assert not run.scenario()["complete"]
    assert run.scenario()["samples"] > 0
    return run


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "cannot start"),
        ("echo 'k6 v0.49.0 (commit/abc, go1.21.6, linux/amd64)'", "k6 v0.49.0"),
        ("echo 'something else'", "something else"),
        ("echo 'no such library' >&2; exit 127", "no such library"),
    ],
    ids=["absent", "too old", "no k6", "broken"],
)
def test_4__the_configured_engine_cannot_be_used(
    project: MakeProject, toy: str, script: str | None, said: str
) -> None:
    lab = projects.lab(f"{{url: {toy}}}", more="engines: {k6: {path: ./my-k6}}\n")
    mine = project(lab, {"load.js": GET})
    if script is not None:
        program = mine.folder / "my-k6"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
    run = mine.run("run", env={"LTLAB_K6": ""})
    assert run.code == 4
    what, remedy = run.refusal
    assert said in what
    assert "my-k6" in what
    assert "k6" in remedy
    assert run.findings["EngineError"]["message"] == what


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_130__interrupted_under_load(
    project: MakeProject, toy: str, signum: signal.Signals
) -> None:
    lab = projects.lab(f"{{url: {toy}}}", thresholds=CROSSED)
    with project(lab, {"load.js": LONG}).running("run") as running:
        running.loaded()
        running.interrupt(signum)
    run = running.ended()
    assert run.code == 130
    assert run.findings["interrupted"]["scenario"] == "load"
    assert set(run.findings) == {"interrupted"}, "what ltlab itself stopped is no other trouble"
    assert run.scenario()["samples"] > 0
    assert not run.scenario()["complete"]
    assert (run.logs("load") / "k6-summary.json").exists()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_130__interrupted_before_the_service_is_ready(
    project: MakeProject, signum: signal.Signals
) -> None:
    lab = projects.lab(projects.toy("--ready-after", "60"), thresholds=HOLDS)
    with project(lab, {"load.js": GET}).running("run") as running:
        running.process("toy_api")
        running.interrupt(signum)
    run = running.ended()
    assert run.code == 130
    assert run.findings["Interrupted"]["effect"] == "interrupted"
    assert not run.scenario()["ran"]


def test_130__interrupted_while_a_script_loads(project: MakeProject, toy: str) -> None:
    endless = projects.k6("", more="for (;;) {}")
    with project(projects.lab(f"{{url: {toy}}}"), {"load.js": endless}).running("run") as running:
        running.process("k6", "inspect")
        running.interrupt()
    run = running.ended()
    assert run.code == 130
    assert run.refusal == ("interrupted before any load", "run it again")
    assert run.findings["Interrupted"]["effect"] == "interrupted"


def test_130__interrupted_while_the_service_is_built(project: MakeProject) -> None:
    service = '{build: "sleep 60", command: ["true"]}'
    with project(projects.lab(service), {"load.js": GET}).running("run") as running:
        running.process("sleep", "60")
        running.interrupt()
    run = running.ended()
    assert run.code == 130
    assert not run.scenario()["ran"]


@pytest.mark.parametrize("when", ["the samples are joined", "the service is stopped"])
def test_130__interrupted_after_the_load_while(project: MakeProject, when: str) -> None:
    lab = projects.lab(projects.toy("--ignore-sigterm"), thresholds=HOLDS)
    with project(lab, {"load.js": GET}).running("run") as running:
        samples = running.folder / "ltlab-report" / "samples"
        whole, parts = samples / "load.parquet", samples / "load.parts"
        joined = whole.exists if when == "the samples are joined" else lambda: not parts.exists()
        projects.until(lambda: (whole.exists() and joined()) or None, what="all samples")
        running.interrupt()
    run = running.ended()
    assert run.code in {0, 130}
    assert run.scenario()["samples"] > 0


def test_output__into_a_pipe_that_nobody_reads_changes_nothing(project: MakeProject) -> None:
    """As `ltlab run | head -1` leaves it; what was measured is judged and reported all the same."""
    lab = projects.lab(projects.toy(), thresholds='{http_reqs: ["count > 1000"]}')
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with project(lab, {"load.js": GET}).running("run", terminal=writing) as run:
            pass
    finally:
        os.close(writing)
    ran = run.ended()
    assert (ran.code, ran.verdict("http_reqs count > 1000")["status"]) == (1, "fail")
