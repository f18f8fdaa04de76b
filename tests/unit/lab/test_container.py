"""What a daemon is asked for containers that are made ready first and started together later."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from ltlab_ci.lab import contained, daemon
from ltlab_ci.lab.contained import Bench

pytestmark = pytest.mark.loopback

_VERSION = re.compile(r"^/v[0-9.]+")


class Daemon(http.server.ThreadingHTTPServer):
    """Makes containers that end at once, and remembers what it was asked for them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.made = 0


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Daemon

    def do_GET(self) -> None:
        path = self._path()
        if path.endswith(("/logs", "/stats")):
            self._answer(200, b"")
        elif path.endswith("/archive"):  # it has left nothing
            self._said({"message": "no such file"}, 404)
        elif path.startswith("/containers/"):
            name = path.split("/")[2]
            state = {"Status": "exited", "ExitCode": 0}
            self._said({"Id": name, "Config": {"Tty": False}, "State": state})
        else:
            self._said({"Id": "an-image"})

    def do_POST(self) -> None:
        path = self._path()
        if path == "/containers/create":
            self.server.made += 1
            self._said({"Id": f"number-{self.server.made}"}, 201)
            self.server.asked.append(f"number-{self.server.made} made")
            return
        self._noted("started" if path.endswith("/start") else "told")
        self._answer(204, b"")

    def do_PUT(self) -> None:
        self._noted("filled")
        self._answer(200, b"")

    def do_DELETE(self) -> None:
        self._noted("removed")
        self._answer(204, b"")

    def _noted(self, what: str) -> None:
        note = f"{self._path().split('/')[2]} {what}"
        if note not in self.server.asked:  # it is filled from several folders
            self.server.asked.append(note)

    def _path(self) -> str:
        return _VERSION.sub("", self.path.partition("?")[0])

    def _said(self, said: dict[str, object], status: int = 200) -> None:
        self._answer(status, json.dumps(said).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def asked() -> Iterator[Daemon]:
    """Run a daemon for a test."""
    with Daemon() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def bench(server: Daemon, root: Path) -> Iterator[Bench]:
    (root / "load.js").write_text("", encoding="utf-8")
    (root / "logs").mkdir()
    address = f"tcp://127.0.0.1:{server.server_port}"
    with contextlib.closing(docker.DockerClient(base_url=address, version="1.44")) as client:
        found = daemon.Daemon(
            client=client, compose=(), host="127.0.0.1", local=True, environ={}, version="27"
        )
        yield contained.Bench(root=root, environ={}, daemon=found, name="x", network="x")


def test_placed__both_are_made_and_filled_before_either_starts(
    asked: Daemon, tmp_path: Path
) -> None:
    with bench(asked, tmp_path) as made, contextlib.ExitStack() as opened:
        log = tmp_path / "logs" / "k6.log"
        both = [
            opened.enter_context(made.placed(("k6",), image="k6", env={}, log=log))
            for _ in range(2)
        ]
        assert [each.wait(5) for each in [start() for start in both]] == [0, 0]
    assert asked.asked == [
        *("number-1 made", "number-1 filled", "number-2 made", "number-2 filled"),
        *("number-1 started", "number-2 started", "number-2 removed", "number-1 removed"),
    ]


def test_placed__what_was_never_started_is_removed_all_the_same(
    asked: Daemon, tmp_path: Path
) -> None:
    with bench(asked, tmp_path) as made, pytest.raises(KeyboardInterrupt):  # noqa: SIM117
        with made.placed(("k6",), image="k6", env={}, log=tmp_path / "logs" / "k6.log"):
            raise KeyboardInterrupt
    assert asked.asked == ["number-1 made", "number-1 filled", "number-1 removed"]


def test_exec__is_made_and_started_at_once(asked: Daemon, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "k6.log"
    with bench(asked, tmp_path) as made, made.exec(("k6",), image="k6", env={}, log=log) as running:
        assert running.wait(5) == 0
        assert asked.asked == ["number-1 made", "number-1 filled", "number-1 started"]
    assert asked.asked[-1] == "number-1 removed"
