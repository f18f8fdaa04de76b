"""The wheel, installed into an empty environment with the locked dependencies, runs the demo."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the checkout that holds secrets of its owner."""
    checkout = tmp_path_factory.mktemp("checkout") / "ltlab"
    left_out = shutil.ignore_patterns(
        ".venv", ".git", ".*_cache", "__pycache__", ".hypothesis", "tests"
    )
    shutil.copytree(ROOT, checkout, ignore=left_out)
    (checkout / "stack" / "own").mkdir(exist_ok=True)
    for secret in (".env", "own/influxdb_token"):
        (checkout / "stack" / secret).write_text("secret", encoding="utf-8")
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=checkout,
        check=True,
    )
    [found] = folder.glob("*.whl")
    return found


def test_wheel__carries_its_data_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "ltlab_ci/data/toy_api/app.py",
        "ltlab_ci/data/examples/toy/ltlab.yml",
        "ltlab_ci/data/examples/chaos/artillery/processor.js",
        "ltlab_ci/config/templates/k6.js.j2",
        "ltlab_ci/data/grafana/linked/linked.yml",
        "ltlab_ci/data/grafana/provisioning/datasources/influxdb.yml",
        "ltlab_ci/data/docs/troubleshooting.md",
        "ltlab_ci/data/requirements/compose.lock",
        "ltlab_ci/data/requirements/run.lock",
        "ltlab_ci/load/artillery_plugin/artillery-plugin-ltlab/index.js",
        "ltlab_ci/load/locks/artillery/package-lock.json",
        "ltlab_ci/report/vendor/uplot/LICENSE",
    ):
        assert needed in names
    assert not [name for name in names if "/tests/" in name]


def test_wheel__carries_the_stack_without_what_its_owner_added(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "stack"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = zipfile.ZipFile(wheel).namelist()
    carried = {name for name in names if name.startswith("ltlab_ci/data/stack/")}
    assert carried == {f"ltlab_ci/data/{name}" for name in listed.stdout.splitlines()}


@pytest.mark.timeout(600)
def test_wheel__runs_the_demo_from_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    lock = ROOT / "requirements" / "run.lock"
    subprocess.run([*pip, "--require-hashes", "--requirement", str(lock)], check=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    done = subprocess.run(
        [str(python), "-m", "ltlab_ci", "demo"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "ltlab-report" / "result.json").read_text(encoding="utf-8"))
    assert [scenario["engine"] for scenario in result["scenarios"]] == ["k6", "artillery"]
