"""A Grafana made from its API's contract: enough of Grafana 13 to provision, query and snapshot.

It executes Flux on a real InfluxDB and answers with frames as Grafana's own data source builds
them (`pkg/tsdb/influxdb/flux`), and takes up changed files of dashboards by itself. It misbehaves
when asked: POST /fake/trouble `{"path": "/api/...", "status": 403}`, or `"how": "hang"` or
`"garbage"`; `{}` ends it. Not here: a user interface, permissions beyond one token, other data
sources. Standard library only, so that any Python runs it: `python3 -m tests.fakes.grafana`.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import os
import re
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes import grafana_frames

VERSION = "13.2.3"
_EVERY_S = 10.0  # how often Grafana looks for changed dashboards where a provider does not say
Json = dict[str, Any]


class Refusal(Exception):
    """An answer other than 200, in Grafana's form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass
class Grafana:
    """What a Grafana keeps. `token` "": everybody may do everything, as in an open lab."""

    source: Mapping[str, Any] = field(default_factory=dict)
    dashboards: dict[str, Json] = field(default_factory=dict)
    provisioned: set[str] = field(default_factory=set)
    token: str = ""
    anonymous: bool = True
    snapshots_enabled: bool = True
    address: str = ""
    snapshots: dict[str, Json] = field(default_factory=dict)
    trouble: Json = field(default_factory=dict)
    awake: threading.Event = field(default_factory=threading.Event)
    providers: dict[Path, float] = field(default_factory=dict)

    def rescan(self) -> None:
        """Take up what the folders of all providers hold now; a dashboard goes with its file."""
        files = (path for each in sorted(self.providers) for path in sorted(each.rglob("*.json")))
        found: dict[str, Json] = {}
        for path in files:
            with contextlib.suppress(ValueError, OSError):  # half written: the next look has it
                board = json.loads(path.read_bytes())
                # One without a title is logged and left out, one without a uid is given one.
                if board.get("title"):
                    found[board.get("uid") or secrets.token_hex(4)] = board
        saved = {uid: each for uid, each in self.dashboards.items() if uid not in self.provisioned}
        self.dashboards, self.provisioned = {**saved, **found}, set(found)

    def follow(self) -> None:
        """Look again and again, as often as the most eager provider says, until `awake` is set."""
        while not self.awake.wait(min(self.providers.values())):
            self.rescan()

    def answer(self, method: str, path: str, body: Json, *, signed_in: bool) -> object:
        """Return what Grafana answers with 200. Raises Refusal."""
        routes: tuple[tuple[str, str, Callable[..., object], bool], ...] = (
            ("GET", r"/api/health", self._health, True),
            ("GET", r"/api/snapshots/([^/]+)", self._snapshot, True),
            ("GET", r"/api/snapshots-delete/([^/]+)", self._delete_snapshot, True),
            ("GET", r"/api/search", self._search, self.anonymous),
            ("GET", r"/api/dashboards/uid/([^/]+)", self._dashboard, self.anonymous),
            ("GET", r"/api/datasources/uid/([^/]+)/health", self._source_health, self.anonymous),
            ("POST", r"/api/ds/query", self._query, self.anonymous),
            ("POST", r"/api/dashboards/db", self._save, False),
            ("POST", r"/api/snapshots", self._keep_snapshot, False),
            ("GET", r"/api/dashboard/snapshots", self._snapshots, False),
        )
        for verb, pattern, do, public in routes:
            found = re.fullmatch(pattern, path)
            if found is not None and verb == method:
                if self.token and not signed_in and not public:
                    raise Refusal(401, "Unauthorized")
                return do(*found.groups(), body) if method == "POST" else do(*found.groups())
        raise Refusal(404, "Not found")

    def _health(self) -> Json:
        return {"commit": "fake", "database": "ok", "version": VERSION}

    def _dashboard(self, uid: str) -> Json:
        if uid not in self.dashboards:
            raise Refusal(404, "Dashboard not found")
        meta = {"provisioned": uid in self.provisioned, "url": f"/d/{uid}/", "type": "db"}
        return {"dashboard": self.dashboards[uid], "meta": meta}

    def _search(self) -> list[Json]:
        return [
            {"uid": uid, "title": each["title"], "type": "dash-db", "url": f"/d/{uid}/"}
            for uid, each in self.dashboards.items()
        ]

    def _save(self, body: Json) -> Json:
        dashboard = body.get("dashboard") or {}
        if not dashboard.get("title"):
            raise Refusal(400, "Dashboard title cannot be empty")
        uid = dashboard.get("uid") or secrets.token_urlsafe(8)
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", uid):
            raise Refusal(400, "uid contains illegal characters")
        if uid in self.provisioned:
            raise Refusal(400, "Cannot save provisioned dashboard")
        if uid in self.dashboards and not body.get("overwrite"):
            raise Refusal(412, "The dashboard has been changed by someone else")
        self.dashboards[uid] = {**dashboard, "uid": uid}
        return {"uid": uid, "status": "success", "version": 1, "url": f"/d/{uid}/"}

    def _source_health(self, uid: str) -> Json:
        self._known(uid)
        try:
            self._influx("/api/v2/query", {"query": "buckets()", "type": "flux"})
        except OSError as error:
            raise Refusal(400, f"error performing flux query: {error}") from error
        return {"status": "OK", "message": "datasource is working. 3 buckets found"}

    def _known(self, uid: str) -> None:
        if uid != self.source.get("uid"):
            raise Refusal(404, "data source not found")

    def _query(self, body: Json) -> Json:
        if not body.get("queries"):
            raise Refusal(400, "no queries found")
        start, stop = int(body["from"]), int(body["to"])
        results = {}
        for query in body["queries"]:
            self._known(query["datasource"]["uid"])
            results[query["refId"]] = self._one(query, start, stop)
        return {"results": results}

    def _one(self, query: Json, start_ms: int, stop_ms: int) -> Json:
        settings = self.source["jsonData"]
        flux = grafana_frames.interpolated(
            query["query"],
            start_ms,
            stop_ms,
            interval_ms=int(query.get("intervalMs") or 1000),
            bucket=settings.get("defaultBucket", ""),
            organization=settings["organization"],
        )
        try:
            csv = self._influx("/api/v2/query", grafana_frames.request(flux))
            enough = 10 * int(query.get("maxDataPoints") or 100)
            frames = grafana_frames.read(csv, query["refId"], max_points=enough)
        except (OSError, ValueError) as error:
            return {"error": str(error), "errorSource": "downstream", "status": 400, "frames": []}
        return {"status": 200, "frames": frames}

    def _influx(self, path: str, body: Json) -> str:
        org = urllib.parse.quote(self.source["jsonData"]["organization"])
        request = urllib.request.Request(
            f"{self.source['url']}{path}?org={org}",
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Token {self.source['secureJsonData']['token']}",
                "Content-Type": "application/json",
            },
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=60) as answer:
                text: str = answer.read().decode()
        except urllib.error.HTTPError as error:
            raise OSError(error.read().decode()) from error
        return text

    def _keep_snapshot(self, body: Json) -> Json:
        if not self.snapshots_enabled:
            raise Refusal(403, "Dashboard Snapshots are disabled")
        if (body.get("dashboard") or {}).get("uid") not in self.dashboards:
            raise Refusal(400, "Dashboard not found")
        key, delete_key = (body.get(name) or secrets.token_hex(16) for name in ("key", "deleteKey"))
        seconds = int(body.get("expires") or 0)
        self.snapshots[key] = {
            "dashboard": body["dashboard"],
            "name": body.get("name") or "Unnamed snapshot",
            "deleteKey": delete_key,
            "expires": time.time() + (seconds or 50 * 365 * 86400),
        }
        return {
            "key": key,
            "deleteKey": delete_key,
            "url": f"{self.address}/dashboard/snapshot/{key}",
            "deleteUrl": f"{self.address}/api/snapshots-delete/{delete_key}",
        }

    def _snapshot(self, key: str) -> Json:
        found = self.snapshots.get(key)
        if found is None or found["expires"] < time.time():
            raise Refusal(404, "Dashboard snapshot not found")
        meta = {"type": "snapshot", "isSnapshot": True, "expires": found["expires"]}
        return {"dashboard": found["dashboard"], "meta": meta}

    def _delete_snapshot(self, delete_key: str) -> Json:
        for key, each in self.snapshots.items():
            if each["deleteKey"] == delete_key:
                del self.snapshots[key]
                return {"message": "Snapshot deleted."}
        raise Refusal(404, "Dashboard snapshot not found")

    def _snapshots(self) -> list[Json]:
        return [{"key": key, "name": each["name"]} for key, each in self.snapshots.items()]


