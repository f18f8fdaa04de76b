"""A placeholder of the fake Grafana: it answers /api/health and nothing else."""

from __future__ import annotations

import http.server


class Handler(http.server.BaseHTTPRequestHandler):
    """Health, and 404 for all else."""

    def do_GET(self) -> None:
        """Answer in Grafana's form."""
        known = self.path == "/api/health"
        body = b'{"database": "ok", "version": "13.2.3"}' if known else b'{"message": "Not found"}'
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("0.0.0.0", 3000), Handler).serve_forever()
