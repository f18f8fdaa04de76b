"""The Docker daemon and Compose: found, or refused with what to do.

Honours DOCKER_HOST, a context's socket, and the `docker` host of GitLab's Docker-in-Docker service.
Not here: what runs in it (compose.py, container.py).
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ltlab_ci import errors, lazy, process

if TYPE_CHECKING:
    import docker
    import docker.errors
    import requests
else:
    docker = lazy.module("docker")
    requests = lazy.module("requests")

OLDEST_API = (1, 41)  # Docker 20.10
_COMPOSE_AT_LEAST = (2, 24)  # `!reset` in an overlay file
_GITLAB_HOST = "docker"
_GITLAB_PORTS = {"tcp://docker:2376": True, "tcp://docker:2375": False}  # with TLS?
_QUICK_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """A daemon that answers, and the Compose that speaks to it.

    `host` is where its published ports are reached; `local` says that it is this machine.
    """

    client: docker.DockerClient = field(repr=False)
    compose: tuple[str, ...]
    host: str
    local: bool
    environ: Mapping[str, str] = field(repr=False)
    version: str

    def run_compose(
        self, words: Sequence[str], *, env: Mapping[str, str], timeout_s: float, remedy: str
    ) -> process.Done:
        """Run Compose to its end. Raises LabNotReady with its last lines."""
        return process.run(
            [*self.compose, *words],
            failure=errors.LabNotReady,
            remedy=remedy,
            env={**self.environ, **env},
            timeout_s=timeout_s,
        )


def find(environ: Mapping[str, str]) -> Daemon:
    """Return the daemon of this environment. Raises LabNotReady when there is none to use."""
    env = _with_host(process.child_env(environ, {}))
    address = env.get("DOCKER_HOST", "")
    client, version = _connect(env)
    parts = urlsplit(address)
    remote = parts.scheme in {"tcp", "http", "https", "ssh"}
    return Daemon(
        client=client,
        compose=_compose(env),
        host=(parts.hostname or "127.0.0.1") if remote else "127.0.0.1",
        local=not remote or parts.hostname in {"127.0.0.1", "localhost"},
        environ=env,
        version=version,
    )


def reach(environ: Mapping[str, str]) -> docker.DockerClient:
    """Return a client of the daemon alone, without Compose. Raises LabNotReady."""
    client, _ = _connect(_with_host(process.child_env(environ, {})))
    return client


def _with_host(env: dict[str, str]) -> dict[str, str]:
    """Add the address of GitLab's `docker` service, or of the current context, where none is set."""
    if env.get("DOCKER_HOST"):
        return env
    if env.get("GITLAB_CI") and not Path("/var/run/docker.sock").exists() and _resolves():
        tls = bool(env.get("DOCKER_TLS_CERTDIR"))
        found = next(address for address, secure in _GITLAB_PORTS.items() if secure is tls)
        certificates = {"DOCKER_TLS_VERIFY": "1"} if tls else {}
        if tls and not env.get("DOCKER_CERT_PATH"):
            certificates["DOCKER_CERT_PATH"] = f"{env['DOCKER_TLS_CERTDIR']}/client"
        return {**env, "DOCKER_HOST": found, **certificates}
    context = _context_host(env)
    return {**env, "DOCKER_HOST": context} if context else env


def _resolves() -> bool:
    try:
        socket.getaddrinfo(_GITLAB_HOST, None)
    except OSError:
        return False
    return True


def _context_host(env: Mapping[str, str]) -> str:
    """Ask the docker command which daemon it uses: Docker Desktop and Colima set a context."""
    program = shutil.which("docker", path=env.get("PATH"))
    if program is None:
        return ""
    done = process.run(
        [program, "context", "inspect"],
        failure=errors.LabNotReady,
        remedy="mend `docker context`",
        env=env,
        timeout_s=_QUICK_S,
        check=False,
    )
    try:
        found: object = json.loads(done.out)[0]["Endpoints"]["docker"]["Host"]
    except (ValueError, LookupError, TypeError):
        return ""
    return str(found or "")


def _connect(env: Mapping[str, str]) -> tuple[docker.DockerClient, str]:
    try:
        client = docker.DockerClient.from_env(environment=dict(env), timeout=60)
        said = client.version()
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise _refusal(error, env.get("DOCKER_HOST", "")) from error
    version, api = str(said.get("Version", "")), str(said.get("ApiVersion", "0"))
    if tuple(int(part) for part in api.split(".")) < OLDEST_API:
        client.close()
        raise errors.LabNotReady(
            f"Docker {version} is too old for the lab",
            remedy="install Docker 20.10 or newer, or run with --lab embedded",
        )
    return client, version


def _refusal(error: Exception, address: str) -> errors.LabNotReady:
    text = str(error)
    where = f" at {address}" if address else ""
    if "Permission denied" in text:
        return errors.LabNotReady(
            f"the Docker daemon{where} refuses this user",
            remedy="add yourself to the group `docker` and log in again, or run --lab embedded",
        )
    if "client version" in text and "too old" in text:
        return errors.LabNotReady(
            f"the Docker daemon{where} wants a newer client than ltlab's",
            remedy="update ltlab, or run with --lab embedded",
        )
    if isinstance(error, docker.errors.InvalidVersion) or "too new" in text:
        return errors.LabNotReady(
            f"the Docker daemon{where} is too old for the lab",
            remedy="install Docker 20.10 or newer, or run with --lab embedded",
        )
    return errors.LabNotReady(
        f"no Docker daemon answers{where}",
        remedy="start Docker (`docker info` must work), or run with --lab embedded",
    )


def _compose(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the Compose 2 that is installed: the plug-in of the docker command, or its own."""
    tried = []
    for words in (("docker", "compose"), ("docker-compose",)):
        program = shutil.which(words[0], path=env.get("PATH"))
        if program is None:
            continue
        done = process.run(
            [program, *words[1:], "version", "--short"],
            failure=errors.LabNotReady,
            remedy="mend the docker command on PATH",
            env=env,
            timeout_s=_QUICK_S,
            check=False,
        )
        version = _version(done.out) if done.code == 0 else None
        if version is not None and version >= _COMPOSE_AT_LEAST:
            return (program, *words[1:])
        if version is not None:
            tried.append(done.out.strip())
    found = f" (found {', '.join(tried)})" if tried else ""
    raise errors.LabNotReady(
        f"Docker Compose 2.24 or newer is missing{found}",
        remedy="install the Compose plug-in: docs.docker.com/compose/install",
    )


def _version(said: str) -> tuple[int, ...] | None:
    numbers = said.strip().removeprefix("v").split("-")[0].split("+")[0].split(".")
    return tuple(map(int, numbers[:2])) if all(n.isdigit() for n in numbers[:2]) else None
