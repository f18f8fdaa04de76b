"""What `ltlab doctor` says of Docker, the images of a lab, and the lab that stays up.

They are looked for by the very code that a run uses. Nothing is started, made or pulled.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace

import docker.errors

from ltlab_ci import errors, load, model
from ltlab_ci.cli.doctor_engines import Check, State, broken
from ltlab_ci.lab import compose, daemon, left_up

_PROGRAMS = ("docker", "docker-compose")


def lab(config: model.Config, environ: Mapping[str, str]) -> Iterator[Check]:
    """Look at all that a lab of containers needs; it is a problem only where a run asks for one."""
    contained = config.service is not None and config.service.contained
    needed = contained or config.runtime is model.Runtime.DOCKER
    programs = [name for name in _PROGRAMS if shutil.which(name, path=environ.get("PATH"))]
    if not needed and not programs:
        yield Check(name="Docker", found="none; only a lab or a service in containers needs it")
        return
    try:
        found = daemon.find(environ)
    except errors.LabNotReady as error:
        check = broken("Docker", error)
        yield check if needed else replace(check, state=State.WARN)
        return
    yield Check(name="Docker", found=f"{found.version}, {' '.join(found.compose)}")
    yield _images(config, found, contained=contained)
    try:
        yield _left_up(config, found)
    except errors.ConfigError as error:
        yield replace(broken("lab", error), state=State.WARN)


def _images(config: model.Config, found: daemon.Daemon, *, contained: bool) -> Check:
    used = {each.engine for each in config.scenarios} if contained else set()
    engines = {load.ENGINES[each].image(config.version_of(each)) for each in used}
    wanted = (*compose.images(), *sorted(engines))
    missing = [image for image in wanted if not _is_here(found, image)]
    if not missing:
        return Check(name="images", found=f"all {len(wanted)} are here")
    return Check(name="images", found=f"pulled or built on first use: {', '.join(missing)}")


def _is_here(found: daemon.Daemon, image: str) -> bool:
    try:
        found.client.images.get(image)
    except docker.errors.ImageNotFound:
        return False
    return True


def _left_up(config: model.Config, found: daemon.Daemon) -> Check:
    """Judge the lab that stays up: whole, absent, or half up, as after a crash."""
    name = left_up.values(config.lab_dir)["LAB_NAME"]
    states = {
        service: compose.state(compose.container(found, name, service))
        for service in (*compose.SERVICES, compose.TOY_API)
    }
    if set(states.values()) == {"not there"}:
        return Check(name="lab", found=f"{name} is not up; `ltlab start` leaves one up")
    ill = {service: state for service, state in states.items() if state != "healthy"}
    if ill:
        told = ", ".join(f"{service} is {state}" for service, state in ill.items())
        return Check(
            name="lab",
            found=f"{name} is half up: {told}",
            state=State.WARN,
            remedy=f"`ltlab start` mends it; `ltlab logs {next(iter(ill))}` may say why",
        )
    where = left_up.running(config.lab_dir)
    if where is None:
        return Check(
            name="lab",
            found=f"{name} is up, but its InfluxDB does not take the token in {config.lab_dir}",
            state=State.WARN,
            remedy="name the folder it was started with in LTLAB_LAB_DIR, or `ltlab reset`",
        )
    return Check(name="lab", found=f"{name} is up, Grafana at {where.grafana_url}")
