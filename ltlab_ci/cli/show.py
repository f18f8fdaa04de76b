"""The result on a terminal: verdict, thresholds, findings, where the report is.

Not here: order and wording (report/), printing (console.py).
"""

from __future__ import annotations

from pathlib import Path

import rich.console
import rich.table
import rich.text

from ltlab_ci import console, errors, model, report
from ltlab_ci.report import view as views

_STYLES = {"fail": "red", "no data": "magenta", "warning": "yellow", "pass": "green"}
_VERDICT_STYLES = {"pass": "bold green", "fail": "bold red", "error": "bold red"}


def outcome(shown: model.Result, *, folder: Path, voice: console.Console, as_json: bool) -> None:
    """Print a result for people or programs; of a refused run, the two lines of its error."""
    if as_json:
        voice.raw(report.result_json(shown))
    if not shown.scenarios:
        for found in shown.findings:
            voice.error(errors.LabError(found.message, remedy=found.remedy))
    elif not as_json:
        result(shown, folder=folder, voice=voice)


def result(shown: model.Result, *, folder: Path, voice: console.Console) -> None:
    """Print a result for people."""
    view = views.build(shown, limits=views.SUMMARY)
    voice.result("")
    if view.rows:
        voice.result(_table([*view.rows, *view.folded], several=len(shown.scenarios) > 1))
    for remark in view.remarks:
        where = f"{remark.scenario}: " if remark.scenario else ""
        style = "red" if remark.blocks else "yellow"
        voice.result(rich.text.Text(f"{where}{remark.message}", style=style))
        voice.result(f"  what to do: {rich.text.Text(remark.remedy)}")
    voice.result(rich.text.Text(f"{view.title}: {view.headline}", _VERDICT_STYLES[view.verdict]))
    voice.result(rich.text.Text(f"report: {folder / 'report.html'}"))


def _table(rows: list[views.Row], *, several: bool) -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("verdict", *(("scenario",) if several else ()), "threshold"):
        table.add_column(heading, overflow="fold")
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("limit", no_wrap=True)
    table.add_column("samples", justify="right", no_wrap=True)
    for row in rows:
        named = f"{row.key} {row.expression}" + (f"\n{row.note}" if row.note else "")
        cells = [row.scenario] if several else []
        table.add_row(
            rich.text.Text(row.group.value, _STYLES[row.group.value]),
            *(rich.text.Text(cell) for cell in [*cells, named, row.measured, row.limit]),
            rich.text.Text(row.samples),
        )
    return table
