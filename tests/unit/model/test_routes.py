"""URLs that hold ids are one endpoint; real routes and names that a script gave stay what they are."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ltlab_ci.model import routes


def learned(
    names: Mapping[str, int] | Sequence[str],
    *,
    given: Sequence[str] = (),
    naming: routes.Naming | None = None,
) -> dict[str, str]:
    """Return the route of each URL, by name; `given` are names that a script gave."""
    counts = names if isinstance(names, Mapping) else dict.fromkeys(names, 1)
    every = [(name, True, count) for name, count in counts.items()]
    every += [(name, False, 1) for name in given]
    found = routes.Routes.learned(lambda: every, naming)
    return {name: found.of(name, is_url=is_url) for name, is_url, _ in every}


ULIDS = ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"]
PAIRS = {
    "/products/:id": ["/products/1624", "/products/77"],
    "/v1/users/:id/orders": ["/v1/users/1/orders", "/v1/users/2/orders"],
    "/u/:id": [f"/u/{uuid.UUID(int=number << 90)}" for number in (5, 9)],
    "/commit/:id": ["/commit/a94a8fe5cc", "/commit/7c211433f0"],
    "/days/:id": ["/days/2026-11-29", "/days/2026-11-30"],
    "/at/:id": ["/at/2026-11-29T10:00:00Z", "/at/2026-11-29T10:00:05Z"],
    "/files/:id": [f"/files/{each}" for each in ULIDS],
    "/orders/order-:id": ["/orders/order-12", "/orders/order-13"],
    "/img/:id.png": ["/img/12.png", "/img/13.png"],
    "/sku/SKU:id": ["/sku/SKU00123", "/sku/SKU00124"],
    "/search?q=*": [f"/search?q={word}" for word in ("a", "b", "c", "d", "e", "f")],
    "/list?page=*&size=20": ["/list?page=1&size=20", "/list?page=2&size=20"],
    "https://cdn.example/a/:id": ["https://cdn.example/a/1", "https://cdn.example/a/2"],
}


@pytest.mark.parametrize(("route", "names"), PAIRS.items())
def test_learned__ids_are_one(route: str, names: list[str]) -> None:
    assert set(learned(names).values()) == {route}


STATIC = [
    ["/v1/users", "/v1/orders", "/v2/users"],
    ["/about", "/pricing", "/"],
    ["/api?action=login", "/api?action=logout"],
    ["/oauth1/token", "/oauth2/token"],
    ["/items/", "/items"],
    [f"/api/v1/{'abcdefgh'[n % 8]}{'xyz' * (n // 8 + 1)}" for n in range(40)],
    ["/products/1624"],  # one alone: nothing to merge
    ["/eu-west-1/a", "/us-east-1/a"],
]


@pytest.mark.parametrize("names", STATIC, ids=lambda names: names[0])
def test_learned__routes_stay_apart(names: list[str]) -> None:
    assert learned(names) == {name: name for name in names}


def test_learned__a_word_beside_ids_stays_apart() -> None:
    found = learned({"/items/1": 50, "/items/2": 50, "/items/popular": 60})
    assert set(found.values()) == {"/items/:id", "/items/popular"}


def test_learned__slugs_are_told_by_their_number() -> None:
    slugs = {f"/blog/{word}-post": 10 for word in WORDS[:40]}
    found = learned({**slugs, "/blog/latest": 100, "/blog/17": 5, "/about": 40})
    assert set(found.values()) == {"/blog/:id", "/blog/latest", "/about"}
    few = {f"/blog/{word}-post": 10 for word in WORDS[:20]}
    assert len(set(learned(few).values())) == 20


def test_learned__what_follows_an_id_is_seen_together() -> None:
    names = [f"/shops/{shop}/items/{item}" for shop in (1, 2, 3) for item in (7,)]
    names += ["/shops/1/items/8", "/shops/4/about"]
    assert set(learned(names).values()) == {"/shops/:id/items/:id", "/shops/:id/about"}


def test_learned__few_numbered_words_are_routes() -> None:
    assert len(set(learned([f"/step{number}" for number in range(9)]).values())) == 9
    assert len(set(learned([f"/step{number}" for number in range(10)]).values())) == 1


def test_learned__a_template_of_k6_keeps_its_values_and_loses_its_address() -> None:
    names = ["${}/items/${}", "http://${}:8000/items/${}/a", "${}"]
    assert list(learned(names).values()) == ["/items/${}", "/items/${}/a", "/"]


def test_learned__names_that_a_script_gave_are_left() -> None:
    mine = ["/items/1", "GET /items/2", "item 3"]
    found = learned(["/things/1", "/things/2"], given=mine)
    assert [found[name] for name in mine] == mine


@pytest.mark.parametrize("taken", ["/products/:id", "GET /products/:id"])
def test_learned__no_route_is_called_as_a_name_of_the_script(taken: str) -> None:
    found = learned(["/products/1", "/products/2", "/orders/1", "/orders/2"], given=[taken])
    assert set(found.values()) == {"/products/:id2", "/orders/:id", taken}


def test_learned__many_queries_of_one_path_are_one() -> None:
    names = [f"/list?{word}" for word in WORDS[:30]]
    assert set(learned([*names, "/list"]).values()) == {"/list?*", "/list"}


def test_stated__patterns_win_and_reach_names_that_a_script_gave() -> None:
    naming = routes.Naming(patterns=("/products/7", "/products/:sku", "/files/*", "item :number"))
    found = learned(
        [
            "/products/7",
            "/products/abc",
            "/products/9?full=1",
            "/files/a/b/c",
            "/users/1",
            "/users/2",
        ],
        given=["item 3", "item"],
        naming=naming,
    )
    assert list(found.values()) == [
        "/products/7",
        "/products/:sku",
        "/products/:sku",
        "/files/*",
        "/users/:id",
        "/users/:id",
        "item :number",
        "item",
    ]


def test_stated__learning_can_be_off() -> None:
    off = routes.Naming(patterns=("/a/:id",), learn=False)
    names = ["/a/1", "/b/1", "/b/2"]
    assert list(learned(names, naming=off).values()) == ["/a/:id", "/b/1", "/b/2"]


WORDS = [f"{a}{b}" for a in "abcdefgh" for b in ("lpha", "eta", "amma", "elta", "psilon", "ota")]
SEGMENT = st.one_of(
    st.sampled_from([*WORDS, "", "v1", "api", ":id", "${}", "user1", "user22", "a-1", "b.png"]),
    st.integers(0, 40).map(str),
    st.uuids().map(str),
    st.text("ab1-_.%:*?&=", max_size=6),
)
NAME = st.lists(SEGMENT, max_size=4).map(lambda parts: "/" + "/".join(parts))
NAMES = st.dictionaries(NAME, st.integers(1, 500), max_size=60)


@given(names=NAMES, seed=st.integers())
def test_learned__in_any_order_the_same(names: dict[str, int], seed: int) -> None:
    shuffled = list(names.items())
    random.Random(seed).shuffle(shuffled)
    assert learned(dict(shuffled)) == learned(names)


@given(names=NAMES)
def test_learned__twice_is_once(names: dict[str, int]) -> None:
    first = learned(names)
    counts: dict[str, int] = {}
    for name, route in first.items():
        counts[route] = counts.get(route, 0) + names[name]
    assert learned(counts) == {route: route for route in counts}


@given(names=NAMES)
@example(names={"/": 1, "/?": 1})
def test_learned__no_route_is_another_literal_name(names: dict[str, int]) -> None:
    found = learned(names)
    for name, route in found.items():
        if route != name:
            assert route not in names
