"""Base against head, measured at the same time: is head slower, or is that noise?

The method and what was measured of it: docs/statistics.md. Pure numpy and deterministic: the same
recording gives the same comparison to the bit. Not here: reading samples (store/rounds.py), words
(report/compared.py), running both sides (flows/).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltlab_ci import model
from ltlab_ci.evaluate.compare import (
    bodies,
    digits,
    failures,
    others,
    overall,
    pictures,
    slices,
    tails,
    throughput,
    validity,
    verdicts,
)

Ints = NDArray[np.int64]

ALPHA = 0.01
_LATENCY, _ERRORS, _THROUGHPUT, _TAILS, _RARE = 0.0078, 0.0008, 0.0007, 0.0005, 0.0002
_MOST_LISTED = 100
_REFUSED = "more answers of head have a status of 400 or above"
_ANYWHERE = frozenset(
    {"checks", "calls_missing"}
)  # what is missing or wrong then, no endpoint tells


def compare(
    recording: model.Recording, rules: model.Rules
) -> tuple[model.Comparison, tuple[model.Finding, ...]]:
    """Judge a recording; findings say why it is invalid, if it is."""
    whole = slices.cut(recording, rules.percentiles)
    counts = _counts(recording, whole)
    joined, whole, rare = others.together(recording, whole, rules.percentiles, counts)
    kind = throughput.load_model(recording, whole, rules)
    errors, errors_of = failures.judge(
        recording, _of_failures(recording, whole), _ERRORS * rules.share
    )
    work = throughput.judge(recording, whole, kind, rules, _THROUGHPUT * rules.share)
    hangs = failures.hangs(errors_of, less_done=work.verdict == "slower")
    found = tuple(validity.findings(recording, whole, kind, head_hangs=hangs))
    latency = verdicts.measure(joined, whole, rules.percentiles)
    usual = verdicts.judge(joined, whole, latency, rules, _LATENCY * rules.share)
    rows = (
        *usual,
        *tails.judge(recording, whole, usual, _TAILS * rules.share),
        *tails.rare(recording, whole, _RARE * rules.share),
    )
    refused = failures.refused_more(recording)
    of_rare = frozenset(recording.endpoints[index] for index in rare)
    rows = _without_bad_gains(rows, errors, errors_of, of_rare, refused=refused)
    [work] = _without_bad_gains((work,), errors, errors_of, refused=refused)
    if found:
        invalid = {"verdict": "invalid"}
        rows = tuple(row.model_copy(update=invalid) for row in rows)
        errors, work = errors.model_copy(update=invalid), work.model_copy(update=invalid)
        errors_of = tuple(each.model_copy(update=invalid) for each in errors_of)
    counts = _counts(recording, whole)
    left_out = _left_out(recording, whole, counts, rules.percentiles, rare)
    told = {(row.name, row.method) for row in rows if row.stat == tails.RARE}
    left_out = tuple(each for each in left_out if (each.name, each.method) not in told)
    shown = rows[: len(usual)]
    together = _together(recording, rare, counts)
    return model.Comparison(
        verdict=_verdict(rows, errors, errors_of, work),
        load_model="open" if kind == "open" else "closed",
        load_model_stated=bool(rules.load_model),
        **_basis(recording, whole, rules),
        base_requests=int(counts[0].sum()),
        head_requests=int(counts[1].sum()),
        spread=_cut_or_none(verdicts.spread(shown)),
        rows=tuple(_rounded(row) for row in rows),
        errors=errors,
        errors_of=errors_of,
        throughput=_rounded(work),
        answers=bodies.answers(recording),
        endpoints=_shown(joined, whole, latency, _counts(joined, whole)),
        left_out=left_out[:_MOST_LISTED],
        left_out_more=max(0, len(left_out) - _MOST_LISTED),
        uncompared_requests=sum(
            each.base_requests + each.head_requests for each in left_out if not each.stat
        ),
        grouped=recording.grouped[:_MOST_LISTED],
        others=together[:_MOST_LISTED],
        others_more=max(0, len(together) - _MOST_LISTED),
        pictures=(pictures.of(joined, whole, latency, shown),) if shown else (),
    ), found


def _of_failures(recording: model.Recording, whole: slices.Cut) -> slices.Cut:
    """Return the slices for what fails: the narrowest where head or base hangs.

    What is left to be sent then is so little that latency is judged in a few wide slices, if at all.
    """
    sides = [side for one in recording.rounds for side in (one.base, one.head)]
    hangs = any(side.hung_ns is not None for side in sides)
    return next(slices.widths(recording)) if hangs else whole


def _basis(recording: model.Recording, whole: slices.Cut, rules: model.Rules) -> dict[str, Any]:
    return {
        "seconds": digits.cut(whole.seconds),
        "rounds": len(recording.rounds),
        "slices": whole.total,
        "slice_s": whole.width_s,
        "alpha": ALPHA * rules.share,
        "min_effect": rules.min_effect,
        "fail_on": tuple(sorted(rules.fail_on)),
    }


def _counts(recording: model.Recording, whole: slices.Cut) -> tuple[Ints, Ints]:
    """Return all requests to each endpoint inside the slices, on base and on head."""
    base, head = (
        slices.requests(recording, whole, side, ok=True).sum(axis=0)
        + slices.requests(recording, whole, side, ok=False).sum(axis=0)
        for side in slices.SIDES
    )
    return base, head


def _without_bad_gains(
    rows: tuple[model.Change, ...],
    errors: model.Errors,
    errors_of: tuple[model.Errors, ...],
    rare: frozenset[tuple[str, str]] = frozenset(),
    *,
    refused: bool,
) -> tuple[model.Change, ...]:
    """Take *faster* back where more fails: an error is often answered in no time.

    Whatever an iteration that failed did not get to is missing from all rows. `rare` are judged together.
    `refused`: head refuses more by its statuses, as the script permits.
    """
    rose = [each for each in (errors, *errors_of) if failures.rose(each)]
    worse = {(each.name, each.method) for each in rose if each.name}
    worse |= {(others.NAME, "")} if worse & rare else set()
    everywhere = any(not each.name or each.metric in _ANYWHERE for each in rose)
    why = "more fails on head" if rose else _REFUSED
    return tuple(
        row.model_copy(update={"verdict": "inconclusive", "reason": why})
        if row.verdict == "faster" and (everywhere or refused or (row.name, row.method) in worse)
        else row
        for row in rows
    )


def _verdict(
    rows: tuple[model.Change, ...],
    errors: model.Errors,
    errors_of: tuple[model.Errors, ...],
    work: model.Change,
) -> model.ComparisonVerdict:
    seen = {row.verdict for row in (*rows, work)} | {each.verdict for each in (errors, *errors_of)}
    return next((each for each in overall.ORDER if each in seen), "no change")


def _left_out(
    recording: model.Recording,
    whole: slices.Cut,
    counts: tuple[Ints, Ints],
    asked: tuple[float, ...],
    rare: tuple[int, ...],
) -> tuple[model.LeftOut, ...]:
    """Return the endpoints that are not tested, and what was asked of the others and is not judged."""
    judged = dict(zip(whole.tested, whole.judged, strict=True))
    found = []
    for index, (name, method) in enumerate(recording.endpoints):
        if index in rare:
            continue
        base, head = (int(side[index]) for side in counts)
        only = "head" if head and not base else "base" if base and not head else ""
        few = f"on {only} only" if only else "too few successful requests"
        missed = [share for share in asked if share not in judged.get(index, ())]
        reasons = {
            verdicts.stat(share): f"fewer than {slices.needed(share)} successful requests a slice"
            for share in missed
        }
        found += [
            model.LeftOut(
                name=name,
                method=method,
                stat=stat,
                base_requests=base,
                head_requests=head,
                reason=reason,
            )
            for stat, reason in (reasons if index in judged else {"": few}).items()
        ]
    return tuple(sorted(found, key=lambda one: -(one.base_requests + one.head_requests)))


def _together(
    recording: model.Recording, rare: tuple[int, ...], counts: tuple[Ints, Ints]
) -> tuple[model.Unjudged, ...]:
    """Return the endpoints that are judged together, the busiest first."""
    found = [
        model.Unjudged(
            name=recording.endpoints[index][0],
            method=recording.endpoints[index][1],
            base_requests=int(counts[0][index]),
            head_requests=int(counts[1][index]),
            base_p99=None,
            head_p99=None,
        )
        for index in rare
    ]
    return tuple(sorted(found, key=lambda one: -(one.base_requests + one.head_requests)))


def _shown(
    recording: model.Recording,
    whole: slices.Cut,
    latency: verdicts.Latency,
    counts: tuple[Ints, Ints],
) -> tuple[model.Unjudged, ...]:
    p99 = latency.shares.index(verdicts.P99)
    return tuple(
        model.Unjudged(
            name=recording.endpoints[index][0],
            method=recording.endpoints[index][1],
            base_requests=int(counts[0][index]),
            head_requests=int(counts[1][index]),
            base_p99=digits.cut(float(latency.base_all[place, p99])),
            head_p99=digits.cut(float(latency.head_all[place, p99])),
        )
        for place, index in enumerate(whole.tested)
    )


def _rounded(row: model.Change) -> model.Change:
    """Cut figures to the digits that count; the rest are of no meaning."""
    single = ("base", "head", "change", "settle_s", "settle_half_width", "over_ms")
    update: dict[str, object] = {name: _cut_or_none(getattr(row, name)) for name in single}
    update["rounds"] = tuple(_cut_or_none(one) for one in row.rounds)
    update["interval"] = row.interval and tuple(digits.cut(one) for one in row.interval)
    return row.model_copy(update=update)


def _cut_or_none(value: float | None) -> float | None:
    return None if value is None else digits.cut(value)
