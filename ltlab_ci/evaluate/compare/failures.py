"""What failed on base and head: an own test, with its own part of the false alarms.

A rise counts when two tests agree: one over slices, which knows that failures come in bursts, and
Fisher's exact test over requests (R. A. Fisher, Statistical Methods for Research Workers, 1925), which
knows how few they are. Not here: latency (verdicts.py).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ltlab_ci import model
from ltlab_ci.evaluate.compare import signedrank, slices

Ints = NDArray[np.int64]
Metric = Literal["http_req_failed", "iterations_failed"]

LEAST_SHARE = 0.002
LEAST_COUNT = 3
_EXACT_UP_TO = 20_000  # failures; beyond, the normal approximation is as good


def judge(
    recording: model.Recording, whole: slices.Cut, alpha: float
) -> tuple[model.Errors, tuple[model.Errors, ...]]:
    """Judge all requests together, then each endpoint, and iterations; the family is all of these tests."""
    names, failed, tried = _columns(recording, whole)
    kept = np.flatnonzero((tried.sum(axis=1) > 0).all(axis=0))
    if not len(kept):
        none = model.Errors(base=0.0, head=0.0, base_failed=0, head_failed=0, verdict="no change")
        return none, ()
    failed, tried = failed[:, :, kept], tried[:, :, kept]
    base, head = tried.sum(axis=1)
    # What head has too many of, were failures spread like requests; changes its sign with the sides. By
    # all requests, not by those of a slice: of a rare endpoint a slice may have one side's alone.
    surplus = (failed[1] * base - failed[0] * head) / (base + head)
    swapped, some = np.ones(len(kept)), surplus.any(axis=0)
    if some.any():  # nothing at all failed in most comparisons
        swapped[some] = signedrank.joint(surplus[:, some], alpha).p
    found = []
    for column, index in enumerate(kept):
        bad = [int(side[:, column].sum()) for side in failed]
        all_of = [int(side[:, column].sum()) for side in tried]
        chance = max(float(swapped[column]), min(1.0, fisher(bad, all_of) * len(kept)))
        found.append(_errors(names[index], bad, all_of, significant=chance <= alpha))
    return found[0], tuple(each for each in found[1:] if each.base_failed or each.head_failed)


def _errors(
    name: tuple[Metric, str, str], bad: list[int], all_of: list[int], *, significant: bool
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
) -> tuple[list[tuple[Metric, str, str]], Ints, Ints]:
    """Count what failed and what was tried; shape (sides, slices, columns), all requests together first.

    Iterations have a column of their own where any failed: one that throws, or gives up as a value to capture
    is missing, may leave none but good requests.
    """
    fine, failed = (
        np.stack([slices.requests(recording, whole, side, ok=ok) for side in slices.SIDES])
        for ok in (True, False)
    )
    names: list[tuple[Metric, str, str]] = [("http_req_failed", "", "")]
    names += [("http_req_failed", *one) for one in recording.endpoints]
    bad, tried = (
        np.concatenate([each.sum(axis=2, keepdims=True), each], axis=2)
        for each in (failed, fine + failed)
    )
    gave_up = np.stack([slices.gave_up(recording, whole, side) for side in slices.SIDES])
    if gave_up.any():
        begun = np.stack([slices.arrivals(recording, whole, side) for side in slices.SIDES])
        names.append(("iterations_failed", "", ""))
        bad = np.dstack([bad, gave_up])
        # They may fail some time after they began, so a slice may have more that failed.
        tried = np.dstack([tried, np.maximum(begun, gave_up)])
    return names, bad, tried


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
