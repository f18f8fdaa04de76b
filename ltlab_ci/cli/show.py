"""The result on a terminal: verdict, thresholds, findings, where the report is.

Not here: order and wording (report/), printing (console.py).
"""

from __future__ import annotations

from pathlib import Path

import rich.console
import rich.table

from ltlab_ci import console, errors, model, report
from ltlab_ci.report import compared
from ltlab_ci.report import view as views

_STYLES = {"fail": "red", "no data": "magenta", "warning": "yellow", "pass": "green"}
_CHANGE_STYLES = {
    "slower": "red",
    "more errors": "red",
    "invalid": "red",
    "inconclusive": "yellow",
    "faster": "green",
    "fewer errors": "green",
}
_VERDICT_STYLES = {
    "pass": "bold green",
    "unsure": "bold yellow",
    "fail": "bold red",
    "not judged": "bold yellow",
    "error": "bold red",
}


def outcome(shown: model.Result, *, folder: Path, voice: console.Console, as_json: bool) -> None:
    """Print a result for people or programs; of a refused run, the two lines of its error."""
    if as_json:
        voice.raw(report.result_json(shown))
    if not shown.scenarios and shown.comparison is None:
        for found in shown.findings:
            voice.error(errors.LabError(found.message, remedy=found.remedy))
    elif not as_json:
        result(shown, folder=folder, voice=voice)


def result(shown: model.Result, *, folder: Path, voice: console.Console) -> None:
    """Print a result for people."""
    view = views.build(shown, limits=views.SUMMARY)
    voice.result("")
    if view.comparison is not None:
        voice.result(_compared([*view.comparison.rows, *view.comparison.folded]))
        for text in (*view.comparison.basis, *view.comparison.left_out):
            voice.result(console.as_text(text, "dim"))
    if view.rows:
        voice.result(_table([*view.rows, *view.folded], several=len(shown.scenarios) > 1))
    for remark in view.remarks:
        where = f"{remark.scenario}: " if remark.scenario else ""
        style = "red" if remark.blocks else "yellow"
        voice.result(console.as_text(f"{where}{remark.message}", style))
        voice.result(f"  what to do: {remark.remedy}")
    voice.result(console.as_text(f"{view.title}: {view.headline}", _VERDICT_STYLES[view.tone]))
    voice.result(console.as_text(f"report: {folder / 'report.html'}"))


def _compared(rows: list[compared.Row]) -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("base against head", overflow="fold")
    for heading in ("base", "head", "change (95 % interval)"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    for row in rows:
        said = f"{row.verdict}: {row.note}" if row.note else row.verdict
        style = _CHANGE_STYLES.get(row.verdict, "")
        table.add_row(
            *(console.as_text(cell) for cell in (row.what, row.base, row.head, row.change)),
            console.as_text(said, style),
        )
    return table


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
            console.as_text(row.group.value, _STYLES[row.group.value]),
            *(console.as_text(cell) for cell in [*cells, named, row.measured, row.limit]),
            console.as_text(row.samples),
        )
    return table
