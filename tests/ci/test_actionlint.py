"""actionlint finds nothing in any workflow that is shipped."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.surface import test_yaml


@pytest.mark.timeout(300)
def test_workflows__are_what_actionlint_wants() -> None:
    built = subprocess.run(
        ["sh", str(Path(__file__).with_name("actionlint.sh"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    done = subprocess.run(
        [built.stdout.strip(), *map(str, test_yaml.WORKFLOWS)],
        cwd=test_yaml.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
