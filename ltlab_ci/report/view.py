"""What a report shows: rows in order, worded and cut to size. Templates only format it.

Not here: digits (figures.py), sentences (wording.py), escaping (escape.py), one scenario's part
(sections.py). Every foreign text passes `escape.visible` on its way in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.report import compared, escape, figures, sections, sparks, wording

_SENTENCE = 600
_COMMAND = 2000
_BAR = 100.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many rows of each kind are shown; what is left out is counted."""

    failing: int
    rows: int
    findings: int
    sections: sections.Limits


SUMMARY = Limits(
    failing=20, rows=100, findings=20, sections=sections.Limits(endpoints=30, metrics=0)
)
PAGE = Limits(
    failing=50, rows=500, findings=200, sections=sections.Limits(endpoints=200, metrics=200)
)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Where the measured value and the limit lie on a scale of 0 to 100."""

    value: float
    limit: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """One threshold."""

    group: wording.Group
    mark: str
    scenario: str
    key: str
    expression: str
    note: str
    measured: str
    limit: str
    distance: str
    sentence: str
    samples: str
    bar: Bar | None
    spark: sparks.Spark | None


@dataclass(frozen=True, kw_only=True)
class Remark:
    """One finding."""

    mark: str
    effect: str
    blocks: bool
    code: str
    scenario: str
    message: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class View:
    """A whole report."""

    mark: str
    title: str
    verdict: str
    tone: str
    headline: str
    tally: str
    failing: tuple[Row, ...]
    failing_left_out: str
    rows: tuple[Row, ...]
    rows_left_out: str
    folded: tuple[Row, ...]
    folded_total: str
    folded_left_out: str
    remarks: tuple[Remark, ...]
    remarks_left_out: str
    sections: tuple[sections.Section, ...]
    snapshots: tuple[model.Snapshot, ...]
    comparison: compared.Section | None
    environment: tuple[tuple[str, str], ...]
    exit_code: int
    reproduce: str
    started: str
    wall: str


def build(result: model.Result, *, limits: Limits) -> View:
    """Prepare everything that a template shows of a result."""
    rows = ordered(result)
    failing = [row for row in rows if row.group is not wording.Group.PASS]
    # With trouble the table shows trouble, and what holds is folded; without, there is no fold.
    shown, folded = (failing, rows[len(failing) :]) if failing else (rows, [])
    remarks = remarks_of(result.findings)
    mark, title = title_of(result)
    return View(
        mark=mark,
        title=title,
        verdict=result.verdict,
        tone=tone_of(result),
        headline=escape.visible(result.headline, longest=_SENTENCE),
        tally=wording.tally([row.group for row in rows]),
        failing=tuple(failing[: limits.failing]),
        failing_left_out=_left_out(failing, limits.failing),
        rows=tuple(shown[: limits.rows]),
        rows_left_out=_left_out(shown, limits.rows),
        folded=tuple(folded[: limits.rows]),
        folded_total=figures.count(len(folded)),
        folded_left_out=_left_out(folded, limits.rows),
        remarks=tuple(remarks[: limits.findings]),
        remarks_left_out=_left_out(remarks, limits.findings),
        sections=tuple(
            sections.of(scenario, number, limits=limits.sections)
            for number, scenario in enumerate(result.scenarios)
        ),
        snapshots=posted(result.snapshots),
        comparison=compared.section(result.comparison) if result.comparison else None,
        environment=environment(result.environment),
        exit_code=result.exit_code,
        reproduce=escape.visible(result.reproduce, longest=_COMMAND),
        started=escape.visible(result.times.started),
        wall=figures.duration(result.times.wall_s),
    )


def tone_of(result: model.Result) -> str:
    """Return the colour of a result: what passed by proving nothing is not shown as green."""
    open_ = result.comparison is not None and result.comparison.verdict == "inconclusive"
    return "unsure" if result.verdict == "pass" and open_ else result.verdict


def title_of(result: model.Result) -> tuple[str, str]:
    """Return the mark and the words that stand above everything."""
    # Where base and head are not all that was judged, their verdict must not hide another one.
    broken = any(verdict.blocks for each in result.scenarios for verdict in each.verdicts)
    if result.comparison is None or result.verdict == "error" or broken:
        return wording.TITLES[result.verdict]
    verdict = result.comparison.verdict
    mark = compared.MARKS[verdict]
    if result.verdict == "fail" and mark == "✅":
        return wording.TITLES["fail"]  # head alone, say: its verdict is not the comparison's
    if result.verdict == "fail" and verdict == "inconclusive":
        mark = "❌"
    return mark, f"Load test: {verdict}"


def ordered(result: model.Result) -> list[Row]:
    """Return every threshold, the worst kind first, otherwise in the order of the configuration."""
    rows = [
        _row(scenario.name, verdict)
        for scenario in result.scenarios
        for verdict in scenario.verdicts
    ]
    groups = list(wording.Group)
    return sorted(rows, key=lambda row: groups.index(row.group))


def worst_first(
    scenarios: Sequence[model.ScenarioResult],
) -> list[tuple[model.ScenarioResult, model.Verdict]]:
    """Return every verdict with its scenario: the worst kind first, then by the way to the limit."""
    pairs = [(scenario, verdict) for scenario in scenarios for verdict in scenario.verdicts]
    groups = list(wording.Group)

    def rank(pair: tuple[model.ScenarioResult, model.Verdict]) -> tuple[int, float]:
        return groups.index(wording.Group.of(pair[1])), -wording.excess(pair[1])

    return sorted(pairs, key=rank)


def _row(scenario: str, verdict: model.Verdict) -> Row:
    group = wording.Group.of(verdict)
    return Row(
        group=group,
        mark=wording.MARKS[group],
        scenario=escape.visible(scenario),
        key=wording.key(verdict),
        expression=wording.expression(verdict),
        note=wording.note(verdict),
        measured=figures.measured(verdict),
        # Without parts the expression is the limit, and stands in the row already.
        limit=wording.limit(verdict) if verdict.bound is not None and verdict.op else "",
        distance=wording.distance(verdict),
        sentence=wording.sentence(verdict),
        samples=_samples(verdict),
        bar=_bar(verdict),
        spark=sparks.of(verdict),
    )


def _samples(verdict: model.Verdict) -> str:
    # An engine's own word comes without a count; that it counted nothing would be a lie.
    told = verdict.observed is not None or verdict.status is model.Status.NO_DATA
    return figures.count(verdict.count) if told or verdict.count else figures.NOTHING


def _bar(verdict: model.Verdict) -> Bar | None:
    value, bound = verdict.observed, verdict.bound
    if value is None or bound is None or value < 0 or bound <= 0:
        return None
    full = 1.0 if verdict.unit == "share" and max(value, bound) > 1 / 2 else max(value, bound) * 1.1
    return Bar(value=round(value / full * _BAR, 1), limit=round(bound / full * _BAR, 1))


def remarks_of(findings: Sequence[model.Finding]) -> list[Remark]:
    """Return what was found, what blocks first."""
    worst_first = sorted(findings, key=lambda finding: finding.effect == "warn")
    return [
        Remark(
            mark="💡" if finding.effect == "warn" else "⛔",
            effect=wording.EFFECTS[finding.effect],
            blocks=finding.effect != "warn",
            code=escape.visible(finding.code),
            scenario=escape.visible(finding.scenario or ""),
            message=escape.visible(finding.message, longest=_SENTENCE),
            remedy=escape.visible(finding.remedy, longest=_SENTENCE),
        )
        for finding in worst_first
    ]


def posted(snapshots: Sequence[model.Snapshot]) -> tuple[model.Snapshot, ...]:
    """Return the snapshots that can be opened, with texts that can be shown."""
    return tuple(
        each.model_copy(
            update={
                "title": escape.visible(each.title),
                "expires": each.expires and escape.visible(each.expires),
            }
        )
        for each in snapshots
        if each.url
    )


def environment(where: model.Environment) -> tuple[tuple[str, str], ...]:
    """Return where it was measured, as names and texts."""
    named = (
        ("ltlab", where.ltlab),
        ("Python", where.python),
        ("system", where.os),
        ("processors", figures.count(where.cpus)),
        ("memory", figures.size(where.memory_mb * 1e6)),
        ("lab", where.lab),
        ("testid", where.testid),
        ("service", where.service),
    )
    return tuple((name, escape.visible(text)) for name, text in named if text or name != "testid")


def _left_out(rows: Sequence[object], shown: int) -> str:
    left = len(rows) - shown
    return f"and {figures.count(left)} more, in result.json" if left > 0 else ""
