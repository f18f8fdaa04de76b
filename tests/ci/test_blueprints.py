"""Every blueprint runs green against the toy service, and every trouble is seen in its report."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltlab_ci.config import blueprints
from tests.flow import projects

ENGINES = ("k6", "artillery")
SLOWER = {"basic": "http_req_duration p(95) < 500ms", "resilience": "http_req_failed rate < 1%"}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", ENGINES)
def test_blueprints__run_against_the_toy_service(engine: str, tmp_path: Path) -> None:
    script = {"load.js": projects.k6("http.get(`${url}/fast`)")}
    mine = projects.write(tmp_path / "project", projects.lab(projects.toy()), script)
    for shape in blueprints.Shape:
        words = ("--engine", engine, "--path", "/fast", "--path", "POST:/jobs", "--duration", "5s")
        assert mine.run("generate", shape, *words, "--add", shape).code == 0
    with mine.running("run") as running:
        running.child.wait(timeout=300)
    run = running.ended()
    assert run.code == 0, run.err
    for shape in blueprints.Shape:
        assert run.scenario(shape)["complete"]
        assert all(verdict["status"] == "pass" for verdict in run.scenario(shape)["verdicts"])
        # Unshared, 10 a second for 5 s; a user of think-time makes 5 pauses of 1 s.
        assert run.metrics(shape)["http_reqs"]["count"] >= 2 * 45


@pytest.mark.timeout(180)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "profile", ["basic", pytest.param("spike", marks=pytest.mark.quiet), "resilience"]
)
def test_chaos__trouble_warns_and_what_must_hold_holds(
    profile: str, engine: str, tmp_path: Path
) -> None:
    run = projects.write(tmp_path / "project", "").run("chaos", profile, "--engine", engine)
    assert run.code == 0, run.err
    verdicts = run.scenario()["verdicts"]
    assert all(each["status"] == "pass" for each in verdicts if each["severity"] == "fail")
    crossed = {
        f"{each['metric']} {each['threshold']}" for each in verdicts if each["status"] == "fail"
    }
    assert SLOWER.get(profile) in {*crossed, None}
