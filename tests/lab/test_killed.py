"""ltlab is killed in mid-run: what it made in Docker is found by the next run, and removed."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ltlab_ci.lab import abandoned
from tests.flow import projects
from tests.lab import runs, stack
from tests.lab.test_contained import IMAGE

pytestmark = pytest.mark.timeout(1800)  # the first test may have to build the images

COMPOSE = "{compose: {file: compose.yml, service: shop}, port: 5000, ready: {get: /health}}"
SHOP = """\
services:
  shop:
    image: ltlab/toy-api:0.1.0
    volumes: ["data:/data"]
volumes: {data: {}}
"""
LABEL = "com.docker.compose.project"


@contextlib.contextmanager
def killed(
    project: projects.Project,
    docker: runs.Docker,
    *words: str,
    beside: Callable[[projects.Running], None],
) -> Iterator[None]:
    """Kill a run once `beside` has returned; its programs are gone when the block ends."""
    aside = project.folder.parent / "temporary"
    aside.mkdir()
    with project.running("run", *words, env={**docker.env, "TMPDIR": str(aside)}) as run:
        beside(run)
        run.interrupt(signal.SIGKILL)
        run.child.wait()
        yield


def doctor(project: projects.Project, docker: runs.Docker, *words: str) -> projects.Ran:
    """Run `ltlab doctor`; what a killed run left among temporary files is where that had them."""
    there = {"TMPDIR": str(project.folder.parent / "temporary")}
    return project.run("doctor", *words, env={**docker.env, **there})


def test_lab__next_run_refuses_and_doctor_removes_it_and_nothing_else(
    docker: runs.Docker, tmp_path: Path
) -> None:
    project = runs.k6_alone(tmp_path / "project", projects.toy(), seconds=60)
    names: list[str] = []

    def look(run: projects.Running) -> None:
        run.loaded()
        names.append(runs.booting(run))
        there = docker.left(names[0])
        elsewhere = projects.Project(folder=project.folder)
        assert "nothing of a killed run" in doctor(elsewhere, docker, "--stop-leftovers").out
        assert docker.left(names[0]) == there, "a run that goes on was robbed of its lab"

    others = ["ltlab-20000101-000000-abcdef", "ltlab", "ltlab-own"]
    with _volumes(docker, others) as kept, killed(project, docker, "--lab", "docker", beside=look):
        [name] = names
        volumes = docker.volumes(_container(docker, name, "influxdb"))
        assert len(docker.left(name)) == 4 + 1 + 3  # containers, the network, volumes

        second = project.run("run", env=docker.env)
        assert second.code == 3
        what, remedy = second.refusal
        assert what.startswith("still there, left by an earlier run that was killed: ")
        assert "4 containers, 1 network, 3 volumes in Docker" in what
        assert name in what
        assert remedy.startswith("`ltlab doctor --stop-leftovers` ends it")
        assert "4 containers" in doctor(project, docker).out
        assert len(docker.left(name)) == 4 + 1 + 3

        mended = doctor(project, docker, "--stop-leftovers")
        assert mended.code == 0, mended.out
        assert docker.left(name, volumes) == []
        assert set(docker.left("_kept-")) >= set(kept)


@pytest.mark.parametrize("service", [IMAGE, COMPOSE], ids=["image", "compose"])
def test_service__its_containers_are_removed(
    docker: runs.Docker, tmp_path: Path, service: str
) -> None:
    project = runs.k6_alone(tmp_path / "project", service, seconds=60)
    (project.folder / "compose.yml").write_text(SHOP, encoding="utf-8")
    names: list[str] = []

    def look(run: projects.Running) -> None:
        # k6 asks for the script's options first, before there is a service.
        both = {"ltlab/toy-api:0.1.0", "grafana/k6:2.2.0"}
        names.append(runs.noted(run))
        stack.until(lambda: both <= set(_images(docker, names[0])), what="load")

    with killed(project, docker, beside=look):
        [unique] = names
        mended = doctor(project, docker, "--stop-leftovers")
        assert mended.code == 0, mended.out
        assert _images(docker, unique) == []
        assert docker.left(unique) == []


def _images(docker: runs.Docker, unique: str) -> list[str]:
    """Return the images of what runs in Docker of a run's engines and service."""
    bench = f"ltlab-{unique}-bench"
    labels = (f"ltlab.run={bench}", f"{LABEL}={abandoned.service(bench, 'head')}")
    shown = ("ps", "--format", "{{.Image}}", "--filter")
    return [image for each in labels for image in docker(*shown, f"label={each}").split()]


@contextlib.contextmanager
def _volumes(docker: runs.Docker, of_projects: list[str]) -> Iterator[list[str]]:
    """Make volumes of other labs: of another run, of `ltlab start`."""
    names = [f"{project}_kept-{stack.free_port()}" for project in of_projects]
    for project, name in zip(of_projects, names, strict=True):
        docker("volume", "create", "--label", f"{LABEL}={project}", name)
    try:
        yield names
    finally:
        docker("volume", "rm", "--force", *names)


def _container(docker: runs.Docker, project: str, service: str) -> str:
    found = docker.service(project, service)
    assert found is not None
    return found
