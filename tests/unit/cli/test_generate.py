"""What `ltlab generate` writes, what it refuses before it writes anything, and what it tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run, write

LAB = "version: 1\nscenarios:\n  mine:\n    script: mine.js\n"


def test_generate__writes_a_script_and_tells_the_next_command(run: Run, project: Path) -> None:
    done = run("generate", "steady", "--path", "/items", "--output", "load tests/a.js")
    assert done.exit_code == 0, done.stderr
    assert '"GET /items"' in (project / "load tests/a.js").read_text(encoding="utf-8")
    [_, tip] = done.stdout.splitlines()
    assert tip.startswith("next: ltlab k6 -s 'load tests/a.js' --url http://127.0.0.1:8080")


def test_generate__what_is_there_is_replaced_with_force_only(run: Run, project: Path) -> None:
    write(project, {"steady.yml": "mine"})
    done = run("generate", "steady", "--engine", "artillery")
    assert (done.exit_code, done.stderr.splitlines()[0]) == (2, "steady.yml is there already")
    assert (project / "steady.yml").read_text(encoding="utf-8") == "mine"
    assert run("generate", "steady", "--engine", "artillery", "--force").exit_code == 0
    assert "arrivalRate: 10" in (project / "steady.yml").read_text(encoding="utf-8")


def test_generate__adds_its_scenario_by_the_path_from_the_file(run: Run, project: Path) -> None:
    write(project, {"lab/ltlab.yml": LAB})
    done = run("generate", "spike", "--add", "jump", "--config", "lab/ltlab.yml")
    assert done.exit_code == 0, done.stderr
    added = '  jump:\n    script: "../spike.js"\n'
    assert (project / "lab/ltlab.yml").read_text(encoding="utf-8") == LAB + added
    assert done.stdout.endswith("next: ltlab run --config lab/ltlab.yml jump\n")


def test_generate__prints_what_it_cannot_add(run: Run, project: Path) -> None:
    flow = "{version: 1, scenarios: {mine: {script: mine.js}}}"
    write(project, {"ltlab.yml": flow})
    done = run("generate", "steady", "--add", "jump")
    assert done.exit_code == 0
    assert "    jump:\n      script: steady.js\n" in done.stdout
    assert (project / "ltlab.yml").read_text(encoding="utf-8") == flow
    assert (project / "steady.js").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("steady", "--add", "mine"), "ltlab.yml has a scenario 'mine' already"),
        (("steady", "--add", "x", "--config", "no.yml"), "there is no no.yml to add a scenario to"),
        (("steady", "--peak", "50"), "steady has no --peak"),
        (("spike", "--think", "2s"), "spike has no --think"),
        (("spike", "--rate", "50", "--peak", "50"), "the peak, 50/s, is not above the rate, 50/s"),
        (("steady", "--path", "items"), "'items' is no path"),
        (("steady", "--duration", "2s"), "a load of '2s' cannot be written"),
        (("steady", "--output", "a.yml"), "'a.yml' is no name for a script of k6"),
        (("steady", "--output", "ltlab.yml/a.js"), "cannot write ltlab.yml/a.js: File exists"),
        ((), "no blueprint was named, and there is no terminal to ask on"),
    ],
)
def test_generate__refuses_before_it_writes(
    words: tuple[str, ...], told: str, run: Run, project: Path
) -> None:
    write(project, {"ltlab.yml": LAB})
    done = run("generate", *words)
    assert (done.exit_code, done.stderr.splitlines()[0]) == (2, told)
    assert {path.name: path.read_text() for path in project.iterdir()} == {"ltlab.yml": LAB}
