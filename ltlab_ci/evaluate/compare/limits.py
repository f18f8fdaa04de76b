"""Thresholds that depend on base, judged with the interval of what was compared, not with the point.

One is crossed where even the favourable end of the interval lies beyond the limit, and holds where the
other end is within it; between the two nothing is shown. Not here: what changed at all (verdicts.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ltlab_ci import model
from ltlab_ci.evaluate.compare import digits, launches, slices
from ltlab_ci.model import patterns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ADDRESS = re.compile(r"https?://[^/?#]*")
_UNITS = {"http_req_duration": "ms", "http_req_failed": "share"}


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """What base and head came to, in the metric's unit, and how far below or above head may lie.

    `head` is base with the change of the typical slice, `whole` what all of head's requests came to.
    """

    base: float
    head: float
    whole: float
    low: float
    high: float
    count: int


def judge(
    recording: model.Recording, thresholds: Sequence[model.Threshold], *, doubt: str = ""
) -> tuple[model.Verdict, ...]:
    """Give every threshold its verdict, in the order given; with a doubt none can be judged."""
    if doubt:
        return unjudged(thresholds, doubt)
    return tuple(_judged(recording, each) for each in thresholds)


def unjudged(thresholds: Sequence[model.Threshold], why: str) -> tuple[model.Verdict, ...]:
    """Return the verdicts of thresholds that nothing was compared for."""
    return tuple(_unjudged(each, why) for each in thresholds)


def _judged(recording: model.Recording, threshold: model.Threshold) -> model.Verdict:
    matching = _matching(recording, threshold)
    if not matching.any():
        return _unjudged(threshold, f"no request on either side matches {threshold.key}")
    recording, members = _divided(recording, matching), [1]
    of = {"ms": _times, "share": _shares}[_UNITS[threshold.metric]]
    figure = of(recording, members, threshold)
    if isinstance(figure, str):
        return _unjudged(threshold, figure)
    stated = threshold.at(figure.base)
    unsure = _holds(stated, figure.low) is not _holds(stated, figure.high)
    if _holds(stated, figure.head) and _holds(stated, figure.whole):
        return _verdict(stated, model.Status.PASS, figure, unsure=unsure)
    if _holds(stated, figure.head):  # a few moments alone carry head over the limit
        figure, unsure = replace(figure, head=figure.whole), True
    # What is not shown turns nothing red: it is a warning.
    shown = replace(stated, severity=model.Severity.WARN) if unsure else stated
    return _verdict(shown, model.Status.FAIL, figure, unsure=unsure)


def _holds(stated: model.Threshold, value: float) -> bool:
    # `rate < base * 2` is no limit of 0 where nothing failed on either side.
    return stated.holds(value) or value == stated.bound == 0


def _matching(recording: model.Recording, threshold: model.Threshold) -> NDArray[np.int32]:
    """Say of each recorded name whether it is meant, by itself or as one of its endpoint."""
    known = recording.names or recording.endpoints
    meant = np.array([_matches(threshold.tags, *each) for each in known], dtype=np.int32)
    whole = np.array(
        [_matches(threshold.tags, *each) for each in recording.endpoints], dtype=np.int32
    )
    for side in (side for one in recording.rounds for side in (one.base, one.head)):
        if side.name is not None:
            meant[side.name[whole[side.endpoint] > 0]] = 1
    return meant


def _matches(tags: Sequence[tuple[str, str]], name: str, method: str) -> bool:
    """Say whether a request is meant: by its name as it was recorded, with an address, or as reports show it."""
    asked = dict(tags)
    if not patterns.matches(asked.get("method", "*"), method):
        return False
    pattern = asked.get("name", "*")
    shown = name if name.startswith(f"{method} ") else f"{method} {name}"
    bare = _ADDRESS.sub("", pattern, count=1) or "/"
    return any(
        patterns.matches(*each) for each in ((pattern, name), (pattern, shown), (bare, name))
    )


def _divided(recording: model.Recording, matching: NDArray[np.int32]) -> model.Recording:
    """Return a recording of two endpoints: what is not meant, and what is."""

    def of(side: model.Side) -> model.Side:
        return replace(side, endpoint=matching[side.endpoint if side.name is None else side.name])

    return replace(
        recording,
        endpoints=(("", ""), ("meant", "")),
        rounds=tuple(
            model.Round(base=of(each.base), head=of(each.head)) for each in recording.rounds
        ),
    )


def _times(
    recording: model.Recording, members: Sequence[int], threshold: model.Threshold
) -> _Figure | str:
    """Compare a stat of successful requests slice by slice, as rows are; or say why it cannot be."""
    stat = threshold.stat
    share = {"med": 0.5, "p": stat.percentile / 100}.get(stat.name)
    whole = _cut(recording, members, share or 0.5)
    if whole is None:
        return f"too few successful requests for {stat}, at this rate and in this time"
    sides = [_of_slices(recording, whole, side, members, share) for side in slices.SIDES]
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.log(sides[1][0]) - np.log(sides[0][0])
    differences = np.where(np.isfinite(apart), apart, np.nan)[:, None]
    if np.isfinite(differences).sum() < slices.FEWEST_SLICES:
        return f"fewer than {slices.FEWEST_SLICES} slices have a figure on both sides"
    [at] = launches.estimates(differences, whole.round_of)
    base = sides[0][1]
    return _Figure(
        base=base,
        head=base * math.exp(at.centre),
        whole=sides[1][1],
        low=base * math.exp(at.low95),
        high=base * math.exp(at.high95),
        count=int(_requests(recording, whole, "head", members, ok=True).sum()),
    )


def _cut(recording: model.Recording, members: Sequence[int], share: float) -> slices.Cut | None:
    """Return the narrowest slices that have enough requests on both sides, None where none have."""
    for whole in slices.widths(recording):
        if whole.total < slices.FEWEST_SLICES:
            return None
        both = [_requests(recording, whole, side, members, ok=True) for side in slices.SIDES]
        if slices.suffices(np.minimum(*both)[:, None], share)[0]:
            return whole
    return None


def _requests(
    recording: model.Recording, whole: slices.Cut, side: str, members: Sequence[int], *, ok: bool
) -> Ints:
    found: Ints = slices.requests(recording, whole, side, ok=ok)[:, list(members)].sum(axis=1)
    return found


def _of_slices(
    recording: model.Recording,
    whole: slices.Cut,
    side: str,
    members: Sequence[int],
    share: float | None,
) -> tuple[Floats, float]:
    """Return a side's figure in each slice and over all of them; `share` None is the average."""
    if share is not None:
        each, together = slices.quantiles(recording, whole, side, (share,), [members])
        return each[:, 0, 0], float(together[0, 0])
    total, number = np.zeros(whole.total), np.zeros(whole.total)
    for samples, inside, index in slices.pieces(recording, whole, side):
        taken = samples.ok[inside] & np.isin(samples.endpoint[inside], members)
        times = samples.ms[inside][taken]
        total += np.bincount(index[taken], weights=times, minlength=whole.total)
        number += np.bincount(index[taken], minlength=whole.total)
    averages = np.divide(total, number, out=np.full(whole.total, np.nan), where=number > 0)
    return averages, float(total.sum() / number.sum())


