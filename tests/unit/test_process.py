"""Programs are started, watched and stopped: in bounded steps, with all that they forked."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import errors, machine, process
from tests import factories

ENV = {"PATH": "/usr/bin:/bin"}
QUICK: process.Steps = ((signal.SIGTERM, 0.2), (signal.SIGKILL, 5.0))
IGNORES = """
import signal, sys, time
for each in (signal.SIGINT, signal.SIGTERM):
    signal.signal(each, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""
POLITE = """
import signal, sys, time
def stop(number, frame):
    print("stopped by", number, flush=True)
    sys.exit(7)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(60)
"""
FORKS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
print("child", child.pid, flush=True)
time.sleep(float(sys.argv[2]))
"""


LEAVES_A_ZOMBIE = """
import os, time
if os.fork() == 0:  # the one that stays, in a group of its own, and never waits for its child
    if os.fork() == 0:
        os._exit(0)
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    os.setpgid(0, 0)
    print("child", os.getpid(), flush=True)
time.sleep(60)
"""


def python(code: str, *args: str) -> list[str]:
    return [sys.executable, "-c", code, *args]


def run(argv: Sequence[str], *, timeout_s: float = 20, check: bool = True) -> process.Done:
    return process.run(
        argv,
        failure=errors.EngineError,
        remedy="mend it",
        env=ENV,
        timeout_s=timeout_s,
        check=check,
    )


@contextlib.contextmanager
def started(
    tmp_path: Path, argv: Sequence[str], steps: process.Steps = QUICK
) -> Iterator[process.Child]:
    with process.started(
        argv,
        failure=errors.EngineError,
        remedy="mend it",
        cwd=tmp_path,
        env=ENV,
        log=tmp_path / "logs" / "child.log",
        steps=steps,
    ) as child:
        yield child


def until(condition: Callable[[], object], *, seconds: float = 10.0) -> None:
    """Wait until something holds; fail when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Say whether a process lives; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def child_of(log: Path) -> int:
    until(lambda: "child" in log.read_text())
    found = re.search(r"child (\d+)", log.read_text())
    assert found is not None
    return int(found[1])


pytestmark = pytest.mark.processes


def test_run__gives_code_and_both_streams() -> None:
    done = run(["/bin/sh", "-c", "echo out; echo err >&2"])
    assert done == process.Done(code=0, out="out\n", err="err\n")


@pytest.mark.parametrize("argv", [["/bin/sh", "-c", "exit 3"], ["/bin/sh", "-c", "kill -TERM $$"]])
def test_run__without_a_check_any_code_is_fine(argv: list[str]) -> None:
    assert run(argv, check=False).code == (3 if "exit" in argv[2] else 128 + signal.SIGTERM)


def test_run__output_that_is_no_utf_8_is_kept_readable() -> None:
    assert run(["/bin/sh", "-c", r"printf 'a\377b'"]).out == "a\ufffdb"


def test_run__nothing_is_asked_of_a_person() -> None:
    assert run(["/bin/cat"]).out == ""


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["/nowhere/k6", "version"], "cannot start /nowhere/k6: No such file or directory"),
        (["/etc/passwd"], "cannot start /etc/passwd: Permission denied"),
        (
            ["/bin/sh", "-c", "seq 1 9; seq 11 19 >&2; exit 3"],
            "/bin/sh -c 'seq 1 9; seq 11 19 >&2; exit 3' exited with 3: 15 | 16 | 17 | 18 | 19",
        ),
        (["/bin/sh", "-c", "echo only out; exit 4"], "exited with 4: only out"),
        (["/bin/sh", "-c", "kill -KILL $$"], "exited with 137"),
    ],
)
def test_run__a_failure_shows_the_command_and_its_last_words(argv: list[str], words: str) -> None:
    with pytest.raises(errors.EngineError) as caught:
        run(argv)
    assert words in caught.value.message
    assert caught.value.remedy == "mend it"
    assert "\n" not in caught.value.message


