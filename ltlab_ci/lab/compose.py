"""The lab of containers: InfluxDB, Telegraf, Grafana and a toy API, up and down by Compose.

Files go into containers by copy, never by mount: the daemon may be on another machine.
Not here: finding the daemon (daemon.py), when the lab counts as ready (lab_ready.py).
"""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ltlab_ci import errors, interrupts, lazy, model, resources
from ltlab_ci.lab import abandoned, lab_ready, linked, ports
from ltlab_ci.lab import daemon as daemons
from ltlab_ci.lab.archive import packed
from ltlab_ci.lab.service import free_port

if TYPE_CHECKING:
    import docker.errors
    from docker.models.containers import Container
else:
    docker = lazy.module("docker")

SERVICES = ("influxdb", "telegraf", "grafana")
TOY_API = "toy-api"
SERVICE_LABEL = "com.docker.compose.service"
_FILES = {
    "setup": (("stack/setup.sh", "/setup.sh"),),
    "telegraf": (("stack/telegraf.conf", "/etc/telegraf/telegraf.conf"),),
    "grafana": (
        ("grafana/provisioning", "/etc/grafana/provisioning"),
        ("grafana/dashboards", "/var/lib/grafana/dashboards"),
        (linked.PROVIDER, "/etc/grafana/provisioning/dashboards/linked.yml"),
    ),
}
"""What each service is given: path in ltlab's data, path in the container."""

_PUBLISHES = {
    "influxdb": ("influxdb", "tcp"),
    "telegraf": ("statsd", "udp"),
    "grafana": ("grafana", "tcp"),
    TOY_API: (TOY_API, "tcp"),
}
"""The port of each service, by its name in Settings.ports, and its kind."""

_UP_S, _READY_S, _DOWN_S, _PULL_S = 180.0, 60.0, 90.0, 1800.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What makes a lab: its name, the ports its services are published at, its secrets.

    `ports` by service name; `statsd` is Telegraf's. `dashboards` are those of projects.
    """

    name: str
    ports: Mapping[str, int]
    token: str = field(repr=False)
    password: str = field(repr=False)
    raw_retention_days: int = 14
    minute_retention_days: int = 365
    dashboards: tuple[linked.Link, ...] = ()

    def env(self, bind: str) -> dict[str, str]:
        """Return what the Compose files ask for."""
        return {
            "COMPOSE_PROJECT_NAME": self.name,
            "BIND_ADDRESS": bind,
            "INFLUXDB_PORT": str(self.ports["influxdb"]),
            "STATSD_PORT": str(self.ports["statsd"]),
            "GRAFANA_PORT": str(self.ports["grafana"]),
            "TOY_API_PORT": str(self.ports["toy-api"]),
            "LTLAB_INFLUXDB_TOKEN": self.token,
            "LTLAB_INFLUXDB_PASSWORD": self.password,
            "LTLAB_GRAFANA_PASSWORD": self.password,
            "RAW_DAYS": str(self.raw_retention_days),
            "MINUTE_DAYS": str(self.minute_retention_days),
        }


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A lab that is up, or was: what it is made of, and the daemon it runs in."""

    settings: Settings
    daemon: daemons.Daemon = field(repr=False)

    @property
    def addresses(self) -> lab_ready.Addresses:
        """Return where its parts answer from here."""
        host, ports = self.daemon.host, self.settings.ports
        return lab_ready.Addresses(
            influx=model.Influx(
                url=f"http://{host}:{ports['influxdb']}", token=self.settings.token
            ),
            statsd=(host, ports["statsd"]),
            grafana_url=f"http://{host}:{ports['grafana']}",
        )

    def container(self, service: str) -> Container | None:
        """Return a service's container as it is now, None where there is none."""
        return container(self.daemon, self.settings.name, service)


