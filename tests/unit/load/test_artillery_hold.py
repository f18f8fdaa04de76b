"""An Artillery script's load held level by overrides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ltlab_ci import errors, model
from ltlab_ci.load import Held, Script, Steady, artillery_hold
from tests import factories

RAMPS = (
    model.Ramp(start_s=0, end_s=10, from_per_s=1, to_per_s=30),
    model.Ramp(start_s=10, end_s=60, from_per_s=20, to_per_s=20),
    model.Ramp(start_s=60, end_s=70, from_per_s=40, to_per_s=40),
)


def held(
    *ramps: model.Ramp,
    rate: float | None = None,
    turns: tuple[tuple[float, float], ...] = ((0.0, 24.5),),
    args: tuple[str, ...] = (),
) -> Held:
    return artillery_hold.hold(
        factories.a_scenario(engine=model.EngineName.ARTILLERY, args=args, env={"A": "b"}),
        Script(load=model.PlannedLoad(ramps=ramps)),
        Steady(turns=turns, rate_per_s=rate),
        "http://127.0.0.1:81",
    )


def config(of: Held) -> dict[str, Any]:
    assert of.scenario.args[0] == "--overrides"
    found: dict[str, Any] = json.loads(of.scenario.args[1])["config"]
    return found


def test_hold__the_longest_phase_of_one_rate() -> None:
    found = held(*RAMPS)
    assert config(found) == {
        "target": "http://127.0.0.1:81",
        "phases": [{"duration": 25, "arrivalRate": 20, "mode": "uniform"}],
    }
    assert found.said == "20 virtual users/s (the longest phase of one rate)"
    assert found.scenario.env == {
        "A": "b",
        "ARTILLERY_DISABLE_ENSURE": "true",
        "LTLAB_APART_MS": "50",
    }
    assert (found.script.load.model, found.script.has_target) == ("open", True)


def test_hold__the_highest_rate_of_ramps() -> None:
    assert config(held(RAMPS[0]))["phases"] == [
        {"duration": 25, "arrivalRate": 30, "mode": "uniform"}
    ]


def test_hold__a_rate() -> None:
    found = held(rate=12.0)
    assert config(found)["phases"] == [{"duration": 25, "arrivalRate": 12, "mode": "uniform"}]
    assert found.said == "12 virtual users/s (as compare.load says)"


@pytest.mark.parametrize(("rate", "count"), [(12.5, 312), (100 / 60, 42), (0.5, 12), (0.01, 1)])
def test_hold__a_rate_with_a_fraction_is_a_count(rate: float, count: int) -> None:
    """Artillery divides a rate among its workers, which ends it where that is no whole number."""
    found = held(rate=rate)
    assert config(found)["phases"] == [{"duration": 25, "arrivalCount": count}]
    assert found.said == f"{rate:.4g} virtual users/s (as compare.load says)"
    assert float(found.scenario.env["LTLAB_APART_MS"]) == pytest.approx(1000 / rate, rel=1e-5)


def test_hold__turns_have_pauses_between_them() -> None:
    assert config(held(*RAMPS, turns=((2.0, 2.0), (6.0, 2.0))))["phases"] == [
        {"pause": 2},
        {"duration": 2, "arrivalRate": 20, "mode": "uniform"},
        {"pause": 2},
        {"duration": 2, "arrivalRate": 20, "mode": "uniform"},
    ]


def test_hold__overrides_of_the_user_are_kept_under_ours() -> None:
    mine = {"config": {"phases": [], "http": {"timeout": 3}}, "before": {}}
    found = held(*RAMPS, args=("--solo", "-e", "ci", "--overrides", json.dumps(mine)))
    assert config(found)["http"] == {"timeout": 3}
    assert config(found)["phases"] == [{"duration": 25, "arrivalRate": 20, "mode": "uniform"}]
    assert found.scenario.args[2:] == ("-e", "ci")


def test_hold__phases_that_are_known_only_later_are_refused() -> None:
    with pytest.raises(errors.ConfigError) as caught:
        held()
    assert "compare.load: 10/s" in caught.value.remedy
