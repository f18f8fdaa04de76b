"""`ltlab validate`: everything that can be refused before a run, and what a run would use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from ltlab_ci.cli import shared
from ltlab_ci.config import options, read
from ltlab_ci.flows import prepare


@click.command("validate")
@click.option("--show", is_flag=True, help="Show every setting and where its value came from.")
@click.option("--scripts/--no-scripts", default=True, help="Let the engines load the scripts too.")
@shared.lab_command(
    *("config", "report-dir", "cache-dir", "url", "k6", "artillery", "node"),
    *("k6-version", "artillery-version"),
)
def command(*, flags: Mapping[str, str], show: bool, scripts: bool) -> int:
    """Check ltlab.yml and its scripts without starting anything."""
    loaded = read.load(cwd=Path.cwd(), environ=shared.environ(), flags=flags)
    voice = shared.voice(quiet=False)
    if show:
        voice.raw("\n".join(_settings(loaded)))
    if scripts:
        outside = shared.outside(voice)
        with prepare.bench(loaded.config, outside.environ, outside.unique) as bench:
            prepare.scenarios(loaded.config, bench, outside.environ, voice)
    number = sum(len([*each.thresholds, *each.against_base]) for each in loaded.config.scenarios)
    voice.raw(f"valid; scenarios: {len(loaded.config.scenarios)}, thresholds: {number}")
    return 0


def _shown(option: options.Option, setting: options.Setting) -> str:
    value = setting.value or "-"
    return f"{'***' if option.secret and setting.value else value}  ({setting.source})"


def _settings(loaded: read.Loaded) -> list[str]:
    config = loaded.config
    lines = [
        f"{option.name} = {_shown(option, loaded.settings[option.name])}"
        for option in options.OPTIONS
    ]
    service = config.service
    if service is not None:
        lines.append(f"service = {service.url or ' '.join(service.command or ())}")
    for scenario in config.scenarios:
        lines.append(f"scenario {scenario.name} = {scenario.engine} {scenario.script}")
        stated = (*scenario.thresholds, *scenario.against_base)
        lines += [f"  {threshold.key}: {threshold.text}" for threshold in stated]
    return lines
