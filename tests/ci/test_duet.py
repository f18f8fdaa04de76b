"""Base against head with real engines, to a verdict: short, so that only large changes can be found.

Trouble on the way: tests/flow/test_duet.py. How often verdicts are right: docs/statistics.md.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import duckdb
import pytest

from tests.flow import projects, versions

pytestmark = pytest.mark.timeout(600)

SLOW = ("--wait-ms", "20")
SLOWER = ("--wait-ms", "36")
AGAINST_BASE = (
    '{http_req_failed: ["rate < 1%", "rate < base + 1%"], '
    'http_req_duration: ["p(95) < base * 1.1", "p(95) < base + 1s"], '
    '"http_req_duration{name:/nowhere}": ["p(95) < base * 2"]}'
)
TWO_LOOKS = "{budget: 62s, round: 6s, warmup: 1s}"
ONE_ROUND = "{budget: 26s, round: 26s, warmup: 1s}"
ARTILLERY = """\
config:
  target: "{{ $processEnvironment.BASE_URL }}"
  phases: [{duration: 1, arrivalRate: 5}, {duration: 2, arrivalRate: 25}]
  plugins: {ensure: {}}
  ensure: {thresholds: [{"http.response_time.p95": 1}]}
scenarios:
  - {weight: 8, flow: [{get: {url: /a}}]}
  - {weight: 2, flow: [{get: {url: /a, capture: {header: link, as: next}}}]}
