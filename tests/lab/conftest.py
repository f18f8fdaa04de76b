"""Real servers, a Docker daemon and the images for the lab's tests; a lab that many tests share.

A daemon that runs already is used and left running; one that was started here is stopped at the end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.lab import runs, stack

SERVERS = Path(__file__).parent / "servers"


@pytest.fixture(scope="session")
def docker_env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Return an environment in which docker and docker compose work and the lab's images are there."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    started = _script("daemon.sh", env=env)
    try:
        if subprocess.run(
            ["docker", "compose", "version"], env=env, capture_output=True, check=False
        ).returncode:
            env["DOCKER_CONFIG"] = str(_with_compose(tmp_path_factory.mktemp("docker")))
        _script("images.sh", sys.executable, env=env)
        yield env
    finally:
        if started:
            os.kill(int(started), signal.SIGTERM)
            stack.until(lambda: not Path(f"/proc/{started}").exists(), what="end of dockerd")


@pytest.fixture(scope="session")
def docker(docker_env: Mapping[str, str]) -> runs.Docker:
    """Return the docker command."""
    return runs.Docker(env=docker_env)


@pytest.fixture(scope="session")
def lab(docker_env: Mapping[str, str]) -> Iterator[stack.Stack]:
    """Run the compose file as it is, but for its ports."""
    scripts = {"SCRIPTS": str(stack.ROOT / "tests" / "data" / "lab")}
    started = stack.Stack(env={**docker_env, **stack.free_ports(), **scripts})
    try:
        started.up()
        yield started
    finally:
        started.down()


def _script(name: str, *argv: str, env: Mapping[str, str]) -> str:
    # Its own words go to the terminal: the first build takes minutes. A child that it leaves
    # behind, the daemon, must not hold our pipe open, and does not: its output goes to a file.
    done = subprocess.run(
        ["sh", str(SERVERS / name), *argv], env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


def _with_compose(folder: Path) -> Path:
    # The docker client finds its plug-ins by name in its configuration's folder.
    plugins = folder / "cli-plugins"
    plugins.mkdir()
    (plugins / "docker-compose").symlink_to(Path(sys.executable).parent / "docker-compose")
    return folder
