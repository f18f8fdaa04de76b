"""The part of a report that holds base against head: rows in order, in words.

Rules: the verdict and the worst row first, few rows open, no p-values, two significant digits; what is
inconclusive says what is ruled out and what a longer measurement would settle.
Not here: all of it in one line (headline.py), verdicts (evaluate/compare/), times and counts as text
(figures.py), the templates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.report import escape, figures

OPEN_ROWS = 5
_LEFT_OUT = 10
_LONG_S = 1000.0
_GROUPED = 5
_LOUD = 1.0  # an interval that reaches to twice as slow rules out nothing that anybody asks about

MARKS: dict[model.ComparisonVerdict, str] = {
    "invalid": "⛔",
    "more errors": "❌",
    "slower": "❌",
    "faster": "✅",
    "inconclusive": "❓",
    "no change": "✅",
}
WORSE = frozenset({"slower", "more errors"})
"""Verdicts on rows that are bad news, whether or not a user fails on them."""
_ORDER = ("invalid", "more errors", "slower", "inconclusive", "faster", "fewer errors", "no change")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: what, both sides, the change with its interval, the verdict and what it leaves open."""

    what: str
    base: str
    head: str
    change: str
    verdict: str
    note: str
    strong: bool


@dataclass(frozen=True, kw_only=True)
class Section:
    """Base against head, ready to be shown."""

    rows: tuple[Row, ...]
    folded: tuple[Row, ...]
    basis: tuple[str, ...]
    left_out: tuple[str, ...]
    uncompared: str = ""


def section(comparison: model.Comparison) -> Section:
    """Prepare what is shown of a comparison."""
    work, *changes = (
        row(each, _note(each, comparison.min_effect) or _smaller(each, comparison))
        for each in (comparison.throughput, *sorted(comparison.rows, key=rank))
    )
    errors = [_errors(each) for each in sorted(comparison.errors_of, key=_by_verdict)]
    # Stable: of one verdict errors stand first, then what got done; quiet ones last.
    striking = [each for each in (*errors, work) if each.verdict not in ("no change", "invalid")]
    first = sorted((*striking, *changes), key=lambda each: _ORDER.index(each.verdict))
    # The row on all errors is always open: a comment without it says nothing about failures.
    shown = OPEN_ROWS - 1
    rest = [*first[shown:], *(each for each in (*errors, work) if each not in striking)]
    return Section(
        rows=(*first[:shown], _errors(comparison.errors)),
        folded=tuple(rest),
        basis=tuple(_basis(comparison)),
        left_out=tuple(_left_out(comparison)),
        uncompared=figures.share(round(share, 2)) if (share := uncompared(comparison)) else "",
    )


def red(comparison: model.Comparison) -> frozenset[str]:
    """Return the verdicts that make a row red: those that the user fails on. Of invalid ones a finding tells."""
    return frozenset(comparison.fail_on) - {"invalid"}


def rank(row: model.Change) -> tuple[int, float]:
    """Return what sorts changes, the worst first."""
    return _ORDER.index(row.verdict), -abs(row.change)


def _by_verdict(errors: model.Errors) -> tuple[int, float]:
    return _ORDER.index(errors.verdict), errors.base - errors.head


def row(change: model.Change, note: str = "") -> Row:
    """Put one change into words, with a remark on it."""
    return Row(
        what=_what(change),
        base=figures.of_unit(change.base, change.unit),
        head=figures.of_unit(change.head, change.unit),
        change=escape.Markdown(
            points(change) if change.over_ms else interval(change)
        ),  # ours: a plus sign starts no list here
        verdict=change.verdict,
        note=note,
        strong=change.verdict in ("slower", "faster"),
    )


def _errors(errors: model.Errors) -> Row:
    return Row(
        what=_of_errors(errors) + within(errors.scenario),
        base=figures.share(errors.base),
        head=figures.share(errors.head),
        change=figures.NOTHING,
        verdict=errors.verdict,
        note="",
        strong=errors.verdict in ("more errors", "fewer errors"),
    )


def _of_errors(errors: model.Errors) -> str:
    match errors.metric:
        case "iterations_failed":
            return "iterations that failed"
        case "iterations_hung":
            return "iterations that never ended"
        case "dropped_iterations":
            return "iterations dropped, as others never ended"
        case "checks":
            return (
                f"failed checks: {escape.visible(errors.name)}" if errors.name else "failed checks"
            )
        case "calls_missing":
            return f"missing calls of {endpoint(errors.name, errors.method)}"
        case "http_req_failed":
            return f"errors of {endpoint(errors.name, errors.method)}" if errors.name else "errors"