"""


def verdicts(run: projects.Ran) -> dict[tuple[str, str], str]:
    """Return the verdict on each row."""
    rows = run.found["comparison"]["rows"]
    return {(row["name"], row["stat"]): row["verdict"] for row in rows}


def judged_again(project: projects.Project, *words: str) -> projects.Found:
    """Return the comparison that the samples of a report are judged to."""
    samples = [f"ltlab-report/samples/{side}" for side in ("base", "head")]
    again = projects.Project(folder=project.folder).run(
        "compare", "--samples", *samples, "--report-dir", "again", *words
    )
    text = (again.folder / "again" / "result.json").read_text(encoding="utf-8")
    found: projects.Found = json.loads(text)["comparison"]
    return found


def in_step(folder: Path, per_s: float) -> float:
    """Return how alike starts lie within the time from one to the next: 1 is in step, 0 anywhere."""
    query = (
        f"SELECT avg(cos(2 * pi() * {per_s} * began)), avg(sin(2 * pi() * {per_s} * began)) FROM (SELECT "
        "(time_ns - min(time_ns) OVER ()) / 1e9 - value / 1e3 AS began "
        f"FROM read_parquet('{folder}/round-01.parquet') WHERE metric = 'http_req_duration')"
    )
    with duckdb.connect() as db:
        [(cos, sin)] = db.execute(query).fetchall()
    return math.hypot(cos, sin)


@pytest.mark.quiet
def test_duet__a_large_slowdown_is_found(tmp_path: Path) -> None:
    project = versions.project(
        tmp_path / "p", base=SLOW, head=SLOWER, thresholds=AGAINST_BASE, compare=TWO_LOOKS
    )
    run = project.run("compare")
    assert run.code == 1
    comparison = run.found["comparison"]
    # Found at the look at half, which had its share of what the whole may spend.
    assert [each["rounds"] for each in comparison["looks"]] == [5]
    assert (comparison["rounds_planned"], comparison["alpha"]) == (10, 0.01)
    [by] = comparison["judged"]
    assert (by["alpha"], by["load_model"], by["cut_short"]) == (0.003, "open", False)
    crossed = run.verdict("http_req_duration p(95) < base * 1.1")
    assert (crossed["status"], crossed["against"], crossed["unsure"]) == ("fail", "base", False)
    assert crossed["bound"] == pytest.approx(crossed["base"] * 1.1)
    assert crossed["interval"][0] > crossed["bound"]
    assert run.verdict("http_req_duration p(95) < base + 1s")["status"] == "pass"
    assert run.verdict("http_req_failed rate < base + 1%")["status"] == "pass"
    assert run.verdict("http_req_duration p(95) < base * 2")["reason"].startswith("no request on")
    assert "1 of 5 thresholds crossed; 1 threshold without data" in run.found["headline"]
    assert (comparison["verdict"], comparison["mode"], comparison["rounds"]) == (
        *("slower", "duet"),
        5,
    )
    assert verdicts(run)["/a", "p(50)"] == "slower"
    base, head = comparison["sides"]
    assert base["what"].endswith("the merge base of HEAD and main")
    assert head["what"].startswith("the working tree at ")
    assert all(0 < each < 2 for side in (base, head) for each in side["cpu"])
    assert comparison["load"] == ["visit 25/s (as in the script)"]
    kept = sorted(path.name for path in (run.report / "samples" / "base").iterdir())
    assert kept == [f"round-0{number}.parquet" for number in (1, 2, 3, 4, 5)]
    # Both loads have one rate, and would wait for one another in the same way all along.
    assert in_step(run.report / "samples" / "base", 25) < 0.5
    # The samples alone, judged again, come to the same.
    again = judged_again(project)
    assert again["alpha"] == by["alpha"]
    own = {"alpha", "budget_s", "judged", "load", "looks", "machine_cpu", "mode", "rounds_planned"}
    own |= {"sides", "warmup_s"}
    assert {name: again[name] for name in again if name not in own} == {
        name: comparison[name] for name in comparison if name not in own
    }


@pytest.mark.quiet
def test_duet__the_same_code_gives_no_alarm(tmp_path: Path) -> None:
    run = versions.project(tmp_path / "p", base=SLOW, head=SLOW).run("compare")
    assert run.code == 0
    assert run.found["comparison"]["verdict"] in ("no change", "inconclusive")
    assert run.verdict("http_req_failed rate < 1%")["status"] == "pass"


@pytest.mark.quiet
def test_duet__artillery_and_its_own_checks_are_for_head_alone(tmp_path: Path) -> None:
    """Head is slower, and a fifth of its virtual users miss a header that they go on with."""
    project = versions.project(
        tmp_path / "p",
        base=(*SLOW, "--links", "/next"),
        head=SLOWER,
        compare=ONE_ROUND,
        script="load.yml",
        files={"load.yml": ARTILLERY},
    )
    run = project.run("compare")
    assert run.code == 1
    assert verdicts(run)["/a", "p(50)"] == "slower"
    assert run.found["comparison"]["load"] == ["25 virtual users/s (the longest phase of one rate)"]
    [failed] = run.found["comparison"]["errors_of"]
    assert (failed["metric"], failed["verdict"]) == ("iterations_failed", "more errors")
    assert (failed["base"], failed["head"]) == (0, pytest.approx(0.2, abs=0.08))
    assert "of iterations fail on head, 0 % on base; p" in run.found["headline"]
    assert in_step(run.report / "samples" / "head", 25) < 0.5
    assert run.verdict("http.response_time p95 < 1")["status"] == "fail"


@pytest.mark.quiet
def test_duet__in_turns(tmp_path: Path) -> None:
    """Head is slower, a check of base's good answers fails, and every tenth iteration throws for it."""
    visit = """const next = http.get(`${url}/a`).headers['Link'];
  check(next, {'has a next page': (link) => Boolean(link)});
  if (!next && exec.scenario.iterationInTest % 10 === 0) {
    throw new Error('no next page');
  }"""
    project = versions.project(
        tmp_path / "p",
        base=(*SLOW, "--links", "/next"),
        head=SLOWER,
        compare="{budget: 48s, round: 24s, warmup: 2s, mode: alternate}",
        files={"load.js": versions.SCRIPT.replace("http.get(`${url}/a`);", visit)},
    )
    run = project.run("compare")
    assert run.code == 1
    comparison = run.found["comparison"]
    assert (comparison["verdict"], comparison["mode"]) == ("more errors", "alternate")
    assert verdicts(run)["/a", "p(50)"] == "slower"
    errors_of = {(each["metric"], each["name"]): each for each in comparison["errors_of"]}
    checks = errors_of["checks", "has a next page"]
    assert (checks["base"], checks["head"], checks["verdict"]) == (0, 1, "more errors")
    failed = errors_of["iterations_failed", ""]
    assert (failed["metric"], failed["base_failed"]) == ("iterations_failed", 0)
    assert failed["head"] == pytest.approx(0.1, abs=0.03)
    assert comparison["seconds"] == pytest.approx(24, abs=1)
    # Turns do not overlap, though their samples lie over one another.
    base, head = comparison["base_requests"], comparison["head_requests"]
    assert base == pytest.approx(24 * 25, rel=0.05)
    assert head == pytest.approx(24 * 25, rel=0.05)


