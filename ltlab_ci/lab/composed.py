"""A project's own Compose file as the service under test.

None of its ports is published as written, so that several can run at once; the service under test
gets one free port, for the ready check. Not here: the lab's own Compose files (compose.py).
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ltlab_ci import errors, interrupts, lazy, leftovers, model
from ltlab_ci.lab import compose, container, daemon
from ltlab_ci.lab.program import Program

if TYPE_CHECKING:
    import docker.errors
else:
    docker = lazy.module("docker")

_UP_S, _DOWN_S, _QUICK_S = 900.0, 60.0, 60.0
_REMEDY = "try it by hand: docker compose up --build --wait"


@contextlib.contextmanager
def up(
    found: daemon.Daemon,
    spec: model.Service,
    *,
    name: str,
    network: str,
    alias: str,
    root: Path,
    log: Path,
) -> Iterator[tuple[Program, int]]:
    """Bring all services of the file up, the one under test into `network` as `alias`.

    Hands out that one, and the host port at which it is reached. All of it is gone afterwards,
    with its volumes. Raises LabNotReady.
    """
    assert spec.compose is not None  # what this is called for
    assert spec.port is not None
    file, service = (root / spec.compose.file).resolve(), spec.compose.service
    with tempfile.TemporaryDirectory(prefix=leftovers.folder_prefix(found.environ)) as folder:
        base = ["--project-name", name, "--project-directory", str(file.parent), "-f", str(file)]
        override = Path(folder) / "ltlab.yml"
        override.write_text(_override(found, base, service, spec.port), encoding="utf-8")
        words = [*base, "-f", str(override), "--ansi", "never", "--progress", "quiet"]
        try:
            _run(found, [*words, "up", "--detach", "--build", "--wait"], _UP_S)
            made = compose.container(found, name, service)
            assert made is not None  # Compose has just waited for it
            found.client.networks.get(network).connect(made, aliases=[alias])
            running = container.Container(made, log, steps=(), results=None)
            yield running, running.port(spec.port)
        except docker.errors.DockerException as error:
            raise errors.LabNotReady(
                f"the Compose service {service} cannot be reached: {error}", remedy=_REMEDY
            ) from error
        finally:
            with interrupts.PROCESS.deferred():
                _end(found, words, log)


def _override(found: daemon.Daemon, base: Sequence[str], service: str, port: int) -> str:
    """Return a Compose file that unpublishes every port but one, and frees fixed names."""
    services = json.loads(_run(found, [*base, "config", "--format", "json"], _QUICK_S))["services"]
    if service not in services:
        raise errors.ConfigError(
            f"the Compose file has no service {service!r}",
            remedy=f"set service.compose.service to one of {', '.join(sorted(services))}",
        )
    bind = "127.0.0.1" if found.local else "0.0.0.0"
    lines = ["services:"]
    for name in services:
        ports = f'!override ["{bind}::{port}"]' if name == service else "!reset []"
        lines += [
            f"  {json.dumps(name)}:",
            f"    ports: {ports}",
            "    container_name: !reset null",
        ]
    return "\n".join(lines) + "\n"


def _end(found: daemon.Daemon, words: Sequence[str], log: Path) -> None:
    """Keep what all its services said, and remove everything."""
    with contextlib.suppress(errors.LabNotReady), log.open("ab") as sink:
        sink.write(_run(found, [*words, "logs", "--no-color", "--timestamps"], _QUICK_S).encode())
    _run(found, [*words, "down", "--volumes", "--remove-orphans", "--timeout", "5"], _DOWN_S)


def _run(found: daemon.Daemon, words: Sequence[str], timeout_s: float) -> str:
    return found.run_compose(words, env={}, timeout_s=timeout_s, remedy=_REMEDY).out
