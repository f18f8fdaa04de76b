"""Services in containers, and the engines beside them: `service.image` and `service.compose`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import runs

pytestmark = pytest.mark.timeout(1800)  # the first test may have to build the images

IMAGE = "{image: 'ltlab/toy-api:0.1.0', port: 5000, ready: {get: /health}}"
COMPOSE = "{compose: {file: compose.yml, service: shop}, port: 5000, ready: {get: /health}}"
SHOP = """\
services:
  shop:
    image: ltlab/toy-api:0.1.0
    container_name: a-fixed-name
    ports: ["5000:5000"]
"""


def test_image__both_engines_reach_it_in_its_network(docker: runs.Docker, tmp_path: Path) -> None:
    project = runs.two_engines(tmp_path / "project", IMAGE, seconds=3)
    since = docker.left("-bench")
    ran = project.run("run", env=docker.env)
    assert ran.code == 0, ran.err
    assert {status for status, _, _ in runs.observed(ran).values()} == {"pass"}
    assert set(docker.left("-bench")) <= set(since)


def test_compose__a_fixed_name_and_port_do_not_stand_in_the_way(
    docker: runs.Docker, tmp_path: Path
) -> None:
    project = runs.k6_alone(tmp_path / "project", COMPOSE, seconds=3)
    (project.folder / "compose.yml").write_text(SHOP, encoding="utf-8")
    since = docker.left("-bench")
    ran = project.run("run", env=docker.env)
    assert ran.code == 0, ran.err
    assert {status for status, _, _ in runs.observed(ran).values()} == {"pass"}
    assert set(docker.left("-bench")) <= set(since)
