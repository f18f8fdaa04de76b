"""Who may see a token: the hosts that it is for, whatever redirects and addresses say.

Not here: where tokens come from (config/wanted.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import requests


class Bearer(requests.auth.AuthBase):
    """Signs requests to the origins of some addresses; a request to any other goes unsigned.

    As `auth` it is not printed with a session's headers, and no .netrc takes its place.
    """

    def __init__(self, token: str, addresses: Iterable[str]) -> None:
        self._token = token
        self._origins = frozenset(_origin(each) for each in addresses)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request, once for each address it goes to."""
        if self.may_see(str(request.url)):
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def may_see(self, url: str) -> bool:
        """Say whether an address belongs to those that the token is for."""
        return _origin(url) in self._origins


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


_PORTS = {"https": 443, "http": 80}
