"""Engines and service in containers, in one network: for a service that is an image or Compose file.

Engines are the official images; scripts, plug-in and results have the same paths inside as here, so
engines never know. Not here: containers themselves (container.py), Compose files (composed.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ltlab_ci import errors, interrupts, lazy, model, process, resources
from ltlab_ci.lab import abandoned, compose, composed, container, daemon, ready
from ltlab_ci.lab import service as services
from ltlab_ci.lab.program import Program, Start

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
        with self.placed(argv, image=image, env=env, log=log) as start:
            yield start()

    def placed(
        self, argv: tuple[str, ...], *, image: str, env: Mapping[str, str], log: Path
    ) -> contextlib.AbstractContextManager[Start]:
        """Make an engine's container with the project's files in it, which may take seconds."""
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
        return container.placed(
            self.daemon.client,
            spec,
            run=self.name,
            log=log,
            steps=process.STOP_ENGINE,
            failure=errors.EngineError,
            results=log.parent,
        )

    @contextlib.contextmanager
    def built(self, version: services.Version, *, log: Path) -> Iterator[services.Version]:
        """Run the build line of a version, which makes its image, and hold on to base's image."""
        spec = version.spec
        if spec is not None and not version.built:
            if spec.build is not None:
                line = version.expanded(spec.build, spec.port or 0)
                services.build(line, root=version.root, env=self.daemon.environ, log=log)
            if version.side == "base":  # head is built after it, and may take the name
                version = replace(version, spec=self._pinned(version, spec))
        yield replace(version, built=True)

    def image_id(self, version: services.Version) -> str:
        """Return the id of a version's image, "" where it has none or it is still to be pulled."""
        spec = version.spec
        pinned = self._pinned(version, spec) if spec is not None else None
        image = pinned.image if pinned is not None else None
        return image if image is not None and image.startswith("sha256:") else ""

    def _pinned(self, version: services.Version, spec: model.Service) -> model.Service:
        """Return the block with the image itself in place of its name."""
        if spec.image is None:
            return spec
        name = version.expanded(spec.image, spec.port or 0)
        with contextlib.suppress(docker.errors.DockerException):  # it is pulled at the start then
            return spec.model_copy(update={"image": self.daemon.client.images.get(name).id})
        return spec

    @contextlib.contextmanager
    def service(
        self, version: services.Version, *, log: Path, place: int = 0
    ) -> Iterator[services.Starting]:
        """Start a version in the network for as long as the block lasts."""
        spec, host = version.spec, _host(version.spec, place)
        assert spec is not None  # what a Bench of this kind is made for
        assert spec.port is not None
        if spec.compose is None:
            with self._image(version, spec, host, log) as running:
                yield self._started(version, spec, host, running, running.port(spec.port))
            return
        with composed.up(
            self.daemon,
            spec,
            name=abandoned.service(self.name, version.side),
            root=version.root,
            log=log,
        ) as project:
            yield _Composed(
                project=project,
                started=lambda: self._started(
                    version, spec, host, *project.reached(self.network, host)
                ),
            )

    def _started(
        self,
        version: services.Version,
        spec: model.Service,
        host: str,
        running: Program,
        outside: int,
    ) -> services.Started:
        """Return what runs, awaited at the port of the daemon's host at which it is published."""
        return services.Started(
            running=services.Running(base_url=f"http://{host}:{spec.port}", child=running),
            check=ready.Check(
                spec=spec.ready,
                base_url=f"http://{self.daemon.host}:{outside}",
                cwd=version.root,
                env=self.environ,
                proxied=True,
            ),
        )

    def base_url(self, spec: model.Service | None) -> str:
        """Return where the service answers engines."""
        assert spec is not None
        return f"http://{_host(spec, 0)}:{spec.port}"

    @contextlib.contextmanager
    def _image(
        self, version: services.Version, spec: model.Service, host: str, log: Path
    ) -> Iterator[container.Container]:
        assert spec.image is not None
        assert spec.port is not None
        made = container.Spec(
            image=version.expanded(spec.image, spec.port),
            command=[version.expanded(word, spec.port) for word in spec.command or ()],
            env={name: version.expanded(value, spec.port) for name, value in spec.env.items()},
            network=self.network,
            alias=host,
            publish=spec.port,
            bind="127.0.0.1" if self.daemon.local else "0.0.0.0",
        )
        with container.placed(
            self.daemon.client,
            made,
            run=self.name,
            log=log,
            steps=process.STOP_SERVICE,
            failure=errors.LabNotReady,
        ) as start:
            yield start()

    def _files(self) -> tuple[Path, ...]:
        return (self.root, resources.inside("load/artillery_plugin"))

    def join(self, lab: str) -> None:
        """Let the InfluxDB and the Telegraf of a lab be reached by their names in the network."""
        network = self.daemon.client.networks.get(self.network)
        for name in ("influxdb", "telegraf"):
            made = compose.container(self.daemon, lab, name)
            if made is not None:
                network.connect(made, aliases=[name])


@dataclass(frozen=True, kw_only=True)
class _Composed:
    """A Compose file on its way up: which container it is can be said once Compose has ended."""

    project: composed.Project
    started: Callable[[], services.Started]

    def lives(self) -> bool:
        """Say whether Compose has not failed."""
        return self.project.lives()

    def awaited(self, *, sharing: int = 1) -> services.Running:
        """Wait for Compose, then for the service."""
        return self.started().awaited(sharing=sharing)

    def ask(self) -> None:
        """Let all its services end."""
        self.project.ask()


def _host(spec: model.Service | None, place: int) -> str:
    """Return the name by which engines reach a service; two of them cannot have the same."""
    name = spec.compose.service if spec is not None and spec.compose is not None else ALIAS
    return f"{name}-{place + 1}" if place else name


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
