"""A k6 script's load held level: what is held of each executor, and that nothing else changes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from ltlab_ci import errors
from ltlab_ci.load import Held, Script, Steady, k6_hold, k6_plan
from tests import factories

WHOLE = ((0.0, 24.0),)
RAMPED: dict[str, Any] = {
    "executor": "ramping-arrival-rate",
    "startRate": 1,
    "timeUnit": "1s",
    "preAllocatedVUs": 5,
    "maxVUs": 9,
    "exec": "visit",
    "tags": {"a": "b"},
    "env": {"X": "y"},
    "stages": [
        {"duration": "10s", "target": 50},
        {"duration": "2m", "target": 50},
        {"duration": "5s", "target": 200},
        {"duration": "30s", "target": 200},
        {"duration": "5s", "target": 0},
    ],
}


def held(
    *,
    rate: float | None = None,
    turns: tuple[tuple[float, float], ...] = WHOLE,
    **scenarios: dict[str, Any],
) -> Held:
    return k6_hold.hold(
        factories.a_scenario(args=("--vus", "3", "-e", "A=b", "-d10s", "--quiet")),
        Script(options={"scenarios": scenarios}),
        Steady(turns=turns, rate_per_s=rate),
        Path("/report/logs"),
    )


def scenarios(of: Held) -> dict[str, Any]:
    """Return what the module says; it is JSON for as long as this pattern finds it."""
    found = re.search(r"scenarios: (\{.*\}),\n\}\);", of.files["held.js"], re.DOTALL)
    assert found is not None
    said: dict[str, Any] = json.loads(found[1])
    return said


def test_hold__the_longest_plateau_of_a_ramped_rate() -> None:
    found = held(visit=RAMPED)
    assert scenarios(found) == {
        "visit": {
            "executor": "constant-arrival-rate",
            "rate": 50,
            "timeUnit": "1s",
            "preAllocatedVUs": 6,
            "maxVUs": 10,
            "exec": "ltlab$visit",
            "tags": {"a": "b"},
            "env": {"X": "y"},
            "startTime": "0ms",
            "duration": "24000ms",
            "gracefulStop": "5s",
        }
    }
    assert found.said == "visit 50/s (the longest plateau of ramping-arrival-rate)"
    assert (found.script.load.model, found.script.load.duration_s) == ("open", 24.0)


def test_hold__the_script_is_run_as_it_is() -> None:
    found = held(visit=RAMPED)
    module = found.files["held.js"]
    assert 'export * from "/project/browse.js";' in module
    assert 'export const ltlab$visit = started(script["visit"], 0.02);' in module
    assert "Object.assign({}, script.options, {" in module
    assert found.scenario.script == Path("/report/logs/held.js")
    assert found.scenario.args == ("-e", "A=b", "--quiet")


def test_hold__the_load_of_an_environment_does_not_replace_the_one_that_is_held() -> None:
    env = {"K6_VUS": "10", "K6_DURATION": "10s", "K6_STAGES": "1s:2", "K6_DNS": "ttl=0", "A": "b"}
    found = k6_hold.hold(
        factories.a_scenario(env=env),
        Script(options={"scenarios": {"visit": RAMPED}}),
        Steady(turns=WHOLE, rate_per_s=None),
        Path("/report/logs"),
    )
    assert found.scenario.env == {"K6_DNS": "ttl=0", "A": "b"}
    assert set(found.script.without) == {"K6_VUS", "K6_DURATION", "K6_ITERATIONS", "K6_STAGES"}


def test_hold__an_execution_segment_takes_its_share_of_what_is_held() -> None:
    found = k6_hold.hold(
        factories.a_scenario(),
        Script(
            options={"scenarios": {"visit": RAMPED}, "executionSegment": "0:1/2"},
            outputs=("json=out.json",),
        ),
        Steady(turns=WHOLE, rate_per_s=None),
        Path("/report/logs"),
    )
    assert found.script.load.iterations == 24 * 25
    assert found.said.endswith("; of that the execution segment 0:1/2")
    assert found.script.outputs == ()


@pytest.mark.parametrize(
    ("options", "expected", "said"),
    [
        (
            {"executor": "constant-vus", "vus": 7, "duration": "5s"},
            {"executor": "constant-vus", "vus": 7},
            "visit 7 VUs (as in the script)",
        ),
        (
            {"executor": "ramping-vus", "stages": [{"duration": "5s", "target": 8}]},
            {"executor": "constant-vus", "vus": 8},
            "visit 8 VUs (the peak of ramping-vus)",
        ),
        (
            {
                "executor": "ramping-vus",
                "startVUs": 4,
                "stages": [{"duration": "5s", "target": 4}, {"duration": "1s", "target": 0}],
            },
            {"executor": "constant-vus", "vus": 4},
            "visit 4 VUs (the longest plateau of ramping-vus)",
        ),
        (
            {"executor": "per-vu-iterations", "vus": 3, "iterations": 5},
            {"executor": "constant-vus", "vus": 3},
            "visit 3 VUs (per-vu-iterations without its count)",
        ),
        (
            {"executor": "shared-iterations", "iterations": 5},
            {"executor": "constant-vus", "vus": 1},
            "visit 1 VUs (shared-iterations without its count)",
        ),
        (
            {
                "executor": "constant-arrival-rate",
                "rate": 30,
                "timeUnit": "1m",
                "duration": "9s",
                "preAllocatedVUs": 2,
            },
            {"executor": "constant-arrival-rate", "rate": 500, "timeUnit": "1000s"},
            "visit 0.5/s (as in the script)",
        ),
    ],
)
def test_hold__each_executor(options: dict[str, Any], expected: dict[str, Any], said: str) -> None:
    found = held(visit=options)
    assert scenarios(found)["visit"].items() >= expected.items()
    assert found.said == said


def test_hold__what_runs_at_another_time_is_left_out() -> None:
    smoke = {"executor": "constant-vus", "vus": 1, "duration": "10s"}
    beside = {"executor": "constant-vus", "vus": 2, "duration": "5m"}
    found = held(smoke=smoke, beside=beside, visit={**RAMPED, "startTime": "20s"})
    assert list(scenarios(found)) == ["beside", "visit"]
    assert found.said.endswith("left out, since not running then: smoke")
    assert found.script.load.model == "mixed"


def test_hold__a_rate_is_shared_out_as_the_script_does() -> None:
    other = {**RAMPED, "stages": [{"duration": "5m", "target": 150}], "startRate": 150}
    found = scenarios(held(rate=20, visit={**other, "exec": "buy"}, look=RAMPED))
    # In the middle of the five minutes `look` ramps down at 200/s.
    assert {name: each["rate"] for name, each in found.items()}.keys() == {"visit", "look"}
    assert sum(each["rate"] for each in found.values()) == pytest.approx(20_000, abs=1)


def test_hold__a_rate_turns_looping_users_into_arrivals() -> None:
    found = held(rate=40, visit={"executor": "constant-vus", "vus": 7, "duration": "5s"})
    [load] = scenarios(found).values()
    assert (load["executor"], load["rate"], load["preAllocatedVUs"], load["maxVUs"]) == (
        *("constant-arrival-rate", 40),
        *(8, 81),
    )
    assert "as compare.load says" in found.said


def test_hold__turns_are_scenarios_of_their_own() -> None:
    found = scenarios(held(turns=((2.0, 2.0), (6.0, 2.0)), visit=RAMPED))
    assert {name: (each["startTime"], each["duration"]) for name, each in found.items()} == {
        "visit-1": ("2000ms", "2000ms"),
        "visit-2": ("6000ms", "2000ms"),
    }
    assert {each["exec"] for each in found.values()} == {"ltlab$visit"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "plans no load"),
        ({"visit": {"executor": "externally-controlled", "vus": 1}}, "controlled from outside"),
        (
            {"visit": {"executor": "ramping-vus", "stages": [{"duration": "0s", "target": 8}]}},
            "plans no load",
        ),
    ],
)
def test_hold__what_cannot_be_held_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        held(**options)
    assert message in caught.value.message


def test_hold__an_archive_is_refused() -> None:
    with pytest.raises(errors.ConfigError) as caught:
        k6_hold.hold(
            factories.a_scenario(script=Path("/project/browse.tar")),
            *(Script(), Steady(turns=WHOLE), Path("/report")),
        )
    assert "name the script itself" in caught.value.remedy


@hypothesis.given(
    strategies.lists(
        strategies.tuples(strategies.integers(0, 500), strategies.integers(1, 900)),
        min_size=1,
        max_size=6,
    )
)
def test_hold__never_more_than_the_script_ever_reaches(stages: list[tuple[int, int]]) -> None:
    written = [{"target": target, "duration": f"{seconds}s"} for target, seconds in stages]
    hypothesis.assume(any(target for target, _ in stages))
    [load] = scenarios(held(visit={**RAMPED, "startRate": 0, "stages": written})).values()
    per_s = load["rate"] / float(load["timeUnit"].removesuffix("s"))
    assert 0 < per_s <= max(target for target, _ in stages)


@pytest.mark.parametrize(
    ("args", "kept", "variables"),
    [
        (("--quiet",), ("--quiet",), {}),
        (("-u", "5", "-d=10s"), (), {"K6_VUS": "5", "K6_DURATION": "10s"}),
        (("--iterations=9", "-e", "A=b"), ("-e", "A=b"), {"K6_ITERATIONS": "9"}),
        (("-s", "1s:2", "--stage", "3s:4", "-u5"), (), {"K6_STAGES": "1s:2,3s:4", "K6_VUS": "5"}),
    ],
)
def test_shape__parts_the_load_from_the_rest(
    args: tuple[str, ...], kept: tuple[str, ...], variables: dict[str, str]
) -> None:
    assert k6_plan.shape(args) == (kept, variables)