def container(found: daemons.Daemon, project: str, service: str) -> Container | None:
    """Return the container of a service of a Compose project, None where there is none."""
    labels = [f"{abandoned.PROJECT_LABEL}={project}", f"{SERVICE_LABEL}={service}"]
    there = found.client.containers.list(all=True, filters={"label": labels})
    return there[0] if there else None


def state(made: Container | None) -> str:
    """Say how a service is: its health while it runs, else what became of it."""
    if made is None:
        return "not there"
    found = made.attrs["State"]
    health = (found.get("Health") or {}).get("Status")
    return str(health if health and found["Status"] == "running" else found["Status"])


def images() -> tuple[str, ...]:
    """Return the images of which a lab is made, without those of engines."""
    text = resources.file("stack/compose.yml").read_text(encoding="utf-8")
    services = yaml.safe_load(text)["services"]
    return tuple(
        dict.fromkeys(each["image"] for each in services.values() if "profiles" not in each)
    )


def temporary(unique: str, *, raw_retention_days: int, minute_retention_days: int) -> Settings:
    """Return a lab for one run: its own name, ports that are free here now, secrets of its own."""
    return Settings(
        name=abandoned.lab(unique),
        ports={
            "statsd": free_port(socket.SOCK_DGRAM),
            **{name: free_port() for name in ("influxdb", "grafana", "toy-api")},
        },
        token=secrets.token_urlsafe(32),
        password=secrets.token_urlsafe(16),
        raw_retention_days=raw_retention_days,
        minute_retention_days=minute_retention_days,
    )


def up(daemon: daemons.Daemon, settings: Settings, *, toy_api: bool = False) -> Stack:
    """Bring a lab up until everything in it works; what is up already stays as it is.

    Raises LabNotReady with the service that failed, why, and its last log lines; before anything
    is made where a port is taken.
    """
    stack = Stack(settings=settings, daemon=daemon)
    services = (*SERVICES, *((TOY_API,) if toy_api else ()))
    _refuse_taken(stack, services)
    _compose(stack, "create", "--quiet-pull", *services, timeout_s=_PULL_S, remedy=_WHY_NOT)
    for service, files in _FILES.items():
        for source, target in files:
            _give(stack, service, packed(resources.file(source), target), Path(target).name)
    made = stack.container("grafana")
    if made is None or made.status != "running":  # else it has them: a file that is replaced is
        show(stack, settings.dashboards)  # gone for a moment, and its dashboard with it
    try:
        _compose(
            stack,
            *("up", "--detach", "--no-recreate", "--quiet-pull", "--wait"),
            *("--wait-timeout", f"{_UP_S:.0f}", *services),
            timeout_s=_UP_S + 30,
            remedy=_WHY_NOT,
        )
        lab_ready.wait(stack.addresses, timeout_s=_READY_S)
    except errors.LabNotReady as error:
        told = _told(stack)
        remedy = error.remedy
        if _OTHER_TOKEN in told:
            remedy = "`ltlab reset` empties it; or put back the settings it was started with"
        raise errors.LabNotReady(
            f"the lab is not ready: {told or error.message}", remedy=remedy
        ) from error
    return stack


def down(stack: Stack, *, volumes: bool) -> None:
    """Stop a lab and remove its containers and network, and with `volumes` all that it stored."""
    _compose(
        stack,
        *("--profile", "*", "down", "--remove-orphans", "--timeout", "5"),
        *(("--volumes",) if volumes else ()),
        timeout_s=_DOWN_S,
        remedy=f"remove it by hand: docker compose -p {stack.settings.name} down -v",
    )


def show(stack: Stack, some: tuple[linked.Link, ...]) -> None:
    """Give a lab's Grafana dashboards of projects, which it takes up within seconds by itself."""
    _give(stack, "grafana", linked.archive(some), "a dashboard")


