"""The readers of other people's files survive any bytes: Atheris looks for some that they do not.

FUZZ_S is the time for each reader in seconds; it is short here, and long in tests/long/test_fuzz.py and
in `make fuzz`, which gives each minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import readers

ROOT = Path(__file__).parents[2]
SECONDS = os.environ.get("FUZZ_S") or "5"


def fuzzed(reader: str, folder: Path, *options: str) -> None:
    """Fuzz a reader with options of libFuzzer's; what breaks it is left in the folder."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.fuzz", reader, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, said[-3000:]
    assert "Done " in said
    assert not list(folder.glob("crash-*"))


@pytest.mark.parametrize("reader", sorted(readers.READERS))
def test_reader__lets_nothing_but_its_own_errors_out(reader: str, tmp_path: Path) -> None:
    fuzzed(reader, tmp_path, f"-max_total_time={SECONDS}")


@pytest.mark.parametrize("reader", sorted(readers.READERS))
def test_corpus__starts_from_what_a_reader_takes(reader: str) -> None:
    for seed in sorted((ROOT / "tests" / "fuzz" / "corpus" / reader).iterdir()):
        readers.READERS[reader](seed.read_bytes())
