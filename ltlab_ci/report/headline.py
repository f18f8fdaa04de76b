"""What came of a comparison in one line.

Not here: its rows and what they rest on (compared.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ltlab_ci import model
from ltlab_ci.report import compared, escape, figures

_TRIFLE = 0.01  # of all requests
_NONE, _FEWER = 30, 100  # calls on base, to say that head made none, or less than half


def of(comparison: model.Comparison, findings: Sequence[model.Finding] = ()) -> str:
    """Return what came of a comparison in one line: the worst row, how many more, and what head lost."""
    said = (_said(comparison, findings), *_lost(comparison), *_uncompared(comparison))
    return "; ".join(each for each in said if each)


def _said(comparison: model.Comparison, findings: Sequence[model.Finding]) -> str:
    rows = [*comparison.rows, comparison.throughput]
    match comparison.verdict:
        case "invalid":
            more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
            why = f"{findings[0].message}{more}" if findings else "see the findings"
            return f"base and head cannot be compared: {why}"
        case "more errors":
            slower = _named([row for row in rows if row.verdict == "slower"])
            return "; ".join([*_worse(comparison), *([slower] if slower else [])])
        case "slower" | "faster":
            found = [row for row in rows if row.verdict == comparison.verdict]
            sizes = _smaller(comparison) if comparison.verdict == "faster" else ()
            return "; ".join([_named(found), *sizes, *_failing(comparison), *_open(rows)])
        case "inconclusive":
            least = comparison.min_effect
            above = f" above {figures.unsigned(least)}" if least > model.Rules.min_effect else ""
            none = f"no slowdown{above} was shown"
            return "; ".join([none, *_failing(comparison), *_open(rows)])
        case "no change":
            return f"no change beyond 5 % in {compared.counted(len(comparison.rows), 'row')}"


def _named(found: Sequence[model.Change]) -> str:
    """Name the worst row, and the worst tail beside it, which says something else."""
    kinds = ([row for row in found if (row.over_ms is None) is plain] for plain in (True, False))
    return "; ".join(_first(rows) for rows in kinds if rows)


def _first(found: Sequence[model.Change]) -> str:
    worst = max(found, key=lambda row: abs(row.change))
    more = (
        f"; {compared.counted(len(found) - 1, 'more row')} {worst.verdict}"
        if len(found) > 1
        else ""
    )
    if worst.over_ms is not None:
        of = f" to {compared.endpoint(worst.name, worst.method)}" if worst.name else ""
        return (
            f"{figures.share(worst.head)} of requests{of}{compared.within(worst.scenario)} take longer than "
            f"{figures.ms(worst.over_ms)}, {figures.share(worst.base)} on base{more}"
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


def _worse(comparison: model.Comparison) -> Iterable[str]:
    """Say what fails more on head, the largest share first; what was not called is said elsewhere."""
    every = (comparison.errors, *comparison.errors_of)
    worse = [one for one in every if one.verdict == "more errors" and one.metric != "calls_missing"]
    if any(one.metric == "iterations_hung" for one in worse):  # the cause, not what follows from it
        worse = [one for one in worse if one.metric != "dropped_iterations"]
    if worse:
        said = _worst(worse)
        checks = [
            one for one in worse if one.metric == "checks" and one.name not in ("", said.name)
        ]
        more = f"; {compared.counted(len(checks), 'more check')} fail more" if checks else ""
        yield f"{_fail(worse)}{more}"


def _worst(of: Sequence[model.Errors]) -> model.Errors:
    return max(of, key=lambda one: (one.head - one.base, bool(one.name)))


def _uncompared(comparison: model.Comparison) -> Iterable[str]:
    """Say how much of the load no row speaks of, where that is more than a trifle."""
    share = compared.uncompared(comparison)
    if share >= _TRIFLE and comparison.verdict != "invalid":
        yield f"{figures.share(round(share, 2))} of requests were not compared"


def _fail(of: Sequence[model.Errors]) -> str:
    worst = _worst(of)
    named = f" of {compared.endpoint(worst.name, worst.method)}" if worst.name else ""
    what, fail = {
        "http_req_failed": (f"requests{named}", "fail"),
        "iterations_failed": ("iterations", "fail"),
        "iterations_hung": ("iterations", "never end"),
        "dropped_iterations": ("iterations", "find no VU, as others never end,"),
        "checks": (f"checks{named and f' ({escape.visible(worst.name)})'}", "fail"),
        "calls_missing": (f"calls{named}", "are missing"),
    }[worst.metric]
    shares = figures.share(worst.head), figures.share(worst.base)
    where = compared.within(worst.scenario)
    return f"{shares[0]} of {what}{where} {fail} on head, {shares[1]} on base"


def _smaller(comparison: model.Comparison) -> Iterable[str]:
    """Say by how much answers shrank: what is faster may only say less."""
    smaller = [each for each in comparison.answers if each.head < each.base]
    if smaller:
        most = min(smaller, key=lambda each: each.head / each.base)
        more = f" (and {len(smaller) - 1} more)" if len(smaller) > 1 else ""
        yield f"answers{compared.size(most)}{more}"


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
