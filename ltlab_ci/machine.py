"""Figures of the machine as a whole: its processors' time, who listens on a port.

Not here: one program and what it uses (process.py).
"""

from __future__ import annotations

import contextlib

import psutil


def cpu_s() -> tuple[float, float]:
    """Return the (busy, whole) CPU seconds of all processors of this machine since its start."""
    times = psutil.cpu_times()
    # The kernel counts a guest's time in user time already.
    whole = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return whole - times.idle - getattr(times, "iowait", 0.0), whole


def listener(port: int, kind: str = "tcp") -> str:
    """Name the program that listens on a port (kind tcp or udp), "" where it cannot be seen."""
    with contextlib.suppress(psutil.Error):
        for each in psutil.net_connections(kind):
            here = getattr(each.laddr, "port", 0) == port
            if here and each.status in {psutil.CONN_LISTEN, psutil.CONN_NONE} and each.pid:
                return f"{psutil.Process(each.pid).name()} (process {each.pid})"
    return ""
