"""Small services of the tests' own, on loopback ports."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest


@dataclass
class Site:
    """A service that answers as it is told, and remembers what it was asked."""

    base_url: str = ""
    status: int = 200
    failures: int = 0
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> int:
        """Return the status for a request: 503 a few times first."""
        self.asked.append(path)
        if len(self.asked) <= self.failures:
            return 503
        return self.status


@pytest.fixture
def site() -> Iterator[Site]:
    """Run a small service; change its fields to change its answers."""
    shown = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(shown.answer(self.path))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    shown.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield shown
    server.shutdown()
    thread.join()
    server.server_close()
