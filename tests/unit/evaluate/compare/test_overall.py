"""Several scenarios in one comparison, planned looks, and what a comparison that was cut short may say."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ltlab_ci import model
from ltlab_ci.evaluate import compare
from ltlab_ci.evaluate.compare import overall
from tests.unit.evaluate.compare import simulated


def compared(seed: int, change: float, *, share: float = 1.0) -> model.Comparison:
    recording = simulated.a_recording(seed, change=change, rate=80)
    rules = dataclasses.replace(model.Rules(), share=share, load_model="open")
    return compare.compare(recording, rules)[0]


SAME = compared(1, 0.0)
SLOWER = compared(1, 0.3)


def test_merge__one_scenario_is_left_as_it_is() -> None:
    assert overall.merge({"load": SLOWER}) is SLOWER


def test_merge__the_worst_scenario_is_the_verdict_and_every_row_names_its_own() -> None:
    whole = overall.merge({"browse": SAME, "buy": SLOWER})
    assert whole.verdict == "slower"
    named = {(row.scenario, row.metric) for row in whole.rows}
    assert named == {
        ("browse", "http_req_duration"),
        ("buy", "http_req_duration"),
        ("buy", "dropped_iterations"),
    }
    assert whole.throughput.scenario == "browse"
    assert {each.scenario for each in whole.errors_of} == {"browse", "buy"}
    assert whole.rounds == SAME.rounds + SLOWER.rounds
    assert whole.fail_on == SAME.fail_on
    assert whole.base_requests == SAME.base_requests + SLOWER.base_requests
    assert whole.errors.base_failed == SAME.errors.base_failed + SLOWER.errors.base_failed
    model.Comparison.model_validate(whole.model_dump())


def test_merge__shares_of_the_permitted_alarms_add_up() -> None:
    halves = {name: compared(1, 0.0, share=0.5) for name in ("browse", "buy")}
    assert overall.merge(halves).alpha == pytest.approx(compare.ALPHA)


def test_merge__how_each_scenario_was_judged_is_kept() -> None:
    by = model.JudgedBy(alpha=0.0035, load_model="closed")
    looked = {name: SAME.model_copy(update={"judged": (by,)}) for name in ("browse", "buy")}
    kept = overall.merge(looked).judged
    assert [(each.scenario, each.alpha, each.load_model) for each in kept] == [
        ("browse", 0.0035, "closed"),
        ("buy", 0.0035, "closed"),
    ]


def with_rows(*given: model.ChangeVerdict, of: str = "aaa") -> model.Comparison:
    """Return a comparison in which nothing but rows of latency has these verdicts; `of` names endpoints."""
    rows = tuple(
        SAME.rows[0].model_copy(update={"verdict": each, "name": f"/{name}"})
        for each, name in zip(given, of, strict=False)
    )
    return SAME.model_copy(update={"rows": rows})


@pytest.mark.parametrize(
    ("comparison", "settled", "alarmed"),
    [
        (SLOWER, True, True),
        (SAME, {row.verdict for row in SAME.rows} == {"no change"}, False),
        (SAME.model_copy(update={"rows": ()}), True, False),
        (with_rows("faster", "no change"), True, True),
        (with_rows("faster", "inconclusive"), False, True),
        (with_rows("slower", "inconclusive"), False, True),
        (with_rows("slower", "no change"), True, True),
        (with_rows("slower", "slower", "inconclusive", of="aab"), True, True),
        (
            with_rows("slower", "inconclusive").model_copy(
                update={"errors": SAME.errors.model_copy(update={"verdict": "more errors"})}
            ),
            *(True, True),
        ),
        (
            SAME.model_copy(
                update={"rows": (SAME.rows[0].model_copy(update={"verdict": "inconclusive"}),)}
            ),
            *(False, False),
        ),
        (
            SLOWER.model_copy(
                update={"rows": (SLOWER.rows[0].model_copy(update={"verdict": "invalid"}),)}
            ),
            *(False, False),
        ),
    ],
)
def test_settled__an_alarm_or_nothing_left_to_find(
    comparison: model.Comparison,
    settled: bool,  # noqa: FBT001
    alarmed: bool,  # noqa: FBT001
) -> None:
    assert overall.settled(comparison) is settled
    assert overall.alarmed(comparison) is alarmed


def test_unsettled__nothing_is_for_sure() -> None:
    cut = overall.unsettled(SLOWER)
    assert cut.verdict == "inconclusive"
    assert {row.verdict for row in (*cut.rows, cut.throughput)} == {"inconclusive"}
    assert {each.verdict for each in (cut.errors, *cut.errors_of)} == {"inconclusive"}
    assert {row.reason for row in cut.rows} == {overall.CUT_SHORT}
    assert [row.interval for row in cut.rows] == [row.interval for row in SLOWER.rows]


def test_unsettled__what_is_invalid_stays_so() -> None:
    invalid: dict[str, Any] = {"verdict": "invalid"}
    rows = tuple(row.model_copy(update=invalid) for row in SLOWER.rows)
    cut = overall.unsettled(SLOWER.model_copy(update={"rows": rows, **invalid}))
    assert cut.verdict == "invalid"
    assert {row.verdict for row in cut.rows} == {"invalid"}


@pytest.mark.parametrize(
    ("rounds", "after"),
    [
        ((20.0,) * 6, 3),
        ((30.0,) * 4, 2),
        ((20.0,) * 3, 0),
        ((60.0,), 0),
        ((120.0,), 0),
        ((40.0,) * 3, 0),  # one round tells nothing of how far launches differ
    ],
)
def test_first_look__at_half_of_a_budget_that_can_spare_it(
    rounds: tuple[float, ...], after: int
) -> None:
    assert model.first_look(rounds) == after
