"""The disk of the report fills up while load runs: said, never green, and what was kept is shown.

A small tmpfs in a mount namespace of its own stands for the disk, so this needs root.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.flow import projects

BUSY = projects.k6("http.get(`${url}/fast`);", options="vus: 4, duration: '20s'")
BUSY_YML = """\
config: {phases: [{duration: 20, arrivalRate: 300}]}
scenarios: [{flow: [{loop: [{get: {url: /fast}}], count: 4}]}]
"""
HOLDS = '{http_reqs: ["count > 0"]}'
_SH = """\
mount -t tmpfs -o size="$SIZE" none ltlab-report || exit 99
{ltlab} run
code=$?
cp -a ltlab-report/. kept/
exit $code
"""


def full(
    folder: Path, size: str, *, script: str = "load.js"
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run `ltlab run` with its report on a disk of that size; return what it said and left."""
    lab = projects.lab(projects.toy(), script=script, thresholds=HOLDS)
    mine = projects.write(folder, lab, {"load.js": BUSY, "load.yml": BUSY_YML})
    (mine.folder / "ltlab-report").mkdir()
    (mine.folder / "kept").mkdir()
    line = _SH.format(ltlab=shlex.join(projects.LTLAB))
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", line],
        cwd=mine.folder,
        env={**os.environ, "SIZE": size},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not (mine.folder / "ltlab-bug.log").exists(), done.stderr
    assert "Traceback" not in done.stderr
    return done, mine.folder / "kept"


def result(kept: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((kept / "result.json").read_text(encoding="utf-8"))
    return found


# The report itself keeps 4 MB for its end: the second disk has next to nothing beside them.
@pytest.mark.parametrize("size", ["9m", "4300k"])
def test_samples__do_not_fit(tmp_path: Path, size: str) -> None:
    done, kept = full(tmp_path / "project", size)
    assert done.returncode == 5, done.stderr
    shown = result(kept)
    [finding] = [each for each in shown["findings"] if each["effect"] == "store"]
    assert "No space left on device" in finding["message"]
    assert f"load: {finding['message']}\n  what to do: {finding['remedy']}\n" in done.stdout
    assert (shown["verdict"], shown["scenarios"][0]["verdict"]) == ("error", "fail")
    assert all((kept / name).stat().st_size for name in projects.EVIDENCE)
    assert (kept / "logs" / "load" / "samples.csv").stat().st_size > 0


def test_samples__stored_before_are_judged_and_kept(tmp_path: Path) -> None:
    _, kept = full(tmp_path / "project", "12m")
    [scenario] = result(kept)["scenarios"]
    assert scenario["samples"] > 1000
    [verdict] = [each for each in scenario["verdicts"] if each["metric"] == "http_reqs"]
    with duckdb.connect() as db:
        stored = db.execute(
            f"SELECT count(*), count(*) FILTER (metric = 'http_reqs') "
            f"FROM read_parquet('{kept}/samples/**/*.parquet')"
        ).fetchone()
    assert stored == (scenario["samples"], verdict["observed"])


def test_records__of_artillery_do_not_fit(tmp_path: Path) -> None:
    done, kept = full(tmp_path / "project", "5m", script="load.yml")
    assert done.returncode in {4, 5}, done.stdout
    assert result(kept)["verdict"] == "error"
    assert "what to do" in done.stdout
