"""What a pull request does to thresholds: nothing that lets more pass goes unsaid."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.evaluate import changed
from ltlab_ci.model import ChangeKind

OPERATORS = sorted(model.OPERATORS)
LIMITS = st.tuples(st.sampled_from(OPERATORS), st.integers(-3, 3)).map(
    lambda limit: f"p(95) {limit[0]} {limit[1]}"
)
Block = Mapping[str, object]
"""Thresholds as YAML holds them."""

OPPOSITE = {
    ChangeKind.LOOSENED: ChangeKind.TIGHTENED,
    ChangeKind.TIGHTENED: ChangeKind.LOOSENED,
    ChangeKind.REMOVED: ChangeKind.ADDED,
    ChangeKind.ADDED: ChangeKind.REMOVED,
    ChangeKind.CHANGED: ChangeKind.CHANGED,
}


def a_file(of_all: Block | None = None, *, steady: str = "0", **scenarios: Block) -> model.LabFile:
    """Return an ltlab.yml; a scenario is what it must hold."""
    return model.LabFile.model_validate(
        {
            "version": 1,
            "scenarios": {
                name: {"script": "a.js", "thresholds": {key: _tuple(v) for key, v in held.items()}}
                for name, held in scenarios.items()
            },
            "thresholds": {key: _tuple(value) for key, value in (of_all or {}).items()},
            "steady_state": {"skip_start": steady},
        }
    )


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def kinds(base: object, head: object) -> list[ChangeKind]:
    """Return what becomes of the limits on one figure."""
    found = changed.changes(a_file(a={"m": base}), a_file(a={"m": head}))
    return [change.kind for change in found]


def test_changes__a_limit_that_hangs_on_base_is_another_one() -> None:
    assert kinds("p(95) < 300ms", "p(95) < base * 1.3") == ["removed", "added"]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("p(95)<300", "p(95)<400", "loosened"),
        ("p(95)<300", "p(95) <= 300ms", "loosened"),
        ("p(95) < 300ms", "p(95) < 0.3s", None),
        ("p(95) < 1100ms", "p(95) < 1.1s", None),
        ("p(50) < 10", "med < 10", None),
        ("p(95)<300", "p(95)<200", "tightened"),
        ("rate > 99%", "rate > 0.95", "loosened"),
        ("rate > 95%", "rate >= 99%", "tightened"),
        ("count == 0", "count < 5", "loosened"),
        ("count != 3", "count < 3", "tightened"),
        ("p(95) < 300", "p(95) > 300", "changed"),
        ("rate == 1", "rate === 1", None),
        ("p(95) < base * 1.3", "p(95) < base * 1.5", "loosened"),
        ("p(95) < base * 1.3", "p(95) < max(base * 1.3, base + 50ms)", "loosened"),
        ("p(95) < base * 2", "p(95) < min(base * 2, base + 100ms)", "tightened"),
        ("p(95) < base * 130%", "p(95) < 1.3 * base", None),
        ("p(95) < base * 1.5", "p(95) < base + 50ms", "changed"),
    ],
)
def test_changes__the_bound_says_what_is_looser(before: str, after: str, kind: str | None) -> None:
    assert kinds(before, after) == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("more_before", "more_after", "kind"),
    [
        ({}, {"severity": "warn"}, "loosened"),
        ({"severity": "warn"}, {}, "tightened"),
        ({}, {"that": "p(95) < 200", "severity": "warn"}, "loosened"),
        ({"severity": "warn"}, {"that": "p(95) < 400"}, "changed"),
        ({}, {"over": "10s..20s"}, "changed"),
        ({}, {"over": "10s..20s", "that": "p(95) < 200"}, "changed"),
        ({}, {"over": "10s..20s", "that": "p(95) < 400"}, "loosened"),
        ({}, {"absent": "zero"}, "changed"),
    ],
)
def test_changes__severity_window_and_absence_count(
    more_before: dict[str, str], more_after: dict[str, str], kind: str
) -> None:
    assert kinds({"that": "p(95) < 300", **more_before}, {"that": "p(95) < 300", **more_after}) == [
        kind
    ]


def test_changes__names_what_came_and_went() -> None:
    base = a_file(a={"m{b:2,a:1}": "p(95) < 3", "x": "count > 1"})
    head = a_file(a={"m{a:1,b:2}": "p(95)<3", "y": {"that": "count > 1", "severity": "warn"}})
    gone, came = changed.changes(base, head)
    assert (gone.kind, gone.scenario, gone.key, gone.before, gone.after) == (
        *("removed", "a", "x"),
        *("count > 1", ""),
    )
    assert (came.kind, came.key, came.after) == ("added", "y", "count > 1, only warns")
    assert (gone.loosens, came.loosens) == (True, False)


def test_changes__a_threshold_counts_where_it_works() -> None:
    base = a_file({"m": "p(95) < 3"}, a={}, b={})
    same = a_file(a={"m": "p(95) < 3"}, b={"m": ["p(95) < 3", "p(95) < 3.0"]})
    assert changed.changes(base, same) == ()
    [change] = changed.changes(base, a_file({"m": "p(95) < 4"}, a={}, b={}))
    assert (change.kind, change.scenario) == ("loosened", "")
    [change] = changed.changes(base, a_file({"m": "p(95) < 3"}, a={"m": "p(95) < 2"}, b={}))
    assert (change.kind, change.scenario, change.after) == ("added", "a", "p(95) < 2")


def test_changes__a_scenario_that_is_gone_loosens_and_says_how_much_it_held() -> None:
    base = a_file({"m": "p(95) < 3"}, a={}, b={"x": ["count > 1", "count < 9"]})
    removed = changed.changes(base, a_file({"m": "p(95) < 3"}, a={}))
    assert [(one.kind, one.scenario, one.before, one.loosens) for one in removed] == [
        ("removed", "b", "3 thresholds", True)
    ]
    [added] = changed.changes(a_file(a={}), a_file(a={}, b={"x": "count > 1"}))
    assert (added.kind, added.scenario, added.after) == ("added", "b", "1 threshold")
    nothing_shared = changed.changes(a_file(a={}), a_file(b={}))
    assert [one.kind for one in nothing_shared] == ["removed", "added"]


def test_changes__what_is_left_out_of_judging_is_named() -> None:
    base, head = a_file(a={}, b={}), a_file(a={}, b={}, steady="5s")
    [change] = changed.changes(base, head)
    assert (change.kind, change.scenario, change.key) == ("changed", "", "steady_state")
    assert change.after == "skips 5 s at the start, 0 s at the end"


def test_changes__leaving_set_up_out_is_named() -> None:
    base = a_file(a={})
    [change] = changed.changes(base, base.model_copy(update={"exclude_setup": True}))
    assert (change.key, change.before, change.after) == ("exclude_setup", "false", "true")


@given(base=st.lists(LIMITS, max_size=4), head=st.lists(LIMITS, max_size=4))
@example(base=["p(95) < 1"], head=["p(95) < 2", "p(95) < 0"])
@example(base=["p(95) < 1", "p(95) < 2"], head=["p(95) < 2", "p(95) < 3"])
def test_changes__whatever_was_refused_and_is_not_any_more_is_seen(
    base: list[str], head: list[str]
) -> None:
    found = kinds(base, head)
    values = [step / 2 for step in range(-10, 11)]

    def held(limits: list[str]) -> set[float]:
        read = [model.Threshold.parse("m", text) for text in limits]
        return {value for value in values if all(one.holds(value) for one in read)}

    if held(head) - held(base):
        assert {*found} & {ChangeKind.LOOSENED, ChangeKind.REMOVED, ChangeKind.CHANGED}
    if held(base) - held(head):
        assert {*found} & {ChangeKind.TIGHTENED, ChangeKind.ADDED, ChangeKind.CHANGED}
    if sorted(base) == sorted(head):
        assert found == []


@given(before=LIMITS, after=LIMITS)
def test_changes__the_way_back_is_the_opposite(before: str, after: str) -> None:
    there, back = kinds(before, after), kinds(after, before)
    assert [OPPOSITE[kind] for kind in there] == back
