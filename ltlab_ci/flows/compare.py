"""From recorded rounds of base and head to a report: read, compare, sum up, render.

Not here: running both sides (duet.py); the judging itself (evaluate/compare/), words
(report/compared.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ltlab_ci import errors, model, report
from ltlab_ci.evaluate import compare, outcome
from ltlab_ci.evaluate.compare import digits, limits, overall
from ltlab_ci.flows import case, folder
from ltlab_ci.lab import embedded
from ltlab_ci.report import headline
from ltlab_ci.store import duck, rounds


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A comparison, why it is invalid if it is, and when it was recorded (ns since the epoch).

    `limits` are the verdicts on thresholds that depend on base.
    """

    comparison: model.Comparison
    limits: tuple[model.Verdict, ...]
    findings: tuple[model.Finding, ...]
    start_ns: int
    end_ns: int


def judge(
    base: Path,
    head: Path,
    *,
    rules: model.Rules,
    temp: Path,
    thresholds: Sequence[model.Threshold] = (),
) -> Judged:
    """Compare two folders with one samples file a round. Raises ConfigError."""
    recording = rounds.read(base, head, temp, rules.naming)
    comparison, findings = compare.compare(recording, rules)
    sides = [side for one in recording.rounds for side in (one.base, one.head)]
    return Judged(
        comparison=comparison,
        limits=limits.judge(
            recording, thresholds, doubt="the comparison is not valid" if findings else ""
        ),
        findings=findings,
        start_ns=min(int(side.start_ns.min()) for side in sides),
        end_ns=max(int(side.start_ns.max()) for side in sides),
    )


def recorded(
    base: Path,
    head: Path,
    *,
    rules: model.Rules,
    report_dir: Path,
    outside: case.Outside,
    again: bool = False,
) -> model.Result:
    """Judge samples that were recorded at the same time, one file a round, and write the report.

    Folders in both are scenarios, each with its own rounds. `again`: where the samples lie in the
    report of a comparison, they are judged as they were there. Raises ConfigError for samples that
    cannot be compared; nothing is judged then.
    """
    with case.fresh(report_dir, outside):
        earlier = _earlier(base) if again else None
        parts = {
            name: _part(*sides, name, rules, temp=report_dir / ".spill", earlier=earlier)
            for name, sides in _scenarios(base, head).items()
        }
        comparison = overall.merge({name: part.comparison for name, part in parts.items()})
        findings = tuple(one for part in parts.values() for one in part.findings)
        code = exit_code(comparison, rules)
        result = model.Result(
            verdict=outcome.verdict(code, judged=True),
            headline=headline.of(comparison, findings),
            exit_code=code,
            scenarios=(),
            comparison=comparison,
            findings=findings,
            environment=embedded.describe(None).model_copy(
                update={"lab": "none", "service": "recorded samples of base and head"}
            ),
            reproduce=outside.reproduce,
            times=_times(tuple(parts.values())),
        )
        folder.write(report_dir, report.render(result))
        return result


def exit_code(
    comparison: model.Comparison,
    rules: model.Rules,
    limits: Iterable[Sequence[model.Verdict]] = (),
) -> errors.ExitCode:
    """Return 1 where any part came to what a user wants to fail on, not only the worst part.

    Thresholds that depend on base have their own way to fail; where nothing is shown of one, that is
    inconclusive like a row.
    """
    seen: set[str] = {comparison.verdict, comparison.throughput.verdict, comparison.errors.verdict}
    seen |= {row.verdict for row in comparison.rows}
    seen |= {each.verdict for each in comparison.errors_of}
    seen |= {"inconclusive" for several in limits for each in several if each.unsure}
    return errors.ExitCode.FAILED if seen & rules.fail_on else errors.ExitCode.OK


def _scenarios(base: Path, head: Path) -> dict[str, tuple[Path, Path]]:
    """Return the folders of each scenario; both sides' own, under no name, where there is one.

    A folder without samples is of a scenario that was cut short in its first round. Raises ConfigError for a
    scenario that one side alone has.
    """
    found = [
        set()
        if _holds_samples(side)
        else {each.name for each in _shown(side) if _holds_samples(each)}
        for side in (base, head)
    ]
    for name in sorted(found[0] ^ found[1]):
        raise errors.ConfigError(
            f"scenario {name} has samples on {'base' if name in found[0] else 'head'} only",
            remedy="give both sides the folders of the same scenarios; ltlab keeps them so",
        )
    names = sorted(found[0])
    return {name: (base / name, head / name) for name in names} or {"": (base, head)}


def _holds_samples(place: Path) -> bool:
    return any(each.name.endswith(rounds.KINDS) for each in _shown(place))


def _shown(place: Path) -> tuple[Path, ...]:
    return tuple(each for each in place.glob("*") if not each.name.startswith("."))


def _earlier(base: Path) -> model.Comparison | None:
    """Return the comparison in whose report these samples lie, if there is one that ltlab made itself."""
    with contextlib.suppress(errors.ConfigError):
        earlier = folder.read(base.resolve().parent.parent).comparison
        return earlier if earlier is not None and earlier.mode is not None else None
    return None


def _part(
    base: Path,
    head: Path,
    name: str,
    rules: model.Rules,
    *,
    temp: Path,
    earlier: model.Comparison | None,
) -> Judged:
    """Judge the scenario of a folder, as it was judged then where that is known.

    One that was cut short says nothing for sure. Under no name: the only one.
    """
    known = earlier.judged if earlier is not None else ()
    by = next((by for by in known if (by.scenario and duck.stem(by.scenario)) == name), None)
    part = judge(base, head, rules=_stated(rules, earlier, by), temp=temp)
    if by is None or not by.cut_short:
        return part
    return replace(part, comparison=overall.unsettled(part.comparison))


def _stated(
    rules: model.Rules, earlier: model.Comparison | None, by: model.JudgedBy | None
) -> model.Rules:
    """Return the rules that a scenario was judged by then, else those of now."""
    if earlier is None or by is None:
        return rules
    return replace(
        rules,
        percentiles=_percentiles(earlier) or rules.percentiles,
        min_effect=earlier.min_effect,
        load_model=by.load_model,
        naming=model.Naming(patterns=by.names, learn=by.learn_names),
        share=digits.cut(by.alpha / compare.ALPHA),
    )


def _percentiles(earlier: model.Comparison) -> tuple[float, ...]:
    stated = {row.stat for row in earlier.rows if row.interval and row.unit == "ms"}
    return tuple(sorted(model.Stat.parse(each).percentile / 100 for each in stated))


def _times(parts: Sequence[Judged]) -> model.Times:
    """Return when the samples were recorded: the same recording gives the same bytes."""
    start = min(part.start_ns for part in parts)
    end = max(part.end_ns for part in parts)
    first, last = (
        datetime.fromtimestamp(ns // 1_000_000_000, UTC).isoformat(timespec="seconds")
        for ns in (start, end)
    )
    return model.Times(started=first, wall_s=round((end - start) / 1e9, 1), written=last)
