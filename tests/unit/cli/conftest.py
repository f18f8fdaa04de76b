"""Commands run as click runs them, in a folder of the test and with an environment of its own."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import CliRunner, Result

from ltlab_ci.cli.main import main

FOREIGN = ("LTLAB_", "NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class Run(Protocol):
    """Runs `ltlab`."""

    def __call__(self, *words: str, env: Mapping[str, str] | None = None) -> Result:
        """Return what it said and its exit code."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the empty folder of a project."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def run(project: Path) -> Iterator[Run]:
    """Return a way to run `ltlab` in the project; signal handlers are as before afterwards."""
    without = {name: None for name in os.environ if name.upper().startswith(FOREIGN)}

    def invoke(*words: str, env: Mapping[str, str] | None = None) -> Result:
        with contextlib.chdir(project):
            return CliRunner().invoke(
                main, list(words), env={**without, **(env or {})}, prog_name="ltlab"
            )

    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield invoke
    for each, handler in handlers.items():
        signal.signal(each, handler)


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files by their path in a folder; return the folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def program(path: Path, line: str) -> Path:
    """Make an executable of one shell line; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
