"""Endpoints too rare to be judged alone are judged together, where both sides request them alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ltlab_ci import model
from ltlab_ci.evaluate import compare
from ltlab_ci.evaluate.compare import others
from ltlab_ci.report import compared, headline
from tests.unit.evaluate.compare import simulated

RARE = 40


def a_recording(seed: int, *, change: float = 0.0, busy: float = 0.0) -> model.Recording:
    """Return 60 s of 40 requests/s to rare endpoints; a `busy` share of them goes to one that is not."""
    recording = simulated.a_recording(seed, change=change, endpoints=RARE)

    def of(side: model.Side) -> model.Side:
        often = np.arange(len(side.endpoint)) % 100 < 100 * busy
        return replace(side, endpoint=np.where(often, 0, side.endpoint).astype(np.int32))

    rounds = tuple(model.Round(base=of(each.base), head=of(each.head)) for each in recording.rounds)
    return replace(recording, rounds=rounds)


def judged(recording: model.Recording) -> model.Comparison:
    return compare.compare(recording, model.Rules())[0]


def test_together__what_is_rare_is_judged_as_one() -> None:
    for seed in range(5):
        slower = judged(a_recording(seed, change=0.1))
        assert {row.name for row in slower.rows} == {others.NAME}
        assert slower.verdict == "slower"
        assert judged(a_recording(seed)).verdict in ("no change", "inconclusive")


def test_together__beside_what_is_frequent_and_said() -> None:
    found = judged(a_recording(1, busy=0.6))
    assert {row.name for row in found.rows} == {"/0", others.NAME}
    assert (len(found.others), found.uncompared_requests, found.left_out) == (RARE - 1, 0, ())
    shown = compared.section(found)
    assert "all other requests p95" in {row.what for row in (*shown.rows, *shown.folded)}
    [told] = [
        text for text in shown.basis if text.startswith("All other requests are 39 endpoints")
    ]
    assert told.endswith("and 34 more.")


def test_together__not_what_one_side_requests_more_often() -> None:
    """Twenty times as slow, and requested three times as often on head: nothing got slower."""
    recording = a_recording(2, busy=0.5)

    def of(side: model.Side, share: float) -> model.Side:
        rng = np.random.default_rng(7)
        slow = (side.endpoint > 0) & (rng.uniform(size=len(side.endpoint)) < share)
        return replace(
            side,
            endpoint=np.where(slow, 1, side.endpoint).astype(np.int32),
            ms=np.where(slow, 400.0, side.ms),
        )

    rounds = tuple(
        model.Round(base=of(each.base, 0.05), head=of(each.head, 0.15)) for each in recording.rounds
    )
    found = judged(replace(recording, rounds=rounds))
    assert "/1" in {each.name for each in found.left_out}
    assert "/1" not in {each.name for each in found.others}
    assert not {row.verdict for row in found.rows} & {"slower", "faster"}
    assert "of requests were not compared" in headline.of(found)


def test_together__one_that_is_rare_keeps_its_name() -> None:
    recording = simulated.a_recording(3, endpoints=2)

    def of(side: model.Side) -> model.Side:
        rare = np.arange(len(side.endpoint)) % 50 == 0
        return replace(side, endpoint=np.where(rare, 1, 0).astype(np.int32))

    rounds = tuple(model.Round(base=of(each.base), head=of(each.head)) for each in recording.rounds)
    found = judged(replace(recording, rounds=rounds))
    assert ([each.name for each in found.left_out], found.others) == (["/1"], ())
    [left] = found.left_out
    assert found.uncompared_requests == left.base_requests + left.head_requests
    assert headline.of(found).endswith("2 % of requests were not compared")


def test_together__faster_is_not_said_where_one_of_them_fails() -> None:
    recording = a_recording(4, change=-0.2)

    def of(side: model.Side, failing: bool) -> model.Side:  # noqa: FBT001
        return replace(side, ok=side.ok & ~((side.endpoint == 5) & failing))

    rounds = tuple(
        model.Round(base=of(each.base, False), head=of(each.head, True))  # noqa: FBT003
        for each in recording.rounds
    )
    found = judged(replace(recording, rounds=rounds))
    assert not [row for row in found.rows if row.verdict == "faster"]
