"""How much work both sides got through: the load model, and the row on throughput.

Not here: latency (verdicts.py), whether the load was fair to both sides (validity.py).
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np

from ltlab_ci import model
from ltlab_ci.evaluate.compare import launches, signedrank, slices

SAME_RATE = 0.01
_LEAST_DROP = 0.01
_LEAST_STARTS = 4
_TOO_FEW = "too few iterations in a slice"


def load_model(recording: model.Recording, whole: slices.Cut, rules: model.Rules) -> str:
    """Return the stated load model, else what the samples look like.

    Open where iterations were dropped, or where both sides got the same rate (within 1 %), as only
    a schedule gives it; else closed. Two equally fast sides under a closed load look open, and are
    judged the same either way.
    """
    if rules.load_model:
        return rules.load_model
    if any(getattr(one, side).dropped for one in recording.rounds for side in slices.SIDES):
        return "open"
    return "closed" if differ(recording, whole) else "open"


def differ(recording: model.Recording, whole: slices.Cut) -> bool:
    """Say whether the sides' rates differ by more than 1 %, and more than ends of rounds explain."""
    base, head = sent(recording, whole)
    return abs(base - head) > max(SAME_RATE * max(base, head), 2 * len(whole.spans))


def sent(recording: model.Recording, whole: slices.Cut) -> tuple[int, int]:
    """Return how many iterations each side began, or requests where no iterations were recorded.

    They are counted up to when all of them have ended on both sides: which of the long ones are cut
    off by the end of the load is chance.
    """
    spans = []
    for one, reach in zip(recording.rounds, whole.spans, strict=True):
        until = [each.complete_ns for each in (one.base, one.head) if each.complete_ns is not None]
        spans.append(replace(reach, end_ns=max(reach.start_ns, min([reach.end_ns, *until]))))
    # One slice a round: all of it counts.
    cut = replace(whole, spans=tuple(spans), counts=tuple(int(each.seconds > 0) for each in spans))
    base, head = (int(slices.arrivals(recording, cut, side).sum()) for side in slices.SIDES)
    return base, head


def judge(
    recording: model.Recording, whole: slices.Cut, kind: str, rules: model.Rules, alpha: float
) -> model.Change:
    """Return the row on throughput. Open: the share of due iterations that ran. Closed: the rate."""
    if kind == "open":
        return _completed(recording)
    fine, counts = _cut(recording, whole)
    base, head = (float(each.sum() / max(1e-9, fine.seconds)) for each in counts)
    known = partial(
        model.Change,
        metric="iterations" if recording.rounds[0].base.iterations_ns.size else "http_reqs",
        stat="rate",
        unit="per s",
        base=base,
        head=head,
    )
    # VUs that hang begin nothing more: few starts on one side are the finding itself then.
    sides = [side for one in recording.rounds for side in (one.base, one.head)]
    stuck = any(side.hung_ns is not None for side in sides) and _enough([np.maximum(*counts)] * 2)
    if not _enough(counts) and not stuck:
        change = head / base - 1 if base else 0.0
        return known(change=change, interval=None, verdict="inconclusive", reason=_TOO_FEW)
    # A slice that one side began nothing in counts as half an iteration, not as none to compare.
    logs = np.log(np.maximum(counts[1], 0.5) / np.maximum(counts[0], 0.5))
    differences = np.where(sum(counts) > 0, logs, np.nan)[:, None]
    [at] = launches.estimates(differences, fine.round_of)
    test = signedrank.joint(signedrank.scores(differences), alpha)
    apart = test.p[0] <= alpha and at.beyond(test.critical(alpha))
    verdict: model.ChangeVerdict = "inconclusive"
    if apart and abs(at.centre) >= math.log1p(rules.min_effect):
        verdict = "slower" if at.centre < 0 else "faster"
    elif max(abs(at.low90), abs(at.high90)) <= math.log(1.05):
        verdict = "no change"
    middle = math.sqrt(base * head)  # shown as far apart as the typical slice has them
    return known(
        base=middle * math.exp(-at.centre / 2) if middle else base,
        head=middle * math.exp(at.centre / 2) if middle else head,
        change=math.expm1(at.centre),
        interval=(math.expm1(at.low95), math.expm1(at.high95)),
        verdict=verdict,
        rounds=tuple(None if math.isnan(each) else math.expm1(each) for each in at.rounds),
    )


def _cut(recording: model.Recording, whole: slices.Cut) -> tuple[slices.Cut, list[slices.Ints]]:
    """Return the narrowest slices of which nearly all have enough starts a side, else those of latency.

    VUs that begin together begin again together: slices narrower than an iteration hold many starts or none.
    """
    for fine in slices.widths(recording):
        if fine.width_s >= whole.width_s and fine.total >= slices.FEWEST_SLICES:
            counts = [slices.arrivals(recording, fine, side) for side in slices.SIDES]
            if _enough(counts):
                return fine, counts
    return whole, [slices.arrivals(recording, whole, side) for side in slices.SIDES]


def _enough(counts: list[slices.Ints]) -> bool:
    fewer = np.minimum(*counts)
    return len(fewer) > 0 and bool(slices.nearly_all(fewer, _LEAST_STARTS))


def completed(recording: model.Recording, side: str) -> float:
    """Return the share of due iterations that were started, over all rounds."""
    sides: list[model.Side] = [getattr(one, side) for one in recording.rounds]
    ran = sum(len(each.iterations_ns) or len(each.start_ns) for each in sides)
    dropped = sum(each.dropped for each in sides)
    return ran / (ran + dropped) if ran + dropped else 1.0


def _completed(recording: model.Recording) -> model.Change:
    # More than 1 % dropped on a side is no valid measurement at all (validity.py), so what is left
    # to say here is that both sides got through what was due.
    base, head = (completed(recording, side) for side in slices.SIDES)
    gap = head - base
    verdict: model.ChangeVerdict = "no change"
    if abs(gap) >= _LEAST_DROP:
        verdict = "slower" if gap < 0 else "faster"
    return model.Change(
        metric="dropped_iterations",
        stat="rate",
        unit="share",
        base=base,
        head=head,
        change=head / base - 1 if base else 0.0,
        interval=None,
        verdict=verdict,
    )