def hide(stack: Stack, some: tuple[linked.Link, ...]) -> None:
    """Take dashboards away from a lab's Grafana that runs. Raises LabNotReady."""
    made = stack.container("grafana")
    assert made is not None  # the caller has asked
    done = made.exec_run(["rm", "-f", *(link.place for link in some)], user="0")
    if done.exit_code:
        raise errors.LabNotReady(
            f"the lab's Grafana keeps a dashboard: {done.output!r}",
            remedy="`ltlab rebuild` starts Grafana without it",
        )


@contextlib.contextmanager
def lab(daemon: daemons.Daemon, settings: Settings) -> Iterator[Stack]:
    """Bring up a lab for as long as the block lasts; on every way out nothing of it is left."""
    try:
        yield up(daemon, settings)
    finally:
        with interrupts.PROCESS.deferred():  # what was begun is also ended
            down(Stack(settings=settings, daemon=daemon), volumes=True)


def compose(stack: Stack, *words: str, timeout_s: float) -> str:
    """Run any other Compose command on a lab and return what it said on stdout."""
    return _compose(stack, *words, timeout_s=timeout_s, remedy=_WHY_NOT)


_OTHER_TOKEN = "does not know the lab's token"  # stack/setup.sh says so
_WHY_NOT = "see `ltlab doctor`, mend what it names, and run again"


def _compose(stack: Stack, *words: str, timeout_s: float, remedy: str) -> str:
    folder = resources.folder("stack")
    files = [word for name in ("compose.yml", "copied.yml") for word in ("-f", str(folder / name))]
    bind = "127.0.0.1" if stack.daemon.local else "0.0.0.0"
    done = stack.daemon.run_compose(
        [*files, "--ansi", "never", "--progress", "quiet", *words],
        env=stack.settings.env(bind),
        timeout_s=timeout_s,
        remedy=remedy,
    )
    return done.out


def _refuse_taken(stack: Stack, services: Iterable[str]) -> None:
    """Refuse ports that somebody else has, where the daemon publishes them on this machine."""
    if not stack.daemon.local:
        return
    made = {service: stack.container(service) for service in services}
    down = [service for service, each in made.items() if each is None or each.status != "running"]
    kinds = dict(_PUBLISHES[service] for service in down)
    wanted = {name: (stack.settings.ports[name], kind) for name, kind in kinds.items()}
    ports.refuse_taken(stack.daemon.client, "127.0.0.1", wanted)


def _give(stack: Stack, service: str, archive: bytes, what: str) -> None:
    container = stack.container(service)
    if container is None:
        raise errors.LabNotReady(f"the lab's {service} was not made", remedy=_WHY_NOT)
    try:
        container.put_archive("/", archive)
    except docker.errors.APIError as error:
        raise errors.LabNotReady(
            f"{what} could not be copied into the lab's {service}: {error.explanation}",
            remedy="run `ltlab reset`, then again",
        ) from error


def _told(stack: Stack) -> str:
    """Name the service that explains most, how it is, and its last words.

    One that gave up says more than those that wait for it.
    """
    made = {
        name: container
        for name in ("setup", "influxdb", *SERVICES[1:], TOY_API)
        if (container := stack.container(name)) is not None
    }
    ill = {name: how for name, each in made.items() if (how := _illness(each)) is not None}
    for name in sorted(ill, key=lambda name: not ill[name].startswith(("exited", "out of"))):
        tail = made[name].logs(tail=3).decode("utf-8", "replace").strip().splitlines()
        said = f" ({' | '.join(line.strip() for line in tail)})" if tail else ""
        return f"{name} {ill[name]}{said}"
    return ""


def _illness(made: Container) -> str | None:
    """Say how a container is not well, None when it is, or has done its work."""
    state = made.attrs["State"]
    health = (state.get("Health") or {}).get("Status", "")
    if state.get("OOMKilled"):
        return "out of memory"
    if state["Status"] == "exited":
        return f"exited with {state['ExitCode']}" if state["ExitCode"] else None
    if state["Status"] == "created":
        return f"did not start ({state.get('Error') or 'it waits for another service'})"
    return None if health in {"healthy", ""} else str(health)
