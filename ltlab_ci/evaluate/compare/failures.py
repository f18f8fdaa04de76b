"""What failed on base and head: an own test, with its own part of the false alarms.

A rise counts when two tests agree: one over slices, which knows that failures come in bursts, and
Fisher's exact test over requests (R. A. Fisher, Statistical Methods for Research Workers, 1925), which
knows how few they are. Shares of other kinds are judged so too (tails.py). Not here: latency (verdicts.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ltlab_ci import model
from ltlab_ci.evaluate.compare import signedrank, slices

Ints = NDArray[np.int64]

LEAST_SHARE = 0.002
LEAST_COUNT = 3
LEAST_CALLS = 30
_EXACT_UP_TO = 20_000  # failures; beyond, the normal approximation is as good


def judge(
    recording: model.Recording, whole: slices.Cut, alpha: float
) -> tuple[model.Errors, tuple[model.Errors, ...]]:
    """Judge all requests together, then endpoints, iterations and checks; the family is all of these tests."""
    names, failed, tried = _columns(recording, whole)
    kept = np.flatnonzero((tried.sum(axis=1) > 0).all(axis=0))
    if not len(kept):
        none = model.Errors(base=0.0, head=0.0, base_failed=0, head_failed=0, verdict="no change")
        return none, ()
    failed, tried = failed[:, :, kept], tried[:, :, kept]
    bad, all_of = failed.sum(axis=1), tried.sum(axis=1)
    gap = np.abs(bad[1] / all_of[1] - bad[0] / all_of[0])
    enough = (gap >= LEAST_SHARE) & (np.abs(bad[1] - bad[0]) >= LEAST_COUNT)
    apart = differ(failed, tried, alpha, among=enough)
    found = []
    for column, index in enumerate(kept):
        counts = ([int(number) for number in each[:, column]] for each in (bad, all_of))
        found.append(_errors(names[index], *counts, significant=bool(apart[column])))
    seen = tuple(each for each in found[1:] if each.base_failed or each.head_failed)
    return found[0], (*_missing(recording, whole), *seen)


def differ(hits: Ints, tried: Ints, alpha: float, *, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say of each column whether the sides' shares differ; counts of shape (sides, slices, columns).

    `among` are the columns in which a difference would be large enough to be told; the others are tested beside them.
    `alpha` is the chance of saying so of any column where none does. Columns without any hit show nothing
    whichever way sides are swapped, so they take no part in the correction for many tests.
    """
    base, head = tried.sum(axis=1)
    # What head has too many of, were hits spread like requests; changes its sign with the sides. By
    # all requests, not by those of a slice: of a rare endpoint a slice may have one side's alone.
    surplus = (hits[1] * base - hits[0] * head) / np.maximum(base + head, 1)
    tests = int(hits.any(axis=(0, 1)).sum())
    exact = np.ones(hits.shape[2])
    for column in np.flatnonzero(among):
        sides = [[int(n) for n in each[:, :, column].sum(axis=1)] for each in (hits, tried)]
        exact[column] = min(1.0, fisher(*sides) * tests)
    some = surplus.any(axis=0)
    if not (some & (exact <= alpha)).any():  # nothing at all failed in most comparisons
        return np.zeros(len(exact), dtype=np.bool_)
    swapped = np.ones(len(exact))
    swapped[some] = signedrank.joint(surplus[:, some], alpha).p
    apart: NDArray[np.bool_] = np.maximum(swapped, exact) <= alpha
    return apart


def _errors(
    name: tuple[model.Failing, str, str], bad: list[int], all_of: list[int], *, significant: bool
) -> model.Errors:
    shares = [part / whole_of for part, whole_of in zip(bad, all_of, strict=True)]
    return model.Errors(
        metric=name[0],
        name=name[1],
        method=name[2],
        base=shares[0],
        head=shares[1],
        base_failed=bad[0],
        head_failed=bad[1],
        verdict=_verdict(shares, bad, significant=significant),
    )


def hangs(errors_of: Sequence[model.Errors], *, less_done: bool) -> bool:
    """Say whether head is shown to hang more than base.

    By what never ended, what had no VU left for it, or as less gets done (`less_done`) where more never ends.
    """
    of = {each.metric: each for each in errors_of}
    hung, dropped = of.get("iterations_hung"), of.get("dropped_iterations")
    shown = any(each is not None and each.verdict == "more errors" for each in (hung, dropped))
    return (shown or less_done) and hung is not None and rose(hung)


def refused_more(recording: model.Recording) -> bool:
    """Say whether noticeably more of head's answers have a status of 400 or more, which the script permits."""
    counts, shares = [], []
    for name in slices.SIDES:
        sides: list[model.Side] = [getattr(one, name) for one in recording.rounds]
        counts.append(sum(each.refused for each in sides))
        shares.append(counts[-1] / max(1, sum(len(each.ms) for each in sides)))
    return counts[1] - counts[0] >= LEAST_COUNT and shares[1] - shares[0] >= LEAST_SHARE


def rose(errors: model.Errors) -> bool:
    """Say whether head fails noticeably more, proven or not: then it is not called faster."""
    more = errors.head_failed - errors.base_failed >= LEAST_COUNT
    return more and errors.head - errors.base >= LEAST_SHARE


