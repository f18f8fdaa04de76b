"""A token for engines: it adds samples to the raw bucket, and can neither read nor do anything else.

The scripts under test see it in their environment; the lab's own token may do everything.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ltlab_ci import deadline, interrupts, lazy, model

if TYPE_CHECKING:
    import requests
else:
    requests = lazy.module("requests")

_REQUEST_S = 10.0


@contextlib.contextmanager
def write_only(influx: model.Influx, name: str) -> Iterator[str]:
    """Hand out a token under a name that people see in InfluxDB; revoked afterwards.

    "" where InfluxDB makes none, as on a full disk: samples can still be judged without it.
    """
    with requests.Session() as session:
        session.trust_env = False  # a proxy in the environment must not hide a local lab
        session.headers["Authorization"] = f"Token {influx.token}"
        made = _made(session, influx, name)
        try:
            yield made.get("token", "")
        finally:
            # A lab that is gone by then took it along.
            with (
                interrupts.PROCESS.deferred(),
                contextlib.suppress(requests.RequestException, LookupError),
            ):
                address = f"{_url(influx)}/{made['id']}"
                deadline.within(_REQUEST_S, lambda: session.delete(address, timeout=_REQUEST_S))


def _made(session: requests.Session, influx: model.Influx, name: str) -> dict[str, str]:
    with contextlib.suppress(requests.RequestException, ValueError, LookupError):
        return deadline.within(2 * _REQUEST_S, lambda: _asked(session, influx, name))
    return {}


def _asked(session: requests.Session, influx: model.Influx, name: str) -> dict[str, str]:
    found = session.get(
        f"{influx.url}/api/v2/buckets",
        params={"name": influx.bucket, "org": influx.org},
        timeout=_REQUEST_S,
    )
    found.raise_for_status()
    [bucket] = found.json()["buckets"]
    resource = {"type": "buckets", "id": bucket["id"], "orgID": bucket["orgID"]}
    answer = session.post(
        _url(influx),
        json={
            "orgID": bucket["orgID"],
            "description": name,
            "permissions": [{"action": "write", "resource": resource}],
        },
        timeout=_REQUEST_S,
    )
    answer.raise_for_status()
    made: dict[str, str] = answer.json()
    return made


def _url(influx: model.Influx) -> str:
    return f"{influx.url}/api/v2/authorizations"
