"""What the steps share: where they work, what they give out, how an error ends one."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ltlab_ci import errors

Environ = Mapping[str, str]


def step(work: Callable[[Environ], int]) -> None:
    """Run one step with the real environment, and leave with its exit code."""
    try:
        sys.exit(work(dict(os.environ)))
    except errors.LabError as error:
        sys.stderr.write(f"{error.message}\n  what to do: {error.remedy}\n")
        sys.exit(int(error.exit_code))


def folder(environ: Environ) -> Path:
    """Return the folder that `working-directory` names; it may not exist."""
    root = environ.get("GITHUB_WORKSPACE", ".")
    return Path(root, environ.get("LTLAB_WORKING_DIRECTORY", ""))


def enter(environ: Environ) -> None:
    """Go into that folder; where there is none `run` says so, with a report."""
    if folder(environ).is_dir():
        os.chdir(folder(environ))


def output(environ: Environ, name: str, value: str) -> None:
    """Write an output at once, so that a step which is killed keeps what it had."""
    delimiter = f"ltlab-{secrets.token_hex(16)}"
    with Path(environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def annotate(level: str, text: str) -> None:
    """Put a line of our own words beside the job."""
    sys.stdout.write(f"::{level} title=ltlab::{text}\n")
    sys.stdout.flush()


def ltlab(words: list[str]) -> int:
    """Run an `ltlab` command in this process, which then gets the runner's signals itself."""
    from ltlab_ci.cli import main  # noqa: PLC0415  (slow, and not every step needs it)

    sys.argv = ["ltlab", *words]  # the command that reproduces a run is read from here
    try:
        main.main(words, prog_name="ltlab")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(errors.ExitCode.BUG)
    return 0
