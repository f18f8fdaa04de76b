"""An InfluxDB 2 as far as tokens go: one bucket, and authorisations that it makes and revokes.

It refuses what it is told to refuse. Not here: samples; those go to real servers (tests/lab).
"""

from __future__ import annotations

import contextlib
import http.server
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes import serving

BUCKETS, AUTHORIZATIONS = "/api/v2/buckets", "/api/v2/authorizations"
BUCKET = {"id": "b0c4e70000000001", "orgID": "0700000000000001", "name": "ltlab"}


@dataclass
class Influx:
    """What it keeps. `refuses` holds the status of its answer by what is asked: `POST PATH`."""

    token: str = "operator"
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    page: str = ""
    """What it says when it refuses, where that is no JSON: a proxy's page."""

    def answer(
        self, method: str, path: str, query: Mapping[str, str], token: str, body: bytes
    ) -> tuple[int, str]:
        """Return status and text."""
        place, _, id = path.removeprefix("/api/v2/").partition("/")
        asked = f"{method} /api/v2/{place}"
        self.asked.append(asked)
        if token != f"Token {self.token}":
            return 401, _said({"code": "unauthorized", "message": "unauthorized access"})
        if asked in self.refuses:
            refusal = {"code": "as told", "message": "it was told to refuse"}
            return self.refuses[asked], self.page or _said(refusal)
        match asked:
            case "GET /api/v2/buckets":
                known = [BUCKET] if query.get("name") == BUCKET["name"] else []
                return 200, _said({"buckets": known})
            case "POST /api/v2/authorizations":
                made = {"id": f"a{len(self.asked)}", "token": "write-only", **json.loads(body)}
                self.made[made["id"]] = made
                return 201, _said(made)
            case "DELETE /api/v2/authorizations" if self.made.pop(id, None) is not None:
                return 204, ""
        return 404, _said({"code": "not found", "message": "not found"})


class Server(http.server.ThreadingHTTPServer):
    """Serves it on a free loopback port."""

    daemon_threads = True

    def __init__(self, kept: Influx) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept = kept

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Serve until the block ends; yield the address."""
        with serving.serving(self) as url:
            yield url


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("Authorization", "")
        query = dict(parse_qsl(parts.query))
        status, text = self.server.kept.answer(self.command, parts.path, query, token, body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_POST = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def _said(answer: Mapping[str, object]) -> str:
    return json.dumps(answer)
