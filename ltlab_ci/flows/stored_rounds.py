"""Whole rounds of a comparison written to the lab's InfluxDB, for its dashboard: no verdict rests on them.

They are written after the load from what was kept of them, so that nothing else works while there is
something to measure, and warm-up is not among them.
Not here: head alone, which is judged in InfluxDB (completed.py), the dashboard (dashboards.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ltlab_ci import errors, model
from ltlab_ci.flows import labs, rounds, run

if TYPE_CHECKING:  # InfluxDB's client takes a quarter of a second to import
    from ltlab_ci.store import backfill

_BUDGET_S = 60.0  # some eight million samples; no round is begun after it
_PATIENCE_S = 10.0
_HARMLESS = "no verdict rests on that"
_AFTER = "interrupted after the load"

Write = Callable[[Path, Mapping[str, str]], "backfill.Completion"]
"""Writes a samples file with the given tags. Raises StoreError."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What InfluxDB has of a comparison: when each scenario's rounds ran; and what went wrong."""

    windows: Mapping[str, model.Window] = field(default_factory=dict)
    findings: tuple[model.Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Whole:
    """The samples files of a round that was measured to its end, by side."""

    scenario: str
    number: int
    files: Mapping[str, Path]


def keep(lab: labs.Lab, tasks: Sequence[rounds.Task]) -> Stored:
    """Write every whole round of a comparison, where there is an InfluxDB; trouble is a warning."""
    done = [each for task in tasks for each in whole(task.name, _folders(task))]
    if lab.addresses is None or not done:
        return Stored()
    from ltlab_ci.store import backfill  # noqa: PLC0415

    server, end_s = lab.addresses.influx, time.monotonic() + _BUDGET_S
    voice, interrupts = tasks[0].voice, tasks[0].interrupts
    known = interrupts.requested
    with voice.busy("rounds of the comparison: written to InfluxDB"):
        stored = written(
            lab,
            done,
            lambda file, tags: backfill.complete(server, [file], tags, patience_s=_PATIENCE_S),
            enough=lambda: interrupts.requested or time.monotonic() > end_s,
        )
    if known or not interrupts.requested:
        return stored
    return replace(stored, findings=(*stored.findings, run.interrupted(_AFTER)))


def _folders(task: rounds.Task) -> dict[str, Path]:
    return {side: task.folder(side) for side in rounds.SIDES}


def whole(scenario: str, folders: Mapping[str, Path]) -> Iterator[Whole]:
    """Yield what was kept of a scenario, by side; a round that was cut short was put aside."""
    for file in sorted(folders[rounds.SIDES[0]].glob("round-*.parquet")):
        yield Whole(
            scenario=scenario,
            number=int(file.stem.removeprefix("round-")),
            files={side: folder / file.name for side, folder in folders.items()},
        )


def written(
    lab: labs.Lab, done: Sequence[Whole], write: Write, *, enough: Callable[[], bool]
) -> Stored:
    """Write rounds in their order, until the first trouble or until somebody has had enough.

    A round counts once both of its sides are there.
    """
    windows: dict[str, model.Window] = {}
    short: list[model.Finding] = []
    for place, one in enumerate(done):
        left = f"{len(done) - place} of {len(done)} rounds are not in InfluxDB; {_HARMLESS}"
        if enough():
            return Stored(windows=windows, findings=(*short[:1], _ended(left)))
        try:
            sides = {
                side: write(file, lab.tags_of_round(one.scenario, side, one.number))
                for side, file in one.files.items()
            }
        except errors.StoreError as error:
            told = _finding(f"{error.message}; {left}", error.remedy)
            return Stored(windows=windows, findings=(*short[:1], told))
        for side, there in sides.items():
            short += _lacking(there, f"{side} in round {one.number} of {one.scenario}")
            if there.run.window is not None:
                windows[one.scenario] = _both(windows.get(one.scenario), there.run.window)
    return Stored(windows=windows, findings=tuple(short[:1]))


def _both(one: model.Window | None, other: model.Window) -> model.Window:
    """Return the time from the start of the earlier one to the end of the later one."""
    if one is None:
        return other
    return model.Window(
        start_ns=min(one.start_ns, other.start_ns), end_ns=max(one.end_ns, other.end_ns)
    )


def _lacking(there: backfill.Completion, where: str) -> Iterator[model.Finding]:
    """Yield what InfluxDB did not take: what it cannot hold is so in every round, told once."""
    for metric, count in there.metrics.items():
        if not count.complete:
            why = f": {there.refused[0]}" if there.refused else ""
            yield _finding(
                f"InfluxDB holds {count.found} of {count.expected} samples of {metric} of {where}"
                f"{why}; {_HARMLESS}",
                "look at the log of InfluxDB; its retention must cover the comparison",
            )
            return


def _ended(left: str) -> model.Finding:
    return _finding(
        f"writing rounds took too long, or was ended: {left}",
        "nothing for this verdict; report.html draws every round, and samples/ holds them",
    )


def _finding(message: str, remedy: str) -> model.Finding:
    return model.Finding(code="rounds-not-stored", effect="warn", message=message, remedy=remedy)