def _shares(
    recording: model.Recording, members: Sequence[int], threshold: model.Threshold
) -> _Figure | str:
    """Compare shares of failed requests; the interval is a jackknife over slices.

    Failures come in bursts, so slices, not requests, are what is left out one by one (Efron and Stein,
    Annals of Statistics 9 (1981), 586-596). It is that of the way from the limit to head's share, since the
    limit is as uncertain as base's share, and `base * 3` three times as much.
    """
    whole = next(iter(slices.widths(recording)))
    failed = np.stack([_requests(recording, whole, s, members, ok=False) for s in slices.SIDES])
    fine = np.stack([_requests(recording, whole, s, members, ok=True) for s in slices.SIDES])
    requests = failed + fine
    if not requests.sum(axis=1).all() or whole.total < slices.FEWEST_SLICES:
        return "too few requests on both sides at the same time"
    base, head = failed.sum(axis=1) / requests.sum(axis=1)
    rest = requests.sum(axis=1, keepdims=True) - requests
    left = (failed.sum(axis=1, keepdims=True) - failed) / np.maximum(rest, 1)
    apart = left[1] - np.array([threshold.at(float(share)).bound for share in left[0]])
    error = math.sqrt(float(np.square(apart - apart.mean()).sum()) * (len(apart) - 1) / len(apart))
    return _Figure(
        base=float(base),
        head=float(head),
        whole=float(head),
        low=max(0.0, float(head) - launches.Z95 * error),
        high=min(1.0, float(head) + launches.Z95 * error),
        count=int(requests[1].sum()),
    )


def _verdict(
    threshold: model.Threshold, status: model.Status, figure: _Figure, *, unsure: bool
) -> model.Verdict:
    return model.Verdict.of(
        threshold,
        status,
        bound=digits.cut(threshold.bound),
        unit=_UNITS[threshold.metric],
        observed=digits.cut(figure.head),
        count=figure.count,
        against="base",
        base=digits.cut(figure.base),
        interval=(digits.cut(figure.low), digits.cut(figure.high)),
        unsure=unsure,
    )


def _unjudged(threshold: model.Threshold, why: str) -> model.Verdict:
    return model.Verdict.of(
        threshold,
        model.Status.NO_DATA,
        unit=_UNITS[threshold.metric],
        against="base",
        reason=why,
    )
