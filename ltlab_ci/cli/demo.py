"""`ltlab demo`: the toy service and its scenarios, to see everything work in a minute."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from ltlab_ci import model, resources
from ltlab_ci.cli import shared
from ltlab_ci.config import read

_SCENARIOS = ("k6-mixed", "artillery-fast")


@click.command("demo")
@click.argument("scenarios", nargs=-1)
@shared.output_options
@shared.lab_command("report-dir", "cache-dir", "k6", "artillery", "node")
def command(
    *, flags: Mapping[str, str], scenarios: tuple[str, ...], quiet: bool, as_json: bool
) -> int:
    """Boot a toy service and run one k6 and one Artillery scenario against it."""
    project = resources.folder("examples/toy")
    ours = {**flags, "config": str(project / "ltlab.yml")}

    def load() -> read.Loaded:
        loaded = read.load(
            cwd=Path.cwd(),
            environ=shared.environ(),
            flags=ours,
            names=scenarios or _SCENARIOS,
        )
        config = dataclasses.replace(loaded.config, service=service())
        return dataclasses.replace(loaded, config=config)

    return shared.carry_out(load, flags=ours, quiet=quiet, as_json=as_json)


def service() -> model.Service:
    """Return the toy service run by ltlab's own Python, which has all that it needs."""
    return model.Service(
        command=(sys.executable, "-m", "toy_api", "--port", "{port}"),
        env={"PYTHONPATH": str(resources.folder("toy_api").parent)},
        ready=model.Ready(get="/health"),
    )
