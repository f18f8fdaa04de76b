"""`ltlab chaos`: load profiles that show what a report looks like under trouble.

Not here: the profiles and what must hold in each (examples/chaos).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import click

from ltlab_ci import errors, model, resources
from ltlab_ci.cli import demo, shared
from ltlab_ci.config import read
from ltlab_ci.lab import left_up

SAYS = {
    "basic": "usual load on endpoints some of which are slow or fail",
    "spike": "a sudden jump to twenty times the load, and back",
    "resilience": "errors and delays that come and go, twice",
}
PROFILES = tuple(SAYS)
ENGINES = tuple(engine.value for engine in model.EngineName)


@click.command("chaos")
@click.argument("profile", required=False, type=click.Choice(PROFILES))
@click.option("--engine", type=click.Choice(ENGINES), help="The engine.  [k6]")
@shared.output_options
@shared.lab_command(
    *("report-dir", "cache-dir", "url", "k6", "artillery", "node", "lab", "lab-dir")
)
def command(
    *,
    flags: Mapping[str, str],
    profile: str | None,
    engine: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Put trouble on a toy service: slow answers, errors, a sudden jump of load.

    The toy service is that of the lab that `ltlab start` left up, else one is started; --url names
    another that runs already. Without PROFILE, asks on a terminal.

    \b
    basic       usual load on endpoints some of which are slow or fail
    spike       a sudden jump to twenty times the load, and back
    resilience  errors and delays that come and go, twice
    """
    profile, engine = _chosen(profile, engine)
    ours = {**flags, "config": str(resources.folder("examples/chaos") / "ltlab.yml")}

    def load() -> read.Loaded:
        loaded = read.load(
            cwd=Path.cwd(), environ=shared.environ(), flags=ours, names=(f"{engine}-{profile}",)
        )
        if loaded.settings["url"].value:
            return loaded
        config = dataclasses.replace(loaded.config, service=_toy_service(loaded.config))
        return dataclasses.replace(loaded, config=config)

    return shared.carry_out(load, flags=ours, quiet=quiet, as_json=as_json)


def _toy_service(config: model.Config) -> model.Service:
    """Return the toy API of the lab in which the run takes place, or one to start."""
    in_lab = config.runtime in {model.Runtime.AUTO, model.Runtime.DOCKER}
    left = left_up.running(config.lab_dir) if in_lab else None
    if left is None:
        return demo.service()
    return model.Service(url=left.toy_api_url, ready=model.Ready(get="/health"))


def _chosen(profile: str | None, engine: str | None) -> tuple[str, str]:
    """Ask for what was not said. Raises ConfigError where nobody can answer."""
    if profile is not None:
        return profile, engine or ENGINES[0]
    if not shared.interactive():
        raise errors.ConfigError(
            "no profile was named, and there is no terminal to ask on",
            remedy=f"write `ltlab chaos NAME` with one of {', '.join(PROFILES)}",
        )
    for name, says in SAYS.items():
        click.echo(f"{name:12}{says}", err=True)
    profile = click.prompt("Profile", type=click.Choice(PROFILES), default=PROFILES[0], err=True)
    asked = engine or click.prompt(
        "Engine", type=click.Choice(ENGINES), default=ENGINES[0], err=True
    )
    return str(profile), str(asked)
