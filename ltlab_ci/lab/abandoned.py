"""What a run makes in the Docker daemon, by name: so it is found again when the run was killed.

Not here: making it (compose.py, contained.py), programs of a killed run (leftovers.py).
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ltlab_ci import lazy

if TYPE_CHECKING:
    import docker
    import docker.errors
    import requests
    from docker.models.containers import Container
    from docker.models.networks import Network
    from docker.models.volumes import Volume
else:
    docker = lazy.module("docker")
    requests = lazy.module("requests")

RUN_LABEL = "ltlab.run"
PROJECT_LABEL = "com.docker.compose.project"
_UNIQUE = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
"""How runs are named; what is named otherwise, as a lab of `ltlab start`, is none of a run's."""


def lab(unique: str) -> str:
    """Return the Compose project of the lab that a run boots."""
    return f"ltlab-{unique}"


def bench(unique: str) -> str:
    """Return the label and the network of a run's engines and service."""
    return f"ltlab-{unique}-bench"


def service(bench: str, side: str) -> str:
    """Return the Compose project of a side's service under test, by its bench."""
    return f"{bench}-{side}"


@dataclass(frozen=True, kw_only=True)
class Made:
    """What is still there of a run."""

    containers: tuple[Container, ...] = ()
    networks: tuple[Network, ...] = ()
    volumes: tuple[Volume, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.containers or self.networks or self.volumes)

    def told(self) -> str:
        """Say how many of each there are, and name the first."""
        counted: dict[str, tuple[Container | Network | Volume, ...]] = {
            "container": self.containers,
            "network": self.networks,
            "volume": self.volumes,
        }
        first, *more = itertools.chain(*counted.values())
        parts = [
            f"{len(found)} {kind}{'s' if len(found) > 1 else ''}"
            for kind, found in counted.items()
            if found
        ]
        return f"{', '.join(parts)} in Docker ({first.name}{' ...' if more else ''})"


def find(client: docker.DockerClient, unique: str) -> Made:
    """Return what is there of a run; nothing for a name that no run has."""
    if not _UNIQUE.fullmatch(unique):
        return Made()
    mine = (
        f"{PROJECT_LABEL}={lab(unique)}",
        *(f"{PROJECT_LABEL}={service(bench(unique), side)}" for side in ("base", "head")),
        f"{RUN_LABEL}={bench(unique)}",
    )
    return Made(
        containers=_all(lambda label: client.containers.list(all=True, filters=label), mine),
        networks=_all(lambda label: client.networks.list(filters=label), mine),
        volumes=_all(lambda label: client.volumes.list(filters=label), mine),
    )


def remove(made: Made) -> None:
    """Remove it all, running or not. What somebody else removes meanwhile is gone as well."""
    for container in made.containers:
        with _tolerated():
            container.remove(force=True, v=True)
    for network in made.networks:
        remove_network(network)
    for volume in made.volumes:
        with _tolerated():
            volume.remove(force=True)


def remove_network(network: Network) -> None:
    """Remove a network; containers of a lab that stays up are taken out of it first."""
    with _tolerated():
        network.reload()
        for each in network.containers:
            network.disconnect(each, force=True)
        network.remove()


def _all(listed: Callable[[Any], list[Any]], labels: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(each for label in labels for each in listed({"label": label}))


@contextlib.contextmanager
def _tolerated() -> Iterator[None]:
    with contextlib.suppress(docker.errors.APIError, requests.RequestException):
        yield
