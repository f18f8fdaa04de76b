"""`ltlab selftest`: how many false alarms `ltlab compare` gives on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from ltlab_ci import console, errors, model
from ltlab_ci.cli import compare, complete, shared
from ltlab_ci.config import read
from ltlab_ci.flows import selftest
from ltlab_ci.report import figures


@click.command("selftest")
@click.argument("scenarios", nargs=-1, shell_complete=complete.scenarios)
@click.option(
    "-n", "times", default=20, show_default=True, type=click.IntRange(1, 999), help="How often."
)
@shared.output_options
@shared.lab_command(*(name for name in compare.OPTIONS if name != "against"))
def command(
    *,
    flags: Mapping[str, str],
    scenarios: tuple[str, ...],
    times: int,
    quiet: bool,
    as_json: bool,
) -> int:
    """Compare head with itself, again and again: whatever is found is a false alarm."""
    speaker = shared.voice(quiet=quiet)
    world = shared.outside(speaker)
    loaded = read.load(cwd=Path.cwd(), environ=world.environ, flags=flags, names=scenarios)
    tested = selftest.run(loaded.config, world, times)
    if as_json:
        speaker.raw(f"{tested.result.model_dump_json(indent=2)}\n")
    else:
        _show(tested.result, speaker)
    for found in tested.result.findings:
        if found.effect != "warn":
            speaker.error(errors.LabError(found.message, remedy=found.remedy))
    return tested.code


def _show(result: model.SelfTest, speaker: console.Console) -> None:
    for number, each in enumerate(result.tried, start=1):
        mark = "ALARM" if each.alarm else "-"
        speaker.raw(f"{number:3d}  {mark:5}  {each.verdict:12}  {console.one_line(each.headline)}")
    invalid = len(result.tried) - result.valid
    if result.interval is not None:
        low, high = (figures.share(each) for each in result.interval)
        speaker.raw(
            f"{result.alarms} alarms in {result.valid} comparisons of the same code: "
            f"{figures.share(result.alarms / result.valid)} ({low} to {high}); "
            f"{figures.share(result.alpha)} is designed for"
        )
    if invalid:
        speaker.raw(f"{invalid} more were no valid measurement")