class Server(http.server.ThreadingHTTPServer):
    """A Grafana that listens."""

    daemon_threads = True

    def __init__(self, grafana: Grafana, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), _Handler)
        self.grafana = grafana
        grafana.address = grafana.address or f"http://{host}:{self.server_port}"

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Serve until the block ends; yield the address. What hangs is let go then."""
        thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{self.server_port}"
        finally:
            self.grafana.awake.set()
            self.shutdown()
            thread.join()
            self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._do("GET")

    def do_POST(self) -> None:
        self._do("POST")

    def _do(self, method: str) -> None:
        grafana = self.server.grafana
        path = urllib.parse.urlsplit(self.path).path
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path == "/fake/trouble":
            grafana.trouble = json.loads(raw)
            return self._send(200, b"{}")
        if grafana.trouble.get("path") in {path, "*"}:
            return self._misbehave(grafana)
        try:
            body = json.loads(raw) if raw else {}
            said = grafana.answer(method, path, body, signed_in=self._signed_in(grafana))
            return self._send(200, json.dumps(said).encode())
        except Refusal as refusal:
            return self._send(refusal.status, json.dumps({"message": refusal.message}).encode())
        except (ValueError, KeyError):
            return self._send(400, b'{"message": "bad request data"}')

    def _signed_in(self, grafana: Grafana) -> bool:
        given = self.headers.get("Authorization", "")
        basic = base64.b64encode(f"admin:{grafana.token}".encode()).decode()
        return given in {f"Bearer {grafana.token}", f"Basic {basic}"}

    def _misbehave(self, grafana: Grafana) -> None:
        how = grafana.trouble.get("how")
        if how == "hang":
            grafana.awake.wait()
            self.close_connection = True
        elif how == "garbage":
            self._send(200, b"<html>Sign in to continue</html>")
        else:
            status = int(grafana.trouble["status"])
            self._send(status, json.dumps({"message": "as asked"}).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def provisioned(provisioning: Path, *, default_dashboards: Path) -> Grafana:
    """Return a Grafana as its provisioning folder makes it."""
    source: Json = {}
    for file in sorted((provisioning / "datasources").glob("*.yml")):
        source = grafana_frames.data_source(file.read_text(encoding="utf-8"))
    grafana = Grafana(source=source)
    grafana.providers = {default_dashboards: _EVERY_S}
    for file in sorted((provisioning / "dashboards").glob("*.yml")):
        text = file.read_text(encoding="utf-8")
        every_s = grafana_frames.update_interval_s(text) or _EVERY_S
        grafana.providers |= {Path(path): every_s for path in grafana_frames.paths(text)}
    grafana.rescan()
    return grafana


def main() -> None:
    """Serve on 0.0.0.0:3000 as the image of Grafana does, from the same files and variables."""
    grafana = provisioned(
        Path(os.environ.get("GF_PATHS_PROVISIONING", "/etc/grafana/provisioning")),
        default_dashboards=Path("/var/lib/grafana/dashboards"),
    )
    threading.Thread(target=grafana.follow, daemon=True).start()
    password = os.environ.get("GF_SECURITY_ADMIN_PASSWORD__FILE")
    if password:
        grafana.token = Path(password).read_text(encoding="utf-8").strip()
    grafana.anonymous = os.environ.get("GF_AUTH_ANONYMOUS_ENABLED") == "true"
    grafana.snapshots_enabled = os.environ.get("GF_SNAPSHOTS_ENABLED", "true") == "true"
    grafana.address = os.environ.get("GF_SERVER_ROOT_URL", "").rstrip("/")
    port = int(os.environ.get("GF_SERVER_HTTP_PORT", "3000"))
    Server(grafana, "0.0.0.0", port).serve_forever()


if __name__ == "__main__":
    main()
