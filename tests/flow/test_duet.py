"""`ltlab compare` in trouble: each side's own is told apart, and nothing is judged that was not measured.

Longer comparisons, which come to a verdict: tests/ci/test_duet.py.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests import repository
from tests.flow import projects, versions


def finding(run: projects.Ran, code: str) -> str:
    return str(run.findings[code]["message"])


def test_base__that_is_not_built_hides_no_threshold_of_head(tmp_path: Path) -> None:
    project = versions.project(tmp_path / "p", base_build="echo no compiler; exit 5")
    run = project.run("compare")
    assert run.code == 3
    assert "base cannot be built: service.build exited with 5: no compiler" in finding(
        run, "LabNotReady"
    )
    assert run.verdict("http_req_failed rate < 1%")["status"] == "pass"
    assert run.found["comparison"] is None
    assert "no compiler" in (run.report / "logs" / "service-base.log").read_text()


def test_base__that_is_never_ready(tmp_path: Path) -> None:
    project = versions.project(tmp_path / "p", base=["--unheard-of"])
    run = project.run("compare")
    assert run.code == 3
    assert "base, in round 1: the service exited with 2" in finding(run, "LabNotReady")


def test_base__before_there_was_an_ltlab_yml_is_started_as_the_uncommitted_head(
    tmp_path: Path,
) -> None:
    folder = repository.made(tmp_path / "p")
    service = versions.SERVICE.read_text(encoding="utf-8")
    repository.commit(folder, load_js=versions.SCRIPT, versioned_py=service)
    lab = versions.lab(["--dies-after", "40"], build="echo made {side}", script="load.js")
    run = projects.write(folder, lab).run("compare")
    why = "base is started by head's service block, since it has no ltlab.yml"
    assert finding(run, "base-by-heads-service") == why
    assert " with uncommitted changes" in run.err
    for side in ("base", "head"):
        log = run.report / "logs" / f"service-{side}.log"
        assert f"made {side}" in log.read_text(encoding="utf-8")
    # That they die under load keeps this short.
    assert "exited with 7" in finding(run, "service-died")


def test_side__that_dies_in_a_round(tmp_path: Path) -> None:
    project = versions.project(tmp_path / "p", base=["--dies-after", "40"])
    run = project.run("compare")
    assert run.code == 3
    assert "the service of base exited with 7" in finding(run, "service-died")
    assert run.found["comparison"] is None
    assert [path.name for path in sorted((run.report / "samples" / "unfinished").iterdir())] == [
        "base-round-01.parquet",
        "head-round-01.parquet",
    ]


def test_service__that_cannot_run_twice_at_once_says_how_it_could(tmp_path: Path) -> None:
    flags = ["--lock", str(tmp_path / "shop.db")]
    run = versions.project(tmp_path / "p", base=flags, head=flags).run("compare")
    assert run.code == 3
    assert "database is locked" in finding(run, "LabNotReady")
    remedy = run.findings["LabNotReady"]["remedy"]
    assert all(word in remedy for word in ("{port}", "{env}", "{side}", "mode: alternate"))


def test_service__of_two_sides_apart_by_their_folders_runs_twice(tmp_path: Path) -> None:
    flags = ["--lock", "{env}/shop.db"]
    project = versions.project(tmp_path / "p", base=[*flags, "--dies-after", "40"], head=flags)
    assert "service-died" in project.run("compare").findings


def test_engine__that_fails_on_one_side(tmp_path: Path) -> None:
    setup = """export function setup() {
  if (http.get(`${url}/new`).status !== 200) throw new Error('no such page');
}"""
    script = versions.SCRIPT.replace("export default", f"{setup}\nexport default")
    project = versions.project(tmp_path / "p", base=["--lacks", "/new"], files={"load.js": script})
    run = project.run("compare")
    assert run.code == 1
    message = finding(run, "k6-exit-107")
    assert message.startswith("base, in round 1: ")
    assert "no such page" in message


@pytest.mark.parametrize("named", [False, True])
def test_requests__that_go_elsewhere_are_no_comparison(
    tmp_path: Path,
    toy: str,
    named: bool,  # noqa: FBT001
) -> None:
    """k6 has no address of a request with a name: whom it talks to tells."""
    script = versions.SCRIPT.replace("__ENV.BASE_URL", f"'{toy}'")
    if named:
        script = script.replace("`${url}/a`", "`${url}/a`, { tags: { name: 'GET /a' } }")
    run = versions.project(tmp_path / "p", files={"load.js": script}).run("compare")
    assert run.code == 1
    # Head alone has shown it where requests tell their address.
    told = f"one went to {toy.removeprefix('http://')}" if named else f"the script calls {toy}"
    assert told in finding(run, "requests-elsewhere")
    assert run.found["comparison"] is None


def test_clock__that_is_set_in_a_round_ends_the_comparison(tmp_path: Path, shim: Path) -> None:
    project = versions.project(tmp_path / "p")
    moment, samples = tmp_path / "now", project.folder / "ltlab-report" / "samples"
    env = {"LD_PRELOAD": str(shim), "CLOCK_STEP_FILE": str(moment), "CLOCK_STEP_S": "3600"}
    with project.running("compare", env=env) as run:
        parts = "*/round-01.parts/*.parquet"
        projects.until(
            lambda: projects.requests(samples.glob(parts)) or None, what="the first round"
        )
        moment.touch()
    ran = run.ended()
    assert (ran.code, ran.found["verdict"]) == (1, "fail")
    # One clock, one finding, though both sides were looked at.
    [stepped] = [each for each in ran.found["findings"] if each["code"] == "clock-step"]
    assert stepped["effect"] == "invalid"
    assert "set by +3600.0 s in round 1" in stepped["message"]
    assert ran.found["comparison"] is None
    assert len(list((samples / "unfinished").iterdir())) == 2
    assert ran.verdict("http_req_failed rate < 1%")["status"] == "pass"


def test_interrupt__between_rounds_says_nothing_for_sure(tmp_path: Path) -> None:
    project = versions.project(tmp_path / "p", head=["--wait-ms", "40"])
    second = project.folder / "ltlab-report" / "logs" / "rounds" / "load" / "02-head" / "k6.log"
    with project.running("compare") as run:
        projects.until(lambda: second.exists() or None, what="the second round")
        run.interrupt(signal.SIGINT)
    ran = run.ended()
    assert ran.code == 130
    comparison = ran.found["comparison"]
    assert (comparison["rounds"], comparison["rounds_planned"]) == (1, 4)
    assert comparison["verdict"] in ("invalid", "inconclusive")
    assert not {row["verdict"] for row in comparison["rows"]} & {"slower", "faster", "no change"}
    assert len(repository.git(project.folder, "worktree", "list").splitlines()) == 1


def test_history__that_cannot_be_found_is_refused_before_anything_starts(tmp_path: Path) -> None:
    project = versions.project(tmp_path / "p")
    repository.git(project.folder, "checkout", "--quiet", "--orphan", "other")
    # In the same second the same files would be the very same commit.
    repository.commit(project.folder, other_txt="of another history")
    run = project.run("compare")
    assert run.code == 2
    assert "no common ancestor" in run.refusal[0]
    assert not (run.report / "logs").exists()
