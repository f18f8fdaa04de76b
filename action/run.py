"""Run the load test. The step itself is green: the last one, verdict.py, says what it came to."""

from __future__ import annotations

import secrets
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from action import inputs
from ltlab_ci import errors
from ltlab_ci.cli import shared
from ltlab_ci.config import options, read, wanted

SAID = ("config", "lab", "k6-version", "artillery-version", "against", "budget")
"""Handed on as flags, so that the command which reproduces a run names them."""


def main(environ: inputs.Environ) -> int:
    """Run `ltlab run`, or `compare`; its exit code and the folder of evidence are outputs."""
    inputs.enter(environ)
    place = read.report_dir(cwd=Path.cwd(), environ=environ, flags={})
    inputs.output(environ, "report-dir", str(place))
    with _no_commands():
        code = _run(environ)
    inputs.output(environ, "exit-code", str(code))
    return 0


def arguments(environ: inputs.Environ) -> list[str]:
    """Return the words of `ltlab`. Raises ConfigError for an input that cannot be used."""
    if not inputs.folder(environ).is_dir():
        raise errors.ConfigError(
            f"working-directory: there is no folder {environ['LTLAB_WORKING_DIRECTORY']!r}",
            remedy="write its path from the root of the repository, and check that out first",
        )
    wanted.publishing(environ, {})  # refuses what `ltlab publish` would refuse after the load
    # An empty `lab` is a variable that is not set: no reason for another lab than the usual one.
    given = {"LTLAB_LAB": "docker", **{name: value for name, value in environ.items() if value}}
    comparing = wanted.truth("compare", given.get("LTLAB_COMPARE", "false"))
    if not comparing and (given.get("LTLAB_AGAINST") or given.get("LTLAB_BUDGET")):
        raise errors.ConfigError(
            "against and budget are for a comparison, which was not asked for",
            remedy='write `compare: "true"`, or leave them out',
        )
    said = [option for option in options.OPTIONS if option.name in SAID]
    values = [(option, given.get(option.variable, option.default)) for option in said]
    flags = [f"{option.flag}={value}" for option, value in values if value != option.default]
    more = _words("ltlab-args", environ.get("LTLAB_ARGS", ""))
    if any(word.split("=")[0] == "--report-dir" for word in more):
        raise errors.ConfigError(
            "ltlab-args: --report-dir is not for the action, which publishes ltlab-report",
            remedy="leave it out; the output report-dir says where the report is",
        )
    scenarios = _words("scenarios", environ.get("LTLAB_SCENARIOS", ""))
    return [
        "compare" if comparing else "run",
        *flags,
        *more,
        *(["--", *scenarios] if scenarios else []),
    ]


def _run(environ: inputs.Environ) -> int:
    try:
        words = arguments(environ)
    except errors.LabError as error:
        refused = error

        def load() -> read.Loaded:
            raise refused

        return shared.carry_out(load, flags={}, quiet=False, as_json=False)
    return inputs.ltlab(words)


def _words(name: str, text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise errors.ConfigError(
            f"{name}: {text!r} cannot be split into words: {error}",
            remedy="close every quote; words are separated by spaces or line ends",
        ) from error


@contextmanager
def _no_commands() -> Iterator[None]:
    """Let nothing that a service or an engine says pass for a command to the runner."""
    token = secrets.token_hex(16)
    sys.stdout.write(f"::stop-commands::{token}\n")
    sys.stdout.flush()
    try:
        yield
    finally:
        sys.stdout.write(f"::{token}::\n")
        sys.stdout.flush()


if __name__ == "__main__":
    inputs.step(main)
