"""The shell before there is a Python: other runners are told plainly, a place is made only once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.processes


def script(name: str, root: Path, **env: str) -> tuple[int, str, dict[str, str]]:
    """Run a script as action.yml does; return its code, what it said, and its outputs."""
    output = root / "output"
    output.write_text("")
    done = subprocess.run(
        ["/usr/bin/env", "bash", str(ROOT / "action" / name)],
        env={
            "PATH": "/usr/bin:/bin",
            "GITHUB_OUTPUT": str(output),
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
            "RUNNER_TEMP": str(root),
            **env,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    given = dict(line.split("=", 1) for line in output.read_text().splitlines())
    return done.returncode, done.stdout + done.stderr, given


@pytest.mark.parametrize(("system", "kind"), [("Windows", "X64"), ("macOS", "ARM64")])
def test_machine__another_runner_is_refused_in_plain_words(
    tmp_path: Path, system: str, kind: str
) -> None:
    code, said, _ = script("machine.sh", tmp_path, RUNNER_OS=system, RUNNER_ARCH=kind)
    assert code == 2
    assert f"ltlab runs on Linux x64 and arm64, this runner is {system} {kind}" in said
    assert "what to do: " in said


@pytest.mark.parametrize("kind", ["X64", "ARM64"])
def test_machine__a_python_that_will_do_is_named(tmp_path: Path, kind: str) -> None:
    (tmp_path / "python3").symlink_to(sys.executable)
    path = f"{tmp_path}:/usr/bin:/bin"
    code, _, found = script("machine.sh", tmp_path, PATH=path, RUNNER_ARCH=kind)
    assert (code, found) == (0, {"python": str(tmp_path / "python3")})


@pytest.mark.parametrize("says", ["exit 1", "echo 'No module named ensurepip' >&2; exit 1"])
def test_machine__one_that_will_not_do_is_left_out(tmp_path: Path, says: str) -> None:
    (tmp_path / "python3").write_text(f"#!/bin/sh\n{says}\n")
    (tmp_path / "python3").chmod(0o755)
    code, said, found = script("machine.sh", tmp_path, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert (code, said, found) == (0, "", {"python": ""})


def test_place__changes_with_the_lock_and_is_ready_only_when_whole(tmp_path: Path) -> None:
    _, _, before = script("place.sh", tmp_path, LTLAB_PYTHON=sys.executable)
    assert before["ready"] == "false"
    assert before["key"] == f"ltlab-venv-Linux-X64-{before['hash']}"
    (tmp_path / "ltlab-venv").mkdir()
    (tmp_path / "ltlab-venv" / before["hash"]).touch()
    _, _, after = script("place.sh", tmp_path, LTLAB_PYTHON=sys.executable)
    assert after == {**before, "ready": "true"}

    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "action", copy / "action")
    (copy / "requirements").mkdir()
    (copy / "requirements" / "run.lock").write_text("click==9\n")
    other = copy / "action" / "place.sh"
    _, _, changed = script(str(other), tmp_path, LTLAB_PYTHON=sys.executable)
    assert changed["ready"] == "false"
    assert changed["hash"] != before["hash"]


def test_install__what_is_whole_is_not_made_again(tmp_path: Path) -> None:
    venv = tmp_path / "a venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (venv / "abc").touch()
    given = {"LTLAB_VENV": str(venv), "LTLAB_HASH": "abc", "LTLAB_PYTHON": "/nowhere"}
    code, said, found = script("install.sh", tmp_path, **given)
    assert (code, said) == (0, "")
    # The checkout is imported by a path file, so that no PYTHONPATH reaches services and engines.
    where = subprocess.run(
        [found["python"], "-I", "-c", "import action; print(action.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.strip() == str(ROOT / "action" / "__init__.py")
