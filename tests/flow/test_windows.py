"""What is judged when only a part of a run counts: `steady_state` and `over`."""

from __future__ import annotations

import json
import sys

import pytest

from tests.flow import projects

pytestmark = pytest.mark.quiet
WARM_UP_S, SLOW_S = 1.5, 0.4
SLOW, QUICK = "min > 300ms", "p(95) < 200ms"
THRESHOLDS = {
    "http_req_duration": [
        QUICK,
        {"that": SLOW, "over": "0s..1.5s"},
        {"that": QUICK, "over": "2.2s..3.2s"},
        {"that": QUICK, "over": "2.2s..60s"},
    ],
    "http_reqs": ["rate > 20/s", {"that": "rate < 20/s", "over": "0s..1.5s"}],
}


def lab() -> str:
    """Return an ltlab.yml that leaves out start and end, for a service that is slow at first."""
    service = projects.DATA / "flow" / "warming_up.py"
    words = [sys.executable, str(service), "{port}", str(WARM_UP_S), str(SLOW_S)]
    command = json.dumps(words)
    return projects.lab(
        f"{{command: {command}}}",
        thresholds=json.dumps(THRESHOLDS),
        more="steady_state: {skip_start: 2.2s, skip_end: 300ms}\n",
    )


SCRIPT = projects.k6("http.get(url); sleep(0.01);", options="vus: 2, duration: '3.5s'")


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> projects.Ran:
    """Run with the start and the end left out."""
    folder = tmp_path_factory.mktemp("cut") / "project"
    return projects.write(folder, lab(), {"load.js": SCRIPT}).run("run")


def statuses(run: projects.Ran) -> dict[tuple[str, str | None], str]:
    """Return the verdicts by threshold and window."""
    return {(v["threshold"], v["over"]): v["status"] for v in run.scenario()["verdicts"]}


def test_steady_state__leaves_out_the_slow_start(cut: projects.Ran) -> None:
    assert statuses(cut) == {
        (QUICK, None): "pass",
        (SLOW, "0s..1.5s"): "pass",
        (QUICK, "2.2s..3.2s"): "pass",
        (QUICK, "2.2s..60s"): "no data",
        ("rate > 20/s", None): "pass",
        ("rate < 20/s", "0s..1.5s"): "pass",
    }
    start_s, end_s = cut.scenario()["judged_s"]
    assert start_s == 2.2
    assert end_s == pytest.approx(cut.scenario()["duration_s"] - 0.3)


def test_over__beyond_the_end_has_no_data(cut: projects.Ran) -> None:
    [beyond] = [v for v in cut.scenario()["verdicts"] if v["over"] == "2.2s..60s"]
    assert "never reached 2.2s..60s" in beyond["reason"]
    assert cut.code == 1


def test_summary__is_of_the_whole_run_all_the_same(cut: projects.Ran) -> None:
    assert cut.metrics()["http_req_duration"]["stats"]["max"] > 300
