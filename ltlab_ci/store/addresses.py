"""Where the requests of a run went, as far as their samples tell: to the service under test, or elsewhere.

Not here: what that means for the run (evaluate/addresses.py), a round of a comparison (trimmed.py).
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from ltlab_ci import model
from ltlab_ci.store import charts, duck

_ORIGIN = "(?i)^(?:https?|wss?)://[^/?#]+"
_BROWSER = "browser_http_req_duration"
_METRICS = ("http_reqs", "ws_sessions", _BROWSER)
_HERE = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0"})
_USUAL_PORTS = frozenset({None, 80, 443})
_Place = tuple[str, int | None]


def sent(store: duck.Store, scenario: str, base_url: str) -> model.Sent | None:
    """Return where the load's requests went, None where there is no service to compare with."""
    source = store.source(scenario)
    if source is None or not base_url:
        return None
    rows = store.rows(
        f"SELECT metric = ?, regexp_extract(url, ?), count(*) FROM {source} "
        f"WHERE metric IN {_METRICS} AND {charts.NOT_LOAD} GROUP BY ALL ORDER BY ALL",
        [_BROWSER, _ORIGIN],
    )
    browsing = not any(not by_browser for by_browser, *_ in rows)
    service, found = _place(base_url), Counter[str]()
    for by_browser, origin, count in rows:
        if by_browser == browsing:
            # An address written as http.url`...` holds ${} in place of its host.
            found[origin if origin and "$" not in origin else ""] += count
    untold = found.pop("", 0)
    astray = Counter({origin: n for origin, n in found.items() if _place(origin) != service})
    most = max(astray, key=lambda origin: (astray[origin], origin), default="")
    return model.Sent(
        service=base_url,
        own=found.total() - astray.total(),
        elsewhere=astray.total(),
        untold=untold,
        address=_shown(most),
        browsing=browsing,
    )


def _place(address: str) -> _Place:
    """Return host and port; all names of this machine are one, and so are the usual ports."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # an address that no client would take either
        return address, None
    return ("localhost" if host in _HERE else host), (None if port in _USUAL_PORTS else port)


def _shown(origin: str) -> str:
    """Return an address without a user's name and password."""
    scheme, _, rest = origin.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if rest else origin
