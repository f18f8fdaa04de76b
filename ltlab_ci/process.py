"""Start, watch and stop other programs: the only module that imports subprocess.

Every child leads a process group of its own, so that what it forked is stopped with it.
Not here: which program and with which arguments (load/, lab/).
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from ltlab_ci import errors, interrupts

Steps = tuple[tuple[signal.Signals, float], ...]
"""Signals to end a child with, in order, and the seconds that each is given."""

STOP_ENGINE: Steps = ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
"""The first lets a load engine write its last samples and its summary."""

STOP_SERVICE: Steps = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))

_MARK = "STARTED_BY_LTLAB"
"""In the environment of a program: what has left its group and lost its parents still carries it."""

_TAIL_LINES = 5
_SHORT_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Done:
    """A finished program: exit code (128 + N when signal N ended it) and both streams."""

    code: int
    out: str
    err: str


def run(
    argv: Sequence[str],
    *,
    failure: type[errors.LabError],
    remedy: str,
    cwd: Path | None = None,
    env: Mapping[str, str],
    timeout_s: float,
    check: bool = True,
) -> Done:
    """Run a program to its end and return what it said.

    Not found, too slow and (with `check`) a non-zero exit are all a `failure`, with its last lines.
    """
    try:
        with _piped(argv, cwd=cwd, env=env) as popen:
            streams = popen.communicate(timeout=timeout_s)
    except OSError as error:
        raise failure(f"cannot start {argv[0]}: {error.strerror}", remedy=remedy) from error
    except subprocess.TimeoutExpired as error:
        raise failure(
            f"{shlex.join(argv[:3])} did not end within {timeout_s:g} s", remedy=remedy
        ) from error
    out, err = (stream.decode("utf-8", "replace") for stream in streams)
    code = _shell_code(popen.returncode)
    if check and code:
        tail = " | ".join((err or out).strip().splitlines()[-_TAIL_LINES:])
        raise failure(f"{shlex.join(argv[:3])} exited with {code}: {tail}", remedy=remedy)
    return Done(code=code, out=out, err=err)


@contextlib.contextmanager
def _piped(
    argv: Sequence[str], *, cwd: Path | None, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    popen: subprocess.Popen[bytes] | None = None
    try:
        with interrupts.PROCESS.postponed():
            popen = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        yield popen
    except BaseException:
        # Too slow or interrupted: it goes, with all that it started and that may hold its pipes.
        if popen is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(popen.pid, signal.SIGKILL)
            popen.communicate()
        raise


def was_too_slow(error: errors.LabError) -> bool:
    """Say whether `run` failed because the time was over, not because nothing could be started."""
    return isinstance(error.__cause__, subprocess.TimeoutExpired)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a program and everything it started used: CPU seconds since its start, memory; their ids here.

    `stopped`: the program itself is held by a signal (SIGSTOP).
    """

    cpu_s: float
    memory_bytes: int
    pids: tuple[int, ...] = ()
    stopped: bool = False


