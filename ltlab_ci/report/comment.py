"""What a reviewer reads in a pull request, in GitHub Flavored Markdown, without a marker.

It fits into a forge's limit by showing fewer rows, never by cutting the text.
Not here: figures and sentences (wording.py, around.py), where it is posted and how often (publish/).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ltlab_ci import errors, model
from ltlab_ci.report import around as beside
from ltlab_ci.report import assets, compared, escape, figures, view, wording

LONGEST: Final = 60_000
"""In UTF-16 code units, which are never fewer than characters: GitHub takes 65,536 with the marker."""

_OPEN = 5
_LADDER = ((_OPEN, 200), (_OPEN, 80), (_OPEN, 30), (_OPEN, 0), (2, 0), (1, 0))
"""How many rows of each kind stand open and folded: the first that fits is taken."""

_SENTENCE, _COMMAND = 600, 1000
_NO_CONFIG = errors.ConfigMissing.__name__

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Cut(Generic[T]):
    """Rows that stand open, rows that are folded, and how many are left out, in words."""

    shown: tuple[T, ...]
    folded: tuple[T, ...]
    left_out: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One threshold."""

    mark: str
    verdict: str
    scenario: str
    stat: str
    key: str
    note: str
    measured: str
    distance: str
    limit: str
    earlier: str


@dataclass(frozen=True, kw_only=True)
class Head:
    """What every comment begins and ends with."""

    mark: str
    title: str
    id: str
    request: str
    notices: tuple[str, ...]
    start: bool
    commit: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Body:
    """What is said about a result."""

    headline: str
    worst: str
    worst_scenario: str
    loosened: str
    trouble: Cut[view.Remark]
    hints: Cut[view.Remark]
    comparison: compared.Section | None
    judged: bool
    tally: str
    rows: Cut[Row]
    by_scenario: bool
    trend: str
    changes: Cut[beside.Change]
    no_change: bool
    gaps: Cut[beside.Part]
    where: str
    loads: Cut[beside.Part]
    reproduce: str
    snapshots: tuple[model.Snapshot, ...]


def render(result: model.Result | None, around: model.Around) -> str:
    """Return the comment, at most LONGEST long; no result means that nothing ran."""
    template = assets.markdown_template("comment.md.j2")
    head = _head(result, around)
    if result is None or head.start:
        return template.render(head=head, body=None)
    text = ""
    gaps = beside.gaps(result)
    for opened, folded in _LADDER:
        body = _body(result, around, gaps, opened, folded)
        text = template.render(head=head, body=body)
        if length(text) <= LONGEST:
            break
    return text


