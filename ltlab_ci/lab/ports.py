"""The ports of a lab that stays up, before it starts: taken ones are refused with who has them.

Not here: choosing free ones for the lab of one run (compose.py).
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ltlab_ci import errors, machine

if TYPE_CHECKING:
    import docker

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def refuse_taken(
    client: docker.DockerClient, bind: str, ports: Mapping[str, tuple[int, str]]
) -> None:
    """Raise LabNotReady where a port cannot be bound here; `ports` (number, tcp or udp) by name."""
    for name, (port, kind) in ports.items():
        if _free(bind, port, kind):
            continue
        holder = _container(client, port, kind) or machine.listener(port, kind) or "another program"
        raise errors.LabNotReady(
            f"{holder} has port {port}, which the lab wants for {name}",
            remedy=f"end it, or choose another port: ltlab configure --{name}-port {port + 1}",
        )


def _free(bind: str, port: int, kind: str) -> bool:
    with socket.socket(type=_KINDS[kind]) as probe:
        if kind == "tcp":  # connections that were closed a moment ago do not hold it
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError:
            return False
    return True


def _container(client: docker.DockerClient, port: int, kind: str) -> str:
    for each in client.containers.list():
        for inside, published in each.ports.items():
            here = {int(one["HostPort"]) for one in published or ()}
            if inside.endswith(kind) and port in here:
                return f"container {each.name}"
    return ""
