"""What every command shares: options from the one table, errors as two lines and an exit code.

Not here: any command.
"""

from __future__ import annotations

import functools
import os
import secrets
import shlex
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ltlab_ci import console, errors, interrupts, model
from ltlab_ci.cli import show
from ltlab_ci.config import options, read
from ltlab_ci.flows import case, run

Command = Callable[..., int]


def lab_command(*names: str) -> Callable[[Command], Callable[..., None]]:
    """Add the named options of the table, and turn a LabError into two lines and its exit code."""

    def decorate(command: Command) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapped(**given: Any) -> None:  # noqa: ANN401  (whatever click parsed)
            flags = {name: given.pop(name.replace("-", "_"), "") or "" for name in names}
            sys.exit(_guarded(lambda: command(flags=flags, **given)))

        decorated: Callable[..., None] = wrapped
        for option in reversed([o for o in options.OPTIONS if o.name in names and not o.secret]):
            text = f"{option.help} [{option.variable}]"
            decorated = click.option(option.flag, default="", help=text)(decorated)
        return decorated

    return decorate


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --quiet and --json."""
    quiet = click.option("--quiet", "-q", is_flag=True, help="Show the result and errors only.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Print result.json on stdout.")
    return quiet(as_json(command))


def voice(*, quiet: bool) -> console.Console:
    """Return a console as this process's terminal and environment allow."""
    plain = bool(os.environ.get("CI")) or os.environ.get("TERM") == "dumb"
    no_color = bool(os.environ.get("NO_COLOR"))
    return console.Console(quiet=quiet, plain=plain, no_color=no_color)


def interactive() -> bool:
    """Say whether somebody can answer questions."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def environ() -> Mapping[str, str]:
    """Return the environment of this process, as a value."""
    return dict(os.environ)


def outside(speaker: console.Console) -> case.Outside:
    """Return what a flow needs of the real world."""
    return case.Outside(
        environ=environ(),
        now=lambda: datetime.now(UTC),
        voice=speaker,
        interrupts=interrupts.PROCESS,
        reproduce=shlex.join(["ltlab", *sys.argv[1:]]),
        unique=f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
    )


def carry_out(
    load: Callable[[], read.Loaded],
    *,
    flags: Mapping[str, str],
    quiet: bool,
    as_json: bool,
    root: Path | None = None,
    flow: Callable[[model.Config, case.Outside], model.Result] = run.run,
) -> int:
    """Load a configuration and run it, show its result, return its exit code.

    Whatever is refused is shown and reported as a result too; `root` as in `read.report_dir`.
    """
    speaker = voice(quiet=quiet)
    world = outside(speaker)
    place = read.report_dir(cwd=Path.cwd(), environ=world.environ, flags=flags, root=root)
    try:
        config = load().config
    except errors.LabError as error:
        result = case.refused(error, world, report_dir=place)
    else:
        try:
            result = flow(config, world)
        except errors.LabError as error:  # such as a folder that is not ours to write to
            result = case.refused(error, world)
    show.outcome(result, folder=place, voice=speaker, as_json=as_json)
    return result.exit_code


def _guarded(command: Callable[[], int]) -> int:
    interrupts.PROCESS.heed()
    speaker = console.Console(quiet=False, plain=True, no_color=True)
    try:
        return int(command())
    except errors.LabError as error:
        speaker.error(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):  # click's own: a question that nobody answered
        speaker.error(errors.Interrupted("interrupted", remedy="run the command again"))
        return errors.ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001  (the one handler for our own bugs)
        log = Path("ltlab-bug.log")
        log.write_text(traceback.format_exc(), encoding="utf-8")
        speaker.error(
            errors.LabError(
                f"a bug in ltlab: {type(error).__name__}: {error}",
                remedy=f"report it with {log}, which holds no credentials of yours",
            )
        )
        return errors.ExitCode.BUG
