"""Where the requests of a run went."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ltlab_ci import model
from ltlab_ci.store import addresses, duck

Row = tuple[str, str | None, str]


def sent(folder: Path, *rows: Row, base_url: str = "http://127.0.0.1:81") -> model.Sent | None:
    """Return where requests went, each of them a metric, a URL and a group."""
    with duckdb.connect() as db:
        db.execute('CREATE TABLE samples (metric VARCHAR, url VARCHAR, "group" VARCHAR)')
        db.executemany("INSERT INTO samples VALUES (?, ?, ?)", [list(row) for row in rows])
        db.execute(f"COPY samples TO '{folder / 'browse.parquet'}' (FORMAT parquet)")
    store = duck.Store(folder)
    try:
        return addresses.sent(store, "browse", base_url)
    finally:
        store.close()


def http(url: str | None, group: str = "") -> Row:
    return ("http_reqs", url, group)


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://127.0.0.1:81", "http://127.0.0.1:81/a?b=http://x.test"),
        ("http://127.0.0.1:81", "http://localhost:81"),
        ("http://localhost:81", "HTTP://[::1]:81/a"),
        ("http://shop.test", "https://shop.test/a"),
        ("http://shop.test/v1", "http://shop.test:80/v2"),
        ("http://127.0.0.1:81", "http://me:secret@127.0.0.1:81/a"),
    ],
)
def test_sent__one_place_has_many_names(tmp_path: Path, base_url: str, url: str) -> None:
    assert sent(tmp_path, http(url), base_url=base_url) == model.Sent(service=base_url, own=1)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:82/a", "http://127.0.0.1:811", "http://shop.test:81", "http://[/a"]
)
def test_sent__other_places_are_elsewhere(tmp_path: Path, url: str) -> None:
    found = sent(tmp_path, http(url))
    assert found is not None
    assert (found.own, found.elsewhere) == (0, 1)
    assert url.startswith(found.address)


def test_sent__the_load_is_counted_and_the_busiest_other_address_is_named(tmp_path: Path) -> None:
    found = sent(
        tmp_path,
        http("http://127.0.0.1:81/a"),
        http("http://idp.test/token"),
        http("http://me:secret@cdn.test/x"),
        http("http://me:secret@cdn.test/y"),
        http("http://other.test", group="::setup"),
        http("GET /items/:id"),
        http("http://${}/items"),
        http(None),
        ("ws_sessions", "ws://127.0.0.1:81/chat", ""),
        ("browser_http_req_duration", "http://fonts.test", ""),
        ("checks", "http://checks.test", ""),
    )
    assert found == model.Sent(
        service="http://127.0.0.1:81", own=2, elsewhere=3, untold=3, address="http://cdn.test"
    )


def test_sent__a_browser_alone(tmp_path: Path) -> None:
    rows = [("browser_http_req_duration", "http://fonts.test/a", "")]
    found = sent(tmp_path, *rows)
    assert found is not None
    assert (found.browsing, found.own, found.elsewhere) == (True, 0, 1)


def test_sent__nothing_to_compare_with(tmp_path: Path) -> None:
    assert sent(tmp_path, http("http://shop.test"), base_url="") is None
    store = duck.Store(tmp_path)
    assert addresses.sent(store, "other", "http://shop.test") is None
    store.close()
