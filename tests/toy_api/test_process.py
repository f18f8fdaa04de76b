"""The service as a process: real sockets, real signals, real exit codes."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

import toy_api

ROOT = Path(toy_api.__file__).parent.parent
DEADLINE_S = 15.0

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Service:
    """A started service and where its stderr goes."""

    child: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        found = _until(lambda: re.search(r"listens on (\S+)\n", self.log.read_text()))
        return found[1]

    def health(self) -> int:
        return httpx.get(f"{self.url}/health", timeout=DEADLINE_S).status_code

    def exit_code(self) -> int:
        return self.child.wait(timeout=DEADLINE_S)


def _until(probe: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if (found := probe()) is not None:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {DEADLINE_S} s")


@contextlib.contextmanager
def _started(log: Path, *flags: str) -> Iterator[Service]:
    argv = [sys.executable, "-W", "error", "-m", "toy_api", *flags]
    clean = {name: text for name, text in os.environ.items() if not name.startswith("TOY_API_")}
    with log.open("wb") as stderr:
        child = subprocess.Popen(argv, cwd=ROOT, env=clean, stderr=stderr)
    try:
        yield Service(child=child, log=log)
    finally:
        child.kill()
        child.wait(timeout=DEADLINE_S)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_start__becomes_healthy_and_stops_cleanly(tmp_path: Path, signum: int) -> None:
    with _started(tmp_path / "log", "--port", "0", "--ready-after", "0.2") as service:
        _until(lambda: service.health() == 200 or None)
        service.child.send_signal(signum)
        assert service.exit_code() == 0
        assert service.log.read_text() == f"toy_api listens on {service.url}\n"


def test_stop__lets_a_request_finish(tmp_path: Path) -> None:
    with _started(tmp_path / "log", "--port", "0", "--latency-ms", "500") as service:
        host, port = service.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as caller:
            caller.sendall(b"GET /fast HTTP/1.1\r\nHost: toy\r\n\r\n")
            # A later request that is answered: so the first one has been taken.
            assert service.health() == 200
            service.child.send_signal(signal.SIGTERM)
            assert caller.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert service.exit_code() == 0


def test_latency__no_answer_waits_for_an_acknowledgement(tmp_path: Path) -> None:
    with (
        _started(tmp_path / "log", "--port", "0") as service,
        httpx.Client(base_url=service.url, timeout=DEADLINE_S) as caller,
    ):
        taken_s = []
        for _ in range(10):
            caller.get("/users")
            taken_s.append(caller.get("/users/1").elapsed.total_seconds())
    assert sorted(taken_s)[2] < 0.03  # Nagle's algorithm makes it 0.04 every time


def test_faults__ignores_sigterm_and_dies_with_code_1(tmp_path: Path) -> None:
    flags = ("--port", "0", "--ignore-sigterm", "--die-after", "1.5")
    with _started(tmp_path / "log", *flags) as service:
        assert service.health() == 200
        service.child.send_signal(signal.SIGTERM)
        assert service.health() == 200
        assert service.exit_code() == 1


def test_start__a_bad_setting_is_refused_in_two_lines(tmp_path: Path) -> None:
    with _started(tmp_path / "log", "--error-rate", "2") as service:
        assert service.exit_code() == 2
        assert service.log.read_text() == (
            "--error-rate is '2'\n  what to do: give a number from 0 to 1, or leave it out\n"
        )


def test_start__a_taken_port_is_refused_in_two_lines(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with _started(tmp_path / "log", "--port", str(port)) as service:
            assert service.exit_code() == 1
            happened, remedy = service.log.read_text().splitlines()
    assert happened == f"cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert remedy == "  what to do: choose another --host or --port"
