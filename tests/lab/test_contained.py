"""Services in containers, and the engines beside them: `service.image` and `service.compose`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltlab_ci.lab import abandoned
from tests.flow import projects
from tests.lab import runs, stack

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
HUNGRY = """\
services:
  shop:
    image: ltlab/toy-api:0.1.0
    mem_limit: 150m
    memswap_limit: 150m
    entrypoint: ["python3", "-c"]
    command:
      - |
        import os, runpy, sys, threading, time
        def eat():
            while not os.path.exists("/tmp/eat"):
                time.sleep(0.05)
            kept = []
            while True:
                kept.append(b"x" * 1_000_000)
        threading.Thread(target=eat, daemon=True).start()
        sys.argv[1:] = ["--host", "0.0.0.0"]
        runpy.run_module("toy_api", run_name="__main__")
"""
"""The toy API, which takes memory without end once it finds a file."""
DOCKERFILE = "FROM ltlab/toy-api:0.1.0\nEXPOSE 5000\n"
BUILT = """\
services:
  shop: {build: ., ports: ["8080:5000"]}
  other: {image: 'ltlab/toy-api:0.1.0'}
"""


def test_image__both_engines_reach_it_in_its_network(docker: runs.Docker, tmp_path: Path) -> None:
    project = runs.two_engines(tmp_path / "project", IMAGE, seconds=3)
    with project.running("run", env=docker.env) as run:
        unique = runs.noted(run)
    ran = run.ended()
    assert ran.code == 0, ran.err
    assert {status for status, _, _ in runs.observed(ran).values()} == {"pass"}
    assert docker.left(unique) == []


def test_compose__a_fixed_name_and_port_do_not_stand_in_the_way(
    docker: runs.Docker, tmp_path: Path
) -> None:
    project = runs.k6_alone(tmp_path / "project", COMPOSE, seconds=3)
    (project.folder / "compose.yml").write_text(SHOP, encoding="utf-8")
    with project.running("run", env=docker.env) as run:
        unique = runs.noted(run)
    ran = run.ended()
    assert ran.code == 0, ran.err
    assert {status for status, _, _ in runs.observed(ran).values()} == {"pass"}
    assert docker.left(unique) == []


def test_compose__a_container_that_is_out_of_memory_is_said_with_the_reason(
    docker: runs.Docker, tmp_path: Path
) -> None:
    # A limit on failed requests would be crossed too, and that would come first.
    project = projects.write(
        tmp_path / "project",
        projects.lab(COMPOSE, thresholds='{http_reqs: ["count > 0"]}'),
        {
            "load.js": projects.k6(runs.K6, options="vus: 4, duration: '60s'"),
            "compose.yml": HUNGRY,
        },
    )
    with project.running("run", env=docker.env) as run:
        unique = runs.noted(run)
        mine = f"label={abandoned.RUN_LABEL}={abandoned.bench(unique)}"
        # k6 asks for the script's options first, before there is a service.
        shop = stack.until(lambda: docker.service(unique, "shop"), what="the service")
        assert shop is not None
        stack.until(lambda: docker("ps", "--quiet", "--filter", mine), what="load")
        docker("exec", shop, "sh", "-c", "touch /tmp/eat")
    ran = run.ended()
    assert ran.code == 3, ran.err
    died = ran.findings["service-died"]
    assert "exited with 137" in died["message"]
    assert "out of memory" in died["message"]
    assert docker.left(unique) == []


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"Dockerfile": DOCKERFILE}, "image: ltlab/project"),
        ({"Dockerfile": DOCKERFILE, "compose.yaml": BUILT}, "compose: {file: compose.yaml"),
    ],
    ids=["Dockerfile", "Compose"],
)
def test_init__what_it_writes_for_containers_runs(
    docker: runs.Docker, tmp_path: Path, files: dict[str, str], where: str
) -> None:
    load = projects.k6(runs.K6, options="vus: 1, iterations: 5")
    project = projects.write(tmp_path / "project", "", {"load.js": load, **files})
    assert project.run("init", env=docker.env).code == 0
    assert where in (project.folder / "ltlab.yml").read_text(encoding="utf-8")
    ran = project.run("run", env=docker.env)
    # What is fast enough is the machine's business.
    assert ran.found["scenarios"][0]["complete"], ran.err
    assert ran.verdict("http_req_failed rate < 1%")["status"] == "pass"
    if "compose.yaml" not in files:
        docker("image", "rm", "ltlab/project")
