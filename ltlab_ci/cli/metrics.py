"""`ltlab metrics`: what the lab's InfluxDB holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
import rich.table

from ltlab_ci import console, errors
from ltlab_ci.cli import shared
from ltlab_ci.config import read
from ltlab_ci.lab import left_up
from ltlab_ci.store import buckets

_RUNS = 20


@click.command("metrics")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON on stdout.")
@shared.lab_command("lab-dir")
def command(*, flags: Mapping[str, str], as_json: bool) -> int:
    """Say what the lab has stored: buckets, retention, points, series, the last runs."""
    folder = read.lab_dir(cwd=Path.cwd(), environ=shared.environ(), flags=flags)
    where = left_up.running(folder)
    if where is None:
        raise errors.LabNotReady("the lab is not up", remedy="ltlab start")
    kept, runs = buckets.facts(where.influx)
    voice = shared.voice(quiet=False)
    if as_json:
        shown = {"buckets": [asdict(one) for one in kept], "runs": [asdict(one) for one in runs]}
        voice.raw(json.dumps(shown, indent=2))
        return 0
    for rows in ([_bucket(one) for one in kept], [_run(one) for one in runs[:_RUNS]]):
        table = rich.table.Table(box=None, pad_edge=False, header_style="dim")
        for heading in rows[0] if rows else ():
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*map(console.as_text, row.values()))
        voice.result(table)
    return 0


def _bucket(one: buckets.Bucket) -> dict[str, str]:
    kept = f"{one.retention_s / 86_400:g} days" if one.retention_s else "for ever"
    return {
        "bucket": one.name,
        "kept": kept,
        "values": f"{one.points:,}",
        "series": f"{one.series:,}",
    }


def _run(one: buckets.RunFacts) -> dict[str, str]:
    newest = datetime.fromtimestamp(one.newest_s, tz=UTC).isoformat(timespec="seconds")
    return {
        "run": one.testid,
        "project": one.project,
        "scenario": one.scenario,
        "samples": f"{one.samples:,}",
        "ended": newest,
    }
