"""A Grafana at its HTTP API: ask it what its panels show, give it snapshots to keep.

Every call is bounded in time, and whatever Grafana answers instead is a LabError with what it said:
dashboards are for people, so no trouble here may decide over a run (flows/ makes it a warning).
Not here: what a snapshot holds (report/snapshot.py), starting Grafana (compose.py).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ltlab_ci import deadline, errors, lazy, model
from ltlab_ci.model import Json

if TYPE_CHECKING:
    import requests
else:
    requests = lazy.module("requests")

DATA_SOURCE = "ltlab-influxdb"
_TIMEOUT_S = 20.0
_LONG = 200


class Client:
    """Speaks to one Grafana for as long as it is open."""

    def __init__(self, grafana: model.Grafana, *, direct: bool, timeout_s: float) -> None:
        self._url = grafana.url.rstrip("/")
        self._timeout_s = timeout_s
        self._session = requests.Session()
        # A proxy of the environment leads to a Grafana out there, and must not hide a lab's own.
        self._session.trust_env = not direct and urlsplit(self._url).hostname not in _HERE
        if grafana.token:
            self._session.auth = _Bearer(grafana.token)

    def close(self) -> None:
        """Let go of its connections."""
        self._session.close()

    def frames(
        self, queries: Sequence[model.PanelQuery], window: model.Window
    ) -> dict[tuple[int, str], tuple[Json, ...]]:
        """Return what Grafana itself answers to each query, over the time of a run.

        A query that fails leaves nothing. Raises LabError when Grafana does not answer as one does.
        """
        found = {}
        for query in queries:
            answer = self._call("POST", "/api/ds/query", _asked(query, window), softly=True)
            result = answer.get("results", {}).get("A", {})
            found[query.panel, query.ref] = tuple(result.get("frames") or ())
        return found

    def has(self, uid: str) -> bool:
        """Say whether Grafana has a dashboard; it keeps snapshots only of those."""
        return "dashboard" in self._call("GET", f"/api/dashboards/uid/{uid}", softly=True)

    def save(self, dashboard: Json) -> None:
        """Give Grafana a dashboard that it does not have. Raises LabError."""
        body = {"dashboard": {**dashboard, "id": None}, "overwrite": False}
        self._call("POST", "/api/dashboards/db", body)

    def publish(self, kept: Json, *, of: Json, file: str, expires_s: int | None) -> model.Snapshot:
        """Have Grafana keep a snapshot of the dashboard `of`, and return where it is.

        `expires_s` None: for good. Raises LabError; the key that would delete it is dropped here.
        """
        if not self.has(of["uid"]):
            self.save(of)
        body = {
            "dashboard": {**kept, "uid": of["uid"], "id": None},
            "name": kept["title"],
            **({"expires": expires_s} if expires_s else {}),
        }
        answer = self._call("POST", "/api/snapshots", body)
        key = answer.get("key")
        if not re.fullmatch(r"[\w-]{1,100}", str(key or "")):
            raise self._strange("it names no snapshot")
        expires = datetime.now(UTC) + timedelta(seconds=expires_s or 0)
        return model.Snapshot(
            uid=of["uid"],
            title=kept["title"],
            file=file,
            # Grafana's own idea of its address is often wrong behind a proxy or a published port.
            url=f"{self._url}/dashboard/snapshot/{key}",
            key=str(key),
            expires=expires.isoformat(timespec="seconds") if expires_s else "",
        )

    def _call(
        self, method: str, path: str, body: Json | None = None, *, softly: bool = False
    ) -> Json:
        """Return Grafana's JSON; `softly`: also that of a 400 or 404, which answer the question."""
        try:
            answer = deadline.within(
                self._timeout_s,
                lambda: self._session.request(
                    method,
                    f"{self._url}{path}",
                    json=body,
                    timeout=self._timeout_s,
                    allow_redirects=False,
                ),
            )
        except requests.RequestException as error:
            raise errors.LabError(
                f"Grafana at {self._url} does not answer ({type(error).__name__})",
                remedy="check its address, and whether it can be reached from here",
            ) from error
        said = self._json(answer)
        if answer.ok or (softly and answer.status_code in _SOFT):
            return said
        message = str(said.get("message") or answer.reason)[:_LONG]
        raise errors.LabError(
            f"Grafana at {self._url} refuses {path} with {answer.status_code}: {message}",
            remedy=_REMEDIES.get(answer.status_code, "look at Grafana's log"),
        )

    def _json(self, answer: requests.Response) -> Json:
        try:
            said = answer.json()
        except requests.JSONDecodeError:
            said = None
        if isinstance(said, dict):
            return said
        if answer.ok or answer.is_redirect:
            raise self._strange(f"no JSON but {answer.headers.get('Content-Type', 'nothing')}")
        return {}

    def _strange(self, what: str) -> errors.LabError:
        return errors.LabError(
            f"what answers at {self._url} is no Grafana: {what}",
            remedy="give the address that ends before /api, past any sign-in page",
        )


@contextlib.contextmanager
def opened(
    grafana: model.Grafana, *, direct: bool = False, timeout_s: float = _TIMEOUT_S
) -> Iterator[Client]:
    """Hand out a client, and close it; `direct`: past every proxy, as to a lab of our own."""
    client = Client(grafana, direct=direct, timeout_s=timeout_s)
    try:
        yield client
    finally:
        client.close()


_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
_SOFT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})
_REMEDIES = {
    401: "give it a service account's token",
    403: "let the token edit dashboards; snapshots may be switched off in Grafana's configuration",
    412: "a dashboard of this uid or title is there already; delete it, or leave it as it is",
    413: "let the proxy before Grafana take larger bodies",
}


class _Bearer:
    """Signs each request; as `auth` it is not printed with the session's headers."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _asked(query: model.PanelQuery, window: model.Window) -> Json:
    return {
        "queries": [
            {
                "refId": "A",
                "datasource": {"type": "influxdb", "uid": DATA_SOURCE},
                "query": query.flux,
                "intervalMs": query.step_s * 1000,
                "maxDataPoints": query.max_points,
            }
        ],
        "from": str(window.start_ns // 1_000_000),
        "to": str(-(-window.end_ns // 1_000_000)),
    }
