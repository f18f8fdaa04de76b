"""`ltlab run --lab docker`: a lab booted for one run, judged in InfluxDB, and gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.flow import projects
from tests.lab import runs

pytestmark = pytest.mark.timeout(1800)  # the first test may have to build the images


@pytest.fixture(scope="module")
def both(docker: runs.Docker, tmp_path_factory: pytest.TempPathFactory) -> projects.Ran:
    """Run a scenario of each engine against a service on this machine."""
    project = runs.two_engines(tmp_path_factory.mktemp("both") / "project", projects.toy())
    with project.running("run", "--lab", "docker", env=docker.env) as run:
        name = runs.booting(run)
        influxdb = projects.until(lambda: docker.service(name, "influxdb"), what="InfluxDB")
        volumes = docker.volumes(influxdb)
    ran = run.ended()
    assert len(volumes) > 0
    assert docker.left(runs.unique(ran), volumes) == []
    return ran


def test_run__two_engines_pass_and_the_report_names_the_lab(both: projects.Ran) -> None:
    assert both.code == 0, both.err
    assert both.findings == {}
    told = both.found["environment"]
    assert told["lab"] == "docker"
    assert told["testid"].startswith("project-")
    assert told["testid"] in (both.report / "report.html").read_text(encoding="utf-8")
    assert [each["samples"] > 0 for each in both.found["scenarios"]] == [True, True]


def test_run__influxdb_judges_what_the_recorded_samples_say(both: projects.Ran) -> None:
    recorded = projects.Project(folder=both.folder).run("judge")
    assert recorded.code == 0
    ours, theirs = runs.observed(both), runs.observed(recorded)
    assert ours.keys() == theirs.keys()
    for key, (status, value, count) in ours.items():
        assert theirs[key] == (status, pytest.approx(value, rel=1e-9), count), key


def test_run__keeps_every_dashboard_with_the_data_of_the_run(both: projects.Ran) -> None:
    named = {each["uid"]: each["file"] for each in both.found["snapshots"]}
    assert {"k6-dashboard", "k6-pro", "artillery-telegraf", "artillery-pro"} <= named.keys()
    for uid in ("k6-dashboard", "artillery-telegraf"):
        board = json.loads((both.report / named[uid]).read_text(encoding="utf-8"))
        assert "snapshotData" in json.dumps(board)
        assert _with_values(board), uid


def test_influxdb_restarted_in_mid_run__no_sample_is_missing(
    docker: runs.Docker, tmp_path: Path
) -> None:
    project = runs.k6_alone(tmp_path / "project", projects.toy(), seconds=12)
    with project.running("run", "--lab", "docker", env=docker.env) as run:
        run.loaded()
        influxdb = docker.service(runs.booting(run), "influxdb")
        assert influxdb is not None
        ports = docker("port", influxdb)
        docker("kill", influxdb)
        seen = projects.until(lambda: _requests(run) or None, what="requests")
        projects.until(lambda: _requests(run) > seen + 80 or None, what="load without InfluxDB")
        docker("start", influxdb)
        assert docker("port", influxdb) == ports, "ltlab and k6 would ask at the old one"
    ran = run.ended()
    assert ran.code == 0, ran.err
    assert ran.findings.keys() == {"samples-backfilled"}
    assert docker.left(runs.unique(ran)) == []
    stored = runs.observed(ran)
    recorded = runs.observed(project.run("judge"))
    assert recorded == {
        key: (status, pytest.approx(value, rel=1e-9), count)
        for key, (status, value, count) in stored.items()
    }


def _requests(run: projects.Running) -> int:
    parts = run.folder / "ltlab-report" / "samples"
    return projects.requests(parts.glob("*.parts/*.parquet"))


def _with_values(board: object) -> bool:
    """Say whether any frame in a dashboard holds a value."""
    if isinstance(board, list):
        return any(_with_values(each) for each in board)
    if not isinstance(board, dict):
        return False
    values = board.get("values")
    if isinstance(values, list) and any(isinstance(each, list) and each for each in values):
        return True
    return any(_with_values(each) for each in board.values())
