"""What a person, a log and a program get to see of a run."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import termios
import threading

import pytest

from tests.flow import projects
from tests.flow.conftest import MakeProject

PROGRESS = re.compile(
    r"load  \d+ / 2 s  [1-9][\d.]* req/s  p95 [\d.]+ (ms|s)  [1-9]\d* failed  2 VUs"
)
COLOUR = re.compile(r"\x1b\[(?:\d+;)*[39][0-7]m")
K6 = projects.k6(
    "http.get(`${url}/fast`); http.get(`${url}/nowhere`); sleep(0.01);",
    options="vus: 2, duration: '2s'",
)
ARTILLERY = """\
config: {phases: [{duration: 1, arrivalRate: 10}]}
scenarios: [{flow: [{get: {url: /fast}}]}]
"""
BOTH = """\
version: 1
service: {url: "%s"}
scenarios:
  browse: {script: load.js, thresholds: {http_req_failed: ["rate < 90%%"]}}
  buy: {script: load.yml, thresholds: {http_req_failed: ["rate < 1%%"]}}
thresholds: {http_reqs: ["count >= 10"]}
"""
QUICK = projects.k6("http.get(`${url}/fast`);")
HOLDS = '{http_reqs: ["count == 20"]}'


@pytest.fixture(scope="module")
def both(toy: str, tmp_path_factory: pytest.TempPathFactory) -> projects.Ran:
    """Run one scenario of each engine, for a program."""
    files = {"load.js": K6, "load.yml": ARTILLERY}
    folder = tmp_path_factory.mktemp("both") / "project"
    return projects.write(folder, BOTH % toy, files).run("run", "--json")


def test_scenarios__of_both_engines_share_one_verdict(both: projects.Ran) -> None:
    assert both.code == 0, both.err
    assert both.found["headline"] == "all 4 thresholds hold"
    engines = [(s["name"], s["engine"], s["complete"]) for s in both.found["scenarios"]]
    assert engines == [("browse", "k6", True), ("buy", "artillery", True)]
    files = {path.name for path in (both.report / "samples").iterdir()}
    assert files == {"browse.parquet", "buy.parquet"}


def test_artillery__without_a_target_gets_the_service(both: projects.Ran) -> None:
    assert both.metrics("buy")["http_reqs"]["stats"]["count"] == 10


def test_json__is_the_result_and_nothing_else_on_stdout(both: projects.Ran) -> None:
    assert json.loads(both.out) == both.found
    assert both.out == (both.report / "result.json").read_text(encoding="utf-8")
    assert "service ready at" in both.err


def test_log__gets_plain_lines(both: projects.Ran) -> None:
    assert "\x1b" not in both.out + both.err
    assert "\r" not in both.out + both.err


def test_scenario__is_chosen_by_name(project: MakeProject, toy: str) -> None:
    files = {"load.js": QUICK, "load.yml": "not even a script"}
    run = project(BOTH % toy, files).run("run", "browse")
    assert run.code == 0, run.err
    assert [s["name"] for s in run.found["scenarios"]] == ["browse"]


def test_quiet__shows_the_result_only(project: MakeProject, toy: str) -> None:
    lab = projects.lab(f"{{url: {toy}}}", thresholds=HOLDS)
    run = project(lab, {"load.js": QUICK}).run("run", "--quiet")
    assert run.code == 0
    assert run.err == ""
    assert "Load test passed" in run.out
    assert "report.html" in run.out


def test_json__and_quiet_leave_stderr_to_errors(project: MakeProject, toy: str) -> None:
    lab = projects.lab(f"{{url: {toy}}}", more="engines: {k6: {path: ./none}}\n")
    run = project(lab, {"load.js": QUICK}).run("run", "--quiet", "--json", env={"LTLAB_K6": ""})
    assert run.code == 4
    assert json.loads(run.out) == run.found
    assert len(run.err.splitlines()) == 2


def test_report__replaces_the_last_one(project: MakeProject, toy: str) -> None:
    mine = project(projects.lab(f"{{url: {toy}}}", thresholds=HOLDS), {"load.js": QUICK})
    first = mine.run("run")
    (first.report / "samples" / "old.parquet").write_bytes(b"from another run")
    assert mine.run("run").code == 0
    assert [path.name for path in (first.report / "samples").iterdir()] == ["load.parquet"]


def on_a_terminal(
    mine: projects.Project, *words: str, types: str = "", **env: str
) -> tuple[projects.Ran, str]:
    """Run on a terminal of its own, with something typed; return what it showed too."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    seen = bytearray()
    reader = threading.Thread(target=_read, args=(ours, seen))
    reader.start()
    os.write(ours, types.encode())
    try:
        with mine.running(
            *words, env={"TERM": "xterm-256color", **env}, terminal=theirs
        ) as running:
            pass
    finally:
        os.close(theirs)
        reader.join()
        os.close(ours)
    return running.ended(), seen.decode("utf-8")


def _read(terminal: int, into: bytearray) -> None:
    while True:
        try:
            fresh = os.read(terminal, 4096)
        except OSError:  # how Linux says that nobody writes any more
            return
        if not fresh:
            return
        into += fresh


def test_terminal__shows_live_progress_on_one_line(project: MakeProject, toy: str) -> None:
    lab = projects.lab(f"{{url: {toy}}}")
    run, seen = on_a_terminal(project(lab, {"load.js": K6}), "run")
    assert run.code == 0
    assert PROGRESS.search(seen), seen
    assert "Load test not judged" in seen
    assert run.found["verdict"] == "not judged"
    assert "\x1b[?25l" in seen  # the cursor is hidden,
    assert seen.rindex("\x1b[?25h") > seen.rindex("\x1b[?25l")  # and comes back


@pytest.mark.parametrize("env", [{"CI": "true"}, {"TERM": "dumb"}])
def test_terminal__of_a_ci_or_a_dumb_one_gets_plain_lines(
    project: MakeProject, toy: str, env: dict[str, str]
) -> None:
    lab = projects.lab(f"{{url: {toy}}}", thresholds=HOLDS)
    run, seen = on_a_terminal(project(lab, {"load.js": QUICK}), "run", **env)
    assert run.code == 0
    assert "service ready at" in seen
    assert "\x1b[?25l" not in seen


def test_terminal__quiet_shows_the_result_only(project: MakeProject, toy: str) -> None:
    lab = projects.lab(f"{{url: {toy}}}", thresholds=HOLDS)
    run, seen = on_a_terminal(project(lab, {"load.js": QUICK}), "run", "--quiet")
    assert run.code == 0
    assert "req/s" not in seen
    assert "service ready at" not in seen
    assert "Load test passed" in seen


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_terminal__gets_colours_unless_told_otherwise(
    project: MakeProject, toy: str, env: dict[str, str], *, coloured: bool
) -> None:
    lab = projects.lab(f"{{url: {toy}}}", thresholds=HOLDS)
    run, seen = on_a_terminal(project(lab, {"load.js": QUICK}), "run", **env)
    assert run.code == 0
    assert (COLOUR.search(seen) is not None) == coloured
