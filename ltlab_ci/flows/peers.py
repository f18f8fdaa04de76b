"""Whom a round's engine talks to, seen from time to time: names of requests hide where they go.

k6 puts a request's name in the place of its URL. Between it and a service on another machine there may be
a proxy, so only services here are looked for. Not here: addresses that samples do tell (trimmed.py).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ltlab_ci import machine
from ltlab_ci.lab.program import Program

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class Peers:
    """Looks until the engine has been seen to talk to its own side's service."""

    def __init__(self, engine: Program, base_url: str) -> None:
        self._engine = engine
        parts = urlsplit(base_url)
        self._port = parts.port
        self._others: set[machine.Peer] = set()
        self._own = parts.hostname not in _HERE or parts.port is None

    def look(self) -> None:
        """See whom it talks to now."""
        if not self._own:
            seen = machine.peers(self._engine.usage().pids)
            self._own = any(port == self._port for _, port in seen)
            self._others |= seen

    @property
    def elsewhere(self) -> str:
        """Return the address that it talked to and never to its own service, "" where nothing says so."""
        if self._own or not self._others:
            return ""
        host, port = min(self._others)
        return f"{host}:{port}"
