"""What makes a verdict understood: what was recorded instead, how it went over time, how times spread.

Not here: the verdicts themselves (evaluate/), when they are asked for (judge.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ltlab_ci import model
from ltlab_ci.evaluate import thresholds
from ltlab_ci.store import charts, details, duck


def traced(
    store: duck.Store,
    cases: Sequence[thresholds.Case],
    verdicts: Sequence[model.Verdict],
    reach: charts.Extent,
) -> tuple[model.Verdict, ...]:
    """Add to each verdict with a figure how that figure went over time."""
    asked = [
        case.question if verdict.stat and verdict.observed is not None else None
        for case, verdict in zip(cases, verdicts, strict=True)
    ]
    questions = [question for question in asked if question is not None]
    found = details.trends(store, questions, reach.start_ns, reach.end_ns)
    return tuple(
        verdict.model_copy(update={"trend": found.get(question) if question else None})
        for question, verdict in zip(asked, verdicts, strict=True)
    )


def distribution(
    store: duck.Store,
    facts: model.Facts,
    cut: model.Cut,
    verdicts: Sequence[model.Verdict],
) -> model.Distribution | None:
    """Count times over what thresholds without a window of their own are judged on."""
    stretch, missing = thresholds.window(facts, cut, None)
    bounds = {one.bound for one in verdicts if one.metric == "http_req_duration" and not one.tags}
    known = sorted(bound for bound in bounds if bound is not None)
    return None if missing else details.distribution(store, facts.scenario, stretch, known)


def explained(
    store: duck.Store,
    verdicts: Sequence[model.Verdict],
    facts: model.Facts,
    reach: charts.Extent,
) -> Iterator[model.Verdict]:
    """Add to each verdict without data what was recorded instead, so that a typo is seen."""
    for verdict in verdicts:
        hints = []
        if verdict.status is model.Status.NO_DATA:
            hints = [*_recorded(store, verdict, facts, reach), *_zero(verdict, facts)]
        yield verdict.model_copy(
            update={"reason": "; ".join(filter(None, [verdict.reason, *hints]))}
        )


def _recorded(
    store: duck.Store, verdict: model.Verdict, facts: model.Facts, reach: charts.Extent
) -> Iterator[str]:
    if verdict.metric not in reach.metrics:
        yield f"recorded were {', '.join(sorted(reach.metrics)) or 'no metrics'}"
        return
    for tag, pattern in verdict.tags.items():
        values = charts.values(store, facts.scenario, verdict.metric, tag)
        if tag in ("name", "url") and facts.address:  # its port is another one next time
            values = [value.removeprefix(facts.address) or "/" for value in values]
        yield f"{tag} was {', '.join(values)}" if values else f"no tag {tag}"
        if tag == "group" and f"::{pattern}" in values:
            yield f"k6 begins the name of a group with ::, so write group:::{pattern}"


def _zero(verdict: model.Verdict, facts: model.Facts) -> Iterator[str]:
    known = model.BUILT_IN.get(verdict.metric)
    kind = known.type if known else facts.types.get(verdict.metric)
    if kind in model.COUNTING and verdict.op in ("<", "<="):
        where = "beside it" if verdict.origin == "ltlab" else "beside the same limit in ltlab.yml"
        yield f"if none is right, write `absent: zero` {where}"
