"""When the lab of containers works: a probe sent by StatsD is read back, Grafana finds its data.

A health check says that a server answers; only a sample that went all the way says that the lab
delivers.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ltlab_ci import deadline, errors, lazy, model

if TYPE_CHECKING:
    import requests
else:
    requests = lazy.module("requests")

PROBE = "ltlab_probe"
DATA_SOURCE = "ltlab-influxdb"
_POLL_S = 0.2
_REQUEST_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where a lab answers: InfluxDB, Telegraf's StatsD port (host, port), Grafana and the toy API
    ("": none).
    """

    influx: model.Influx
    statsd: tuple[str, int] | None = None
    grafana_url: str = ""
    toy_api_url: str = ""

    def inside(self) -> Addresses:
        """Return the same lab as its own network's containers reach it."""
        return Addresses(
            influx=replace(self.influx, url="http://influxdb:8086"), statsd=("telegraf", 8125)
        )


def wait(lab: Addresses, *, timeout_s: float) -> None:
    """Return once samples arrive and Grafana's data source answers. Raises LabNotReady."""
    end_s = time.monotonic() + timeout_s
    with requests.Session() as session:
        session.trust_env = False  # a proxy in the environment must not hide a local lab
        nonce = f"{time.time_ns()}"
        while lab.statsd is not None and not _arrived(session, lab.influx, nonce):
            _in_time(end_s, "a StatsD probe does not arrive in InfluxDB", "telegraf")
            _send(lab.statsd, nonce)
            time.sleep(_POLL_S)
        while lab.grafana_url and (said := _grafana_problem(session, lab.grafana_url)):
            _in_time(end_s, f"Grafana does not reach InfluxDB: {said}", "grafana")
            time.sleep(_POLL_S)


def problem(influx: model.Influx) -> str | None:
    """Say why an InfluxDB cannot be used now, None when its bucket can be read."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = deadline.within(
                _REQUEST_S,
                lambda: session.get(
                    f"{influx.url}/api/v2/buckets",
                    params={"name": influx.bucket, "org": influx.org},
                    headers={"Authorization": f"Token {influx.token}"},
                    timeout=_REQUEST_S,
                ),
            )
        except requests.RequestException as error:
            return f"{influx.url} does not answer ({type(error).__name__})"
    if answer.status_code == requests.codes.unauthorized:
        return f"{influx.url} does not accept the token"
    if not answer.ok or not answer.json().get("buckets"):
        return f"{influx.url} has no bucket {influx.bucket!r} in {influx.org!r} for this token"
    return None


def _send(statsd: tuple[str, int], nonce: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(f"{PROBE}:1|c|#nonce:{nonce}".encode(), statsd)


def _arrived(session: requests.Session, influx: model.Influx, nonce: str) -> bool:
    flux = (
        f'from(bucket: "{model.LIVE_BUCKET}") |> range(start: -10m) '
        f'|> filter(fn: (r) => r._measurement == "{PROBE}" and r.nonce == "{nonce}") |> limit(n: 1)'
    )
    try:
        answer = deadline.within(
            _REQUEST_S,
            lambda: session.post(
                f"{influx.url}/api/v2/query",
                params={"org": influx.org},
                headers={"Authorization": f"Token {influx.token}", "Accept": "application/csv"},
                json={"query": flux},
                timeout=_REQUEST_S,
            ),
        )
    except requests.RequestException:
        return False
    return answer.ok and nonce in answer.text


def _grafana_problem(session: requests.Session, url: str) -> str | None:
    def asked(path: str) -> requests.Response:
        return deadline.within(_REQUEST_S, lambda: session.get(url + path, timeout=_REQUEST_S))

    try:
        answer = asked(f"/api/datasources/uid/{DATA_SOURCE}/health")
        if answer.status_code in {requests.codes.unauthorized, requests.codes.forbidden}:
            # Signed-out visitors may not ask for the check: then Grafana's own health has to do.
            answer = asked("/api/health")
    except requests.RequestException as error:
        return type(error).__name__
    return None if answer.ok else f"it answers {answer.status_code}"


def _in_time(end_s: float, what: str, service: str) -> None:
    if time.monotonic() > end_s:
        raise errors.LabNotReady(what, remedy=f"look at `ltlab logs {service}`")
