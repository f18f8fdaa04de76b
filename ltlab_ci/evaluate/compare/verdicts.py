"""From differences of slices to a verdict on each endpoint's p50 and p95.

Not here: errors (failures.py), throughput, validity; words (report/compared.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltlab_ci import model
from ltlab_ci.evaluate.compare import launches, signedrank, slices

Floats = NDArray[np.float64]

P99 = 0.99
_SHOWN = (0.5, 0.95, 0.9, P99, 0.999)
_NO_CHANGE = math.log(1.05)
_LEAST_MS = 0.001  # no engine resolves less, and nothing has no logarithm


@dataclass(frozen=True, kw_only=True, eq=False)
class Latency:
    """Quantiles of both sides: of slices (slices, endpoints, judged), of all (endpoints, shares).

    `shares` are the judged percentiles first, then those that are only shown.
    """

    judged: tuple[float, ...]
    shares: tuple[float, ...]
    base: Floats
    head: Floats
    base_all: Floats
    head_all: Floats

    @property
    def differences(self) -> Floats:
        """Return ln head - ln base; shape (slices, endpoints * judged), NaN where nothing is known."""
        found = np.log(np.maximum(self.head, _LEAST_MS)) - np.log(np.maximum(self.base, _LEAST_MS))
        return found.reshape(len(found), found.shape[1] * found.shape[2])


def measure(
    recording: model.Recording, whole: slices.Cut, percentiles: tuple[float, ...]
) -> Latency:
    """Take the quantiles of every tested endpoint."""
    shares = tuple(dict.fromkeys((*percentiles, *_SHOWN)))
    groups = [(endpoint,) for endpoint in whole.tested]
    base, base_all = slices.quantiles(recording, whole, "base", shares, groups)
    head, head_all = slices.quantiles(recording, whole, "head", shares, groups)
    judged = len(percentiles)
    return Latency(
        judged=percentiles,
        shares=shares,
        base=base[:, :, :judged],
        head=head[:, :, :judged],
        base_all=base_all,
        head_all=head_all,
    )


def judge(
    recording: model.Recording,
    whole: slices.Cut,
    latency: Latency,
    rules: model.Rules,
    alpha: float,
) -> tuple[model.Change, ...]:
    """Judge every row; `alpha` is the chance of any false alarm in all of them together."""
    judged = _judged(whole, latency)
    if not judged or not whole.total:
        return ()
    differences = latency.differences[:, [p * len(latency.judged) + c for p, c in judged]]
    test = signedrank.joint(signedrank.scores(differences), alpha)
    found = launches.estimates(differences, whole.round_of)
    critical = test.critical(alpha)
    rows = []
    for column, ((endpoint, at_share), at) in enumerate(zip(judged, found, strict=True)):
        name, method = recording.endpoints[whole.tested[endpoint]]
        alarm = bool(test.p[column] <= alpha) and _clear(at, critical, rules)
        row = model.Change(
            metric="http_req_duration",
            name=name,
            method=method,
            stat=stat(latency.judged[at_share]),
            base=float(latency.base_all[endpoint, at_share]),
            head=float(latency.head_all[endpoint, at_share]),
            change=math.expm1(at.centre),
            interval=(math.expm1(at.low95), math.expm1(at.high95)),
            verdict=_verdict(at, alarm=alarm),
            rounds=tuple(None if math.isnan(one) else math.expm1(one) for one in at.rounds),
        )
        slices_of = (latency.base[:, endpoint, at_share], latency.head[:, endpoint, at_share])
        shown = _typical(*slices_of, change=at.centre)
        rows.append(row.model_copy(update={**_open(row, at, whole.seconds), **shown}))
    return tuple(rows)


def _typical(base: Floats, head: Floats, *, change: float) -> dict[str, float]:
    """Return both sides in a typical slice, as far apart as the change says, around what they have in common."""
    known = np.isfinite(base) & np.isfinite(head)
    both = np.log(np.maximum(base[known], _LEAST_MS)) + np.log(np.maximum(head[known], _LEAST_MS))
    if not len(both):
        return {}
    middle = float(np.median(both)) / 2
    return {"base": math.exp(middle - change / 2), "head": math.exp(middle + change / 2)}


def _open(row: model.Change, at: launches.Estimate, seconds: float) -> dict[str, object]:
    """Return what is left open: by moments that stand out, or by a measurement that was too short."""
    apart = math.log(max(row.head, _LEAST_MS) / max(row.base, _LEAST_MS))
    stands_out = abs(apart) > _NO_CHANGE and not at.low95 <= apart <= at.high95
    if row.verdict == "no change" and stands_out:
        # The centre of the slices is not moved by a few of them: noise, or a service that stalls now and then.
        told = f"all requests together went from {row.base:.3g} to {row.head:.3g} ms"
        reason = f"{told}, further apart than their slices: a few moments stand out"
        return {"verdict": "inconclusive", "reason": reason}
    if row.verdict != "inconclusive":
        return {}
    settle_s, half_width = _settle(at, seconds)
    return {"settle_s": settle_s, "settle_half_width": half_width}


def _judged(whole: slices.Cut, latency: Latency) -> list[tuple[int, int]]:
    """Return what is judged: the place of an endpoint, and that of a percentile."""
    return [
        (place, column)
        for place, shares in enumerate(whole.judged)
        for column, share in enumerate(latency.judged)
        if share in shares
    ]


def stat(share: float) -> str:
    """Return a percentile's name: `p(95)`."""
    return f"p({share * 100:g})"


def _clear(at: launches.Estimate, critical: float, rules: model.Rules) -> bool:
    """Say whether a change is large enough, and beyond what launches and all rows explain.

    The test by sign flips sees slices alone; here the spread between launches has its say.
    """
    return (
        abs(at.centre) >= math.log1p(rules.min_effect)
        and at.beyond(critical)
        and at.low95 * at.high95 > 0
    )


def _verdict(at: launches.Estimate, *, alarm: bool) -> model.ChangeVerdict:
    if alarm:
        return "slower" if at.centre > 0 else "faster"
    # In logarithms, so that base and head may swap places: -4.8 % to +5 %.
    if max(abs(at.low90), abs(at.high90)) <= _NO_CHANGE:
        return "no change"
    return "inconclusive"


def _settle(at: launches.Estimate, seconds: float) -> tuple[float, float]:
    """Return a longer measurement and the half-width to expect of it: it falls with its root.

    Twice as long where that is likely to show that nothing changed, else four times as long.
    """
    half90, half95 = (at.high90 - at.low90) / 2, (at.high95 - at.low95) / 2
    times = 2 if abs(at.centre) + half90 / math.sqrt(2) <= _NO_CHANGE else 4
    return times * seconds, math.expm1(half95 / math.sqrt(times))


def spread(rows: Sequence[model.Change]) -> float | None:
    """Return how far rounds typically lie apart: the median over rows of their standard deviation."""
    known = [
        float(np.std(np.log1p([one for one in row.rounds if one is not None]), ddof=1))
        for row in rows
        if sum(one is not None for one in row.rounds) > 1
    ]
    return math.expm1(float(np.median(known))) if known else None
