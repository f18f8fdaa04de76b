"""A service that forks: `forking.py PORT HOW`.

HOW is "same-group" (the child does the serving and outlives its parent), "ignoring-sigterm" (so
does the child, which ignores SIGTERM besides), "own-session" (the child leaves its parent's process
group), "daemon" (it forks twice and ignores SIGTERM: nobody is its parent) or "leader-ends" (the parent
ends at once).
"""

from __future__ import annotations

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers every GET."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with nothing."""
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def serve(port: int) -> None:
    """Serve for ever."""
    sys.stdout.write("child is running\n")
    sys.stdout.flush()
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def main(port: int, how: str) -> None:
    """Fork; the child serves."""
    if os.fork() == 0:
        if how == "ignoring-sigterm":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if how in {"own-session", "daemon"}:
            os.setsid()
        if how == "daemon":
            if os.fork():
                os._exit(0)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        serve(port)
    if how != "leader-ends":
        signal.pause()


main(int(sys.argv[1]), sys.argv[2])
