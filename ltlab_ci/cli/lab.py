"""The lab that stays up on a laptop: start, stop, restart, rebuild, info, logs, reset, purge.

Not here: its settings (configure.py); the lab that one run boots for itself (flows/labs.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import rich.table

from ltlab_ci import console, errors
from ltlab_ci.cli import shared
from ltlab_ci.config import read
from ltlab_ci.lab import compose, daemon, left_up

_MASK = "********"
_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
_service = click.option(
    "--service",
    "-s",
    type=click.Choice([*compose.SERVICES, compose.TOY_API]),
    help="Only this one.",
)


@click.command("start")
@shared.lab_command("lab-dir")
def start(*, flags: Mapping[str, str]) -> int:
    """Bring the lab up and leave it up, for any number of projects."""
    voice = shared.voice(quiet=False)
    stack = _stack(flags)
    with voice.busy(f"starting the lab {stack.settings.name}"):
        _up(stack)
    _show(voice, stack)
    return 0


@click.command("stop")
@shared.lab_command("lab-dir")
def stop(*, flags: Mapping[str, str]) -> int:
    """Stop the lab; what it stored is kept for the next start."""
    stack = _stack(flags)
    with shared.voice(quiet=False).busy(f"stopping the lab {stack.settings.name}"):
        compose.down(stack, volumes=False)
    return 0


@click.command("restart")
@_service
@shared.lab_command("lab-dir")
def restart(*, flags: Mapping[str, str], service: str | None) -> int:
    """Restart the lab, or one service of it."""
    stack = _stack(flags)
    _up_or_refused(stack)
    with shared.voice(quiet=False).busy(f"restarting {service or 'the lab'}"):
        compose.compose(stack, "restart", *([service] if service else []), timeout_s=180)
        _up(stack)
    return 0


@click.command("rebuild")
@shared.lab_command("lab-dir")
def rebuild(*, flags: Mapping[str, str]) -> int:
    """Make the lab's containers anew, from the images that this ltlab names; data is kept."""
    voice = shared.voice(quiet=False)
    stack = _stack(flags)
    with voice.busy(f"rebuilding the lab {stack.settings.name}"):
        compose.down(stack, volumes=False)
        _up(stack)
    _show(voice, stack)
    return 0


@click.command("info")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON on stdout.")
@click.option("--show-secrets", is_flag=True, help="Print token and password too.")
@shared.lab_command("lab-dir")
def info(*, flags: Mapping[str, str], as_json: bool, show_secrets: bool) -> int:
    """Say where the lab answers, how its parts are, and with which credentials."""
    voice = shared.voice(quiet=False)
    stack = _stack(flags)
    if as_json:
        voice.raw(json.dumps(facts(stack, show_secrets=show_secrets), indent=2))
    else:
        _show(voice, stack, show_secrets=show_secrets)
    return 0


@click.command("logs")
@click.argument("service", required=False, type=click.Choice([*compose.SERVICES, compose.TOY_API]))
@click.option("--lines", "-n", default=100, show_default=True, help="How many, of each service.")
@click.option("--follow", "-f", is_flag=True, help="Go on until interrupted.")
@shared.lab_command("lab-dir")
def logs(*, flags: Mapping[str, str], service: str | None, lines: int, follow: bool) -> int:
    """Print what the lab's services said last."""
    stack = _stack(flags)
    if follow and service is None:
        raise errors.ConfigError(
            "only one service can be followed", remedy="name it: ltlab logs influxdb -f"
        )
    voice = shared.voice(quiet=False)
    for name in (service,) if service else (*compose.SERVICES, compose.TOY_API):
        container = stack.container(name)
        if container is None:
            continue
        said = container.logs(tail=lines, stream=True, follow=follow, timestamps=True)
        for line in said:
            text = console.one_line(line.decode("utf-8", "replace"))
            voice.raw(text if service else f"{name}: {text}")
    return 0


