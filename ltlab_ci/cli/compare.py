"""`ltlab compare`: base against head, measured now or recorded before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from ltlab_ci import errors, model
from ltlab_ci.cli import complete, run, shared, show
from ltlab_ci.config import read
from ltlab_ci.flows import case, compare, duet

T = TypeVar("T")

_LOADS: dict[str, Literal["open", "closed", ""]] = {"auto": "", "open": "open", "closed": "closed"}
OPTIONS = ("against", "budget", *run.OPTIONS)


@click.command("compare")
@click.argument("scenarios", nargs=-1, shell_complete=complete.scenarios)
@click.option(
    "--samples",
    nargs=2,
    metavar="BASE_DIR HEAD_DIR",
    type=click.Path(path_type=Path),
    help="Judge what was recorded: folders with one samples file a round (Parquet of a report, or "
    "k6's CSV with microsecond or finer time), recorded at the same time, paired in the order of "
    "their names.",
)
@click.option(
    "--min-effect", help="The smallest change that is reported; 3% if nothing else is said."
)
@click.option(
    "--model",
    "load_model",
    type=click.Choice(list(_LOADS)),
    help="With --samples, how load was made: by an arrival rate (open) or by looping VUs (closed). "
    "auto tells by dropped iterations and by whether both sides got the same rate.",
)
@click.option(
    "--fail-on",
    help=f"What ends with exit code 1: any of {model.FAIL_ON}, or never; slower,errors,invalid if "
    "nothing else is said.",
)
@shared.output_options
@shared.lab_command(*OPTIONS)
def command(
    *,
    flags: Mapping[str, str],
    scenarios: tuple[str, ...],
    samples: tuple[Path, Path] | None,
    min_effect: str | None,
    load_model: str | None,
    fail_on: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Say whether head is slower than base: both run now, at the same time under the same load.

    Head is the working tree; base the merge base with the branch that it is to be merged into.
    """
    given: dict[str, Any] = {}
    if min_effect is not None:
        given["min_effect"] = _parsed("--min-effect", model.share, min_effect)
    if fail_on is not None:
        given["fail_on"] = _parsed("--fail-on", model.failing, fail_on)
    if samples is not None:
        if load_model:
            given["load_model"] = _LOADS[load_model]
        _refuse({"SCENARIO": scenarios, "--against": flags["against"], "--budget": flags["budget"]})
        return _recorded(samples, given, flags=flags, quiet=quiet, as_json=as_json)
    if load_model:
        raise errors.ConfigError(
            "--model belongs to --samples: of the scripts it runs ltlab knows how load is made",
            remedy="leave it out",
        )
    return shared.carry_out(
        lambda: _with_rules(_loaded(flags, scenarios), given),
        flags=flags,
        quiet=quiet,
        as_json=as_json,
        flow=duet.compared,
    )


def _loaded(flags: Mapping[str, str], scenarios: tuple[str, ...]) -> read.Loaded:
    return read.load(cwd=Path.cwd(), environ=shared.environ(), flags=flags, names=scenarios)


def _with_rules(loaded: read.Loaded, given: Mapping[str, Any]) -> read.Loaded:
    comparing = loaded.config.compare
    rules = replace(comparing.rules, **given)
    config = replace(loaded.config, compare=replace(comparing, rules=rules))
    return replace(loaded, config=config)


def _recorded(
    samples: tuple[Path, Path],
    given: Mapping[str, Any],
    *,
    flags: Mapping[str, str],
    quiet: bool,
    as_json: bool,
) -> int:
    world = shared.outside(shared.voice(quiet=quiet))
    place = read.report_dir(cwd=Path.cwd(), environ=world.environ, flags=flags)
    _keep(samples, place)
    try:
        result = compare.recorded(
            *samples,
            rules=replace(model.Rules(), **given),
            report_dir=place,
            outside=world,
            again=not {"min_effect", "load_model"} & set(given),
        )
    except errors.LabError as error:  # an earlier report would say something else
        result = case.refused(error, world, report_dir=place)
    show.outcome(result, folder=place, voice=world.voice, as_json=as_json)
    return result.exit_code


def _refuse(given: Mapping[str, object]) -> None:
    for name, value in given.items():
        if value:
            raise errors.ConfigError(
                f"{name} says what to run, and --samples that all is recorded already",
                remedy="give one of them",
            )


def _keep(samples: tuple[Path, Path], report_dir: Path) -> None:
    """Refuse to write a report where the samples are: its folder is emptied first."""
    for folder in samples:
        if report_dir in (folder.resolve(), *folder.resolve().parents):
            raise errors.ConfigError(
                f"the samples in {folder} lie in the report folder, which would be emptied",
                remedy="choose another folder for this report with --report-dir",
            )


def _parsed(flag: str, parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except errors.ConfigError as error:
        raise errors.ConfigError(f"{flag} {error.message}", remedy=error.remedy) from error
