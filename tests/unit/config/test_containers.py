"""What a Compose file or a Dockerfile says of the service that a project builds."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci.config import containers

SHOP: dict[str, Any] = {"build": ".", "ports": ["8080:8000"]}
DATABASE = {"image": "postgres:17", "ports": ["5432:5432"]}


def composed(**services: object) -> containers.Composed | None:
    return containers.composed("compose.yml", yaml.safe_dump({"services": services}))


@pytest.mark.parametrize(
    ("ports", "port"),
    [
        (["8000"], 8000),
        ([8000], 8000),
        (["8080:8000"], 8000),
        (["127.0.0.1:8080:8000/tcp"], 8000),
        (["[::1]:8080:8000"], 8000),
        (["${PORT:-8080}:8000"], 8000),
        ([{"target": 8000, "published": "8080"}], 8000),
        ([{"target": 8000}, "9000:8000"], 8000),
        (["8125:8125/udp"], None),
        ([{"target": 8125, "protocol": "udp"}], None),
        (["3000-3005:3000-3005"], None),
        (["8080:${PORT}"], None),
        (["8000", "9000"], None),
        (["0"], None),
        (["65536"], None),
        ([], None),
        (8000, None),
        ("8000", None),
        ({"target": 8000}, None),
    ],
)
def test_composed__knows_the_port_in_the_container(ports: object, port: int | None) -> None:
    found = composed(shop={**SHOP, "ports": ports})
    assert (found.port if found else None) == port


def test_composed__takes_what_is_built_here_among_others() -> None:
    assert composed(database=DATABASE, shop=SHOP) == containers.Composed(
        file="compose.yml", service="shop", port=8000, others=True
    )


def test_composed__takes_an_exposed_port_where_none_is_published() -> None:
    found = composed(shop={"build": {"context": "."}, "expose": ["8000"]})
    assert found is not None
    assert (found.port, found.others) == (8000, False)


@pytest.mark.parametrize(
    ("test", "path"),
    [
        (["CMD", "curl", "-f", "http://localhost:8000/health"], "/health"),
        ("wget -qO- http://127.0.0.1:8000/api/ready || exit 1", "/api/ready"),
        (["CMD", "pg_isready"], ""),
        (["CMD", "curl", "http://other:8000/health"], ""),
        (None, ""),
    ],
)
def test_composed__asks_what_the_health_check_asks(test: object, path: str) -> None:
    found = composed(shop={**SHOP, "healthcheck": {"test": test}})
    assert found is not None
    assert found.get == path


@pytest.mark.parametrize(
    "services",
    [
        {},
        {"database": DATABASE},
        {"shop": SHOP, "admin": SHOP},
        {"shop": {**SHOP, "profiles": ["debug"]}},
        {"shop": {**SHOP, "network_mode": "host"}},
        {"shop": None},
        {"shop": ["build"]},
    ],
)
def test_composed__is_not_guessed(services: dict[str, object]) -> None:
    assert composed(**services) is None


@given(st.one_of(st.text(), st.recursive(st.text() | st.none(), st.lists).map(yaml.safe_dump)))
def test_composed__whatever_stands_in_the_file(text: str) -> None:
    containers.composed("compose.yml", text)
    containers.composed("compose.yml", f"services: {{shop: {text}")


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("FROM scratch\nEXPOSE 8000\n", 8000),
        ("FROM node AS build\nEXPOSE 9229\nFROM node\nexpose 8000/tcp\n", 8000),
        ("FROM node\nEXPOSE 80 443\n", None),
        ("FROM node\nEXPOSE 80\nEXPOSE 443\n", None),
        ("FROM node\nEXPOSE $PORT\n", None),
        ("FROM node\nEXPOSE 8125/udp\n", None),
        ("FROM node\nEXPOSE 70000\n", None),
        ("FROM node\n# EXPOSE 80\n", None),
        ("", None),
    ],
)
def test_exposed__is_the_one_port_of_the_last_stage(text: str, port: int | None) -> None:
    assert containers.exposed(text) == port
