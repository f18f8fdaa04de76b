"""The `ltlab` command: the table of its subcommands, each imported only once it is called.

So help and completion do not wait for the database, the HTTP client and the rest.
Not here: any subcommand.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import click

from ltlab_ci import __version__, streams

_COMMANDS = {
    "run": (
        "run:command",
        "Run the scenarios of ltlab.yml (all, or the named ones) and judge them.",
    ),
    "scale": (
        "run:scale",
        "Run k6 scenarios by PROCESSES k6 at once, each with its share of the load; one verdict.",
    ),
    "k6": (
        "run:k6",
        "Run one k6 script without any ltlab.yml; what stands after -- goes to k6.",
    ),
    "artillery": (
        "run:artillery",
        "Run one artillery script without any ltlab.yml; what stands after -- goes to artillery.",
    ),
    "demo": (
        "demo:command",
        "Boot a toy service and run one k6 and one Artillery scenario against it.",
    ),
    "init": (
        "init:command",
        "Write an ltlab.yml for the load scripts and the service found in this folder.",
    ),
    "generate": (
        "generate:command",
        "Write a load script from a blueprint; without BLUEPRINT, asks on a terminal.",
    ),
    "chaos": (
        "chaos:command",
        "Put trouble on a toy service: slow answers, errors, a sudden jump of load.",
    ),
    "validate": (
        "validate:command",
        "Check ltlab.yml and its scripts without starting anything.",
    ),
    "doctor": (
        "doctor:command",
        "Say what is installed here, what is missing, and what mends it; installs nothing.",
    ),
    "explain": (
        "explain:command",
        "Say what a finding's code, an exit code or an error means; without CODE, list them all.",
    ),
    "schema": (
        "explain:schema",
        "Print the JSON Schema of ltlab.yml, for editors that complete and check it.",
    ),
    "start": ("lab:start", "Bring the lab up and leave it up, for any number of projects."),
    "stop": ("lab:stop", "Stop the lab; what it stored is kept for the next start."),
    "restart": ("lab:restart", "Restart the lab, or one service of it."),
    "rebuild": (
        "lab:rebuild",
        "Make the lab's containers anew, from the images that this ltlab names; data is kept.",
    ),
    "info": (
        "lab:info",
        "Say where the lab answers, how its parts are, and with which credentials.",
    ),
    "logs": ("lab:logs", "Print what the lab's services said last."),
    "metrics": (
        "metrics:command",
        "Say what the lab has stored: buckets, retention, points, series, the last runs.",
    ),
    "dashboard": (
        "dashboard:command",
        "A project's own dashboards in the lab that stays up: link, list, unlink.",
    ),
    "configure": (
        "configure:command",
        "Write the lab's settings; without flags, each is asked for on a terminal.",
    ),
    "reset": ("lab:reset", "Remove everything that the lab stored, and start it empty."),
    "purge": (
        "lab:purge",
        "Remove the lab: containers, network, all that it stored, its settings and secrets.",
    ),
    "report": (
        "reports:render",
        "Write the files of a report anew from its result.json.",
    ),
    "judge": (
        "reports:rejudge",
        "Judge recorded samples against the thresholds that ltlab.yml states now.",
    ),
    "publish": (
        "publish:command",
        "Publish a report: comment, job summary, outputs, annotations; a check run if asked to.",
    ),
    "compare": (
        "compare:command",
        "Say whether head is slower than base: both run now, at the same time under the same load.",
    ),
    "selftest": (
        "selftest:command",
        "Compare head with itself, again and again: whatever is found is a false alarm.",
    ),
}
"""Name to `module:attribute` in this package, and the line that `ltlab --help` shows."""


class Lazy(click.Command):
    """Stands for a command until it is called, or completed, or asked for its own help."""

    def __init__(self, name: str, target: str, line: str) -> None:
        super().__init__(name, short_help=line)
        self._target = target

    def load(self) -> click.Command:
        """Import the command."""
        module, attribute = self._target.split(":")
        command: click.Command = getattr(
            importlib.import_module(f"ltlab_ci.cli.{module}"), attribute
        )
        return command

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401  (as click has it)
    ) -> click.Context:
        """Return a context of the command itself: from here on click works with that."""
        return self.load().make_context(info_name, args, parent, **extra)


@click.group(
    commands=[Lazy(name, target, line) for name, (target, line) in _COMMANDS.items()],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="ltlab")
def main() -> None:
    """Load tests that a team can block a pull request on.

    Runs your own k6 and Artillery scripts, judges every sample, writes the evidence.
    """


def entry() -> None:
    """Run the command line; the target of the installed script."""
    _open_standard_files()
    streams.secure()
    try:
        main(prog_name="ltlab")
    finally:
        streams.finish()


def _open_standard_files() -> None:
    """Open what a caller closed (`ltlab run >&-`): the next file opened would be taken for it."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
