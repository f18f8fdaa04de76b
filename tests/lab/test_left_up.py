"""The lab of `ltlab start` in trouble: a verdict all the same, and the report says what is wrong."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests

from ltlab_ci.lab import left_up
from tests.flow import projects
from tests.lab import runs, stack

pytestmark = pytest.mark.timeout(1800)  # the first test may have to build the images

DATA = "/var/lib/influxdb2"
NOT_STORED = {"store-unusable"}
ALONE = """\
version: 1
service: %s
scenarios: {load: {script: load.yml, thresholds: {http_reqs: ["count == 60"]}}}
"""


@dataclass(frozen=True, kw_only=True)
class LeftUp:
    """A lab that stays, and its containers."""

    docker: runs.Docker
    folder: Path
    name: str

    @property
    def env(self) -> Mapping[str, str]:
        """Return the environment in which `ltlab` finds it."""
        return {**self.docker.env, "LTLAB_LAB_DIR": str(self.folder)}

    @property
    def token(self) -> str:
        """Return the lab's own token."""
        return (self.folder / "influxdb-token").read_text(encoding="utf-8")

    def container(self, service: str) -> str:
        """Return the name of a service's container."""
        return f"{self.name}-{service}-1"

    def healthy(self, service: str) -> None:
        """Wait until a service is well."""
        ask = ("inspect", "--format", "{{.State.Health.Status}}", self.container(service))
        stack.until(lambda: self.docker(*ask) == "healthy", what=f"healthy {service}", seconds=60)

    def empty_bucket(self) -> None:
        """Make the bucket of raw samples anew."""
        port = left_up.values(self.folder)["INFLUXDB_PORT"]
        url = f"http://127.0.0.1:{port}/api/v2/buckets"
        with requests.Session() as session:
            session.headers["Authorization"] = f"Token {self.token}"
            [old] = session.get(f"{url}?name=ltlab", timeout=30).json()["buckets"]
            session.delete(f"{url}/{old['id']}", timeout=30).raise_for_status()
            fresh = {"orgID": old["orgID"], "name": "ltlab", "retentionRules": []}
            session.post(url, json=fresh, timeout=30).raise_for_status()

    def mount(self, *words: str) -> None:
        """Mount something in InfluxDB's container, as only the machine's own root may."""
        inside = f"--pid=container:{self.container('influxdb')}"
        there = ("--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined", inside)
        enter = ("--entrypoint", "nsenter", "influxdb:2.9.1-alpine", "-t", "1", "-m")
        self.docker("run", "--rm", *there, *enter, *words)


@pytest.fixture(scope="module")
def lab(docker: runs.Docker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LeftUp]:
    """Start a lab whose InfluxDB has little room, and remove it."""
    up = LeftUp(
        docker=docker,
        folder=tmp_path_factory.mktemp("lab"),
        name=f"ltlab-trouble-{stack.free_port()}",
    )
    settings(up.folder, LAB_NAME=up.name, **stack.free_ports())
    labels = {"project": up.name, "volume": "influxdb"}
    docker(
        *(
            "volume",
            "create",
            "--opt",
            "type=tmpfs",
            "--opt",
            "device=tmpfs",
            "--opt",
            "o=size=60m",
        ),
        *(
            word
            for at, it in labels.items()
            for word in ("--label", f"com.docker.compose.{at}={it}")
        ),
        f"{up.name}_influxdb",
    )
    outside = projects.Project(folder=tmp_path_factory.mktemp("outside"))
    try:
        started = outside.run("start", env=up.env)
        assert started.code == 0, started.err
        yield up
    finally:
        assert outside.run("purge", "--yes", env=up.env).code == 0
        assert docker.left(up.name) == []


def settings(folder: Path, **values: str) -> None:
    (folder / ".env").write_text("".join(f"{k}={v}\n" for k, v in values.items()), encoding="utf-8")


def artillery(tmp_path: Path, *, seconds: int) -> projects.Project:
    script = runs.ARTILLERY % seconds
    return projects.write(tmp_path / "project", ALONE % projects.toy(), {"load.yml": script})


def passed_on_the_recorded_samples(ran: projects.Ran, why: str) -> None:
    assert ran.code == 5, ran.err
    assert {status for status, _, _ in runs.observed(ran).values()} == {"pass"}
    assert ran.findings.keys() == NOT_STORED
    assert why in ran.findings["store-unusable"]["message"]
    assert "judged on the recorded samples instead" in ran.findings["store-unusable"]["message"]


