"""From recorded rounds of base and head to a report: read, compare, sum up, render.

Not here: running both sides; the judging itself (evaluate/compare/), words (report/compared.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ltlab_ci import errors, model, report
from ltlab_ci.evaluate import compare, outcome
from ltlab_ci.flows import case, folder
from ltlab_ci.lab import embedded
from ltlab_ci.report import compared
from ltlab_ci.store import rounds


def recorded(
    base: Path, head: Path, *, rules: model.Rules, report_dir: Path, outside: case.Outside
) -> model.Result:
    """Judge samples that were recorded at the same time, one file a round, and write the report.

    Raises ConfigError for samples that cannot be compared; nothing is judged then.
    """
    with case.fresh(report_dir, outside):
        recording = rounds.read(base, head, report_dir / ".spill")
        comparison, findings = compare.compare(recording, rules)
        code = _exit_code(comparison, rules)
        result = model.Result(
            verdict=outcome.verdict(code),
            headline=compared.headline(comparison, findings),
            exit_code=code,
            scenarios=(),
            comparison=comparison,
            findings=findings,
            environment=embedded.describe(None).model_copy(
                update={"lab": "none", "service": "recorded samples of base and head"}
            ),
            reproduce=outside.reproduce,
            times=_times(recording),
        )
        folder.write(report_dir, report.render(result))
        return result


def _exit_code(comparison: model.Comparison, rules: model.Rules) -> errors.ExitCode:
    """Return 1 where any part came to what a user wants to fail on, not only the worst part."""
    seen: set[str] = {comparison.verdict, comparison.throughput.verdict, comparison.errors.verdict}
    seen |= {row.verdict for row in comparison.rows}
    seen |= {each.verdict for each in comparison.errors_of}
    return errors.ExitCode.FAILED if seen & rules.fail_on else errors.ExitCode.OK


def _times(recording: model.Recording) -> model.Times:
    """Return when the samples were recorded: the same recording gives the same bytes."""
    sides = [side for one in recording.rounds for side in (one.base, one.head)]
    start, end = (
        min(int(side.start_ns.min()) for side in sides),
        max(int(side.start_ns.max()) for side in sides),
    )
    first, last = (
        datetime.fromtimestamp(ns // 1_000_000_000, UTC).isoformat(timespec="seconds")
        for ns in (start, end)
    )
    return model.Times(started=first, wall_s=round((end - start) / 1e9, 1), written=last)
