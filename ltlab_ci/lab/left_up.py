"""The lab that `ltlab start` leaves up on a laptop: its settings in a folder of the user's.

`.env` holds what a person may change; the files beside it are secrets, made once.
Not here: bringing it up (compose.py).
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import dotenv

from ltlab_ci import errors, model
from ltlab_ci.lab import compose, lab_ready, linked

DEFAULTS = {
    "LAB_NAME": "ltlab",
    "GRAFANA_PORT": "3081",
    "INFLUXDB_PORT": "8086",
    "STATSD_PORT": "8125",
    "TOY_API_PORT": "5000",
    "RAW_RETENTION": "14d",
    "MINUTE_RETENTION": "365d",
}
"""What `.env` may set; InfluxDB keeps its retention from when it was set up."""

_PORTS = {
    "grafana": "GRAFANA_PORT",
    "influxdb": "INFLUXDB_PORT",
    "statsd": "STATSD_PORT",
    "toy-api": "TOY_API_PORT",
}
_SECRETS = ("influxdb-token", "password")
FILES = (".env", *_SECRETS)
"""What ltlab writes there, besides what is linked."""


def values(folder: Path) -> dict[str, str]:
    """Return the settings of the lab in a folder, defaults where it says nothing."""
    found = dotenv.dotenv_values(folder / ".env", interpolate=False)
    unknown = sorted(found.keys() - DEFAULTS.keys())
    if unknown:
        raise errors.ConfigError(
            f"{folder / '.env'}: unknown setting {unknown[0]}",
            remedy=f"choose from {', '.join(DEFAULTS)}",
        )
    return {**DEFAULTS, **{name: value for name, value in found.items() if value}}


def configure(folder: Path, changes: Mapping[str, str]) -> dict[str, str]:
    """Write the lab's `.env` with some values changed; return all of them. Raises ConfigError."""
    new = {**values(folder), **changes}
    _settings(new, token="", password="")  # what would not work is not written
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name}={value}\n" for name, value in new.items()]
    (folder / ".env").write_text("".join(lines), encoding="utf-8")
    return new


def settings(folder: Path) -> compose.Settings:
    """Return the settings of the lab in a folder; its secrets are made when there are none."""
    folder.mkdir(parents=True, exist_ok=True)
    token, password = (_secret(folder / name) for name in _SECRETS)
    known = _settings(values(folder), token=token, password=password)
    return replace(known, dashboards=linked.links(folder))


def forget(folder: Path) -> None:
    """Remove the settings and secrets in a folder, and what is linked; no file of the user's."""
    for name in (*FILES, *(f"{linked.FOLDER}/{link.uid}.json" for link in linked.links(folder))):
        (folder / name).unlink(missing_ok=True)
    for emptied in (folder / linked.FOLDER, folder):
        with contextlib.suppress(OSError):  # what else lies there is the user's
            emptied.rmdir()


def running(folder: Path) -> lab_ready.Addresses | None:
    """Return where the lab in a folder answers, if it is up and takes the lab's token."""
    if not (folder / _SECRETS[0]).is_file():
        return None
    known = _settings(values(folder), token=_secret(folder / _SECRETS[0]), password="")
    influx = model.Influx(url=f"http://127.0.0.1:{known.ports['influxdb']}", token=known.token)
    if lab_ready.problem(influx) is not None:
        return None
    return lab_ready.Addresses(
        influx=influx,
        statsd=("127.0.0.1", known.ports["statsd"]),
        grafana_url=f"http://127.0.0.1:{known.ports['grafana']}",
        toy_api_url=f"http://127.0.0.1:{known.ports['toy-api']}",
    )


def _settings(found: Mapping[str, str], *, token: str, password: str) -> compose.Settings:
    return compose.Settings(
        name=found["LAB_NAME"],
        ports={service: _port(name, found[name]) for service, name in _PORTS.items()},
        token=token,
        password=password,
        raw_retention_days=model.retention_days(found["RAW_RETENTION"]),
        minute_retention_days=model.retention_days(found["MINUTE_RETENTION"]),
    )


def _port(name: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:  # noqa: PLR2004  (ports)
        raise errors.ConfigError(f"{name}={text} is no port", remedy="write 1 to 65535")
    return int(text)


def _secret(file: Path) -> str:
    if not file.is_file():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    return file.read_text(encoding="utf-8")
