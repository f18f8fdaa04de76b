"""`ltlab --help` names every command, and waits for nothing that only they need."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from ltlab_ci import model
from ltlab_ci.cli import main
from tests.unit.cli.conftest import Run

HEAVY = frozenset(
    {"duckdb", "fastapi", "jinja2", "numpy", "psutil", "pydantic", "requests", "rich", "yaml"}
)


def lines() -> dict[str, str]:
    return {name: str(each.short_help) for name, each in main.main.commands.items()}


def test_help__lists_every_command_with_its_line(run: Run) -> None:
    said = " ".join(run("--help").stdout.split())
    assert set(lines()) >= {"run", "demo", *model.EngineName}
    for name, line in lines().items():
        assert f"{name} {line}" in said


@pytest.mark.parametrize("name", list(lines()))
def test_help__says_what_the_command_says_of_itself(name: str, run: Run) -> None:
    said = " ".join(run(name, "--help").stdout.split())
    assert f"Usage: ltlab {name} " in said
    assert lines()[name] in said


LATE = frozenset({"_duckdb", "docker", "jinja2", "numpy", "requests"})
"""What a run needs once the engine runs, or once it has ended, or not at all."""


def imported(*words: str) -> set[str]:
    """Return the libraries that Python imports; one that stands for itself was not."""
    told = (sys.executable, "-X", "importtime", *words)
    done = subprocess.run(told, capture_output=True, text=True, check=False)
    return {name.split(".")[0] for name in re.findall(r"\| +([\w.]+)$", done.stderr, re.MULTILINE)}


@pytest.mark.processes
def test_run__waits_for_no_library_before_it_needs_it() -> None:
    found = imported("-c", "from ltlab_ci.cli import run")
    assert {"pydantic", "yaml"} <= found
    assert not found & LATE


@pytest.mark.processes
@pytest.mark.parametrize("words", [("--help",), ("--version",), ("no-such-command",)])
def test_help__imports_nothing_heavy(words: tuple[str, ...]) -> None:
    found = imported("-m", "ltlab_ci", *words)
    assert "click" in found
    assert not found & HEAVY
