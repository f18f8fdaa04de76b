"""Every row says what a run would find; only what a run needs and cannot have is a problem."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ltlab_ci import model
from ltlab_ci.cli import doctor
from ltlab_ci.cli.doctor_engines import Check, State
from ltlab_ci.load import tools
from tests.unit.cli.conftest import Run, program, write
from tests.unit.cli.test_discover import ARTILLERY, K6

K6_LAB = "version: 1\nscenarios: {load: {script: load.js}}\n"
ARTILLERY_LAB = "version: 1\nscenarios: {load: {script: load.yml}}\n"

programs = pytest.mark.processes


@pytest.fixture
def bin_(tmp_path: Path) -> Path:
    """Return the folder that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def examined(project: Path, bin_: Path, **environ: str) -> dict[str, Check]:
    """Return the checks by name, of a machine whose PATH and cache are the test's own."""
    own = {"PATH": str(bin_), "LTLAB_CACHE_DIR": str(project.parent / "cache"), **environ}
    return {check.name: check for check in doctor.examine(project, own, {})}


def states(checks: Mapping[str, Check]) -> dict[str, str]:
    """Return what is not ok; whatever is not must say what mends it."""
    bad = {name: check for name, check in checks.items() if check.state is not State.OK}
    assert all(check.remedy for check in bad.values())
    return {name: check.state.value for name, check in bad.items() if name != "machine"}


@programs
def test_examine__a_bare_machine_has_no_problem_and_gets_nothing(project: Path, bin_: Path) -> None:
    checks = examined(project, bin_)
    assert states(checks) == {"ltlab.yml": "warn"}
    assert checks["ltlab.yml"].remedy == "ltlab init"
    for name in ("k6", "Node.js", "Artillery"):
        assert checks[name].found.startswith("not installed yet")
    assert not [path for path in (project.parent / "cache").iterdir() if path.is_dir()]
    assert list(project.iterdir()) == []


@programs
def test_examine__finds_what_is_on_path(project: Path, bin_: Path) -> None:
    k6 = program(bin_ / "k6", "echo 'k6 v2.1.0 (go1.25, linux/amd64)'")
    node = program(bin_ / "node", "echo v22.18.1")
    checks = examined(write(project, {"ltlab.yml": K6_LAB, "load.js": K6}), bin_)
    assert states(checks) == {}
    assert checks["k6"].found == f"2.1.0 (PATH), {k6}"
    assert checks["Node.js"].found == f"v22.18.1, {node}"
    assert checks["ltlab.yml"].found == "valid; scenarios: 1, thresholds: 0"


@programs
@pytest.mark.parametrize(("lab", "state"), [(K6_LAB, "problem"), (ARTILLERY_LAB, "warn")])
def test_examine__an_engine_that_no_scenario_needs_is_no_problem(
    project: Path, bin_: Path, lab: str, state: str
) -> None:
    program(bin_ / "k6", "echo k6 v0.49.0")
    write(project, {"ltlab.yml": lab, "load.js": K6, "load.yml": ARTILLERY})
    checks = examined(project, bin_)
    assert states(checks) == {"k6": state}
    assert "needs k6 1.0 or newer" in checks["k6"].found


@programs
def test_examine__an_old_node_on_path_is_passed_over(project: Path, bin_: Path) -> None:
    program(bin_ / "node", "echo v18.20.1")
    assert examined(project, bin_)["Node.js"].found.startswith("not installed yet")


@programs
@pytest.mark.parametrize("says", ["v18.20.1", "", "what?"])
def test_examine__a_configured_node_must_be_new_enough(
    project: Path, bin_: Path, says: str
) -> None:
    node = program(project.parent / "old" / "node", f"echo '{says}'")
    write(project, {"ltlab.yml": ARTILLERY_LAB, "load.yml": ARTILLERY})
    checks = examined(project, bin_, LTLAB_NODE=str(node))
    assert states(checks) == {"Node.js": "problem"}
    assert "22.18" in checks["Node.js"].found


@programs
def test_examine__an_installation_cut_short_is_seen(project: Path, bin_: Path) -> None:
    program(bin_ / "node", "echo v22.20.0")
    folder = project.parent / "cache" / f"artillery-{tools.ARTILLERY_VERSION}"
    folder.mkdir(parents=True)
    checks = examined(project, bin_)
    assert checks["Artillery"].state is State.PROBLEM
    assert checks["Artillery"].remedy.startswith(f"rm -r {folder}")