def _what(row: model.Change) -> str:
    if row.over_ms is not None:
        over = f"over {figures.ms(row.over_ms)}"
        return f"{endpoint(row.name, row.method)} {over}{within(row.scenario)}"
    if row.metric == "http_req_duration":
        return f"{endpoint(row.name, row.method)} {short(row.stat)}{within(row.scenario)}"
    named = {"dropped_iterations": "load that ran", "iterations": "iterations"}
    return named.get(row.metric, "requests") + within(row.scenario)


def subject(row: model.Change) -> str:
    """Return what changed, as a sentence names it: `p95 of GET /search`."""
    if row.metric == "http_req_duration":
        return f"{short(row.stat)} of {endpoint(row.name, row.method)}{within(row.scenario)}"
    return _what(row)


def within(scenario: str) -> str:
    """Return where something was seen, "" with one scenario."""
    return f" in {escape.visible(scenario)}" if scenario else ""


def endpoint(name: str, method: str) -> str:
    """Return a request's method and name as people read them, the method once."""
    whole = name if not method or name.startswith(f"{method} ") else f"{method} {name}"
    return escape.visible(whole) or "all requests"


def short(stat: str) -> str:
    """Return `p95` for `p(95)`, `median` for `med`."""
    return "median" if stat == "med" else stat.replace("(", "").replace(")", "")


def points(row: model.Change) -> str:
    """Return the difference of two shares: `+2.9 points`."""
    return f"{figures.signed(row.change)} points"


def interval(row: model.Change) -> str:
    """Return a change with its interval: `+9 % (+4 … +14 %)`."""
    if row.interval is None:
        return figures.percent(row.change)
    low, high = (figures.signed(end) for end in row.interval)
    return f"{figures.percent(row.change)} ({low} … {high} %)"


def bound(row: model.Change) -> float | None:
    """Return the slowdown beyond which an inconclusive row rules all out, None where it rules out nothing.

    A row that is open for a reason of its own, such as an early end, rules nothing out; nor does one whose
    times vary so much that head may be twice as slow.
    """
    if row.verdict != "inconclusive" or row.interval is None or row.reason:
        return None
    found = max(end * worse(row) for end in row.interval)
    return found if found <= _LOUD else None


def worse(row: model.Change) -> int:
    """Return which way is worse: 1 up, as for times, -1 down, as for work that was done."""
    return 1 if row.unit == "ms" or row.over_ms is not None else -1


def _note(row: model.Change, min_effect: float) -> str:
    """Say what an inconclusive row rules out, and what would settle it."""
    if row.verdict != "inconclusive" or row.interval is None or row.reason:
        return escape.visible(row.reason)
    worst = bound(row)
    low, high = row.interval
    sure = ""
    if low * high > 0:
        small = f"smaller than the {figures.unsigned(min_effect)} that are reported"
        sure = "within noise for this many rows" if abs(row.change) >= min_effect else small
    what = "a slowdown above" if row.unit == "ms" else "a drop of more than"
    ruled = "it varies too much to rule out a slowdown of any size"
    if worst is not None:
        ruled = f"{what} {figures.unsigned(worst)} is ruled out" if worst > 0 else ""
    settle = ""
    if row.settle_s is not None and row.settle_half_width and row.settle_half_width <= _LOUD:
        half = figures.unsigned(row.settle_half_width)
        settle = f"{_seconds(row.settle_s)} would narrow this to about ±{half}"
    return "; ".join(part for part in (sure, ruled, settle) if part)


def _smaller(row: model.Change, comparison: model.Comparison) -> str:
    """Say beside what is faster that its answers say less."""
    sizes = (
        each
        for each in comparison.answers
        if each.head < each.base
        and each.scenario == row.scenario
        and (not each.name or (each.name, each.method) == (row.name, row.method))
    )
    return next((f"answers{size(each)}" for each in sizes if row.verdict == "faster"), "")


def _basis(comparison: model.Comparison) -> Iterable[str]:
    """Say what the verdict rests on."""
    base, head = (figures.count(n) for n in (comparison.base_requests, comparison.head_requests))
    unequal = f"{base} requests on base, {head} on head"
    requests = f"{base} requests a side" if base == head else unequal
    yield from _made(comparison)
    width = f" of {comparison.slice_s:g} s" if comparison.slice_s else ""
    how = "in turns" if comparison.mode == "alternate" else "at the same time"
    yield (
        f"{_seconds(comparison.seconds)} measured on both sides {how}, "
        f"{counted(comparison.rounds, 'round')}, {requests}, "
        f"{counted(comparison.slices, 'slice')}{width}."
    )
    yield from (
        f"After {counted(each.rounds, 'round')} of {comparison.rounds_planned}{within(each.scenario)} "
        f"figures were looked at as planned: {each.verdict}."
        for each in comparison.looks
    )
    stated = "as stated" if comparison.load_model_stated else "as the samples look"
    hides = "; VUs wait for answers, so a stall sends less load" * (
        comparison.load_model == "closed"
    )
    yield f"Load: {comparison.load_model} model ({stated}){hides}."
    yield from (f"Answers{size(each)}." for each in comparison.answers[:_LEFT_OUT])
    if comparison.spread is not None:
        yield f"Rounds lie {figures.unsigned(comparison.spread)} apart (typical standard deviation)."
    else:
        yield "One round: how far two starts of the same code differ was not measured."
    yield (
        "Chance of any false alarm in a comment like this: "
        f"{figures.share(comparison.alpha)} by design. Times are those of a typical slice: changes are "
        "measured slice by slice, and base and head lie that far apart."
    )
    yield from _named(comparison)
    yield from _shown(comparison)


