"""A token for engines: it adds samples to the raw bucket, and can neither read nor do anything else.

The scripts under test see it in their environment; the lab's own token may do everything.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import requests

from ltlab_ci import errors, model

_REQUEST_S = 10.0


@contextlib.contextmanager
def write_only(influx: model.Influx, name: str) -> Iterator[str]:
    """Hand out a token under a name that people see in InfluxDB; revoked afterwards.

    Raises LabNotReady where InfluxDB makes none.
    """
    with requests.Session() as session:
        session.trust_env = False  # a proxy in the environment must not hide a local lab
        session.headers["Authorization"] = f"Token {influx.token}"
        made = _made(session, influx, name)
        try:
            yield made["token"]
        finally:
            # A lab that is gone by then took it along.
            with contextlib.suppress(requests.RequestException):
                session.delete(f"{_url(influx)}/{made['id']}", timeout=_REQUEST_S)


def _made(session: requests.Session, influx: model.Influx, name: str) -> dict[str, str]:
    try:
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
    except (requests.RequestException, ValueError, LookupError) as error:
        raise errors.LabNotReady(
            f"InfluxDB at {influx.url} makes no token for engines ({type(error).__name__})",
            remedy="look at `ltlab logs influxdb`; `ltlab restart` may mend it",
        ) from error
    made: dict[str, str] = answer.json()
    return made


def _url(influx: model.Influx) -> str:
    return f"{influx.url}/api/v2/authorizations"
