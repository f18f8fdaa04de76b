"""The guard of the unit tests itself: the world is off unless a test says what it needs."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest


def test_guard__refuses_any_connection() -> None:
    with pytest.raises(AssertionError, match="connected to"), socket.socket() as probe:
        probe.connect(("127.0.0.1", 9))


def test_guard__refuses_a_process() -> None:
    with pytest.raises(AssertionError, match="started a process"):
        subprocess.run([sys.executable, "--version"], check=False)


@pytest.mark.loopback
def test_guard__lets_a_marked_test_reach_this_machine_only() -> None:
    with socket.socket() as probe:
        with pytest.raises(ConnectionRefusedError):
            probe.connect(("127.0.0.1", 9))
        with pytest.raises(AssertionError, match="left this machine"):
            probe.connect(("192.0.2.1", 9))


@pytest.mark.processes
def test_guard__lets_a_marked_test_start_a_process() -> None:
    assert subprocess.run(["/bin/true"], check=False).returncode == 0
