"""`ltlab run --lab docker` when something of Docker fails: two lines, an exit code, nothing left."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.flow import projects
from tests.lab import runs

pytestmark = pytest.mark.timeout(1800)  # the first test may have to build the images


def test_influxdb_gone_in_mid_run__judged_on_the_recorded_samples(
    docker: runs.Docker, tmp_path: Path
) -> None:
    project = runs.k6_alone(tmp_path / "project", projects.toy(), seconds=6)
    with project.running("run", "--lab", "docker", env=docker.env) as run:
        run.loaded()
        influxdb = docker.service(runs.booting(run), "influxdb")
        assert influxdb is not None
        docker("kill", influxdb)
        since = time.monotonic()
    took_s = time.monotonic() - since
    ran = run.ended()
    assert ran.code == 5, ran.err
    assert "store-unusable" in ran.findings
    assert "recorded samples" in ran.findings["store-unusable"]["message"]
    assert {status for status, _, _ in runs.observed(ran).values()} == {"pass"}
    assert took_s < 240  # it waits a minute for InfluxDB, not for ever
    assert docker.left(runs.unique(ran)) == []


def test_interrupt_in_mid_run__keeps_what_was_measured_and_leaves_nothing(
    docker: runs.Docker, tmp_path: Path
) -> None:
    project = runs.k6_alone(tmp_path / "project", projects.toy(), seconds=60)
    with project.running("run", "--lab", "docker", env=docker.env) as run:
        run.loaded()
        run.interrupt(signal.SIGINT)
    ran = run.ended()
    assert ran.code == 130, ran.err
    assert ran.scenario()["samples"] > 0
    assert "interrupted" in ran.findings
    assert docker.left(runs.unique(ran)) == []


def test_no_daemon__two_lines_and_nothing_is_started(tmp_path: Path) -> None:
    project = runs.k6_alone(tmp_path / "project", projects.toy(), seconds=60)
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    ran = project.run("run", "--lab", "docker", env=nowhere)
    assert ran.code == 3, ran.err
    what = ran.findings["LabNotReady"]
    assert f"no Docker daemon answers at unix://{tmp_path}/none.sock" in what["message"]
    assert "--lab embedded" in what["remedy"]
    assert ran.scenario()["ran"] is False


def test_daemon_that_refuses_this_user__says_how_to_be_let_in(tmp_path: Path) -> None:
    address = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(address))
        server.listen()
        address.chmod(0)
        # Root is refused by nobody, unless it lacks the right to overlook permissions.
        rights = ("--bounding-set", "-dac_override,-dac_read_search")
        unprivileged = ("setpriv", *rights) if os.geteuid() == 0 else ()
        done = subprocess.run(
            [*unprivileged, *projects.LTLAB, "info", "--lab-dir", str(tmp_path / "lab")],
            env={**os.environ, "DOCKER_HOST": f"unix://{address}"},
            cwd=projects.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 3, done.stderr
    assert done.stderr.splitlines() == [
        f"the Docker daemon at unix://{address} refuses this user",
        "  what to do: add yourself to the group `docker` and log in again, or run --lab embedded",
    ]


def test_two_labs_at_once__each_has_its_own(docker: runs.Docker, tmp_path: Path) -> None:
    both = [
        runs.k6_alone(tmp_path / name, projects.toy(), seconds=3) for name in ("first", "second")
    ]
    with contextlib.ExitStack() as opened:
        started = [
            opened.enter_context(one.running("run", "--lab", "docker", env=docker.env))
            for one in both
        ]
    for run in started:
        ran = run.ended()
        assert ran.code == 0, ran.err
        assert ran.findings == {}
        assert docker.left(runs.unique(ran, run.folder.name)) == []


def test_image_that_cannot_be_pulled__says_what_to_try(docker: runs.Docker, tmp_path: Path) -> None:
    project = runs.k6_alone(
        tmp_path / "project", "{image: 'localhost:1/no/such:1', port: 5000}", seconds=60
    )
    ran = project.run("run", env=docker.env)
    assert ran.code == 3, ran.err
    [what] = ran.findings.values()
    assert "localhost:1/no/such:1 cannot be used" in what["message"]
    assert "docker pull localhost:1/no/such:1" in what["remedy"]