def _verdict(shares: list[float], bad: list[int], *, significant: bool) -> model.ErrorVerdict:
    if abs(shares[1] - shares[0]) < LEAST_SHARE or abs(bad[1] - bad[0]) < LEAST_COUNT:
        return "no change"
    if not significant:
        return "inconclusive"
    return "more errors" if shares[1] > shares[0] else "fewer errors"


def _columns(
    recording: model.Recording, whole: slices.Cut
) -> tuple[list[tuple[model.Failing, str, str]], Ints, Ints]:
    """Count what failed and what was tried; shape (sides, slices, columns), all requests together first.

    Iterations have a column of their own where any failed: one that throws, or gives up as a value to capture
    is missing, may leave none but good requests. So has each check: an error page may come with status 200.
    """
    fine, failed = (
        np.stack([slices.requests(recording, whole, side, ok=ok) for side in slices.SIDES])
        for ok in (True, False)
    )
    names: list[tuple[model.Failing, str, str]] = [("http_req_failed", "", "")]
    names += [("http_req_failed", *one) for one in recording.endpoints]
    bad, tried = (
        np.concatenate([each.sum(axis=2, keepdims=True), each], axis=2)
        for each in (failed, fine + failed)
    )
    begun = np.stack([slices.arrivals(recording, whole, side) for side in slices.SIDES])
    ends: dict[model.Failing, Callable[[model.Recording, slices.Cut, str], Ints]] = {
        "iterations_failed": slices.gave_up,
        "iterations_hung": slices.hung,
    }
    for metric, counted in ends.items():
        lost = np.stack([counted(recording, whole, side) for side in slices.SIDES])
        if lost.any():
            names.append((metric, "", ""))
            bad = np.dstack([bad, lost])
            # They may fail some time after they began, so a slice may have more that failed.
            tried = np.dstack([tried, np.maximum(begun, lost)])
    if names[-1][0] == "iterations_hung":  # and have VUs to themselves that others were to run on
        dropped = np.stack([slices.dropped(recording, whole, side) for side in slices.SIDES])
        names.append(("dropped_iterations", "", ""))
        bad, tried = np.dstack([bad, dropped]), np.dstack([tried, begun + dropped])
    if recording.checks:
        names += [("checks", "", ""), *(("checks", name, "") for name in recording.checks)]
        of_checks = [slices.checks(recording, whole, side) for side in slices.SIDES]
        more_bad, more = (np.stack(each) for each in zip(*of_checks, strict=True))
        bad = np.dstack([bad, more_bad.sum(axis=2), more_bad])
        tried = np.dstack([tried, more.sum(axis=2), more])
    return names, bad, tried


def _missing(recording: model.Recording, whole: slices.Cut) -> tuple[model.Errors, ...]:
    """Return the endpoints that base calls all the time and head never, by the same script.

    Head's answers no longer lead there: a list that came back empty, as like as not. A name that head alone has
    instead, called about as often, is another name for it (an id that differs by side): that is not told here.
    """
    called = [
        sum(slices.requests(recording, whole, side, ok=ok) for ok in (True, False))
        for side in slices.SIDES
    ]
    begun = [int(slices.arrivals(recording, whole, side).sum()) for side in slices.SIDES]
    even = min(1.0, begun[1] / begun[0]) if begun[0] else 0.0  # looping VUs of a slow head do less
    base, head = (np.asarray(each).sum(axis=0) for each in called)
    in_slices = (np.asarray(called[0]) > 0).sum(axis=0)
    gone = (head == 0) & (base * even >= LEAST_CALLS) & (in_slices >= slices.FEWEST_SLICES)
    for index in np.flatnonzero(gone):
        method = recording.endpoints[index][1]
        like = [each[1] == method for each in recording.endpoints]
        gone[index] = not (np.array(like) & (base == 0) & (2 * head >= base[index] * even)).any()
    return tuple(
        model.Errors(
            metric="calls_missing",
            name=recording.endpoints[index][0],
            method=recording.endpoints[index][1],
            base=0.0,
            head=1.0,
            base_failed=0,
            head_failed=int(base[index] * even),
            verdict="more errors",
        )
        for index in np.flatnonzero(gone)
    )


def fisher(failed: list[int], requests: list[int]) -> float:
    """Return the two-sided p-value of two shares being the same; (base, head) each."""
    bad, total = sum(failed), sum(requests)
    if bad in (0, total):
        return 1.0
    if min(bad, total - bad) > _EXACT_UP_TO:
        share = bad / total
        error = math.sqrt(share * (1 - share) * (1 / requests[0] + 1 / requests[1]))
        z = abs(failed[0] / requests[0] - failed[1] / requests[1]) / error
        return 2 * NormalDist().cdf(-z)
    # The rarer outcome gives the shorter sum, and the same p-value.
    rare = failed if 2 * bad <= total else [n - k for n, k in zip(requests, failed, strict=True)]
    count = sum(rare)
    logs = [
        _choose(requests[0], k) + _choose(requests[1], count - k)
        for k in range(max(0, count - requests[1]), min(count, requests[0]) + 1)
    ]
    seen = _choose(requests[0], rare[0]) + _choose(requests[1], rare[1])
    top = max(logs)
    chances = [math.exp(log - top) for log in logs]
    tail = [chance for chance, log in zip(chances, logs, strict=True) if log <= seen + 1e-7]
    return min(1.0, math.fsum(tail) / math.fsum(chances))


def _choose(number: int, taken: int) -> float:
    return math.lgamma(number + 1) - math.lgamma(taken + 1) - math.lgamma(number - taken + 1)