@programs
def test_examine__a_file_that_does_not_validate_is_a_problem(project: Path, bin_: Path) -> None:
    checks = examined(write(project, {"ltlab.yml": K6_LAB + "servce: {}\n"}), bin_)
    assert states(checks) == {"ltlab.yml": "problem"}
    assert checks["ltlab.yml"].found.startswith("ltlab.yml:3:1: unknown key 'servce'")


@programs
def test_examine__a_cache_that_cannot_be_written(project: Path, bin_: Path) -> None:
    write(project, {"ltlab.yml": K6_LAB, "load.js": K6, "file": ""})
    checks = examined(project, bin_, LTLAB_CACHE_DIR=str(project / "file" / "cache"))
    assert states(checks)["k6"] == "problem"
    assert "LTLAB_CACHE_DIR" in checks["cache"].remedy


@programs
def test_examine__a_report_folder_of_somebody_else(project: Path, bin_: Path) -> None:
    write(project, {"ltlab-report/thesis.txt": ""})
    assert states(examined(project, bin_))["report"] == "problem"
    write(project, {"ltlab-report/.ltlab": ""})
    assert "the next one replaces it" in examined(project, bin_)["report"].found


@programs
def test_doctor__ends_with_3_for_a_problem_and_says_it_in_words(
    run: Run, project: Path, bin_: Path
) -> None:
    write(project, {"ltlab.yml": K6_LAB, "load.js": K6})
    env = {"PATH": str(bin_), "LTLAB_CACHE_DIR": str(project / "cache")}
    done = run("doctor", env=env)
    assert done.exit_code == 0, done.output
    done = run("doctor", "--k6", "./none", env=env)
    assert done.exit_code == 3
    [row] = [line for line in done.output.splitlines() if " k6 " in line and "cannot" in line]
    assert row.startswith("problem")
    assert "what to do: " in done.output
    assert "problems: 1, " in done.output


@programs
def test_doctor__as_json(run: Run, project: Path, bin_: Path) -> None:
    env = {"PATH": str(bin_), "LTLAB_CACHE_DIR": str(project / "cache"), "HTTPS_PROXY": "x:secret"}
    done = run("doctor", "--json", env=env)
    shown = json.loads(done.output)
    assert shown["state"] == "warn"
    [proxy] = [check for check in shown["checks"] if check["name"] == "proxy"]
    assert proxy["state"] == "warn"
    assert "secret" not in done.output


@pytest.mark.parametrize(
    ("environ", "state", "found"),
    [
        ({}, "ok", "none in the environment"),
        ({"http_proxy": ""}, "ok", "none in the environment"),
        ({"HTTP_PROXY": "http://me:pw@p"}, "warn", "HTTP_PROXY set, and NO_PROXY does not name"),
        ({"ALL_PROXY": "p", "NO_PROXY": "intranet"}, "warn", "ALL_PROXY set, and"),
        ({"https_proxy": "p", "no_proxy": "a, localhost"}, "ok", "https_proxy set, not for"),
    ],
)
def test_proxy__must_not_be_asked_for_this_machine(
    environ: dict[str, str], state: str, found: str
) -> None:
    check = doctor.proxy(environ)
    assert (check.state, check.found[: len(found)]) == (state, found)
    assert "pw" not in check.found + check.remedy


@pytest.mark.parametrize(("free", "state"), [(10**7, "problem"), (10**9, "warn"), (10**10, "ok")])
def test_disk__needs_room_for_samples(free: int, state: str) -> None:
    assert doctor.disk(free).state == state


@pytest.mark.parametrize(
    ("cpus", "memory_mb", "state"), [(1, 8000, "warn"), (2, 1000, "warn"), (2, 4000, "ok")]
)
def test_machine__needs_room_for_two(cpus: int, memory_mb: int, state: str) -> None:
    given: dict[str, Any] = {"cpus": cpus, "memory_mb": memory_mb}
    here = model.Environment(
        ltlab="1", python="3", os="Linux", lab="embedded", service="none", **given
    )
    assert doctor.machine(here).state == state
