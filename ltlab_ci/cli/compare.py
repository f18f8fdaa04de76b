"""`ltlab compare`: base against head."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import click

from ltlab_ci import errors, model
from ltlab_ci.cli import shared, show
from ltlab_ci.config import read
from ltlab_ci.flows import case, compare

_FAIL_ON = {
    "slower": "slower",
    "errors": "more errors",
    "invalid": "invalid",
    "inconclusive": "inconclusive",
    "faster": "faster",
}
_LOADS: dict[str, Literal["open", "closed", ""]] = {"auto": "", "open": "open", "closed": "closed"}


@click.command("compare")
@click.option(
    "--samples",
    nargs=2,
    required=True,
    metavar="BASE_DIR HEAD_DIR",
    type=click.Path(path_type=Path),
    help="Folders with one samples file a round (Parquet of a report, or k6's CSV with microsecond "
    "or finer time), recorded at the same time, paired in the order of their names.",
)
@click.option(
    "--min-effect", default="3%", show_default=True, help="The smallest change that is reported."
)
@click.option(
    "--model",
    "load_model",
    default="auto",
    show_default=True,
    type=click.Choice(list(_LOADS)),
    help="How load was made: by an arrival rate (open) or by looping VUs (closed). auto tells by "
    "dropped iterations and by whether both sides got the same rate.",
)
@click.option(
    "--fail-on",
    default="slower,errors,invalid",
    show_default=True,
    help=f"What ends with exit code 1: any of {', '.join(_FAIL_ON)}, or never.",
)
@shared.output_options
@shared.lab_command("report-dir")
def command(
    *,
    flags: Mapping[str, str],
    samples: tuple[Path, Path],
    min_effect: str,
    load_model: str,
    fail_on: str,
    quiet: bool,
    as_json: bool,
) -> int:
    """Say whether head is slower than base, from samples recorded at the same time."""
    world = shared.outside(shared.voice(quiet=quiet))
    place = read.report_dir(cwd=Path.cwd(), environ=world.environ, flags=flags)
    _keep(samples, place)
    try:
        rules = model.Rules(
            min_effect=_share(min_effect),
            load_model=_LOADS[load_model],
            fail_on=_failing(fail_on),
        )
        result = compare.recorded(*samples, rules=rules, report_dir=place, outside=world)
    except errors.LabError as error:  # an earlier report would say something else
        result = case.refused(error, world, report_dir=place)
    show.outcome(result, folder=place, voice=world.voice, as_json=as_json)
    return result.exit_code


def _keep(samples: tuple[Path, Path], report_dir: Path) -> None:
    """Refuse to write a report where the samples are: its folder is emptied first."""
    for folder in samples:
        if report_dir in (folder.resolve(), *folder.resolve().parents):
            raise errors.ConfigError(
                f"the samples in {folder} lie in the report folder, which would be emptied",
                remedy="choose another folder for this report with --report-dir",
            )


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise errors.ConfigError(
            f"--min-effect {text!r} is no share below 1", remedy="write 3% or 0.03"
        )
    return share


def _failing(text: str) -> frozenset[str]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words == ["never"]:
        return frozenset()
    unknown = [word for word in words if word not in _FAIL_ON]
    if unknown or not words:
        raise errors.ConfigError(
            f"--fail-on {text!r}: {unknown[0] if unknown else 'nothing'} is not known",
            remedy=f"write some of {','.join(_FAIL_ON)}, or never",
        )
    return frozenset(_FAIL_ON[word] for word in words)
