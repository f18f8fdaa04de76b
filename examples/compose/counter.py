"""Counts visits in Redis."""

from __future__ import annotations

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis

DB = redis.Redis(host=os.environ.get("REDIS_HOST", "localhost"))


class Handler(BaseHTTPRequestHandler):
    """`/health`, and a visit for every other path."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the number of visits."""
        body = b"ok" if self.path == "/health" else str(DB.incr(self.path)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8000), Handler).serve_forever()
