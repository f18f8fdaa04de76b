"""`ltlab run`, `ltlab scale`, and `ltlab k6` and `ltlab artillery` for one script without ltlab.yml."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import click

from ltlab_ci import model
from ltlab_ci.cli import complete, shared
from ltlab_ci.config import read

OPTIONS = (
    *("config", "report-dir", "cache-dir", "url", "k6", "artillery", "node", "lab", "lab-dir"),
    *("k6-version", "artillery-version"),
    *("influxdb-url", "influxdb-org", "influxdb-bucket", "influxdb-token"),
    *("grafana-url", "grafana-token"),
)


@click.command("run")
@click.argument("scenarios", nargs=-1, shell_complete=complete.scenarios)
@shared.output_options
@shared.lab_command(*OPTIONS)
def command(
    *, flags: Mapping[str, str], scenarios: tuple[str, ...], quiet: bool, as_json: bool
) -> int:
    """Run the scenarios of ltlab.yml (all, or the named ones) and judge them."""
    return shared.carry_out(
        lambda: read.load(cwd=Path.cwd(), environ=shared.environ(), flags=flags, names=scenarios),
        flags=flags,
        quiet=quiet,
        as_json=as_json,
    )


@click.command("scale")
@click.argument("processes", type=click.IntRange(2, 64))
@click.argument("scenarios", nargs=-1, shell_complete=complete.scenarios)
@shared.output_options
@shared.lab_command(*OPTIONS)
def scale(
    *,
    flags: Mapping[str, str],
    processes: int,
    scenarios: tuple[str, ...],
    quiet: bool,
    as_json: bool,
) -> int:
    """Run k6 scenarios by PROCESSES k6 at once, each with its share of the load; one verdict.

    The load stays what the script says: VUs, iterations and arrival rates are split by k6's
    execution segments. Each k6 runs setup() and teardown() itself; its samples carry the tag
    instance_id. Artillery shares its load among workers of its own and is refused.
    """

    def load() -> read.Loaded:
        loaded = read.load(cwd=Path.cwd(), environ=shared.environ(), flags=flags, names=scenarios)
        split = tuple(
            dataclasses.replace(each, processes=processes) for each in loaded.config.scenarios
        )
        config = dataclasses.replace(loaded.config, scenarios=split)
        return dataclasses.replace(loaded, config=config)

    return shared.carry_out(load, flags=flags, quiet=quiet, as_json=as_json)


def _engine_command(engine: model.EngineName) -> click.Command:
    @click.command(engine.value, context_settings={"ignore_unknown_options": True})
    @click.option("--script", "-s", required=True, help="The script.")
    @click.option("--project", "-p", default=".", help="The folder that the script belongs to.")
    @click.argument("args", nargs=-1, type=click.UNPROCESSED)
    @shared.output_options
    @shared.lab_command(*(name for name in OPTIONS if name != "config"))
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
        return shared.carry_out(
            lambda: read.single(
                scenario, root=root, cwd=Path.cwd(), environ=shared.environ(), flags=flags
            ),
            flags=flags,
            quiet=quiet,
            as_json=as_json,
            root=root,
        )

    command.help = (
        f"Run one {engine.value} script without any ltlab.yml; "
        f"what stands after -- goes to {engine.value}."
    )
    return command


k6 = _engine_command(model.EngineName.K6)
artillery = _engine_command(model.EngineName.ARTILLERY)