def length(text: str) -> int:
    """Return how long a text is to those who count UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _head(result: model.Result | None, around: model.Around) -> Head:
    mark, title = "⛔", "Load test did not run"
    if result is not None and _missing(result) is None:
        mark, title = view.title_of(result)
    if around.cancelled:
        mark, title = "⛔", "Load test cancelled"
    if around.unreviewed:
        title = f"{title}, says code that nobody has reviewed"
    named = (("report", around.report_url), ("run", around.run_url))
    return Head(
        mark=mark,
        title=title,
        id=escape.visible(around.id),
        request=around.request,
        notices=tuple(_notices(result, around)),
        start=_missing(result) is not None and not around.cancelled,
        commit=beside.sha(around.head_sha),
        links=tuple((name, url) for name, url in named if url),
    )


def _missing(result: model.Result | None) -> str | None:
    """Say that there was nothing to run, None where there was something."""
    if result is None:
        return "There is no report of a load test. With an ltlab.yml, the log of the job says why."
    if result.scenarios:
        return None
    found = (escape.visible(one.message) for one in result.findings if one.code == _NO_CONFIG)
    return next((f"Nothing ran, so nothing was judged: {said}." for said in found), None)


def _notices(result: model.Result | None, around: model.Around) -> Iterator[str]:
    missing = _missing(result)
    if missing is not None and not around.cancelled:
        yield missing
    if around.unreviewed:
        yield (
            "This was reported by code of a fork that nobody has reviewed. It could have reported "
            "anything: read the code before you believe the figures. Its links and its command are "
            "left out."
        )
    if around.cancelled:
        known = "what was measured until then is below" if result else "nothing was measured"
        yield f"The job was cancelled before the load test had ended; {known}."


def _body(
    result: model.Result,
    around: model.Around,
    gaps: Sequence[beside.Part],
    opened: int,
    folded: int,
) -> Body:
    ranked = view.worst_first(result.scenarios)
    before = beside.earlier_figures(around.earlier)
    changed = around.changed or ()
    trusted = not around.unreviewed
    worst, within = _worst(ranked)
    remarks = view.remarks_of(result.findings)
    rows = [_row(*pair, before=before) for pair in ranked[: opened + folded]]
    return Body(
        headline=_headline(result, remarks),
        worst=worst,
        worst_scenario=within,
        loosened=beside.loosened(around),
        trouble=_cut([one for one in remarks if one.blocks], opened, folded),
        hints=_cut([one for one in remarks if not one.blocks], opened, folded),
        comparison=_comparison(result, opened, folded),
        judged=bool(result.scenarios) or result.comparison is None,
        tally=wording.tally([wording.Group.of(verdict) for _, verdict in ranked]),
        rows=_cut(rows, opened, folded, total=len(ranked)),
        by_scenario=len(result.scenarios) > 1,
        trend=beside.trend(result, around) if before and ranked else "",
        changes=_cut(beside.changes(changed), opened, folded),
        no_change=around.changed == (),
        gaps=_cut(gaps, opened, folded),
        where=beside.where(result),
        loads=_cut(beside.loads(result), opened, folded),
        reproduce=escape.visible(result.reproduce, longest=_COMMAND) if trusted else "",
        snapshots=view.posted(result.snapshots)[:opened] if trusted else (),
    )


def _cut(rows: Sequence[T], opened: int, folded: int, *, total: int = 0) -> Cut[T]:
    """Cut a list of rows; `total` is how many there are, where the list is cut already."""
    shown, rest = rows[:opened], rows[opened : opened + folded]
    left = max(total, len(rows)) - len(shown) - len(rest)
    said = f"and {figures.count(left)} more, in result.json" if left > 0 else ""
    return Cut(shown=tuple(shown), folded=tuple(rest), left_out=said)


def _headline(result: model.Result, remarks: Sequence[view.Remark]) -> str:
    """Return what it came to, "" where the first finding says just that."""
    headline = escape.visible(result.headline, longest=_SENTENCE)
    first = next((one for one in remarks if one.blocks), None)
    said = first and (first.message, f"{first.scenario}: {first.message}")
    return "" if said and headline in said else headline


def _worst(ranked: Sequence[tuple[model.ScenarioResult, model.Verdict]]) -> tuple[str, str]:
    """Say in words what is worst, and in which scenario; "" where nothing that ran is bad."""
    if not ranked:
        return "", ""
    scenario, verdict = ranked[0]
    if verdict.status is model.Status.PASS or not scenario.ran:
        return "", ""
    far = wording.distance(verdict)
    said = wording.sentence(verdict)
    return f"{said} ({far})" if far else said, escape.visible(scenario.name)


def _row(scenario: model.ScenarioResult, verdict: model.Verdict, *, before: beside.Figures) -> Row:
    group = wording.Group.of(verdict)
    return Row(
        mark=wording.MARKS[group],
        verdict=group.value,
        scenario=escape.visible(scenario.name),
        stat=escape.visible(verdict.stat),
        key=wording.key(verdict),
        note="; ".join(part for part in (_own_words(verdict), wording.note(verdict)) if part),
        measured=figures.measured(verdict),
        distance=wording.distance(verdict) if group is not wording.Group.PASS else "",
        limit=wording.limit(verdict),
        earlier=before.get(beside.identity(scenario, verdict), figures.NOTHING),
    )


def _own_words(verdict: model.Verdict) -> str:
    """Return the threshold as its engine has it, where neither stat nor limit say it."""
    known = verdict.stat or verdict.bound is None or not verdict.op
    return "" if known else wording.expression(verdict)


def _comparison(result: model.Result, opened: int, folded: int) -> compared.Section | None:
    if result.comparison is None:
        return None
    section = compared.section(result.comparison)
    if opened == _OPEN:
        return dataclasses.replace(section, folded=section.folded[:folded])
    # The row on all errors is the last one that stands open, and always shown.
    return dataclasses.replace(
        section,
        rows=(*section.rows[:-1][:opened], section.rows[-1]),
        folded=(),
        basis=section.basis[:1],
        left_out=(),
    )