def test_run__all_arrives_and_engines_get_a_token_that_cannot_read(
    lab: LeftUp, tmp_path: Path
) -> None:
    both = runs.two_engines(tmp_path / "both", projects.toy(), seconds=5)
    with both.running("run", env=lab.env) as run:
        environ = psutil.Process(run.process("/k6", "--out=influxdb")).environ()
    ran = run.ended()
    assert ran.code == 0, ran.err
    assert ran.findings == {}
    assert environ["K6_INFLUXDB_PASSWORD"]
    assert lab.token not in json.dumps(environ)


def test_telegraf_gone_in_mid_run__the_verdict_stands_and_live_graphs_are_said_to_be_missing(
    lab: LeftUp, tmp_path: Path
) -> None:
    project = artillery(tmp_path, seconds=6)
    with project.running("run", env=lab.env) as run:
        run.loaded()
        lab.docker("kill", lab.container("telegraf"))
    ran = run.ended()
    lab.docker("start", lab.container("telegraf"))
    lab.healthy("telegraf")
    assert ran.code == 0, ran.err
    assert ran.verdict("http_reqs count == 60")["status"] == "pass"
    assert ran.findings.keys() == {"live-graphs-missing"}
    assert "of 60 requests: Telegraf was away" in ran.findings["live-graphs-missing"]["message"]
    assert "live graphs lack" in (ran.report / "summary.md").read_text(encoding="utf-8")


def test_read_only__said_at_once_and_judged_on_the_recorded_samples(
    lab: LeftUp, tmp_path: Path
) -> None:
    # A mount of its own over what InfluxDB adds folders to. It has none open for an empty bucket.
    lab.empty_bucket()
    wal = f"{DATA}/engine/wal"
    lab.mount("mount", "--bind", wal, wal)
    lab.mount("mount", "-o", "remount,bind,ro", wal)
    try:
        project = runs.k6_alone(tmp_path / "project", projects.toy(), seconds=3)
        ran = project.run("run", env=lab.env)
    finally:
        lab.mount("umount", wal)
    passed_on_the_recorded_samples(ran, "cannot write where its data is")


def test_full__said_at_once_and_judged_on_the_recorded_samples(lab: LeftUp, tmp_path: Path) -> None:
    influxdb = lab.container("influxdb")
    fill = f"! dd if=/dev/zero of={DATA}/fill bs=4k"  # until nothing more goes in
    lab.docker("exec", influxdb, "sh", "-c", fill)
    try:
        project = runs.k6_alone(tmp_path / "project", projects.toy(), seconds=3)
        # A token for the engine may still fit into a page of InfluxDB's that is half empty, or not.
        ran = project.run("run", env=lab.env)
    finally:
        lab.docker("exec", influxdb, "rm", f"{DATA}/fill")
    passed_on_the_recorded_samples(ran, "has no room left for samples")


def test_start__a_port_is_taken_by_a_container_which_is_named(lab: LeftUp, tmp_path: Path) -> None:
    port = left_up.values(lab.folder)["STATSD_PORT"]
    what, remedy = refused_start(lab.docker, tmp_path, {"STATSD_PORT": port})
    holder = lab.container("telegraf")
    assert what == f"container {holder} has port {port}, which the lab wants for statsd"
    assert remedy == (
        f"end it, or choose another port: ltlab configure --statsd-port {int(port) + 1}"
    )


def test_start__a_port_is_taken_by_a_program_which_is_named(
    docker: runs.Docker, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        what, _ = refused_start(docker, tmp_path, {"GRAFANA_PORT": str(port)})
    mine = psutil.Process()
    assert what == (
        f"{mine.name()} (process {mine.pid}) has port {port}, which the lab wants for grafana"
    )


def refused_start(docker: runs.Docker, tmp_path: Path, taken: Mapping[str, str]) -> tuple[str, str]:
    folder, name = tmp_path / "lab", f"ltlab-refused-{stack.free_port()}"
    folder.mkdir()
    settings(folder, LAB_NAME=name, **{**stack.free_ports(), **taken})
    outside = projects.Project(folder=tmp_path)
    ran = outside.run("start", env={**docker.env, "LTLAB_LAB_DIR": str(folder)})
    assert ran.code == 3
    assert docker.left(name) == []
    return ran.refusal
