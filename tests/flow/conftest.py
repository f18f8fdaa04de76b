"""Services and projects for the flow tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from tests.flow import projects


class MakeProject(Protocol):
    """Makes a project in the folder of the test."""

    def __call__(self, ltlab_yml: str, files: Mapping[str, str] | None = None) -> projects.Project:
        """Return a project of an ltlab.yml and other files."""


@pytest.fixture
def project(tmp_path: Path) -> MakeProject:
    """Return a maker of projects."""

    def make(ltlab_yml: str, files: Mapping[str, str] | None = None) -> projects.Project:
        return projects.write(tmp_path / "project", ltlab_yml, files)

    return make


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a toy service for all tests; return its address."""
    log = tmp_path_factory.mktemp("toy") / "log"
    with (
        log.open("wb") as sink,
        subprocess.Popen(
            [sys.executable, "-m", "toy_api", "--port", "0"],
            env={**os.environ, "PYTHONPATH": str(projects.ROOT)},
            stdout=sink,
            stderr=sink,
        ) as child,
    ):
        said = projects.until(
            lambda: re.search(r"listens on (\S+)", log.read_text()), what="the toy service"
        )
        yield said[1]
        child.terminate()


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the library that sets a process's clock."""
    made = tmp_path_factory.mktemp("shim") / "clock_step.so"
    source = projects.DATA / "flow" / "clock_step.c"
    flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror"]
    subprocess.run(["cc", *flags, "-o", str(made), str(source), "-ldl"], check=True)
    return made
