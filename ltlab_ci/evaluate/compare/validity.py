"""Whether both sides got the same load, and enough of it: checked before anything is judged.

Not here: verdicts on figures (verdicts.py); input that is refused before any look (store/rounds.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from ltlab_ci import model
from ltlab_ci.evaluate.compare import slices, throughput

MOST_DROPPED = 0.01
_TOGETHER = 0.8


def findings(
    recording: model.Recording,
    whole: slices.Cut,
    load_model: str,
    *,
    head_hangs: bool,
) -> Iterator[model.Finding]:
    """Yield every reason why the comparison is no valid measurement.

    Where head is shown to hang and base does all that was due, what head lacks is no fault of the measurement:
    requests that never end take the VUs that others were to be sent by.
    """
    clean = 1 - throughput.completed(recording, "base") <= MOST_DROPPED
    hangs = clean and head_hangs
    yield from _spans(recording, whole)
    yield from _only_errors(recording, whole)
    if whole.total < slices.FEWEST_SLICES:
        yield _invalid(
            code="too-few-slices",
            message=f"both sides ran together for {whole.seconds:.3g} s, which makes {whole.total} slices of "
            f"{whole.width_s:g} s; {slices.FEWEST_SLICES} are needed",
            remedy="measure for longer: 60 s in rounds of 20 s is a good start",
        )
    elif not whole.tested and not hangs:
        yield _invalid(
            code="too-few-requests",
            message=f"no endpoint has {slices.ENOUGH} successful requests a side in nearly every slice of "
            f"{whole.width_s:g} s",
            remedy="raise the rate, measure for longer, or give URLs with ids one name "
            "(in k6: tags: {name: ...})",
        )
    if not hangs:
        yield from _load(recording, whole, load_model)


def _spans(recording: model.Recording, whole: slices.Cut) -> Iterator[model.Finding]:
    for number, (one, span) in enumerate(zip(recording.rounds, whole.spans, strict=True), start=1):
        if span.seconds < _TOGETHER * span.longest_s:
            yield _invalid(
                code="ended-early",
                message=f"round {number} ({one.base.file}, {one.head.file}): both sides ran together for "
                f"{span.seconds:.3g} s of {span.longest_s:.3g} s; {span.shorter} ran shorter",
                remedy="look for why a side ended early or began late; both have to run at the same time",
            )


def _only_errors(recording: model.Recording, whole: slices.Cut) -> Iterator[model.Finding]:
    """Yield where a side answered nothing but errors, in whole slices in which the other one did not."""
    fine = [slices.requests(recording, whole, side, ok=True).sum(axis=1) for side in slices.SIDES]
    bad = [slices.requests(recording, whole, side, ok=False).sum(axis=1) for side in slices.SIDES]
    down = [(fine[one] == 0) & (bad[one] >= slices.ENOUGH) & (fine[1 - one] > 0) for one in (0, 1)]
    for number, one in enumerate(recording.rounds):
        for at, side in enumerate(slices.SIDES):
            samples: model.Side = getattr(one, side)
            seconds = whole.width_s * int(down[at][whole.round_of == number].sum())
            if not samples.ok.any() or seconds:
                long = f" for {seconds:g} s of" if samples.ok.any() else " in"
                yield _invalid(
                    code="only-errors",
                    message=f"{side} answered only errors{long} round {number + 1} ({samples.file})",
                    remedy=f"look at the log of {side}: it may not have started, or have died",
                )


def _load(
    recording: model.Recording, whole: slices.Cut, load_model: str
) -> Iterator[model.Finding]:
    dropped = {side: 1 - throughput.completed(recording, side) for side in slices.SIDES}
    for side, share in dropped.items():
        if share > MOST_DROPPED:
            yield _invalid(
                code="iterations-dropped",
                message=f"{share * 100:.2g} % of the iterations due on {side} were dropped, so the slowest "
                "moments are missing",
                remedy=f"lower the rate or allow more VUs; if only {side} drops, it cannot keep up",
            )
    if load_model != "open" or max(dropped.values()) > MOST_DROPPED:
        return  # a closed model's rates may differ, and dropped iterations explain it
    if throughput.differ(recording, whole):
        counts = throughput.sent(recording, whole)
        yield _invalid(
            code="rates-differ",
            message=f"base got {counts[0]} iterations or requests, head {counts[1]}, although the load was "
            "to be the same",
            remedy="send both sides the same arrival rate, or say `--model closed`",
        )


def _invalid(code: str, message: str, remedy: str) -> model.Finding:
    return model.Finding(code=code, effect="invalid", message=message, remedy=remedy)
