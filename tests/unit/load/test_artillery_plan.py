"""The planned arrival rate follows from an Artillery script's phases."""

from __future__ import annotations

from typing import Any

import pytest

from ltlab_ci import model
from ltlab_ci.load import artillery_plan


def test_ramps__follow_one_another_and_a_pause_offers_nothing() -> None:
    phases: list[dict[str, Any]] = [
        {"duration": 10, "arrivalRate": 5},
        {"pause": 4},
        {"duration": 10, "arrivalRate": 5, "rampTo": 15},
        {"duration": 6, "arrivalCount": 3},
    ]
    load = model.PlannedLoad(ramps=artillery_plan.ramps(phases, [10, 4, 10, 6]))
    offered = [
        load.offered(0, 10),
        load.offered(10, 14),
        load.offered(14, 24),
        load.offered(24, 99),
    ]
    assert offered == [50, 0, 100, 3]
    assert load.offered(14, 15) == 5.5


@pytest.mark.parametrize("rate", ["{{ rate }}", None])
def test_ramps__of_what_is_known_only_later(rate: str | None) -> None:
    assert artillery_plan.ramps([{"arrivalRate": "{{ rate }}"}], [10]) == ()
    assert artillery_plan.ramps([{"arrivalRate": 5, "rampTo": rate}], [10]) == ()
    assert artillery_plan.ramps([{"arrivalRate": 5}], [None]) == ()
