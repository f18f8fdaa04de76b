"""The `ltlab` command and its subcommands that run load."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from ltlab_ci import __version__, model
from ltlab_ci.cli import complete, demo, doctor, explain, init, reports, shared, validate
from ltlab_ci.config import read

_OPTIONS = ("config", "report-dir", "cache-dir", "url", "k6", "artillery", "node")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ltlab")
def main() -> None:
    """Load tests that a team can block a pull request on.

    Runs your own k6 and Artillery scripts, judges every sample, writes the evidence.
    """


@main.command("run")
@click.argument("scenarios", nargs=-1, shell_complete=complete.scenarios)
@shared.output_options
@shared.lab_command(*_OPTIONS)
def run_command(
    *, flags: Mapping[str, str], scenarios: tuple[str, ...], quiet: bool, as_json: bool
) -> int:
    """Run the scenarios of ltlab.yml (all, or the named ones) and judge them."""
    loaded = read.load(cwd=Path.cwd(), environ=shared.environ(), flags=flags, names=scenarios)
    return shared.carry_out(loaded, quiet=quiet, as_json=as_json)


def _engine_command(engine: model.EngineName) -> click.Command:
    @click.command(engine.value, context_settings={"ignore_unknown_options": True})
    @click.option("--script", "-s", required=True, help="The script.")
    @click.option("--project", "-p", default=".", help="The folder that the script belongs to.")
    @click.argument("args", nargs=-1, type=click.UNPROCESSED)
    @shared.output_options
    @shared.lab_command(*(name for name in _OPTIONS if name != "config"))
    def command(
        *,
        flags: Mapping[str, str],
        script: str,
        project: str,
        args: tuple[str, ...],
        quiet: bool,
        as_json: bool,
    ) -> int:
        root = (Path.cwd() / project).resolve()
        scenario = model.Scenario(
            name=Path(script).stem, engine=engine, script=root / script, args=args
        )
        loaded = read.single(
            scenario, root=root, cwd=Path.cwd(), environ=shared.environ(), flags=flags
        )
        return shared.carry_out(loaded, quiet=quiet, as_json=as_json)

    command.help = (
        f"Run one {engine.value} script without any ltlab.yml; "
        f"what stands after -- goes to {engine.value}."
    )
    return command


main.add_command(demo.command)
main.add_command(init.command)
main.add_command(validate.command)
main.add_command(doctor.command)
main.add_command(explain.command)
main.add_command(explain.schema)
main.add_command(reports.render)
main.add_command(reports.rejudge)
for _engine in model.EngineName:
    main.add_command(_engine_command(_engine))


def entry() -> None:
    """Run the command line; the target of the installed script."""
    main(prog_name="ltlab")
