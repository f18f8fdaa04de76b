"""The service under test on this machine: built, started, awaited, watched and stopped.

Not here: what "ready" means (ready.py); services in containers.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from ltlab_ci import errors, leftovers, model, process
from ltlab_ci.lab import ready
from ltlab_ci.lab.program import Program


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of the service under test, and where its files are.

    `side` tells base and head apart where both run; `folder` is its {env} once it is built.
    """

    spec: model.Service | None
    root: Path
    side: str = "head"
    folder: str = ""
    built: bool = False

    def expanded(self, text: str, port: int) -> str:
        """Return a text of the service's block with {port}, {env} and {side} filled in."""
        # Not str.format: a service's arguments may hold braces of their own.
        filled = text.replace("{port}", str(port)).replace("{side}", self.side)
        return filled.replace("{env}", self.folder)


@dataclass(frozen=True, kw_only=True)
class Running:
    """A service that answers engines at `base_url`. `child` None: ltlab did not start it."""

    base_url: str
    child: Program | None
    ready_after_s: float = 0.0

    def death(self) -> str | None:
        """Say how the service died, or None while it lives."""
        code = self.child.poll() if self.child is not None else None
        if self.child is None or code is None:
            return None
        tail = process.last_lines(self.child.log, count=3)
        return f"exited with {code}" + (f" ({tail})" if tail else "")


class Starting(Protocol):
    """A service that was started and may not answer yet, whatever it is made of."""

    def lives(self) -> bool:
        """Say whether it is a program that ltlab started and that has not ended."""

    def awaited(self, *, sharing: int = 1) -> Running:
        """Wait until it is ready, one of `sharing` that start on the machine at once.

        Raises LabNotReady when it dies before, or takes too long.
        """

    def ask(self) -> None:
        """Ask it to end and wait for nothing: whoever started it stops it."""


@dataclass(frozen=True, kw_only=True)
class Started:
    """A program, or what is started elsewhere; `check` None: there is nothing to wait for."""

    running: Running
    check: ready.Check | None
    since_s: float = field(default_factory=time.monotonic)

    def lives(self) -> bool:
        """Say whether it is a program that ltlab started and that has not ended."""
        return self.running.child is not None and self.running.child.poll() is None

    def awaited(self, *, sharing: int = 1) -> Running:
        """Wait until it is ready; its time runs from its start, and is more where others start too."""
        if self.check is None:
            return self.running
        child = self.running.child
        waited = ready.wait(
            self.check,
            alive=self.running.death,
            log=child.log if child is not None else None,
            since_s=self.since_s,
            sharing=sharing,
        )
        return replace(self.running, ready_after_s=waited)

    def ask(self) -> None:
        """Ask it to end."""
        if self.running.child is not None:
            self.running.child.ask()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a loopback port that is free now."""
    return free_ports(1, kind)[0]


def free_ports(number: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> tuple[int, ...]:
    """Return different loopback ports that are free now."""
    with contextlib.ExitStack() as opened:
        probes = [opened.enter_context(socket.socket(type=kind)) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return tuple(int(probe.getsockname()[1]) for probe in probes)


def base_url(service: model.Service | None, port: int) -> str:
    """Return where the service answers, or "" when a script brings its own address."""
    if service is None:
        return ""
    return service.url.rstrip("/") if service.url else f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def built(
    version: Version, *, port: int, environ: Mapping[str, str], log: Path
) -> Iterator[Version]:
    """Give a version the folder of its own that {env} names, and build it there.

    Raises LabNotReady when it cannot be built.
    """
    spec = version.spec
    if version.built or spec is None or spec.command is None:
        yield version
        return
    with tempfile.TemporaryDirectory(prefix=leftovers.folder_prefix(environ)) as folder:
        made = replace(version, folder=folder, built=True)
        if spec.build is not None:
            line = made.expanded(spec.build, port)
            build(line, root=version.root, env=_env(made, port, environ), log=log)
        yield made


@contextlib.contextmanager
def up(version: Version, *, port: int, environ: Mapping[str, str], log: Path) -> Iterator[Started]:
    """Start a version that was built, hand it out, stop it: also when a step failed.

    It has to be awaited. Raises LabNotReady when it cannot be started.
    """
    spec, url = version.spec, base_url(version.spec, port)
    if spec is None:
        yield Started(running=Running(base_url="", child=None), check=None)
        return
    env = _env(version, port, environ)
    check = ready.Check(spec=spec.ready, base_url=url, cwd=version.root, env=env)
    if spec.command is None:
        yield Started(running=Running(base_url=url, child=None), check=check)
        return
    ready.refuse_answered(check)
    with process.started(
        [version.expanded(word, port) for word in spec.command],
        failure=errors.LabNotReady,
        remedy="check `service.command` in ltlab.yml",
        cwd=version.root,
        env=env,
        log=log,
        steps=process.STOP_SERVICE,
    ) as child:
        yield Started(running=Running(base_url=url, child=child), check=check)


def _env(version: Version, port: int, environ: Mapping[str, str]) -> dict[str, str]:
    written = version.spec.env if version.spec is not None else {}
    own = {name: version.expanded(value, port) for name, value in written.items()}
    return process.child_env(environ, own)


def build(line: str, *, root: Path, env: Mapping[str, str], log: Path) -> None:
    """Run a service's build line to its end. Raises LabNotReady with its last lines."""
    with process.started(
        ["/bin/sh", "-c", line],
        failure=errors.LabNotReady,
        remedy="check `service.build` in ltlab.yml",
        cwd=root,
        env=env,
        log=log,
        steps=process.STOP_SERVICE,
        daemons_stay=True,  # a database that the build starts is there for the service
    ) as child:
        while (code := child.wait(0.5)) is None:
            pass
    if code:
        raise errors.LabNotReady(
            f"service.build exited with {code}: {process.last_lines(log, count=2)}",
            remedy=f"run the line by hand; its output is logs/{log.name} in the report",
        )
