"""`ltlab report` and `ltlab judge`: what can be done with a report folder without running again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from ltlab_ci import report
from ltlab_ci.cli import shared, show
from ltlab_ci.config import read
from ltlab_ci.flows import folder, logs
from ltlab_ci.flows import rejudge as rejudging


@click.command("report")
@click.argument("directory", type=click.Path(path_type=Path), default="ltlab-report")
@shared.lab_command()
def render(*, flags: Mapping[str, str], directory: Path) -> int:  # noqa: ARG001
    """Write the files of a report anew from its result.json."""
    result = folder.read(directory)
    folder.write(directory, report.render(result, logs.excerpts(directory)))
    shared.voice(quiet=False).raw(f"report: {directory / 'report.html'}")
    return 0


@click.command("judge")
@click.argument("directory", type=click.Path(path_type=Path), default="ltlab-report")
@shared.output_options
@shared.lab_command("config")
def rejudge(*, flags: Mapping[str, str], directory: Path, quiet: bool, as_json: bool) -> int:
    """Judge recorded samples against the thresholds that ltlab.yml states now."""
    earlier = folder.read(directory)
    loaded = read.load(cwd=Path.cwd(), environ=shared.environ(), flags=flags)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    result = rejudging.again(
        earlier,
        loaded.config.scenarios,
        directory / "samples",
        reproduce=shlex.join(["ltlab", "judge", str(directory)]),
        times=earlier.times.model_copy(update={"written": now}),
    )
    folder.write(directory, report.render(result, logs.excerpts(directory)))
    show.outcome(result, folder=directory, voice=shared.voice(quiet=quiet), as_json=as_json)
    return result.exit_code
