"""The embedded lab: engines and service as plain processes on this machine.

Not here: the service's life (service.py), which command an engine runs (load/).
"""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltlab_ci import __version__, errors, model, process
from ltlab_ci.lab import service
from ltlab_ci.lab.program import Start


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A place to run things: the folder and environment that children get."""

    root: Path
    environ: Mapping[str, str]
    ports: tuple[int, ...]
    contained = False

    def run(
        self,
        image: str,  # noqa: ARG002  (engines are on this machine)
        argv: Sequence[str],
        *,
        failure: type[errors.LabError],
        remedy: str,
        env: Mapping[str, str],
        timeout_s: float,
        cwd: Path | None = None,
        check: bool = True,
    ) -> process.Done:
        """Run a program to its end."""
        return process.run(
            argv,
            failure=failure,
            remedy=remedy,
            cwd=cwd,
            env=env,
            timeout_s=timeout_s,
            check=check,
        )

    @contextlib.contextmanager
    def exec(
        self,
        argv: tuple[str, ...],
        *,
        image: str,  # noqa: ARG002  (engines are on this machine)
        env: Mapping[str, str],
        log: Path,
    ) -> Iterator[process.Child]:
        """Run an engine; stopped on every way out, gently first."""
        with process.started(
            argv,
            failure=errors.EngineError,
            remedy="check that the engine's path names a program",
            cwd=self.root,
            env=process.child_env(self.environ, env),
            log=log,
            steps=process.STOP_ENGINE,
        ) as child:
            yield child

    @contextlib.contextmanager
    def placed(
        self, argv: tuple[str, ...], *, image: str, env: Mapping[str, str], log: Path
    ) -> Iterator[Start]:
        """Hand out what starts an engine: a process needs nothing before."""
        with contextlib.ExitStack() as opened:
            yield lambda: opened.enter_context(self.exec(argv, image=image, env=env, log=log))

    def built(
        self, version: service.Version, *, log: Path
    ) -> contextlib.AbstractContextManager[service.Version]:
        """Build a version of the service for as long as the block lasts."""
        return service.built(version, port=self.ports[0], environ=self.environ, log=log)

    def image_id(self, version: service.Version) -> str:  # noqa: ARG002
        """Return nothing: services are processes here."""
        return ""

    def service(
        self, version: service.Version, *, log: Path, place: int = 0
    ) -> contextlib.AbstractContextManager[service.Starting]:
        """Start a version at one of the ports for as long as the block lasts."""
        return service.up(version, port=self.ports[place], environ=self.environ, log=log)

    def join(self, lab: str) -> None:
        """Do nothing: engines reach a lab's published ports."""

    def base_url(self, spec: model.Service | None) -> str:
        """Return where the service will answer."""
        return service.base_url(spec, self.ports[0])


def bench(root: Path, environ: Mapping[str, str]) -> Bench:
    """Return a bench with free ports for two services."""
    return Bench(root=root, environ=environ, ports=service.free_ports(2))


def describe(spec: model.Service | None) -> model.Environment:
    """Say where this is measured."""
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    what = "none (scripts bring their own address)"
    if spec is not None:
        what = spec.url or spec.image or " ".join(spec.command or ())
        if spec.compose is not None:
            what = f"{spec.compose.service} of {spec.compose.file}"
    return model.Environment(
        ltlab=__version__,
        python=platform.python_version(),
        os=f"{platform.system()} {platform.release()} {platform.machine()}",
        cpus=os.cpu_count() or 1,
        memory_mb=pages * page // 1_000_000,
        lab="embedded",
        service=what,
    )