class Child:
    """A running program whose output goes to a log file."""

    def __init__(
        self, popen: subprocess.Popen[bytes], log: Path, steps: Steps, mark: str = ""
    ) -> None:
        self._popen = popen
        self._mark = mark
        self._steps = steps
        self._family: set[psutil.Process] = set()
        self._asked = False
        self.log = log
        self.pid = popen.pid

    def poll(self) -> int | None:
        """Return its exit code once it has ended, else None."""
        code = self._popen.poll()
        return None if code is None else _shell_code(code)

    def wait(self, seconds: float) -> int | None:
        """Wait for its end, at most so long; return the exit code or None."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return _shell_code(self._popen.wait(timeout=seconds))
        return None

    def usage(self) -> Usage:
        """Return what it and its descendants use; what has ended already no longer counts."""
        cpu_s, memory_bytes = 0.0, 0
        found = self._descent()
        for each in found:
            with contextlib.suppress(psutil.Error), each.oneshot():
                cpu_s += sum(each.cpu_times()[:2])  # user and system
                memory_bytes += each.memory_info().rss
        return Usage(
            cpu_s=cpu_s,
            memory_bytes=memory_bytes,
            pids=tuple(one.pid for one in found),
            stopped=bool(found) and _status(found[0]) == psutil.STATUS_STOPPED,
        )

    def _descent(self) -> list[psutil.Process]:
        """Return it and its descendants, which are kept in mind: one may leave its group."""
        with contextlib.suppress(psutil.Error):
            top = psutil.Process(self.pid)
            found = [top, *top.children(recursive=True)]
            self._family.update(found[1:])
            return found
        return []

    def ask(self) -> None:
        """Send it the first signal of `stop` and wait for nothing."""
        if not self._asked and self._popen.poll() is None:
            self._descent()  # once it has ended, nobody knows what was its own
            self._signal(self._steps[0][0])
            self._asked = True

    def stop(self) -> int:
        """End it and its process group in bounded steps; harmless when it has ended already."""
        # Blocked here, a signal may still be taken by another thread: a library's, say.
        with interrupts.blocked(), interrupts.PROCESS.postponed():
            self._descent()
            for number, (signum, seconds) in enumerate(self._steps):
                if self._popen.poll() is not None:
                    break
                if number or not self._asked:  # twice the same may mean "at once" to it
                    self._signal(signum)
                self.wait(seconds)
            self._end_group()
        code = self.poll()
        if code is None:
            raise errors.LabNotReady(
                f"process {self.pid} outlived SIGKILL", remedy="end it by hand, then run again"
            )
        return code

    def _end_group(self) -> None:
        # The leader is gone; what it forked gets a short chance to follow, then no choice.
        self._signal(signal.SIGTERM)
        _wait_until(lambda: not _group_alive(self.pid))
        self._signal(signal.SIGKILL)
        left = [each for each in self._family | _marked(self._mark) if _runs(each)]
        for each in left:
            with contextlib.suppress(psutil.Error):
                each.terminate()
        _wait_until(lambda: not any(_runs(each) for each in left))
        for each in left:
            with contextlib.suppress(psutil.Error):
                each.kill()

    def _signal(self, signum: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signum)
            os.killpg(self.pid, signal.SIGCONT)  # one that is held by SIGSTOP would not hear it


@contextlib.contextmanager
def started(
    argv: Sequence[str],
    *,
    failure: type[errors.LabError],
    remedy: str,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    steps: Steps,
    daemons_stay: bool = False,
) -> Iterator[Child]:
    """Start a program with its output in `log`, hand it out, and stop it on every way out.

    So is a daemon that it made by forking twice, unless `daemons_stay`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    child: Child | None = None
    mark = "" if daemons_stay else f"{os.getpid()}-{time.monotonic_ns()}"
    if mark:
        env = {**env, _MARK: mark}
    try:
        # An interrupt between its start and our knowing of it would leave it behind.
        with interrupts.PROCESS.postponed():
            try:
                child = Child(_popen(argv, cwd=cwd, env=env, log=log), log, steps, mark)
            except OSError as error:
                raise failure(f"cannot start {argv[0]}: {error.strerror}", remedy=remedy) from error
        yield child
    finally:
        if child is not None:
            child.stop()


def _popen(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("ab") as sink:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def child_env(base: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a child: ours, without ltlab's own settings and venv, and more.

    A credential given to ltlab comes in an LTLAB_* variable, so none of those is handed on.
    """
    own_bin = str(Path(sys.prefix) / "bin") if sys.prefix != sys.base_prefix else ""
    env = {name: value for name, value in base.items() if not name.startswith("LTLAB_")}
    if own_bin and "PATH" in env:
        paths = env["PATH"].split(os.pathsep)
        env["PATH"] = os.pathsep.join(path for path in paths if path.rstrip("/") != own_bin)
    if own_bin and env.get("VIRTUAL_ENV") == sys.prefix:
        del env["VIRTUAL_ENV"]
    return {**env, **extra}


def last_lines(log: Path, *, count: int = _TAIL_LINES) -> str:
    """Return the last non-empty lines of a log in one line, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 65536))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    lines = deque((line.strip() for line in text.splitlines() if line.strip()), maxlen=count)
    return " | ".join(lines)


def _shell_code(returncode: int) -> int:
    return 128 - returncode if returncode < 0 else returncode


def _wait_until(gone: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SHORT_S
    while not gone() and time.monotonic() < deadline:
        time.sleep(0.02)


def _group_alive(pgid: int) -> bool:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pgid, 0)
        return any(_group_of(each) == pgid and _runs(each) for each in psutil.process_iter())
    return False


def _marked(mark: str) -> set[psutil.Process]:
    """Return what carries a mark in its environment; what belongs to others cannot be looked into."""
    found = set()
    for each in psutil.process_iter() if mark else ():
        with contextlib.suppress(psutil.Error, OSError):
            if each.environ().get(_MARK) == mark:
                found.add(each)
    return found


def _group_of(each: psutil.Process) -> int:
    try:
        return os.getpgid(each.pid)
    except OSError:
        return 0


def _runs(each: psutil.Process) -> bool:
    """Say whether a process runs; one that has ended and that nobody waited for does not."""
    return _status(each) not in ("", psutil.STATUS_ZOMBIE)


def _status(each: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return str(each.status()) if each.is_running() else ""
    return ""
