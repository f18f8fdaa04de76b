"""A real influxd on loopback, which can be killed and started again; a proxy that is in a bad mood.

Not here: building influxd (tests/lab/servers/), the tests themselves.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import os
import subprocess
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests

from ltlab_ci import model
from tests.fakes import serving
from tests.lab import stack

BINARY = Path.home() / ".cache" / "ltlab-ci" / "influxd-2.9.1" / "influxd"
TOKEN = "token-of-the-tests"
_PATIENCE_S = 60.0


@dataclass
class Influxd:
    """One influxd with a folder and a port of its own."""

    folder: Path
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    child: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> model.Influx:
        """Return what ltlab is told of it."""
        return model.Influx(url=f"http://127.0.0.1:{self.port}", token=TOKEN)

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert BINARY.is_file(), "run sh tests/lab/servers/build.sh first"
        with (self.folder / "log").open("ab") as log:
            self.child = subprocess.Popen(
                [
                    BINARY,
                    *("--bolt-path", self.folder / "bolt", "--engine-path", self.folder / "engine"),
                    *("--sqlite-path", self.folder / "sqlite", "--reporting-disabled"),
                    *("--http-bind-address", f"127.0.0.1:{self.port}"),
                ],
                env={**os.environ, **self.settings},
                stdout=log,
                stderr=log,
            )
        end_s = time.monotonic() + _PATIENCE_S
        while not self._answers():
            assert self.child.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < end_s, "influxd does not answer"
            time.sleep(0.05)

    def set_up(self) -> None:
        """Make organization, bucket (samples are kept for ever) and token."""
        answer = requests.post(
            f"{self.server.url}/api/v2/setup",
            json={
                "username": "admin",
                "password": "password-of-the-tests",
                "org": "ltlab",
                "bucket": "ltlab",
                "retentionPeriodSeconds": 0,
                "token": TOKEN,
            },
            timeout=30,
        )
        assert answer.status_code == http.client.CREATED, answer.text

    def kill(self) -> None:
        """End it as a crash would."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None

    def _answers(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.server.url}/health", timeout=5).ok
        return False


@contextlib.contextmanager
def influxd(folder: Path, **settings: str) -> Iterator[Influxd]:
    """Start a server with settings of its environment, set it up, and end it."""
    one = Influxd(folder=folder, port=stack.free_port(), settings=settings)
    try:
        one.start()
        one.set_up()
        yield one
    finally:
        one.kill()


@dataclass
class Proxy:
    """Passes requests on, but refuses big ones for good, and the first few for now."""

    target: str
    most_bytes: int = 10**9
    busy: int = 0
    wait_s: float = 0.0
    refused: list[int] = field(default_factory=list)
    url: str = ""

    def refusal(self, size: int) -> int | None:
        """Return the status of a request that is not passed on."""
        if self.busy:
            self.busy -= 1
            self.refused.append(503)
            return 503
        if size > self.most_bytes:
            self.refused.append(413)
            return 413
        return None


@contextlib.contextmanager
def proxy(target: str, *, most_bytes: int = 10**9, busy: int = 0) -> Iterator[Proxy]:
    """Run a proxy in front of a server."""
    one = Proxy(target, most_bytes=most_bytes, busy=busy)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = one.refusal(len(body)) if "/write" in self.path else None
            if status is not None:
                self.send_response(status)
                self.send_header("Retry-After", "0")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            time.sleep(one.wait_s)
            there = http.client.HTTPConnection(urllib.parse.urlsplit(target).netloc)
            try:
                there.request("POST", self.path, body, dict(self.headers))
                answer = there.getresponse()
                text = answer.read()
            except OSError:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"transfer-encoding", "content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            there.close()

        def log_message(self, *_: object) -> None:
            pass

    with serving.serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as one.url:
        yield one
