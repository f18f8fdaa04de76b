"""Compare two services of known truth with `ltlab compare`, as a user would, and write down what it said.

`python -m bench.live.run --times 20`. Truth and neighbour are drawn for each comparison and stand in
no file that ltlab reads but the services' own flags; they meet its verdict in the ledger only. All load stays
on 127.0.0.1 and ends by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.live import ledger
from bench.overhead import engine
from bench.replay import record
from toy_api import work

TRUTHS = (0.0, 0.0, 0.1)
"""Changes of head to draw from: two in three comparisons are of the same code."""

RATE = 80
_HOUR_S = 3600.0
_ROOT = Path(__file__).parents[2]
_ENDPOINTS = ",".join(record.FIVE)
_LAB = """\
version: 1
service:
  command: [{python}, -m, bench.replay.service, --port, "{{port}}", --units-per-ms, "{units:.3f}", --change, "{change}"]
  env: {{PYTHONPATH: {root}}}
scenarios:
  five: {{script: {script}, env: {{PATHS: "{paths}"}}}}
compare: {{load: {rate}/s}}
"""


def main() -> None:
    """Compare so many times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--budget", default="60s")
    given = parser.parse_args()
    units = work.calibrate(10) / 10
    for number in range(given.times):
        truth, neighbour = secrets.choice(TRUTHS), secrets.choice((True, False))
        with tempfile.TemporaryDirectory(prefix="ltlab-bench-") as folder:
            said = _compared(Path(folder), units, truth, given.budget, neighbour=neighbour)
        entry = _entry(said, truth, given.budget, neighbour=neighbour)
        ledger.append(entry)
        told = f"{entry.verdict}, {entry.slower} slower, {entry.faster} faster of {entry.rows}"
        print(f"{number + 1} of {given.times}: {told}", flush=True)  # noqa: T201  (a script)


def _compared(
    folder: Path, units: float, truth: float, budget: str, *, neighbour: bool
) -> dict[str, Any]:
    """Return result.json of a comparison, however it ended."""
    for side, change in (("head", truth), ("base", 0.0)):
        place = folder if side == "head" else folder / "base"
        place.mkdir(exist_ok=True)
        text = _LAB.format(
            python=sys.executable,
            root=_ROOT,
            units=units,
            change=change,
            script=_ROOT / "bench" / "replay" / "load.js",
            paths=_ENDPOINTS,
            rate=RATE,
        )
        (place / "ltlab.yml").write_text(text, encoding="utf-8")
    words = ["compare", "--against", "./base", "--budget", budget, "--quiet"]
    environ = {**os.environ, "LTLAB_K6": engine()}
    busy = record.neighbour(time.time(), _HOUR_S) if neighbour else contextlib.nullcontext()
    with busy:
        subprocess.run(
            [sys.executable, "-m", "ltlab_ci", *words], cwd=folder, env=environ, check=False
        )
    found: dict[str, Any] = json.loads((folder / "ltlab-report" / "result.json").read_text("utf-8"))
    return found


def _entry(said: dict[str, Any], truth: float, budget: str, *, neighbour: bool) -> ledger.Entry:
    """Return the line of a comparison, whatever became of it."""
    comparison = said["comparison"] or {
        "rows": (),
        "verdict": ledger.NOT_COMPARED,
        "errors": {"verdict": ""},
        "spread": None,
    }
    rows = comparison["rows"]
    verdicts = [row["verdict"] for row in rows]
    slow95 = any(row["verdict"] == "slower" and row["stat"] == "p(95)" for row in rows)
    commit = ["git", "-C", str(_ROOT), "rev-parse", "--short=10", "HEAD"]
    alone_s = sum(each["duration_s"] for each in said["scenarios"])
    return ledger.Entry(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        commit=subprocess.run(commit, capture_output=True, text=True, check=True).stdout.strip(),
        cpus=str(os.cpu_count()),
        kernel=platform.release().split("-")[0],
        budget=budget,
        neighbour="yes" if neighbour else "no",
        truth=f"{truth:g}",
        verdict=comparison["verdict"],
        rows=str(len(rows)),
        slower=str(verdicts.count("slower")),
        faster=str(verdicts.count("faster")),
        errors=comparison["errors"]["verdict"],
        p95_slower="yes" if slow95 else "no",
        spread="" if comparison["spread"] is None else f"{comparison['spread']:.3g}",
        seconds=f"{said['times']['wall_s'] - alone_s:.0f}",
    )


if __name__ == "__main__":
    main()