@click.command("reset")
@_yes
@shared.lab_command("lab-dir")
def reset(*, flags: Mapping[str, str], yes: bool) -> int:
    """Remove everything that the lab stored, and start it empty."""
    stack = _stack(flags)
    _ask(yes, f"This removes every sample and dashboard change in the lab {stack.settings.name}.")
    voice = shared.voice(quiet=False)
    with voice.busy(f"resetting the lab {stack.settings.name}"):
        compose.down(stack, volumes=True)
        _up(stack)
    _show(voice, stack)
    return 0


@click.command("purge")
@_yes
@shared.lab_command("lab-dir")
def purge(*, flags: Mapping[str, str], yes: bool) -> int:
    """Remove the lab: containers, network, all that it stored, its settings and secrets."""
    folder = _folder(flags)
    stack = _stack(flags)
    _ask(
        yes,
        f"This removes the lab {stack.settings.name}, all its samples, the dashboards linked "
        f"into it (their files stay), and the settings in {folder}.",
    )
    with shared.voice(quiet=False).busy(f"removing the lab {stack.settings.name}"):
        compose.down(stack, volumes=True)
        left_up.forget(folder)
    return 0


def facts(stack: compose.Stack, *, show_secrets: bool) -> dict[str, Any]:
    """Return what `ltlab info` says: name, addresses, services, credentials (masked)."""
    settings, where = stack.settings, stack.addresses
    return {
        "name": settings.name,
        "docker": stack.daemon.version,
        "services": [_service_facts(stack, name) for name in (*compose.SERVICES, compose.TOY_API)],
        "addresses": {
            "grafana": where.grafana_url,
            "influxdb": where.influx.url,
            "statsd": f"{stack.daemon.host}:{settings.ports['statsd']}/udp",
            "toy-api": f"http://{stack.daemon.host}:{settings.ports['toy-api']}",
        },
        "influxdb": {"org": where.influx.org, "bucket": where.influx.bucket},
        "token": settings.token if show_secrets else _MASK,
        "password": settings.password if show_secrets else _MASK,
    }


def _service_facts(stack: compose.Stack, name: str) -> dict[str, str]:
    container = stack.container(name)
    image = "" if container is None else container.attrs["Config"]["Image"]
    return {"name": name, "state": compose.state(container), "image": image}


def _show(voice: console.Console, stack: compose.Stack, *, show_secrets: bool = False) -> None:
    found = facts(stack, show_secrets=show_secrets)
    table = rich.table.Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("service", "state", "address", "image"):
        table.add_column(heading, overflow="fold")
    for each in found["services"]:
        address = found["addresses"].get(each["name"], "")
        if each["name"] == "telegraf":
            address = f"{found['addresses']['statsd']} (StatsD)"
        cells = (each["name"], each["state"], address, each["image"])
        table.add_row(*map(console.as_text, cells))
    voice.result(table)
    where = found["influxdb"]
    voice.result(
        console.as_text(
            f"InfluxDB: org {where['org']}, bucket {where['bucket']}, token {found['token']}\n"
            f"Grafana: user admin, password {found['password']} (visitors may look without)"
        )
    )


def _up(stack: compose.Stack) -> None:
    """Bring the whole lab up, with the task that sums samples up each minute."""
    # InfluxDB's client takes longer to import than most of these commands take.
    from ltlab_ci.store import buckets  # noqa: PLC0415

    compose.up(stack.daemon, stack.settings, toy_api=True)
    buckets.ensure_minutes(stack.addresses.influx)


def _up_or_refused(stack: compose.Stack) -> None:
    if all(stack.container(name) is None for name in compose.SERVICES):
        raise errors.LabNotReady(f"the lab {stack.settings.name} is not up", remedy="ltlab start")


def _ask(yes: bool, what: str) -> None:  # noqa: FBT001  (click's own flag, handed on)
    if not yes and not click.confirm(f"{what} Go on?", default=False):
        raise errors.Interrupted("nothing was removed", remedy="confirm, or give --yes")


def _folder(flags: Mapping[str, str]) -> Path:
    return read.lab_dir(cwd=Path.cwd(), environ=shared.environ(), flags=flags)


def _stack(flags: Mapping[str, str]) -> compose.Stack:
    found = daemon.find(shared.environ())
    return compose.Stack(settings=left_up.settings(_folder(flags)), daemon=found)
