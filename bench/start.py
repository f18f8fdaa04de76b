"""How soon ltlab answers: its help, and the demo once the engines are installed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench import table

REPEATS = 15
LTLAB = str(Path(sys.executable).with_name("ltlab"))
TOY = Path(__file__).parents[1] / "examples" / "toy" / "ltlab.yml"


def timed(*command: str) -> float:
    """Return the seconds that a command takes; its output is shown only where it fails."""
    with tempfile.TemporaryDirectory(prefix="ltlab-bench-") as folder:
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return seconds


def measure() -> Iterator[table.Row]:
    """Yield medians over turns, and one demo."""
    turns = [
        (timed(LTLAB, "--help"), timed(sys.executable, "-c", "import click"))
        for _ in range(REPEATS)
    ]
    help_s, click_s = (median(each) for each in zip(*turns, strict=True))
    yield "`ltlab --help` (at most 0.3 s)", f"**{help_s:.2f} s**"
    yield "`python -c 'import click'`", f"{click_s:.2f} s"
    yield "ratio of both", f"**{help_s / click_s:.1f}**"
    timed(LTLAB, "validate", "--config", str(TOY))  # installs the engines where they are missing
    yield "`ltlab demo` (at most 60 s)", f"**{timed(LTLAB, 'demo'):.0f} s**"


if __name__ == "__main__":
    table.carry_out("start", measure(), about=__doc__)
