"""Which thresholds a pull request changed, and whether it lets more pass than before.

From base's and head's ltlab.yml as read. Pure. Not here: reading them (config/), wording (report/).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

from ltlab_ci import model
from ltlab_ci.model import ChangeKind, Threshold, ThresholdChange

_SAME = 1e-12  # 1.1s and 1100ms are one limit, though not always one float
_BASES = (0.0, 0.01, 1.0, 30.0, 300.0, 3000.0, 30_000.0)  # shares and ms: where limits may cross


def changes(base: model.LabFile, head: model.LabFile) -> tuple[ThresholdChange, ...]:
    """Return every threshold that head states otherwise, loosened ones first.

    A threshold counts where it works: moved from one block to another it may be the same. What
    changes alike in every scenario of both is said once. The engines' own are not looked at.
    """
    both = [name for name in base.scenarios if name in head.scenarios]
    found = [
        *_merged({name: tuple(_of_scenario(base, head, name)) for name in both}),
        *(_whole(base, name, ChangeKind.REMOVED) for name in base.scenarios if name not in both),
        *(_whole(head, name, ChangeKind.ADDED) for name in head.scenarios if name not in both),
    ]
    kinds = list(ChangeKind)
    return tuple(sorted(found, key=lambda change: kinds.index(change.kind)))


def _merged(found: dict[str, tuple[ThresholdChange, ...]]) -> Iterator[ThresholdChange]:
    """Yield the changes of each scenario, those that all of several share first and once."""
    changed = list(found.values())
    shared = set(changed[0]).intersection(*changed[1:]) if len(changed) > 1 else set()
    yield from (change for change in changed[0] if change in shared) if changed else ()
    for name, several in found.items():
        for change in several:
            if change not in shared:
                yield dataclasses.replace(change, scenario=name)


def _of_scenario(base: model.LabFile, head: model.LabFile, name: str) -> Iterator[ThresholdChange]:
    yield from _compared(_effective(base, name), _effective(head, name))
    before, after = _skipped(base, name), _skipped(head, name)
    if before != after:
        yield ThresholdChange(
            kind=ChangeKind.CHANGED, scenario="", key="steady_state", before=before, after=after
        )
    before, after = _setup(base, name), _setup(head, name)
    if before != after:
        yield ThresholdChange(
            kind=ChangeKind.CHANGED, scenario="", key="exclude_setup", before=before, after=after
        )


def _setup(file: model.LabFile, name: str) -> str:
    own = file.scenarios[name].exclude_setup
    return "true" if (file.exclude_setup if own is None else own) else "false"


def _effective(file: model.LabFile, name: str) -> list[Threshold]:
    """Return what a scenario must hold, each threshold once."""
    stated = (
        *model.thresholds(file.scenarios[name].thresholds),
        *model.thresholds(file.thresholds),
    )
    found: list[Threshold] = []
    for one in stated:
        if all(_figure(one) != _figure(other) or _kind(one, other) for other in found):
            found.append(one)
    return found


def _compared(base: Sequence[Threshold], head: Sequence[Threshold]) -> Iterator[ThresholdChange]:
    """Pair limits on the same figure, the most alike first; what is left over came or went."""
    pairs = [
        (_alike(before, after), before_at, after_at)
        for before_at, before in enumerate(base)
        for after_at, after in enumerate(head)
        if _figure(before) == _figure(after)
    ]
    gone, new = dict(enumerate(base)), dict(enumerate(head))
    for _, before_at, after_at in sorted(pairs, key=lambda pair: pair[0], reverse=True):
        if before_at not in gone or after_at not in new:
            continue
        before, after = gone.pop(before_at), new.pop(after_at)
        kind = _kind(before, after)
        if kind is not None:
            yield _change(kind, before, after)
    yield from (_change(ChangeKind.REMOVED, one, None) for one in gone.values())
    yield from (_change(ChangeKind.ADDED, None, one) for one in new.values())


def _figure(one: Threshold) -> tuple[str, tuple[tuple[str, str], ...], str, bool]:
    """Return what a threshold limits, and whether against base."""
    stat = "p(50)" if one.stat.name == "med" else str(one.stat)
    return one.metric, tuple(sorted(one.tags)), stat, one.formula is not None


def _alike(before: Threshold, after: Threshold) -> tuple[bool, ...]:
    """Return how well two thresholds go together; a looser one is nobody's first choice."""
    implied, implies = _implies(after, before), _implies(before, after)
    return (
        _scope(before) == _scope(after) and before.severity is after.severity,
        implied and implies,
        implied,
        implies,
        _scope(before) == _scope(after),
        before.severity is after.severity,
    )


def _kind(before: Threshold, after: Threshold) -> ChangeKind | None:
    """Say what became of a threshold, None where both mean the same."""
    if before.severity is not after.severity and after.severity is model.Severity.WARN:
        return ChangeKind.LOOSENED
    looser = not _implies(after, before)
    tighter = not _implies(before, after) or before.severity is not after.severity
    if looser:
        return ChangeKind.CHANGED if tighter else ChangeKind.LOOSENED
    if _scope(before) != _scope(after):
        return ChangeKind.CHANGED
    return ChangeKind.TIGHTENED if tighter else None


def _implies(one: Threshold, other: Threshold) -> bool:
    """Say whether every value within the one limit is within the other, whatever base came to."""
    return all(_within(one.at(base), other.at(base)) for base in _BASES)


def _within(one: Threshold, other: Threshold) -> bool:
    """Say so of two limits whose bounds are known.

    A limit changes its mind at its bound only, so both bounds and what lies around them tell.
    """
    low, high = sorted((one.bound, other.bound))
    if math.isclose(low, high, rel_tol=_SAME):
        one = dataclasses.replace(one, bound=other.bound)
        low = high = other.bound
    values = (-math.inf, low, low / 2 + high / 2, high, math.inf)
    return all(other.holds(value) for value in values if one.holds(value))


def _scope(one: Threshold) -> tuple[model.Span | None, bool]:
    return one.over, one.absent_is_zero


def _change(kind: ChangeKind, before: Threshold | None, after: Threshold | None) -> ThresholdChange:
    either = after or before
    return ThresholdChange(
        kind=kind,
        scenario="",
        key=either.key if either else "",
        before=_stated(before),
        after=_stated(after),
    )


def _stated(one: Threshold | None) -> str:
    if one is None:
        return ""
    over = f", over {one.over}" if one.over else ""
    warns = ", only warns" if one.severity is model.Severity.WARN else ""
    return f"{one.text}{over}{warns}{', absent: zero' if one.absent_is_zero else ''}"


def _skipped(file: model.LabFile, name: str) -> str:
    steady = file.scenarios[name].steady_state or file.steady_state
    start, end = model.seconds(steady.skip_start), model.seconds(steady.skip_end)
    return f"skips {start:.12g} s at the start, {end:.12g} s at the end"


def _whole(file: model.LabFile, name: str, kind: ChangeKind) -> ThresholdChange:
    number = len(_effective(file, name))
    said = f"{number} threshold" if number == 1 else f"{number} thresholds"
    gone = kind is ChangeKind.REMOVED
    return ThresholdChange(
        kind=kind, scenario=name, key="", before=said if gone else "", after="" if gone else said
    )
