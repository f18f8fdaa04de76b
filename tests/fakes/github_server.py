"""The fake GitHub (github.py) over HTTP, on two ports: the API, and the storage it redirects to.

By itself: `python -m tests.fakes.github --port 8070 --state state.json`; the file is read at
the start and written after every request. `GET` and `PUT /fake/state` show and replace the state,
`POST /fake/artifacts` adds an artefact, `POST /fake/trouble` adds a Trouble.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.fakes import github, openapi, serving


class Server(http.server.ThreadingHTTPServer):
    """A GitHub that listens. `broken` lists what GitHub would never take or say."""

    daemon_threads = True

    def __init__(self, kept: github.GitHub, port: int = 0, state_file: Path | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Api)
        self.kept, self.state_file = kept, state_file
        self.lock = threading.Lock()
        self.awake = threading.Event()
        self.broken: list[str] = []
        self.blobs = _Blobs(self)
        kept.blob_url = f"http://127.0.0.1:{self.blobs.server_port}"

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Serve until the block ends; yield the address. What hangs is let go then."""
        with serving.serving(self.blobs), serving.serving(self) as url:
            try:
                yield url
            finally:
                self.awake.set()
        assert self.broken == []


class _Blobs(http.server.ThreadingHTTPServer):
    """The storage that artefacts lie in: another host, which must see no token."""

    daemon_threads = True

    def __init__(self, api: Server) -> None:
        super().__init__(("127.0.0.1", 0), _Blob)
        self.api = api


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class _Blob(_Handler):
    server: _Blobs

    def do_GET(self) -> None:
        api = self.server.api
        path = urlsplit(self.path).path
        if self.headers.get("Authorization"):
            api.broken.append(f"the storage was given a token for {path}")
        for trouble in api.kept.troubles:
            if trouble.applies("GET", path):
                return self.send(trouble.status, b"", trouble.headers)
        found = [each for each in api.kept.artifacts if path == f"/blob/{each.id}"]
        status, body = (200, base64.b64decode(found[0].zip)) if found else (404, b"")
        return self.send(status, body, {"Content-Type": "application/zip"})


class _Api(_Handler):
    server: Server

    def do_GET(self) -> None:
        self._do()

    do_POST = do_PATCH = do_DELETE = do_PUT = do_GET

    def _do(self) -> None:
        api = self.server
        parts = urlsplit(self.path)
        path = unquote(parts.path).removeprefix("/api/v3")
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        if path.startswith("/fake/"):
            return self._steer(path, body)
        asked = github.Asked(
            self.command,
            path,
            dict(parse_qsl(parts.query)),
            self.headers.get("Authorization", ""),
            body,
        )
        with api.lock:
            api.kept.asked.append(asked)
            trouble = next(
                (one for one in api.kept.troubles if one.applies(asked.method, asked.path)), None
            )
        if trouble is not None and self._misbehave(trouble, asked):
            return None
        return self._send_answer(*self._answered(asked))

    def _answered(self, asked: github.Asked) -> tuple[int, Any, dict[str, str]]:
        api = self.server
        with api.lock:
            try:
                status, said, headers = api.kept.answer(asked)
            except github.Refusal as refusal:
                status, said, headers = refusal.status, {"message": refusal.message}, {}
            except (openapi.Broken, AssertionError, ValueError) as error:
                api.broken.append(f"{asked.method} {asked.path}: {error}")
                status, said, headers = 422, {"message": f"Validation Failed: {error}"}, {}
            if api.state_file is not None:
                api.state_file.write_text(json.dumps(api.kept.state(), indent=1), encoding="utf-8")
        return status, said, headers

    def _send_answer(self, status: int, said: object, headers: dict[str, str]) -> None:
        if "next" in headers:
            here = urlsplit(self.path)
            query = dict(parse_qsl(here.query)) | {"page": headers["next"]}
            text = "&".join(f"{name}={value}" for name, value in query.items())
            host = f"http://127.0.0.1:{self.server.server_port}"
            headers = {"Link": f'<{host}{here.path}?{text}>; rel="next"'}
        body = b"" if said is None else json.dumps(said).encode()
        self.send(status, body, {"Content-Type": "application/json; charset=utf-8", **headers})

    def _misbehave(self, trouble: github.Trouble, asked: github.Asked) -> bool:
        """Return whether that was the answer."""
        if trouble.how == "meet":
            with contextlib.suppress(threading.BrokenBarrierError):
                trouble.barrier.wait(10)
            return False
        if trouble.how == "hang":
            self.server.awake.wait()
            self.close_connection = True
            return True
        if trouble.how == "garbage":
            self.send(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
            return True
        if trouble.how == "after":
            self._answered(asked)
        said = {"message": trouble.message}
        self._send_answer(trouble.status, said, trouble.headers)
        return True

    def _steer(self, path: str, body: Any) -> None:  # noqa: ANN401  (any JSON)
        kept = self.server.kept
        with self.server.lock:
            if path == "/fake/state" and self.command == "PUT":
                kept.load(body)
            elif path == "/fake/trouble":
                kept.troubles.append(github.Trouble(**body))
            elif path == "/fake/artifacts":
                kept.last_id += 1
                kept.artifacts.append(github.Artifact(id=kept.last_id, **body))
            said = kept.state()
        self._send_answer(200, said, {})


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8070)
    parser.add_argument("--state", type=Path, required=True)
    given = parser.parse_args()
    kept = github.GitHub()
    if given.state.is_file():
        kept.load(json.loads(given.state.read_bytes()))
    with Server(kept, given.port, given.state).serving():
        threading.Event().wait()
