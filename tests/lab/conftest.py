"""Real servers, a Docker daemon and the images for the lab's tests.

A daemon that runs already is used and left running; one that was started here is stopped at the end, by
the last worker that uses it.
"""

from __future__ import annotations

import contextlib
import fcntl
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
def docker_env(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Mapping[str, str]]:
    """Return an environment in which docker and docker compose work and the lab's images are there."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    own = tmp_path_factory.getbasetemp()
    with _daemon(own if worker_id == "master" else own.parent, env):
        if subprocess.run(
            ["docker", "compose", "version"], env=env, capture_output=True, check=False
        ).returncode:
            env["DOCKER_CONFIG"] = str(_with_compose(tmp_path_factory.mktemp("docker")))
        _script("images.sh", sys.executable, env=env)
        yield env


@pytest.fixture(scope="session")
def docker(docker_env: Mapping[str, str]) -> runs.Docker:
    """Return the docker command."""
    return runs.Docker(env=docker_env)


@contextlib.contextmanager
def _daemon(shared: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Have a daemon answer for all workers, which share this folder: each holds a lock on a file of it."""
    started = shared / "dockerd.pid"
    with (shared / "docker.users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        if pid := _script("daemon.sh", env=env):
            started.write_text(pid, encoding="utf-8")
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield
        finally:
            with contextlib.suppress(BlockingIOError):  # somebody else uses it still
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if started.exists():
                    _stop(int(started.read_text(encoding="utf-8")))
                    started.unlink()


def _stop(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    stack.until(lambda: not Path(f"/proc/{pid}").exists(), what="end of dockerd")


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
