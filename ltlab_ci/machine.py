"""Figures of the machine as a whole: its processors' time, who listens on a port, who talks to whom, what runs.

Not here: one program of ours and what it uses (process.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

Peer = tuple[str, int]
"""The address and port at the other end of a connection."""


def cpu_s() -> tuple[float, float]:
    """Return the (busy, whole) CPU seconds of all processors of this machine since its start."""
    times = psutil.cpu_times()
    # The kernel counts a guest's time in user time already.
    whole = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return whole - times.idle - getattr(times, "iowait", 0.0), whole


def peers(pids: Iterable[int]) -> frozenset[Peer]:
    """Return what processes have TCP connections to now; what cannot be seen is left out."""
    found: set[Peer] = set()
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            every = psutil.Process(pid).net_connections("tcp")
            remote = [one.raddr for one in every if one.raddr]
            found.update((address.ip, address.port) for address in remote)
    return frozenset(found)


def listener(port: int, kind: str = "tcp") -> str:
    """Name the program that listens on a port (kind tcp or udp), "" where it cannot be seen."""
    with contextlib.suppress(psutil.Error):
        for each in psutil.net_connections(kind):
            here = getattr(each.laddr, "port", 0) == port
            if here and each.status in {psutil.CONN_LISTEN, psutil.CONN_NONE} and each.pid:
                return f"{psutil.Process(each.pid).name()} (process {each.pid})"
    return ""


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a process was started as: its executable, arguments, working folder and environment."""

    exe: Path
    argv: tuple[str, ...]
    cwd: Path
    environ: Mapping[str, str]


def programs(pids: Iterable[int]) -> tuple[Program, ...]:
    """Return what processes were started as; what cannot be seen is left out."""
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.Error, OSError):
            each = psutil.Process(pid)
            argv, exe = tuple(each.cmdline()), each.exe()
            if argv and exe:
                cwd, environ = Path(each.cwd()), each.environ()
                found.append(Program(exe=Path(exe), argv=argv, cwd=cwd, environ=environ))
    return tuple(found)
