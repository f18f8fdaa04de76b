"""ltlab is killed in mid-run: nobody ends its engine and service, so the next run has to."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator

import psutil
import pytest

from tests.flow import projects
from tests.flow.conftest import MakeProject
from tests.flow.test_telling import on_a_terminal

LONG = projects.k6("http.get(`${url}/fast`); sleep(0.01);", options="vus: 1, duration: '60s'")
SHORT = projects.k6("http.get(`${url}/fast`);")
HOLDS = '{http_reqs: ["count == 20"]}'


@contextlib.contextmanager
def killed(mine: projects.Project) -> Iterator[list[int]]:
    """Kill a run while it loads; yield the programs it left, which have another script by then."""
    aside = mine.folder.parent / "temporary"
    aside.mkdir()
    with mine.running("run", env={"TMPDIR": str(aside)}) as run:
        run.loaded()
        engine = run.process("k6", "run")
        service = run.process("toy_api")
        run.interrupt(signal.SIGKILL)
        run.child.wait()
        try:
            (mine.folder / "load.js").write_text(SHORT, encoding="utf-8")
            yield [engine, service]
        finally:
            for pid in (engine, service):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def alive(pids: list[int]) -> list[bool]:
    return [
        psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        for pid in pids
    ]


@pytest.fixture
def mine(project: MakeProject) -> projects.Project:
    """Return a project whose load lasts for a minute."""
    return project(projects.lab(projects.toy(), thresholds=HOLDS), {"load.js": LONG})


def test_next_run__refuses_and_names_them_and_doctor_ends_them(mine: projects.Project) -> None:
    with killed(mine) as left:
        assert alive(left) == [True, True]
        half_written = list((mine.folder / "ltlab-report" / "samples").glob("*.parts/*.parquet"))
        second = mine.run("run")
        assert second.code == 3
        what, remedy = second.refusal
        assert what.startswith("still there, left by an earlier run that was killed: ")
        assert all(f"(process {pid})" in what for pid in left)
        assert remedy.startswith("`ltlab doctor --stop-leftovers` ends it")
        assert alive(left) == [True, True]
        assert half_written
        assert all(part.exists() for part in half_written), "evidence was thrown away"

        looked = mine.run("doctor")
        assert looked.code == 3
        assert all(f"(process {pid})" in looked.out for pid in left)
        assert list((mine.folder.parent / "temporary").glob("ltlab-env-*"))
        there = {"TMPDIR": str(mine.folder.parent / "temporary")}
        mended = mine.run("doctor", "--stop-leftovers", env=there)
        assert mended.code == 0, mended.out
        assert not list((mine.folder.parent / "temporary").glob("ltlab-env-*"))
        assert alive(left) == [False, False]

        third = mine.run("run")
        assert third.code == 0, third.err + third.out
        assert third.verdict("http_reqs count == 20")["observed"] == 20


def test_doctor__leaves_a_run_alone_that_goes_on(mine: projects.Project) -> None:
    with mine.running("run") as run:
        run.loaded()
        service = run.process("toy_api")
        beside = subprocess.run(
            [*projects.LTLAB, "doctor", "--stop-leftovers"],
            cwd=mine.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "nothing of a killed run" in beside.stdout
        assert alive([service]) == [True]
        run.interrupt()
    assert run.ended().code == 130


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 3)])
def test_next_run__asks_on_a_terminal(mine: projects.Project, answer: str, code: int) -> None:
    with killed(mine) as left:
        run, seen = on_a_terminal(mine, "run", types=f"{answer}\n")
        assert "Stop it and go on? [y/n]" in seen
        assert run.code == code, seen
        assert alive(left) == [code != 0] * 2