def size(answers: model.AnswerSize) -> str:
    """Return by how much answers changed in size: ` to GET /search are 40 % smaller in buy`."""
    named = f" to {endpoint(answers.name, answers.method)}" if answers.name else ""
    change = answers.head / answers.base - 1
    which = "smaller" if change < 0 else "larger"
    return f"{named} are {figures.unsigned(abs(change))} {which}{within(answers.scenario)}"


def _named(comparison: model.Comparison) -> Iterable[str]:
    """Say which URLs were taken for one endpoint, and what all other requests are."""
    if comparison.grouped:
        several = sorted(comparison.grouped, key=lambda each: -each.names)
        named = (
            f"{endpoint(each.name, each.method)}{within(each.scenario)} stands for "
            f"{counted(each.names, 'URL')} such as {escape.visible(each.example)}"
            for each in several[:_GROUPED]
        )
        more = len(several) - _GROUPED
        rest = f"; and {counted(more, 'more endpoint')}" if more > 0 else ""
        yield f"Ids in URLs count as one: {'; '.join(named)}{rest} (`names` in ltlab.yml)."
    if comparison.others:
        number = len(comparison.others) + comparison.others_more
        requests = sum(each.base_requests + each.head_requests for each in comparison.others)
        busiest = ", ".join(
            f"{endpoint(each.name, each.method)}{within(each.scenario)}"
            for each in comparison.others[:_GROUPED]
        )
        beyond = f", and {figures.count(number - _GROUPED)} more" if number > _GROUPED else ""
        yield (
            f"All other requests are {counted(number, 'endpoint')} with too few to be judged alone "
            f"({figures.count(requests)} requests): {busiest}{beyond}."
        )


def uncompared(comparison: model.Comparison) -> float:
    """Return the share of all requests whose endpoint no row judges."""
    whole = comparison.base_requests + comparison.head_requests
    return comparison.uncompared_requests / whole if whole else 0.0


def _shown(comparison: model.Comparison) -> Iterable[str]:
    """Say what p99 came to where nobody judged it."""
    judged = {
        (row.scenario, row.name, row.method) for row in comparison.rows if row.stat == "p(99)"
    }
    shown = [
        each
        for each in comparison.endpoints
        if each.base_p99 is not None and (each.scenario, each.name, each.method) not in judged
    ]
    if shown:
        named = (
            f"{endpoint(each.name, each.method)} {figures.ms(each.base_p99)} → "
            f"{figures.ms(each.head_p99)}"
            for each in shown[:_LEFT_OUT]
        )
        more = f", and {len(shown) - _LEFT_OUT} more" if len(shown) > _LEFT_OUT else ""
        yield f"p99 (not judged): {', '.join(named)}{more}."


def _made(comparison: model.Comparison) -> Iterable[str]:
    """Say what base and head were, and under which load, where ltlab ran both."""
    for each in comparison.sides:
        service = f"; {each.service}" if each.service else ""
        yield f"{each.side.capitalize()}: {escape.visible(f'{each.what}{service}')}."
    for held in comparison.load:
        yield f"Both got {escape.visible(held)}."


def _left_out(comparison: model.Comparison) -> Iterable[str]:
    for each in comparison.left_out[:_LEFT_OUT]:
        of = f"{short(each.stat)} of " if each.stat else ""
        yield (
            f"{of}{endpoint(each.name, each.method)}: {escape.visible(each.reason)} "
            f"({figures.count(each.base_requests)} and {figures.count(each.head_requests)} requests)"
        )
    more = len(comparison.left_out) - _LEFT_OUT + comparison.left_out_more
    if more > 0:
        yield f"and {figures.count(more)} more, in result.json"


def _seconds(seconds: float) -> str:
    # As a budget is written: 120 s, not 2 min 0 s.
    return f"{seconds:.0f} s" if seconds < _LONG_S else figures.duration(seconds)


def counted(number: int, noun: str) -> str:
    """Return `1 row` or `2 rows`."""
    return f"{figures.count(number)} {noun}" + ("" if number == 1 else "s")
