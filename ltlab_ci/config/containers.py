"""What a Compose file or a Dockerfile says of the service that a project builds: its name, its port.

A file that cannot be read says nothing. Not here: finding it (discover.py), what is concluded from it
(cli/init.py), running it (lab/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""Names of Compose files, in the order in which Compose looks for them."""

_INSIDE = re.compile(r"(?:[^\s/]*:)?(\d{1,5})(?:/tcp)?")
_HEALTH = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?(/[\w./-]*)")
_EXPOSE = re.compile(r"^[ \t]*EXPOSE[ \t]+(.+)$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Composed:
    """The service of a Compose file that is the project's own, and the port it listens on.

    `get` is the path that its health check asks, "" where there is none; `others`: it does not
    come alone.
    """

    file: str
    service: str
    port: int
    get: str = ""
    others: bool = False


def composed(name: str, text: str) -> Composed | None:
    """Return the one service of a Compose file that is built here, and listens on one port."""
    try:
        services = _part(yaml.safe_load(text), "services")
    except (ValueError, yaml.YAMLError, RecursionError):
        return None
    own = [
        Composed(
            file=name,
            service=str(key),
            port=port,
            get=_asked(service),
            others=len(services) > 1,
        )
        for key, service in services.items()
        if isinstance(service, dict)
        and service.get("build")
        and not {"profiles", "network_mode"} & service.keys()
        and (port := _port(service)) is not None
    ]
    return own[0] if len(own) == 1 else None


def _port(service: dict[str, Any]) -> int | None:
    """Return the only TCP port of a Compose service, None where there are several or none."""
    stated = service.get("ports") or service.get("expose")
    found = {_inside(written) for written in stated} if isinstance(stated, list) else set()
    return found.pop() if len(found) == 1 else None


def _inside(written: object) -> int | None:
    """Return the port in the container that one entry names, None where it cannot be told."""
    text = str(written)
    if isinstance(written, dict):
        text = f"{written.get('target')}/{written.get('protocol', 'tcp')}"
    named = _INSIDE.fullmatch(text)
    port = int(named[1]) if named else 0
    return port if 0 < port < 65536 else None  # noqa: PLR2004  (ports)


def _asked(service: dict[str, Any]) -> str:
    test = _part(service, "healthcheck").get("test")
    words = " ".join(map(str, test)) if isinstance(test, list) else str(test or "")
    path = _HEALTH.search(words)
    return path[1] if path else ""


def exposed(dockerfile: str) -> int | None:
    """Return the only port that the last stage of a Dockerfile exposes."""
    last = re.split(r"^FROM\b", dockerfile, flags=re.MULTILINE | re.IGNORECASE)[-1]
    words = [word for line in _EXPOSE.findall(last) for word in line.split()]
    return _inside(words[0]) if len(words) == 1 else None


def _part(values: Any, key: str) -> dict[str, Any]:  # noqa: ANN401  (whatever a file holds)
    part = values.get(key) if isinstance(values, dict) else None
    return part if isinstance(part, dict) else {}
