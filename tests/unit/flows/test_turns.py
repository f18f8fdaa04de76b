"""When sides load their services in a round."""

from __future__ import annotations

import pytest

from ltlab_ci import model
from ltlab_ci.flows import turns

SLICES_S = 2.0


@pytest.mark.parametrize("apart_s", [1.0, 3.0, 5.0])
@pytest.mark.parametrize("budget_s", [48.0, 50.0, 53.0, 59.0, 120.0])
@pytest.mark.parametrize("round_s", [15.0, 20.0, 30.0])
def test_planned__turns_measure_what_the_budget_asks_for(
    budget_s: float, round_s: float, apart_s: float
) -> None:
    """Half of the budget is one side's; fewer than 12 slices of it would be no comparison."""
    comparing = model.Comparing(mode="alternate", budget_s=budget_s, round_s=round_s)
    planned = [
        turns.planned(comparing, seconds, ("base", "head"), apart_s=apart_s)
        for seconds in comparing.rounds(20.0)
    ]
    measured_s = sum(
        length for one in planned for start, length in one.of["base"] if start >= 2 * one.warmup_s
    )
    assert measured_s >= budget_s / 2
    assert measured_s >= 12 * SLICES_S
