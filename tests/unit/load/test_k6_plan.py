"""What a k6 script plans is read from its options, for every kind of executor."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.load import k6_plan
from ltlab_ci.load.plan import WHOLE, Part
from tests import factories

OPEN: dict[str, Any] = {"executor": "constant-arrival-rate", "rate": 10, "duration": "20s"}
CLOSED: dict[str, Any] = {"executor": "constant-vus", "vus": 2, "duration": "30s"}
COUNTED: dict[str, Any] = {"executor": "shared-iterations", "iterations": 5, "maxDuration": "9s"}


def planned(*scenarios: dict[str, Any]) -> model.PlannedLoad:
    return k6_plan.read({"scenarios": {str(n): each for n, each in enumerate(scenarios)}})


@pytest.mark.parametrize("version", ["1.1.0", "2.2.0"])
@pytest.mark.parametrize(
    ("options", "kind", "seconds"),
    [("several", "mixed", None), ("duration", "closed", 30.0), ("iterations", "closed", None)],
)
def test_read__what_k6_inspect_prints(
    version: str, options: str, kind: str, seconds: float | None
) -> None:
    path = factories.CAPTURED / f"k6-{version}" / "inspect" / f"{options}.json"
    load = k6_plan.read(json.loads(path.read_bytes()))
    assert (load.model, load.duration_s, load.iterations) == (kind, seconds, None)


@pytest.mark.parametrize(
    ("scenarios", "seconds"),
    [
        ([CLOSED], 30.0),
        ([{**CLOSED, "duration": "1m30s"}], 90.0),
        ([OPEN, CLOSED], 30.0),
        ([CLOSED, {**OPEN, "startTime": "20s"}], 40.0),
        (
            [{"executor": "ramping-vus", "stages": [{"duration": "1h0m0s"}, {"duration": "1.5s"}]}],
            3601.5,
        ),
        ([{**CLOSED, "duration": "500ms"}], 0.5),
        ([CLOSED, COUNTED], None),
        ([COUNTED], None),
        ([], None),
    ],
)
def test_read__how_long_it_lasts(scenarios: list[dict[str, Any]], seconds: float | None) -> None:
    assert planned(*scenarios).duration_s == seconds


def test_read__what_starts_late_is_not_longer_for_it() -> None:
    # The load is measured from its first iteration on, so a late start must not look like an
    # early end.
    assert planned({**OPEN, "startTime": "30s"}).duration_s == 20.0


@pytest.mark.parametrize(
    ("scenarios", "kind"),
    [
        ([OPEN], "open"),
        ([{**OPEN, "executor": "ramping-arrival-rate", "stages": []}], "open"),
        ([CLOSED], "closed"),
        ([COUNTED, CLOSED], "closed"),
        ([OPEN, CLOSED], "mixed"),
        ([], ""),
    ],
)
def test_read__the_model_of_the_load(scenarios: list[dict[str, Any]], kind: str) -> None:
    assert planned(*scenarios).model == kind


@pytest.mark.parametrize(
    ("scenario", "iterations"),
    [
        (OPEN, 200.0),
        ({**OPEN, "timeUnit": "1m"}, 200 / 60),
        ({**OPEN, "timeUnit": "500ms"}, 400.0),
        (
            {
                "executor": "ramping-arrival-rate",
                "startRate": 10,
                "stages": [
                    {"duration": "10s", "target": 10},
                    {"duration": "10s", "target": 30},
                    {"duration": "0s", "target": 50},
                    {"duration": "5s", "target": 50},
                ],
            },
            100.0 + 200.0 + 250.0,
        ),
        (
            {
                "executor": "ramping-arrival-rate",
                "startRate": None,
                "stages": [{"duration": "10s", "target": 6}],
                "timeUnit": "1m0s",
            },
            0.5,
        ),
    ],
)
def test_read__how_many_iterations_are_offered(scenario: dict[str, Any], iterations: float) -> None:
    assert planned(scenario).iterations == pytest.approx(iterations)


def test_read__iterations_are_known_of_open_models_only() -> None:
    assert planned(OPEN, OPEN).iterations == 400.0
    assert planned(OPEN, CLOSED).iterations is None


@pytest.mark.parametrize("options", [{}, {"scenarios": None}])
def test_read__without_scenarios_nothing_is_known(options: dict[str, Any]) -> None:
    assert k6_plan.read(options) == model.PlannedLoad()


def test_read__tells_the_offered_rate_over_time() -> None:
    ramping = {
        "executor": "ramping-arrival-rate",
        "startRate": 60,
        "timeUnit": "1m",
        "startTime": "10s",
        "stages": [{"target": 180, "duration": "10s"}, {"target": 0, "duration": "0s"}],
    }
    load = planned(OPEN, ramping)
    assert [load.offered(t, t + 10) for t in (0, 10, 20)] == [100, 120, 0]
    assert load.offered(10, 11) == pytest.approx(11.1)
    assert load.iterations == 220


def test_read__a_closed_model_offers_nothing() -> None:
    assert planned(OPEN, CLOSED).ramps == ()


@given(st.integers(2, 64))
def test_segment__those_of_all_parts_are_the_whole_sequence(of: int) -> None:
    words = [k6_plan.segment(Part(number=number, of=of)) for number in range(1, of + 1)]
    [sequence] = {word.removeprefix("--execution-segment-sequence=") for _, word in words}
    segments = [word.removeprefix("--execution-segment=").split(":") for word, _ in words]
    assert [segments[0][0], *(end for _, end in segments)] == sequence.split(",")
    assert [start for start, _ in segments[1:]] == [end for _, end in segments[:-1]]
    bounds = [Fraction(bound) for bound in sequence.split(",")]
    assert (bounds[0], bounds[-1]) == (Fraction(0), Fraction(1))
    assert {end - start for start, end in pairwise(bounds)} == {Fraction(1, of)}


def test_segment__the_whole_load_has_none() -> None:
    assert k6_plan.segment(WHOLE) == ()
    assert k6_plan.process_tag(WHOLE) == {}


@pytest.mark.parametrize(
    ("options", "args", "tags", "left"),
    [
        ({}, (), [*model.SYSTEM_TAGS, "vu"], []),
        ({"systemTags": ["url", "vu"]}, ("--vus", "3"), ["url", "vu"], ["--vus", "3"]),
        (
            {"systemTags": ["url"]},
            ("--system-tags", "name,url", "-q"),
            ["name", "url", "vu"],
            ["-q"],
        ),
        ({}, ("--system-tags=",), ["vu"], []),
    ],
)
def test_system_tags__always_tell_the_vu(
    options: dict[str, object], args: tuple[str, ...], tags: list[str], left: list[str]
) -> None:
    found, others = k6_plan.system_tags(options, args)
    assert (found, list(others)) == (f"--system-tags={','.join(tags)}", left)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("http.expectedStatuses({ min: 200, max: 599 })", True),
        ("http.expectedStatuses({ max: 599, min: 100 })", True),
        ("http.expectedStatuses(201, { min: 200,\n max: 500 })", True),
        ("http.expectedStatuses(200, 429)", False),
        ("http.expectedStatuses({ min: 200, max: 399 }, 503)", False),
        ("http.get(url)", False),
    ],
)
def test_any_status__is_a_span_from_good_to_bad(call: str, expected: bool) -> None:  # noqa: FBT001
    assert k6_plan.any_status(f"http.setResponseCallback({call});") is expected


def test_read__knows_each_scenario_of_the_script() -> None:
    options = {
        "scenarios": {
            "a": {
                "executor": "ramping-vus",
                "startVUs": 0,
                "startTime": "5s",
                "stages": [{"target": 4, "duration": "2s"}],
                "gracefulRampDown": "0s",
            },
            "b": {"executor": "shared-iterations", "vus": 3, "iterations": 9, "startTime": "7s"},
        }
    }
    one, other = k6_plan.read(options).scenarios
    assert (one.name, one.opened, one.endless) == ("a", False, False)
    assert (one.start_s, one.end_s, one.stop_s, one.ramp_down_s) == (0.0, 2.0, 30.0, 0.0)
    assert (other.name, other.endless, other.start_s, other.end_s) == ("b", True, 2.0, 602.0)


@pytest.mark.parametrize(
    ("segment", "share"),
    [
        ("", 1),
        ("0:1/2", Fraction(1, 2)),
        ("1/4:3/4", Fraction(1, 2)),
        ("0.2:1/2", Fraction(3, 10)),
        ("25%", Fraction(1, 4)),
        ("1/3", Fraction(1, 3)),
        ("a:b", 1),
        ("1/0", 1),
    ],
)
def test_share__how_much_of_the_load_a_segment_is(segment: str, share: Fraction) -> None:
    assert k6_plan.share(segment) == share


def test_read__a_segment_offers_its_own_share() -> None:
    load = k6_plan.read({"scenarios": {"a": OPEN}, "executionSegment": "0:1/4"})
    assert load.iterations == 50.0
    assert load.offered(0, 10) == 25.0


def test_read__a_segment_shares_out_a_rate_by_whole_vus() -> None:
    # k6 2.2.0, rate 4/s, 3 VUs: 2.67/s for the first half, 1.33/s for the second.
    scenario = {**OPEN, "preAllocatedVUs": 3}
    load = k6_plan.read({"scenarios": {"a": scenario}, "executionSegment": "1/2:1"})
    assert load.iterations == pytest.approx(200 / 3)


@pytest.mark.parametrize(
    ("args", "segment"),
    [
        ((), "0:1/2"),
        (("--execution-segment", "0:1/8"), "0:1/8"),
        (("--execution-segment=0:1/8", "--quiet"), "0:1/8"),
        (("--execution-segment-sequence=0,1/2,1",), "0:1/2"),
    ],
)
def test_segmented__an_argument_goes_before_the_script(args: tuple[str, ...], segment: str) -> None:
    assert k6_plan.segmented(args, {"executionSegment": "0:1/2"}) == {"executionSegment": segment}


@pytest.mark.parametrize(
    ("args", "inspected"),
    [
        (("-u", "5", "--quiet", "--tag", "a=b"), ()),
        (("-e", "A=b", "-eC=d", "--env=E=f"), ("-e", "A=b", "-eC=d", "--env=E=f")),
        (("-c", "load.json", "-i", "3"), ("-c", "load.json")),
        (("--config=load.json",), ("--config=load.json",)),
        (("--secret-source=mock=a=b",), ("--secret-source=mock=a=b",)),
        (("--include-system-env-vars=false",), ("--include-system-env-vars=false",)),
        (("--compatibility-mode", "base", "-t"), ("--compatibility-mode", "base", "-t")),
    ],
)
def test_inspected__is_what_loading_a_script_depends_on(
    args: tuple[str, ...], inspected: tuple[str, ...]
) -> None:
    assert k6_plan.inspected(args) == inspected


@pytest.mark.parametrize(
    ("args", "variable", "file", "outputs"),
    [
        ((), "", None, ()),
        ((), "json=a.json,web-dashboard", ["json=b.json"], ("json=a.json", "web-dashboard")),
        ((), "", ["json=b.json"], ("json=b.json",)),
        (("-o", "json=c.json"), "json=a.json", ["json=b.json"], ()),  # so k6 has it
        (("--out=json=c.json",), "json=a.json", None, ()),
    ],
)
def test_outputs__those_of_environment_and_config_file_are_kept(
    args: tuple[str, ...], variable: str, file: object, outputs: tuple[str, ...]
) -> None:
    assert k6_plan.outputs(args, variable, file) == outputs


@pytest.mark.parametrize(
    ("args", "variable", "file"),
    [((), "", ""), ((), "a.json", "a.json"), (("-c", "b.json"), "a.json", "b.json")],
)
def test_config_file__an_argument_goes_before_the_environment(
    args: tuple[str, ...], variable: str, file: str
) -> None:
    assert k6_plan.config_file(args, variable) == file


def test_ends_s__is_by_k6s_own_account() -> None:
    assert k6_plan.ends_s({"totalDuration": "10m31s"}) == 631
    assert k6_plan.ends_s({"totalDuration": "0s"}) is None
    assert k6_plan.ends_s({}) is None


def test_quiet_s__covers_setup_and_teardown() -> None:
    assert k6_plan.quiet_s({"setupTimeout": None}) == 90
    assert k6_plan.quiet_s({"setupTimeout": "5m0s", "teardownTimeout": "10s"}) == 330
