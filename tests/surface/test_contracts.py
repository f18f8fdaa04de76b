"""The import contracts hold, and each of them fails on a deliberate breach."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LINT = [
    sys.executable,
    "-c",
    "from importlinter.cli import lint_imports_command; lint_imports_command()",
]

BREACHES = {
    "One direction, and stages never import each other": (
        "store/duck.py",
        "from ltlab_ci.load import k6",
    ),
    "What judges, renders or travels touches nothing outside": (
        "evaluate/validity.py",
        "import time",
    ),
    "Only process.py starts and watches processes": ("lab/service.py", "import subprocess"),
    "The process's environment is read in cli/ alone": ("load/tools.py", "import os"),
    "click is for cli/ alone": ("flows/run.py", "import click"),
    "duckdb is for store/ alone": ("flows/judge.py", "import duckdb"),
    "influxdb-client is for store/ alone": ("flows/run.py", "import influxdb_client"),
    "No circles": ("model/samples.py", "from ltlab_ci.model import thresholds"),
}


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_LINT, "--no-cache"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_contracts__hold() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert f"{len(BREACHES)} kept, 0 broken" in done.stdout


@pytest.mark.parametrize(("contract", "breach"), list(BREACHES.items()))
def test_contracts__fail_on_a_breach(
    contract: str, breach: tuple[str, str], tmp_path: Path
) -> None:
    name, line = breach
    shutil.copytree(ROOT / "ltlab_ci", tmp_path / "ltlab_ci")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    module = tmp_path / "ltlab_ci" / name
    module.write_text(f"{module.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    done = _lint(tmp_path)
    assert done.returncode != 0
    assert f"{contract} BROKEN" in done.stdout