def test_run__too_slow_is_a_failure_and_is_ended() -> None:
    before = time.monotonic()
    with pytest.raises(errors.EngineError, match=r"did not end within 0\.2 s"):
        run(["/bin/sleep", "60"], timeout_s=0.2)
    assert time.monotonic() - before < 10


def test_run__too_slow_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    with pytest.raises(errors.EngineError):
        run(["/bin/sh", "-c", f"sleep 60 & echo $! > {marker}; wait"], timeout_s=0.5)
    pid = int(marker.read_text())
    try:
        until(lambda: not alive(pid), seconds=3.0)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_run__what_holds_its_output_open_is_ended_too(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    with pytest.raises(errors.EngineError):
        run(["/bin/sh", "-c", f"sleep 60 & echo $! > {marker}"], timeout_s=0.5)
    pid = int(marker.read_text())
    try:
        until(lambda: not alive(pid), seconds=3.0)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_run__in_the_folder_and_with_the_environment_given(tmp_path: Path) -> None:
    done = process.run(
        ["/bin/sh", "-c", "pwd; echo $WORD; echo $HOME"],
        failure=errors.EngineError,
        remedy="",
        cwd=tmp_path,
        env={"WORD": "a b"},
        timeout_s=10,
    )
    assert done.out.splitlines() == [str(tmp_path), "a b", ""]


def test_started__keeps_the_log_of_all_that_was_said(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    log.parent.mkdir()
    log.write_text("earlier\n")
    with started(tmp_path, ["/bin/sh", "-c", "echo out; echo err >&2; exit 5"]) as child:
        assert child.wait(10) == 5
        assert (child.poll(), child.log) == (5, log)
    assert log.read_text() == "earlier\nout\nerr\n"


@pytest.mark.parametrize("program", ["/nowhere/k6", "/etc/passwd"])
def test_started__a_missing_program_is_a_failure(tmp_path: Path, program: str) -> None:
    with (
        pytest.raises(errors.EngineError, match=f"cannot start {program}"),
        started(tmp_path, [program]),
    ):
        pytest.fail("it cannot have started")


def test_started__a_folder_that_is_missing_is_a_failure(tmp_path: Path) -> None:
    with (
        pytest.raises(errors.EngineError),
        process.started(
            ["/bin/true"],
            failure=errors.EngineError,
            remedy="",
            cwd=tmp_path / "nowhere",
            env=ENV,
            log=tmp_path / "log",
            steps=QUICK,
        ),
    ):
        pytest.fail("it cannot have started")


def test_started__what_still_runs_is_stopped_on_the_way_out(tmp_path: Path) -> None:
    with started(tmp_path, ["/bin/sleep", "60"]) as child:
        assert (child.poll(), child.wait(0.05)) == (None, None)
    assert child.poll() == 128 + signal.SIGTERM
    assert not alive(child.pid)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_started__it_is_stopped_when_the_body_fails(
    tmp_path: Path, error: type[BaseException]
) -> None:
    seen: list[process.Child] = []

    def run_it() -> None:
        with started(tmp_path, ["/bin/sleep", "60"]) as child:
            seen.append(child)
            raise error

    with pytest.raises(error):
        run_it()
    assert not alive(seen[0].pid)


def test_stop__the_first_signal_lets_it_end_by_itself(tmp_path: Path) -> None:
    steps: process.Steps = ((signal.SIGINT, 5.0), (signal.SIGKILL, 5.0))
    with started(tmp_path, python(POLITE), steps) as child:
        until(lambda: "ready" in child.log.read_text())
        assert child.stop() == 7
        assert child.stop() == 7
    assert f"stopped by {int(signal.SIGINT)}" in child.log.read_text()


def test_stop__a_program_that_ignores_signals_is_killed_within_bounds(tmp_path: Path) -> None:
    steps: process.Steps = (
        (signal.SIGINT, 0.2),
        (signal.SIGTERM, 0.2),
        (signal.SIGKILL, 5.0),
    )
    with started(tmp_path, python(IGNORES), steps) as child:
        until(lambda: "ready" in child.log.read_text())
        before = time.monotonic()
        assert child.stop() == 128 + signal.SIGKILL
        assert time.monotonic() - before < 5


def test_ask__the_first_signal_is_sent_once(tmp_path: Path) -> None:
    """A second one of the same kind makes some programs leave everything as it is."""
    counts = POLITE.replace(
        "sys.exit(7)", "time.sleep(0.3); print('once', flush=True); sys.exit(7)"
    )
    steps: process.Steps = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
    with started(tmp_path, python(counts), steps) as child:
        until(lambda: "ready" in child.log.read_text())
        child.ask()
        child.ask()
        assert child.stop() == 7
    assert child.log.read_text().splitlines()[1:] == [f"stopped by {int(signal.SIGTERM)}", "once"]


def test_ask__what_ignores_it_is_still_killed_within_bounds(tmp_path: Path) -> None:
    with started(tmp_path, python(IGNORES)) as child:
        until(lambda: "ready" in child.log.read_text())
        child.ask()
        assert child.stop() == 128 + signal.SIGKILL


def test_ask__what_it_forked_is_ended_too(tmp_path: Path) -> None:
    with started(tmp_path, python(FORKS, IGNORES, "60")) as child:
        grandchild = child_of(child.log)
        until(lambda: "ready" in child.log.read_text())
        child.ask()
        until(lambda: child.poll() is not None)
        assert alive(grandchild)
    until(lambda: not alive(grandchild), seconds=3.0)


def test_stop__what_it_forked_is_ended_with_it(tmp_path: Path) -> None:
    with started(tmp_path, python(FORKS, "import time; time.sleep(60)", "60")) as child:
        grandchild = child_of(child.log)
        assert alive(grandchild)
    until(lambda: not alive(grandchild), seconds=3.0)


def test_stop__what_outlives_its_leader_is_ended_too(tmp_path: Path) -> None:
    with started(tmp_path, python(FORKS, IGNORES, "0")) as child:
        grandchild = child_of(child.log)
        assert child.wait(10) == 0
        until(lambda: "ready" in child.log.read_text())
        assert alive(grandchild)
    until(lambda: not alive(grandchild), seconds=3.0)


def test_steps__give_an_engine_time_for_its_summary_and_end_in_a_kill() -> None:
    for steps in (process.STOP_ENGINE, process.STOP_SERVICE):
        assert steps[-1][0] is signal.SIGKILL
        assert sum(seconds for _, seconds in steps) <= 20
    assert process.STOP_ENGINE[0][0] is signal.SIGINT


def test_usage__counts_a_program_with_what_it_started(tmp_path: Path) -> None:
    busy = "x = bytearray(30_000_000)\nwhile True: pass"
    with started(tmp_path, python(FORKS, busy, "60")) as child:
        child_of(child.log)
        until(lambda: child.usage().cpu_s > 0.2 and child.usage().memory_bytes > 30_000_000)
    assert child.usage() == process.Usage(cpu_s=0.0, memory_bytes=0)


def test_machine_cpu_s__only_grows() -> None:
    busy, whole = machine.cpu_s()
    assert 0 < busy <= whole
    later_busy, later_whole = machine.cpu_s()
    assert (later_busy >= busy, later_whole >= whole) == (True, True)


def test_child_env__hands_on_no_setting_of_ours() -> None:
    base = {"LTLAB_TOKEN": "s3cret", "LTLAB_K6": "k6", "PATH": "/usr/bin", "XLTLAB_A": "b"}
    env = process.child_env(base, {"MORE": "c"})
    assert env == {"PATH": "/usr/bin", "XLTLAB_A": "b", "MORE": "c"}


def test_child_env__what_is_added_wins() -> None:
    env = process.child_env({"A": "a", "PATH": ""}, {"A": "b", "LTLAB_SAMPLES_DIR": "/x"})
    assert (env["A"], env["LTLAB_SAMPLES_DIR"]) == ("b", "/x")


def test_child_env__leaves_our_own_venv_out() -> None:
    assert sys.prefix != sys.base_prefix, "the tests run in the project's venv"
    own = f"{sys.prefix}/bin"
    base = {"PATH": f"{own}:/usr/bin:{own}/:/bin", "VIRTUAL_ENV": sys.prefix}
    assert process.child_env(base, {}) == {"PATH": "/usr/bin:/bin"}


def test_child_env__another_venv_is_the_user_s() -> None:
    base = {"PATH": "/venv/bin:/bin", "VIRTUAL_ENV": "/venv"}
    assert process.child_env(base, {}) == base


def test_child_env__without_a_path_there_is_still_none() -> None:
    # An empty PATH would mean the current folder.
    assert process.child_env({"A": "b"}, {}) == {"A": "b"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", ""),
        (b"\n\n \n", ""),
        (b"one\n", "one"),
        (b"one\n\n  two  \nthree", "one | two | three"),
        (b"1\n2\n3\n4\n5\n6\n7\n", "3 | 4 | 5 | 6 | 7"),
        (b"a\xff\xfeb\n", "a\ufffd\ufffdb"),
        (b"x" * 70_000 + b"\nlast\n", "x" * 65_530 + " | last"),
    ],
)
def test_last_lines__are_readable_whatever_the_log_holds(
    tmp_path: Path, text: bytes, expected: str
) -> None:
    log = tmp_path / "log"
    log.write_bytes(text)
    assert process.last_lines(log) == expected


@given(text=st.binary(max_size=200), count=st.integers(1, 4))
def test_last_lines__never_fail(
    tmp_path_factory: pytest.TempPathFactory, text: bytes, count: int
) -> None:
    log = tmp_path_factory.getbasetemp() / "arbitrary.log"
    log.write_bytes(text)
    assert process.last_lines(log, count=count).count("\n") == 0


def test_last_lines__of_no_log_are_none(tmp_path: Path) -> None:
    assert process.last_lines(tmp_path / "nowhere") == ""


def test_house__nobody_else_starts_processes() -> None:
    starters = {
        path
        for path, tree in factories.syntax_trees().items()
        if factories.names_used(tree) & {"subprocess", "multiprocessing", "pty", "os.system"}
    }
    assert starters == {"ltlab_ci/process.py"}


def test_stop__does_not_wait_for_what_has_ended_and_nobody_waits_for(tmp_path: Path) -> None:
    with started(tmp_path, python(LEAVES_A_ZOMBIE)) as child:
        keeper = child_of(child.log)
        began = time.monotonic()
        child.stop()
        assert time.monotonic() - began < 1.5  # a group thought alive takes 2 s
    until(lambda: not alive(keeper))


DAEMON = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork():
    time.sleep(float(sys.argv[1]))  # its parent goes on, or ends at once
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
print("child", os.getpid(), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("parent_s", [0.0, 60.0])
def test_stop__a_daemon_that_it_made_is_ended_with_it(tmp_path: Path, parent_s: float) -> None:
    with started(tmp_path, python(DAEMON, str(parent_s))) as child:
        daemon = child_of(child.log)
        assert alive(daemon)
    until(lambda: not alive(daemon), seconds=3.0)


def test_stop__a_daemon_may_be_left_for_others(tmp_path: Path) -> None:
    with process.started(
        python(DAEMON, "0"),
        failure=errors.LabNotReady,
        remedy="mend it",
        cwd=tmp_path,
        env=ENV,
        log=tmp_path / "log",
        steps=QUICK,
        daemons_stay=True,
    ) as child:
        daemon = child_of(child.log)
    try:
        assert alive(daemon)
    finally:
        os.kill(daemon, signal.SIGKILL)


def test_stop__what_is_held_by_a_signal_hears_the_next_one(tmp_path: Path) -> None:
    with started(tmp_path, python(POLITE), process.STOP_SERVICE) as child:
        until(lambda: "ready" in child.log.read_text())
        os.kill(child.pid, signal.SIGSTOP)
        until(lambda: child.usage().stopped)
        assert child.stop() == 7
