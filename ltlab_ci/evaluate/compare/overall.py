"""Comparisons of several scenarios made one, and what a comparison that was cut short may still say.

Not here: judging one scenario (compare/__init__.py), what is planned when (flows/duet.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltlab_ci import model
from ltlab_ci.evaluate.compare import digits

ORDER: tuple[model.ComparisonVerdict, ...] = (
    "invalid",
    "more errors",
    "slower",
    "faster",
    "inconclusive",
    "no change",
)
"""The first that any part has is the verdict of the whole."""

CUT_SHORT = "the comparison did not come to its planned end"

_ALARMS = frozenset({"slower", "faster", "more errors", "fewer errors"})
_WORSE = frozenset({"slower", "more errors"})
_SHARED = ("sides", "fail_on")
_SUMS = (
    "seconds",
    "rounds",
    "slices",
    "base_requests",
    "head_requests",
    "left_out_more",
    "alpha",
    "uncompared_requests",
    "others_more",
)


def merge(parts: Mapping[str, model.Comparison]) -> model.Comparison:
    """Return one comparison of all scenarios by name; a single one is returned as it is.

    Rows, errors and endpoints name their scenario. Each part has spent its own share of the
    permitted false alarms, so the shares add up. Slices of different widths have none together: 0.
    """
    if len(parts) == 1:
        return next(iter(parts.values()))
    named = [_named(part, scenario) for scenario, part in parts.items()]
    first = named[0]
    update: dict[str, Any] = {name: sum(getattr(each, name) for each in named) for name in _SUMS}
    for name in type(first).model_fields:
        if isinstance(getattr(first, name), tuple) and name not in _SHARED:
            update[name] = tuple(one for each in named for one in getattr(each, name))
    update["verdict"] = worst(tuple(each.verdict for each in named))
    opened = all(each.load_model == "open" for each in named)
    update["load_model"] = "open" if opened else "closed"
    spreads = sorted(each.spread for each in named if each.spread is not None)
    update["spread"] = spreads[len(spreads) // 2] if spreads else None
    update["errors"] = _errors(named)
    # The worst of the rows on throughput stands for all; the others are rows like any other.
    work = sorted((each.throughput for each in named), key=lambda one: _rank(one.verdict))
    update["throughput"] = work[0]
    update["rows"] = (*update["rows"], *work[1:])
    update["errors_of"] = (*(each.errors for each in named), *update["errors_of"])
    update["alpha"] = digits.cut(update["alpha"])
    widths = {each.slice_s for each in named}
    update["slice_s"] = widths.pop() if len(widths) == 1 else 0.0
    return first.model_copy(update=update)


def worst(verdicts: tuple[model.ComparisonVerdict, ...]) -> model.ComparisonVerdict:
    """Return the verdict that stands for all."""
    return min(verdicts, key=ORDER.index)


def alarmed(comparison: model.Comparison) -> bool:
    """Say whether any difference was found, whichever way."""
    return bool(_verdicts(comparison) & _ALARMS)


def settled(comparison: model.Comparison) -> bool:
    """Say whether nothing is left to find: not a row is open, or what is worse on head is known in full.

    What is better on head ends nothing: another row may still turn out to be slower. Nor does a slower row of
    an endpoint whose others are open: whether its tail is slower too is the next question anybody asks.
    """
    seen = _verdicts(comparison)
    if "invalid" in seen:
        return False
    slower = {_key(row) for row in comparison.rows if row.verdict == "slower"}
    open_ = {_key(row) for row in comparison.rows if row.verdict == "inconclusive"}
    known = bool(slower) and not slower & open_
    return known or "more errors" in seen or "inconclusive" not in seen


def _key(row: model.Change) -> tuple[str, str, str]:
    return row.scenario, row.name, row.method


def worse(comparison: model.Comparison) -> bool:
    """Say whether anything was shown to be worse on head."""
    return bool(_verdicts(comparison) & _WORSE)


def _verdicts(comparison: model.Comparison) -> set[str]:
    return {
        comparison.throughput.verdict,
        comparison.errors.verdict,
        *(row.verdict for row in comparison.rows),
        *(each.verdict for each in comparison.errors_of),
    }


def unsettled(comparison: model.Comparison) -> model.Comparison:
    """Return what a comparison may say that did not come to its planned end: nothing for sure.

    Whoever stops when the figures please him would find what he looks for.
    """

    def open_(row: model.Change) -> model.Change:
        if row.verdict == "invalid":
            return row
        return row.model_copy(update={"verdict": "inconclusive", "reason": CUT_SHORT})

    def unsure(errors: model.Errors) -> model.Errors:
        known = errors.verdict == "invalid"
        return errors if known else errors.model_copy(update={"verdict": "inconclusive"})

    return comparison.model_copy(
        update={
            "verdict": comparison.verdict if comparison.verdict == "invalid" else "inconclusive",
            "rows": tuple(open_(row) for row in comparison.rows),
            "throughput": open_(comparison.throughput),
            "errors": unsure(comparison.errors),
            "errors_of": tuple(unsure(each) for each in comparison.errors_of),
        }
    )


def _named(part: model.Comparison, scenario: str) -> model.Comparison:
    name = {"scenario": scenario}
    update: dict[str, Any] = {
        "throughput": part.throughput.model_copy(update=name),
        "errors": part.errors.model_copy(update=name),
    }
    for field in (
        "rows",
        "errors_of",
        "answers",
        "endpoints",
        "left_out",
        "looks",
        "judged",
        "pictures",
        "grouped",
        "others",
    ):
        update[field] = tuple(one.model_copy(update=name) for one in getattr(part, field))
    return part.model_copy(update=update)


def _errors(named: list[model.Comparison]) -> model.Errors:
    """Return the row on all requests: counts add up, the worst verdict stands."""
    several = [each.errors for each in named]
    base, head = (sum(getattr(each, f"{side}_failed") for each in several) for side in _SIDES)
    whole = [sum(getattr(each, f"{side}_requests") for each in named) for side in _SIDES]
    return several[0].model_copy(
        update={
            "scenario": "",
            "base": digits.cut(base / max(1, whole[0])),
            "head": digits.cut(head / max(1, whole[1])),
            "base_failed": base,
            "head_failed": head,
            "verdict": min((each.verdict for each in several), key=_rank),
        }
    )


_SIDES = ("base", "head")


def _rank(verdict: str) -> int:
    order = [*ORDER]
    return order.index("faster") if verdict == "fewer errors" else order.index(verdict)  # type: ignore[arg-type]
