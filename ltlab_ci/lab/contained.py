"""Engines and service in containers, in one network: for a service that is an image or Compose file.

Engines are the official images; scripts, plug-in and results have the same paths inside as here, so
engines never know. Not here: containers themselves (container.py), Compose files (composed.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ltlab_ci import errors, interrupts, lazy, model, process, resources
from ltlab_ci.lab import abandoned, compose, composed, container, daemon, ready, service
from ltlab_ci.lab.program import Program

if TYPE_CHECKING:
    import docker.errors
else:
    docker = lazy.module("docker")

ALIAS = "service"


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A place to run containers: the project's folder, the daemon, a name for all it makes."""

    root: Path
    environ: Mapping[str, str] = field(repr=False)
    daemon: daemon.Daemon = field(repr=False)
    name: str
    network: str
    contained = True

    def run(
        self,
        image: str,
        argv: Sequence[str],
        *,
        failure: type[errors.LabError],
        remedy: str,
        env: Mapping[str, str],
        timeout_s: float,
        cwd: Path | None = None,
        check: bool = True,
    ) -> process.Done:
        """Run a program of an engine's image to its end, beside the project's files."""
        spec = container.Spec(
            image=image,
            entrypoint=argv[:1],
            command=argv[1:],
            env=env,
            folder=str(cwd or self.root),
            user="0:0",
            files=self._files(),
        )
        return container.run(
            self.daemon.client,
            spec,
            name=self.name,
            failure=failure,
            remedy=remedy,
            timeout_s=timeout_s,
            check=check,
        )

    @contextlib.contextmanager
    def exec(
        self, argv: tuple[str, ...], *, image: str, env: Mapping[str, str], log: Path
    ) -> Iterator[Program]:
        """Run an engine in the network of the service; what it writes beside `log` is copied out."""
        spec = container.Spec(
            image=image,
            entrypoint=argv[:1],
            command=argv[1:],
            env=env,
            folder=str(self.root),
            user="0:0",  # it writes to a folder that was copied in, which is root's
            files=(*self._files(), log.parent),
            network=self.network,
        )
        with container.started(
            self.daemon.client,
            spec,
            run=self.name,
            log=log,
            steps=process.STOP_ENGINE,
            failure=errors.EngineError,
            results=log.parent,
        ) as running:
            yield running

    @contextlib.contextmanager
    def service(self, spec: model.Service | None, *, log: Path) -> Iterator[service.Running]:
        """Bring the service up in the network for as long as the block lasts."""
        assert spec is not None  # what a Bench of this kind is made for
        if spec.build is not None:
            service.build(spec.build, root=self.root, env=self.daemon.environ, log=log)
        up = self._image(spec, log) if spec.image else self._composed(spec, log)
        with up as (running, outside):
            host_url = f"http://{self.daemon.host}:{outside}"
            started = service.Running(
                base_url=self.base_url(spec), child=running, ready_after_s=0.0
            )
            waited = ready.wait(
                spec.ready, host_url, alive=started.death, cwd=self.root, env=self.environ
            )
            yield service.Running(base_url=self.base_url(spec), child=running, ready_after_s=waited)

    def base_url(self, spec: model.Service | None) -> str:
        """Return where the service answers engines."""
        assert spec is not None
        host = spec.compose.service if spec.compose is not None else ALIAS
        return f"http://{host}:{spec.port}"

    @contextlib.contextmanager
    def _image(self, spec: model.Service, log: Path) -> Iterator[tuple[Program, int]]:
        assert spec.image is not None
        assert spec.port is not None
        port = str(spec.port)
        made = container.Spec(
            image=spec.image,
            command=[word.replace("{port}", port) for word in spec.command or ()],
            env={name: value.replace("{port}", port) for name, value in spec.env.items()},
            network=self.network,
            alias=ALIAS,
            publish=spec.port,
            bind="127.0.0.1" if self.daemon.local else "0.0.0.0",
        )
        with container.started(
            self.daemon.client,
            made,
            run=self.name,
            log=log,
            steps=process.STOP_SERVICE,
            failure=errors.LabNotReady,
        ) as running:
            yield running, running.port(spec.port)

    def _composed(
        self, spec: model.Service, log: Path
    ) -> contextlib.AbstractContextManager[tuple[Program, int]]:
        return composed.up(
            self.daemon,
            spec,
            name=abandoned.service(self.name),
            network=self.network,
            root=self.root,
            log=log,
        )

    def _files(self) -> tuple[Path, ...]:
        return (self.root, resources.inside("load/artillery_plugin"))

    def join(self, lab: str) -> None:
        """Let the InfluxDB and the Telegraf of a lab be reached by their names in the network."""
        network = self.daemon.client.networks.get(self.network)
        for name in ("influxdb", "telegraf"):
            made = compose.container(self.daemon, lab, name)
            if made is not None:
                network.connect(made, aliases=[name])


@contextlib.contextmanager
def bench(root: Path, environ: Mapping[str, str], unique: str) -> Iterator[Bench]:
    """Hand out a bench with a network of its own, which is gone afterwards. Raises LabNotReady."""
    found = daemon.find(environ)
    name = abandoned.bench(unique)
    network = found.client.networks.create(name, labels={abandoned.RUN_LABEL: name})
    try:
        yield Bench(
            root=root,
            environ=process.child_env(environ, {}),
            daemon=found,
            name=name,
            network=name,
        )
    finally:
        with interrupts.PROCESS.deferred():
            abandoned.remove_network(network)
