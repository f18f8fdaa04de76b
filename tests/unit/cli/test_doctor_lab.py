"""Docker is a problem where a run asks for it, and nothing worse than a warning elsewhere."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from ltlab_ci import model
from ltlab_ci.cli import doctor_lab
from ltlab_ci.cli.doctor_engines import Check, State
from ltlab_ci.lab import compose
from tests.unit.cli.conftest import program

IMAGE = model.Service(image="shop:1", port=80)


def checks(tmp_path: Path, **parts: object) -> list[Check]:
    given: dict[str, object] = {
        "root": tmp_path,
        "file": None,
        "service": None,
        "scenarios": (),
        "report_dir": tmp_path,
        "cache_dir": tmp_path,
        "lab_dir": tmp_path / "lab",
        **parts,
    }
    environ = {"PATH": str(tmp_path / "bin"), "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    return list(doctor_lab.lab(model.Config(**given), environ))  # type: ignore[arg-type]


def test_lab__a_machine_without_docker_is_well(tmp_path: Path) -> None:
    [check] = checks(tmp_path)
    assert (check.name, check.state) == ("Docker", State.OK)
    assert not (tmp_path / "lab").exists()


# Docker's SDK leaves the socket open that it could not connect.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.loopback
@pytest.mark.parametrize(
    ("parts", "state"),
    [
        ({}, State.WARN),
        ({"runtime": model.Runtime.DOCKER}, State.PROBLEM),
        ({"service": IMAGE}, State.PROBLEM),
    ],
)
def test_lab__a_daemon_that_does_not_answer(
    tmp_path: Path, parts: dict[str, object], state: State
) -> None:
    program(tmp_path / "bin" / "docker-compose", "echo v2.30.0")
    [check] = checks(tmp_path, **parts)
    assert (check.name, check.state) == ("Docker", state)
    assert "no Docker daemon answers" in check.found
    assert check.remedy
    gc.collect()  # docker's SDK leaves a socket open that could not connect: not in another test


def test_images__are_those_of_the_lab_and_pinned() -> None:
    images = compose.images()
    assert len(images) == 4
    assert all(":" in image and not image.endswith("latest") for image in images)
    assert not any("k6" in image or "artillery" in image for image in images)