def test_duet__a_side_that_answers_only_errors_is_no_comparison(tmp_path: Path) -> None:
    run = versions.project(tmp_path / "p", base=["--fails"]).run("compare")
    assert run.code == 1
    assert run.found["comparison"]["verdict"] == "invalid"
    assert "base answered only errors in round " in run.findings["only-errors"]["message"]
    assert run.verdict("http_req_failed rate < 1%")["status"] == "pass"


@pytest.mark.quiet
def test_duet__endpoints_that_cannot_be_compared_are_named_beside_those_that_can(
    tmp_path: Path,
) -> None:
    visit = """const link = /<(.+)>/.exec(http.get(`${url}/a`).headers['Link'] || '');
  if (link) http.get(`${url}${link[1]}`);
  if (exec.scenario.iterationInTest % 25 === 0) http.get(`${url}/rare`);"""
    project = versions.project(
        tmp_path / "p",
        base=SLOW,
        head=(*SLOW, "--links", "/new"),
        compare=ONE_ROUND,
        files={"load.js": versions.SCRIPT.replace("http.get(`${url}/a`);", visit)},
    )
    run = project.run("compare")
    comparison = run.found["comparison"]
    assert comparison["verdict"] != "invalid"
    assert set(verdicts(run)) == {("/a", "p(50)"), ("/a", "p(95)")}
    left_out = {each["name"]: each for each in comparison["left_out"]}
    assert left_out.keys() == {"/new", "/rare"}
    assert (left_out["/new"]["reason"], left_out["/new"]["base_requests"]) == ("on head only", 0)
    assert left_out["/new"]["head_requests"] == pytest.approx(26 * 25, rel=0.05)
    assert left_out["/rare"]["reason"] == "too few successful requests"
    assert left_out["/rare"]["base_requests"] == pytest.approx(26, abs=2)
    summary = (run.report / "summary.md").read_text(encoding="utf-8")
    assert "- GET /new: on head only (0 and " in summary
    assert "- GET /rare: too few successful requests (2" in summary


def test_duet__too_few_requests_are_no_comparison(tmp_path: Path) -> None:
    script = versions.SCRIPT.replace("rate: 25", "rate: 5")
    run = versions.project(tmp_path / "p", compare=ONE_ROUND, files={"load.js": script}).run(
        "compare"
    )
    assert run.code == 1
    comparison = run.found["comparison"]
    assert (comparison["verdict"], comparison["rows"]) == ("invalid", [])
    [left_out] = comparison["left_out"]
    assert (left_out["name"], left_out["reason"]) == ("/a", "too few successful requests")
    why = "no endpoint has 30 successful requests a side in nearly every slice of 2 s"
    assert run.findings["too-few-requests"]["message"] == why
    assert run.found["headline"].startswith(f"base and head cannot be compared: {why}")
    assert run.verdict("http_req_failed rate < 1%")["status"] == "pass"


@pytest.mark.quiet
def test_selftest__counts_the_alarms_of_the_same_code(tmp_path: Path) -> None:
    project = versions.project(tmp_path / "p", base=SLOW, head=SLOW)
    run = project.run("selftest", "-n", "1", "--json")
    assert run.code == 0
    found = json.loads(run.out)
    assert found == json.loads((run.report / "selftest.json").read_text(encoding="utf-8"))
    assert (found["asked"], found["valid"], found["alarms"]) == (1, 1, 0)
    assert found["interval"] == [0.0, pytest.approx(0.975, abs=1e-6)]
    assert (run.report / "samples" / "001" / "head" / "round-04.parquet").is_file()
