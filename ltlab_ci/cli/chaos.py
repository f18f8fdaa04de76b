"""`ltlab chaos`: load profiles that show what a report looks like under trouble.

Not here: the profiles and what must hold in each (examples/chaos).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import click

from ltlab_ci import model, resources
from ltlab_ci.cli import demo, shared
from ltlab_ci.config import read

PROFILES = ("basic", "spike", "resilience")
ENGINES = tuple(engine.value for engine in model.EngineName)


@click.command("chaos")
@click.argument("profile", type=click.Choice(PROFILES))
@click.option("--engine", type=click.Choice(ENGINES), default="k6", help="The engine.  [k6]")
@shared.output_options
@shared.lab_command("report-dir", "cache-dir", "url", "k6", "artillery", "node")
def command(
    *, flags: Mapping[str, str], profile: str, engine: str, quiet: bool, as_json: bool
) -> int:
    """Put trouble on a toy service: slow answers, errors, a sudden jump of load.

    Without --url a toy service is started; with it, a toy service that runs already is used.

    \b
    basic       usual load on endpoints some of which are slow or fail
    spike       a sudden jump to twenty times the load, and back
    resilience  errors and delays that come and go, twice
    """
    ours = {**flags, "config": str(resources.folder("examples/chaos") / "ltlab.yml")}

    def load() -> read.Loaded:
        loaded = read.load(
            cwd=Path.cwd(), environ=shared.environ(), flags=ours, names=(f"{engine}-{profile}",)
        )
        if loaded.settings["url"].value:
            return loaded
        config = dataclasses.replace(loaded.config, service=demo.service())
        return dataclasses.replace(loaded, config=config)

    return shared.carry_out(load, flags=ours, quiet=quiet, as_json=as_json)
