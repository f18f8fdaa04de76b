"""What came of a comparison in one line.

Not here: its rows and what they rest on (compared.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ltlab_ci import model
from ltlab_ci.report import compared, figures

_NONE, _FEWER = 30, 100  # calls on base, to say that head made none, or less than half


def of(comparison: model.Comparison, findings: Sequence[model.Finding] = ()) -> str:
    """Return what came of a comparison in one line: the worst row, how many more, and what head lost."""
    return "; ".join([_said(comparison, findings), *_lost(comparison)])


def _said(comparison: model.Comparison, findings: Sequence[model.Finding]) -> str:
    rows = [*comparison.rows, comparison.throughput]
    match comparison.verdict:
        case "invalid":
            more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
            why = f"{findings[0].message}{more}" if findings else "see the findings"
            return f"base and head cannot be compared: {why}"
        case "more errors":
            worse = [one for one in comparison.errors_of if one.verdict == "more errors"]
            said = _fail([comparison.errors, *worse])
            slower = _named([row for row in rows if row.verdict == "slower"])
            return f"{said}; {slower}" if slower else said
        case "slower" | "faster":
            found = [row for row in rows if row.verdict == comparison.verdict]
            return "; ".join([_named(found), *_failing(comparison), *_open(rows)])
        case "inconclusive":
            least = comparison.min_effect
            above = f" above {figures.unsigned(least)}" if least > model.Rules.min_effect else ""
            none = f"no slowdown{above} was shown"
            return "; ".join([none, *_failing(comparison), *_open(rows)])
        case "no change":
            return f"no change beyond 5 % in {compared.counted(len(comparison.rows), 'row')}"


def _named(found: Sequence[model.Change]) -> str:
    if not found:
        return ""
    worst = max(found, key=lambda row: abs(row.change))
    more = (
        f"; {compared.counted(len(found) - 1, 'more row')} {worst.verdict}"
        if len(found) > 1
        else ""
    )
    return f"{compared.subject(worst)} {compared.interval(worst)}{more}"


def _lost(comparison: model.Comparison) -> Iterable[str]:
    """Say what was called on base and hardly on head: a list that came back empty, as like as not."""
    # Looping VUs of a slow head call everything less often.
    done = (row for row in (*comparison.rows, comparison.throughput) if row.unit == "per s")
    even = {row.scenario: min(1.0, row.head / row.base) for row in done if row.base}
    seen: list[model.LeftOut | model.Unjudged] = [*comparison.endpoints]
    seen += [each for each in comparison.left_out if not each.stat]
    lost = [
        each
        for each in seen
        if each.base_requests >= (_FEWER if each.head_requests else _NONE)
        and each.head_requests < each.base_requests * even.get(each.scenario, 1.0) / 2
    ]
    if lost:
        first = min(lost, key=lambda each: each.head_requests / each.base_requests)
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        there, before = figures.count(first.head_requests), figures.count(first.base_requests)
        called = f"called {there} times on head" if first.head_requests else "not called on head"
        where = f"{compared.endpoint(first.name, first.method)}{compared.within(first.scenario)}"
        yield f"{where}{more} was {called}, {before} times on base"


def _fail(of: Sequence[model.Errors]) -> str:
    worst = max(of, key=lambda one: one.head - one.base)
    what = "iterations" if worst.metric == "iterations_failed" else "requests"
    named = f" of {compared.endpoint(worst.name, worst.method)}" if worst.name else ""
    shares = figures.share(worst.head), figures.share(worst.base)
    where = compared.within(worst.scenario)
    return f"{shares[0]} of {what}{named}{where} fail on head, {shares[1]} on base"


def _failing(comparison: model.Comparison) -> Iterable[str]:
    """Say that more requests failed on head where it may have been chance, or one burst."""
    unsure = [
        one
        for one in (comparison.errors, *comparison.errors_of)
        if one.verdict == "inconclusive" and one.head > one.base
    ]
    if unsure:
        yield f"{_fail(unsure)}, in too few cases or moments to be sure"


def _open(rows: Sequence[model.Change]) -> Iterable[str]:
    """Say how many rows are inconclusive, and what is ruled out for all of them."""
    unsure = [row for row in rows if row.verdict == "inconclusive"]
    bounds = [compared.bound(row) for row in unsure]
    known = [each for each in bounds if each is not None]
    if unsure and len(known) == len(unsure):
        worst = max(known)
        what = f"a slowdown above {figures.unsigned(worst)} is" if worst > 0 else "a slowdown is"
        yield f"{compared.counted(len(unsure), 'row')} inconclusive, in which {what} ruled out"
    elif unsure:
        yield f"{compared.counted(len(unsure), 'row')} inconclusive"
