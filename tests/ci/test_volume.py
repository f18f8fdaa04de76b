"""Much of something: an hour's samples, a hundred megabytes of log, ten thousand names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.factories import K6_COLUMNS
from tests.flow import projects

HOUR_S = 3600
REQUESTS_PER_S = 250  # five rows each: 4.5 million in an hour
MEMORY_MB = 1500.0


def write_an_hour(path: Path, *, names: int) -> None:
    """Write the CSV of an hour as k6 would, its requests spread over so many names."""
    metrics = "['http_reqs', 'http_req_duration', 'http_req_failed', 'iterations', 'data_sent']"
    columns = {
        "metric_name": f"({metrics})[j + 1]",
        "timestamp": f"1795000000000000000 + i * {1_000_000_000 // REQUESTS_PER_S} + j",
        "metric_value": "CASE j WHEN 1 THEN 1 + (hash(i) % 100000) / 100.0 WHEN 2 THEN 0 ELSE 1 END",
        "method": "'GET'",
        "name": f"'GET /items/' || (hash(i) % {names})",
        "status": "'200'",
        "url": "'http://127.0.0.1:8000/items/' || i",
        "extra_tags": "'team=shop&version=' || (i % 3)",
    }
    chosen = ", ".join(f"{columns.get(name, 'NULL')} AS {name}" for name in K6_COLUMNS)
    with duckdb.connect() as db:
        db.execute(
            f"COPY (SELECT {chosen} FROM range({HOUR_S * REQUESTS_PER_S}) a(i), range(5) b(j)) "
            f"TO '{path}' (HEADER, DELIMITER ',')"
        )


@pytest.mark.parametrize("names", [20, 900_000])
def test_hour__is_read_and_judged_in_bounded_memory(tmp_path: Path, names: int) -> None:
    write_an_hour(tmp_path / "samples.csv", names=names)
    done = subprocess.run(
        [sys.executable, "-m", "tests.ci.replay", str(tmp_path)],
        cwd=projects.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["samples"] == HOUR_S * REQUESTS_PER_S * 5
    assert set(told["verdicts"]) <= {"pass", "no data"}
    assert told["verdicts"].count("pass") >= 8
    assert told["findings"] == ([] if names == 20 else ["too-many-names"])
    assert told["peak_mb"] < MEMORY_MB
    assert told["sizes"]["report.html"] < 1_000_000
    assert told["sizes"]["result.json"] < 1_000_000


def peak_mb(run: projects.Running) -> float:
    """Watch a run to its end; return the most memory that ltlab itself held, in MB."""
    most = 0.0
    deadline = time.monotonic() + projects.PATIENCE_S
    while run.child.poll() is None:
        assert time.monotonic() < deadline, "it does not end"
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{run.child.pid}/status").read_text())
        most = max(most, int(found[1]) / 1000 if found else 0.0)
        time.sleep(0.02)
    return most


LOUD = "console.log('x'.repeat(__ITER == 500 ? 1e7 : 1e4)); http.get(`${url}/fast`);"


def test_log__of_a_hundred_megabytes_is_kept_and_the_verdict_stands(tmp_path: Path) -> None:
    script = projects.k6(LOUD, options="vus: 1, iterations: 9500")
    lab = projects.lab(projects.toy(), thresholds='{http_reqs: ["count == 9500"]}')
    mine = projects.write(tmp_path / "project", lab, {"load.js": script})
    with mine.running("run") as run:
        peak = peak_mb(run)
    ran = run.ended()
    assert ran.code == 0, ran.err + ran.out
    assert (ran.logs("load") / "k6.log").stat().st_size > 100_000_000
    assert peak < 600
    assert (ran.report / "report.html").stat().st_size < 1_000_000


def test_names__ten_thousand_of_them_are_bounded_and_said(tmp_path: Path) -> None:
    # As URLs they would be one endpoint; a name that a script gives is left as it is.
    script = projects.k6(
        "http.get(`${url}/fast`, { tags: { name: `item ${exec.scenario.iterationInTest}` } });",
        options="vus: 4, iterations: 10000",
    )
    lab = projects.lab(projects.toy(), thresholds='{http_reqs: ["count == 10000"]}')
    ran = projects.write(tmp_path / "project", lab, {"load.js": script}).run("run")
    assert ran.code == 0, ran.err + ran.out
    shown: dict[str, Any] = ran.scenario()
    assert (len(shown["endpoints"]), shown["endpoints_left_out"]) == (200, 9800)
    finding = ran.findings["too-many-names"]
    assert finding["effect"] == "warn"
    assert "10000 different request names" in finding["message"]
    page = (ran.report / "report.html").read_text(encoding="utf-8")
    assert "800 more" in page
    assert len(page) < 1_000_000
    assert (ran.report / "result.json").stat().st_size < 1_000_000
