"""The shell is offered commands and scenarios; a file that is broken offers nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run, write

LAB = "version: 1\nscenarios: {browse: {}, 'buy it': {}, check: {}, 7: {}}\n"


def offered(run: Run, *words: str, **env: str) -> list[str]:
    asked = {"_LTLAB_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(["ltlab", *words])}
    done = run(env={**asked, "COMP_CWORD": str(len(words)), **env})
    assert done.stderr == ""
    return [line.removeprefix("plain,") for line in done.stdout.splitlines() if line]


def test_commands(run: Run) -> None:
    assert {"run", "init", "doctor", "explain", "schema", "validate"} <= set(offered(run, ""))
    assert offered(run, "ini") == ["init"]


def test_scenarios(run: Run, project: Path) -> None:
    write(project, {"ltlab.yml": LAB})
    assert offered(run, "run", "") == ["browse", "buy it", "check", "7"]
    assert offered(run, "run", "b") == ["browse", "buy it"]
    assert offered(run, "run", "browse", "b") == ["buy it"]


def test_scenarios__of_another_file(run: Run, project: Path) -> None:
    write(project, {"other.yml": LAB})
    assert offered(run, "run", "--config", "other.yml", "br") == ["browse"]
    assert offered(run, "run", "br", LTLAB_CONFIG="other.yml") == ["browse"]


@pytest.mark.parametrize("text", ["", "scenarios: [", "scenarios: [browse]", "\x00", "- browse"])
def test_scenarios__of_a_broken_file_are_none(run: Run, project: Path, text: str) -> None:
    assert offered(run, "run", "") == []
    write(project, {"ltlab.yml": text})
    assert offered(run, "run", "") == []
