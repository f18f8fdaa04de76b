"""A clock that is set while load runs is seen: no figure of such a run can be trusted.

The clock is really set, for ltlab's process and for Node.js: a library between them and the C library.
k6 asks the kernel without any C library, so it keeps the old time; ltlab's own clock tells.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.flow import projects
from tests.flow.conftest import MakeProject

HOUR_S = 3600
SCRIPTS = {
    "load.js": projects.k6(
        "http.get(`${url}/fast`); sleep(0.1);", options="vus: 1, duration: '6s'"
    ),
    "load.yml": """\
config:
  target: "{{ $env.BASE_URL }}"
  phases: [{duration: 6, arrivalRate: 10}]
scenarios: [{flow: [{get: {url: /fast}}]}]
""",
}


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])
@pytest.mark.parametrize("script", list(SCRIPTS))
def test_clock__that_is_set_while_load_runs_makes_the_run_invalid(
    project: MakeProject, toy: str, shim: Path, script: str, step_s: int
) -> None:
    thresholds = '{http_req_failed: ["rate < 1%"]}'
    mine = project(projects.lab(f"{{url: {toy}}}", script=script, thresholds=thresholds), SCRIPTS)
    moment = mine.folder / "now"
    env = {
        "LD_PRELOAD": str(shim),
        "CLOCK_STEP_FILE": str(moment),
        "CLOCK_STEP_S": str(step_s),
    }
    with mine.running("run", env=env) as run:
        run.loaded()
        moment.touch()
    ran = run.ended()
    finding = ran.findings["clock-step"]
    assert finding["effect"] == "invalid"
    assert f"set by {step_s:+.1f} s" in finding["message"]
    assert (ran.code, ran.found["verdict"]) == (1, "fail")
    # The times of samples go on from the start of the run: k6's as it never saw the step, those of
    # Artillery since the plug-in counts on from there by a clock that cannot be set.
    [(spread_s,)] = ran.query(
        "SELECT (max(time_ns) - min(time_ns)) / 1e9 FROM samples WHERE metric = 'http_reqs'"
    )
    assert spread_s < HOUR_S / 2
    if script == "load.yml":
        begun_s, ended_s = phase_s((ran.logs("load") / "artillery.log").read_text())
        day_s = 24 * HOUR_S
        assert (ended_s - begun_s - step_s) % day_s < HOUR_S / 2, "Node.js did not see the step"


def phase_s(log: str) -> tuple[int, int]:
    """Return the times of day at which Artillery says that its phase began and ended, in seconds."""
    found = re.findall(r"Phase (?:started|completed).* (\d\d):(\d\d):(\d\d)\(", log)
    begun, ended = (3600 * int(h) + 60 * int(m) + int(s) for h, m, s in found)
    return begun, ended


def test_clock__that_only_goes_on_is_no_finding(project: MakeProject, toy: str, shim: Path) -> None:
    mine = project(projects.lab(f"{{url: {toy}}}"), SCRIPTS)
    env = {"LD_PRELOAD": str(shim), "CLOCK_STEP_FILE": str(mine.folder / "never")}
    ran = mine.run("run", env=env)
    assert "clock-step" not in ran.findings
    assert ran.code == 0, ran.err + ran.out
