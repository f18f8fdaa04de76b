"""A service that is slow for its first seconds: `warming_up.py PORT WARM_UP_S SLOW_S`.

The time counts from its first request; from then on every answer takes SLOW_S until WARM_UP_S have
passed, and no time at all afterwards.
"""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers every GET, at first late."""

    protocol_version = "HTTP/1.1"
    warm_up_s = 0.0
    slow_s = 0.0
    warm_at: float | None = None

    def do_GET(self) -> None:
        """Answer with nothing."""
        if Handler.warm_at is None:
            Handler.warm_at = time.monotonic() + self.warm_up_s
        if time.monotonic() < Handler.warm_at:
            time.sleep(self.slow_s)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


Handler.warm_up_s, Handler.slow_s = float(sys.argv[2]), float(sys.argv[3])
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
