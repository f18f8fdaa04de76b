"""The world is off: a unit test reaches no network and starts no process unless it says so.

`loopback` and `processes` mark the tests that own a small server or a small program.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import pytest

from ltlab_ci import model
from tests.fakes import github as fake
from tests.fakes import github_server
from tests.unit import hub as job_hub

hypothesis.settings.register_profile("unit", deadline=None)
hypothesis.settings.register_profile("long", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("unit")

_PROCESS_EVENTS = frozenset({"subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass
class _Guard:
    """What the running test may not do; an audit hook asks it, so nothing is patched."""

    forbidden: frozenset[str] = field(default=frozenset())

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        if event not in self.forbidden:
            return
        if event == "socket.connect" and "loopback" in self.forbidden:
            raise AssertionError(f"a unit test connected to {args[1]}")
        if event == "socket.connect" and _host(args[1]) not in _LOOPBACK:
            raise AssertionError(f"a unit test left this machine: {args[1]}")
        if event in _PROCESS_EVENTS:
            raise AssertionError(f"a unit test started a process: {args}")


_GUARD = _Guard()
sys.addaudithook(_GUARD)


def _host(address: object) -> str:
    # What is no tuple is the path of a Unix socket.
    return str(address[0]) if isinstance(address, tuple) else "localhost"


def pytest_configure(config: pytest.Config) -> None:
    """Name the marks of tests that reach out."""
    config.addinivalue_line("markers", "loopback: connects to a server of its own")
    config.addinivalue_line("markers", "processes: starts programs of its own")


@pytest.fixture(autouse=True)
def _world_is_off(request: pytest.FixtureRequest) -> Iterator[None]:
    marks = {mark.name for mark in request.node.iter_markers()}
    forbidden = {"socket.connect"}
    forbidden |= set() if "loopback" in marks else {"loopback"}
    forbidden |= set() if "processes" in marks else _PROCESS_EVENTS
    _GUARD.forbidden = frozenset(forbidden)
    try:
        yield
    finally:
        _GUARD.forbidden = frozenset()


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """Return the empty folder of a run."""
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.fixture
def clock() -> job_hub.Clock:
    return job_hub.Clock()


@pytest.fixture
def hub() -> fake.GitHub:
    """Return a GitHub with one open pull request, number 3."""
    return fake.GitHub(pulls=[fake.Pull(number=3, head_sha=job_hub.HEAD)])


@pytest.fixture
def server(hub: fake.GitHub) -> Iterator[github_server.Server]:
    """Serve it; at the end nothing may have been asked that GitHub would not take."""
    server = github_server.Server(hub)
    with server.serving():
        yield server


@pytest.fixture
def context(server: github_server.Server) -> model.CiContext:
    """Return what a job of the pull request knows."""
    return job_hub.a_context(f"http://127.0.0.1:{server.server_port}")
