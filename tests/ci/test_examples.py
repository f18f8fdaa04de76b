"""The examples are projects that work: read by ltlab, and run where no Docker is needed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flow import projects

EXAMPLES = projects.ROOT / "examples"
FOLDERS = sorted(file.parent for file in EXAMPLES.rglob("ltlab.yml"))
RUN = ("fastapi-k6", "express-artillery", "monorepo/services/cart", "monorepo/services/search")


def copied(name: str, folder: Path) -> projects.Project:
    """Copy an example, so that nothing is left in the checkout."""
    left_out = shutil.ignore_patterns("node_modules", "ltlab-report", ".github")
    shutil.copytree(EXAMPLES / name, folder, ignore=left_out)
    return projects.Project(folder=folder)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(EXAMPLES)))
def test_validate__accepts_every_example(folder: Path, tmp_path: Path) -> None:
    project = copied(str(folder.relative_to(EXAMPLES)), tmp_path / "example")
    ran = project.run("validate", "--no-scripts")
    assert ran.code == 0, ran.err


@pytest.mark.timeout(500)  # two of them install what their service needs
@pytest.mark.parametrize("name", [*RUN, "fork-safe"])
def test_run__measures_and_judges(name: str, tmp_path: Path) -> None:
    # Short, and whatever the limits come to: this machine may be busy.
    ran = copied(name, tmp_path / "example").run("run", env={"DURATION": "3s"}, patience_s=450)
    assert ran.code in {0, 1}, ran.err
    [scenario] = ran.found["scenarios"]
    assert scenario["samples"] > 0
    verdicts = {each["metric"]: each["status"] for each in scenario["verdicts"]}
    assert verdicts["http_req_failed"] == "pass"
    assert set(verdicts.values()) <= {"pass", "fail"}


def test_compose__is_a_compose_file() -> None:
    program = Path(sys.executable).with_name("docker-compose")
    done = subprocess.run(
        [str(program), "-f", "compose.yml", "config", "--services"],
        cwd=EXAMPLES / "compose",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {"api", "db"}
