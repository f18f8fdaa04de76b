"""A small service of which versions differ by their flags: slow, failing, dying, or alone.

versioned.py PORT [--wait-ms N] [--fails] [--lacks /PATH] [--links /PATH] [--dies-after N]
    [--lock FILE]
"""

from __future__ import annotations

import argparse
import fcntl
import http.server
import os
import time
from pathlib import Path

given = argparse.ArgumentParser()
given.add_argument("port", type=int)
given.add_argument("--wait-ms", type=float, default=0.0)
given.add_argument("--fails", action="store_true")
given.add_argument("--lacks", default="")
given.add_argument("--links", default="")  # a path that every answer names
given.add_argument("--dies-after", type=int, default=0)
given.add_argument("--lock", default="")
flags = given.parse_args()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every path; `/health` always well."""

    protocol_version = "HTTP/1.1"
    served = 0
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        Handler.served += self.path != "/health"
        if flags.dies_after and Handler.served > flags.dies_after:
            os._exit(7)
        status = 200
        if self.path != "/health":
            time.sleep(flags.wait_ms / 1000)
            status = 500 if flags.fails else 404 if self.path == flags.lacks else 200
        link = f"Link: <{flags.links}>\r\n" if flags.links else ""
        body = f"{status}\n".encode()
        self.wfile.write(
            f"HTTP/1.1 {status} x\r\n{link}Content-Length: {len(body)}\r\n\r\n".encode() + body
        )

    def log_message(self, *_: object) -> None:
        """Say nothing: a line a request would cost more than the request."""


if flags.lock:
    held = Path(flags.lock).open("w")  # noqa: SIM115  (held until the end)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SystemExit("database is locked") from None
http.server.ThreadingHTTPServer(("127.0.0.1", flags.port), Handler).serve_forever()
