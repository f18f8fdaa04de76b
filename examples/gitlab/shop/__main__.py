"""Serve the shop: GET /items, GET /items/ID, GET /health. `python3 -m shop --port 8000`."""

from __future__ import annotations

import argparse
import http.server
import json

ITEMS = {
    "1": {"name": "Cup", "price": 6.5},
    "2": {"name": "Bowl", "price": 9},
    "3": {"name": "Plate", "price": 8},
}


class Shop(http.server.BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes

    def do_GET(self) -> None:
        """Answer what there is, and 404 for the rest."""
        if self.path == "/health":
            self._send(200, {"status": "ok"})
        elif self.path == "/items":
            self._send(200, ITEMS)
        elif self.path.removeprefix("/items/") in ITEMS:
            self._send(200, ITEMS[self.path.removeprefix("/items/")])
        else:
            self._send(404, {"error": "not found"})

    def _send(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    http.server.ThreadingHTTPServer(("127.0.0.1", port), Shop).serve_forever()
