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

from ltlab_ci import errors, interrupts, lazy, leftovers, model, process
from ltlab_ci.lab import compose, container, daemon
from ltlab_ci.lab.program import Program

if TYPE_CHECKING:
    import docker.errors
else:
    docker = lazy.module("docker")

_UP_S, _DOWN_S, _QUICK_S = 900.0, 60.0, 60.0
_PATIENCE = ("--timeout", "5")
_REMEDY = "try it by hand: docker compose up --build --wait"


class Project:
    """All services of a Compose file, started by a Compose that runs beside us.

    `opened` is closed before all of it is removed.
    """

    def __init__(
        self,
        found: daemon.Daemon,
        spec: model.Service,
        name: str,
        *,
        words: Sequence[str],
        folder: Path,
        log: Path,
        opened: contextlib.ExitStack,
    ) -> None:
        self._found, self._spec, self._name = found, spec, name
        self._words, self._folder, self._log, self._opened = words, folder, log, opened
        self._asked = False
        self._starting = opened.enter_context(contextlib.ExitStack())
        self._up = self._compose(
            self._starting, "up", "--detach", "--no-build", "--no-recreate", "--wait"
        )

    def lives(self) -> bool:
        """Say whether Compose has not failed to start it."""
        return self._up.poll() in (None, 0)

    def reached(self, network: str, alias: str) -> tuple[Program, int]:
        """Wait until Compose is done, and take the service under test into `network` as `alias`.

        Returns it, and the host port at which it is reached. Raises LabNotReady.
        """
        with self._starting:
            code = self._up.wait(_UP_S)
        if code != 0:
            ended = f"exited with {code}" if code is not None else f"did not end in {_UP_S:g} s"
            raise errors.LabNotReady(
                f"docker compose up {ended}: {process.last_lines(self._up.log)}", remedy=_REMEDY
            )
        assert self._spec.compose is not None  # what this is made for
        assert self._spec.port is not None
        service = self._spec.compose.service
        try:
            made = compose.container(self._found, self._name, service)
            assert made is not None  # Compose has just waited for it
            self._found.client.networks.get(network).connect(made, aliases=[alias])
            running = container.Container(made, self._log, steps=(), results=None)
            return running, running.port(self._spec.port)
        except docker.errors.DockerException as error:
            raise errors.LabNotReady(
                f"the Compose service {service} cannot be reached: {error}", remedy=_REMEDY
            ) from error

    def ask(self) -> None:
        """Let all services end, by a Compose that is waited for before they are removed."""
        if not self._asked and self._up.poll() is not None:
            self._asked = True
            stopping = self._compose(self._opened, "stop", *_PATIENCE)
            self._opened.callback(stopping.wait, _DOWN_S)

    def _compose(self, opened: contextlib.ExitStack, *more: str) -> process.Child:
        return opened.enter_context(
            process.started(
                [*self._found.compose, *self._words, *more],
                failure=errors.LabNotReady,
                remedy=_REMEDY,
                cwd=Path(),
                env=self._found.environ,
                log=self._folder / f"{more[0]}.log",
                steps=process.STOP_SERVICE,
            )
        )


@contextlib.contextmanager
def up(
    found: daemon.Daemon, spec: model.Service, *, name: str, root: Path, log: Path
) -> Iterator[Project]:
    """Start all services of the file and hand them out on their way up.

    All of it is gone afterwards, with its volumes. Raises LabNotReady.
    """
    assert spec.compose is not None  # what this is called for
    assert spec.port is not None
    file, service = (root / spec.compose.file).resolve(), spec.compose.service
    with tempfile.TemporaryDirectory(prefix=leftovers.folder_prefix(found.environ)) as folder:
        base = ["--project-name", name, "--project-directory", str(file.parent), "-f", str(file)]
        override = Path(folder) / "ltlab.yml"
        override.write_text(_override(found, base, service, spec.port), encoding="utf-8")
        words = [*base, "-f", str(override), "--ansi", "never", "--progress", "quiet"]
        with contextlib.ExitStack() as opened:
            opened.callback(_end, found, words, log)
            # Both sides may give their images the same name, and the next build takes it: so each side's
            # containers are made at once after its build, and are not made again.
            _run(found, [*words, "create", "--build"], _UP_S)
            yield Project(
                found, spec, name, words=words, folder=Path(folder), log=log, opened=opened
            )


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
    with interrupts.PROCESS.deferred():
        log.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(errors.LabNotReady), log.open("ab") as sink:
            said = _run(found, [*words, "logs", "--no-color", "--timestamps"], _QUICK_S)
            sink.write(said.encode())
        _run(found, [*words, "down", "--volumes", "--remove-orphans", *_PATIENCE], _DOWN_S)


def _run(found: daemon.Daemon, words: Sequence[str], timeout_s: float) -> str:
    return found.run_compose(words, env={}, timeout_s=timeout_s, remedy=_REMEDY).out
