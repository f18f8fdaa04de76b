"""Thresholds that depend on base: crossed only where the interval shows it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.evaluate.compare import limits
from tests.unit.evaluate.compare import simulated

PASS, FAIL, NO_DATA = model.Status.PASS, model.Status.FAIL, model.Status.NO_DATA
OF_TIME = "http_req_duration"


def judged(that: str, key: str = OF_TIME, **parts: Any) -> model.Verdict:  # noqa: ANN401
    recording = simulated.a_recording(parts.pop("seed", 1), **parts)
    [verdict] = limits.judge(recording, [model.Threshold.parse(key, that)])
    return verdict


@pytest.mark.parametrize("stat", ["p(95)", "med", "avg", "p(50)"])
@pytest.mark.parametrize(
    ("change", "limit", "status"),
    [
        (0.4, "base * 1.2", FAIL),
        (0.0, "base * 1.3", PASS),
        (0.4, "max(base * 1.2, base + 1s)", PASS),
        (-0.4, "base * 0.8", PASS),
        (0.0, "base * 0.7", FAIL),
    ],
)
def test_judge__what_is_shown(stat: str, change: float, limit: str, status: model.Status) -> None:
    verdict = judged(f"{stat} < {limit}", change=change, rate=80)
    assert (verdict.status, verdict.unsure, verdict.severity) == (status, False, "fail")
    assert verdict.base is not None
    assert verdict.observed == pytest.approx(verdict.base * (1 + change), rel=0.08)
    assert verdict.bound == pytest.approx(
        model.Threshold.parse(OF_TIME, f"{stat} < {limit}").at(verdict.base).bound
    )


@pytest.mark.parametrize("stat", ["p(95)", "avg"])
def test_judge__what_a_few_moments_carry_over_the_limit_is_not_shown_and_not_hidden(
    stat: str,
) -> None:
    recording = simulated.stalling(simulated.a_recording(1, rounds=6, rate=80))
    stated = model.Threshold.parse(OF_TIME, f"{stat} < base * 1.5")
    [verdict] = limits.judge(recording, [stated])
    assert (verdict.status, verdict.unsure, verdict.blocks) == (FAIL, True, False)
    assert verdict.observed is not None
    assert verdict.bound is not None
    assert verdict.observed > verdict.bound


def test_judge__p99_takes_slices_that_are_wide_enough() -> None:
    assert judged("p(99) < base * 1.2", change=1.0, rate=80).status is FAIL
    assert judged("p(99) < base * 3", change=1.0, rate=80).status is PASS


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(-0.02, 0.02), st.sampled_from(["<", "<=", ">", ">="]))
def test_judge__near_the_limit_nothing_is_shown_and_nothing_is_red(
    seed: int, off: float, op: str
) -> None:
    change = judged("p(95) < base", seed=seed).interval
    base = judged("p(95) < base", seed=seed).base
    assert change is not None
    assert base is not None
    low, high = change
    limit = (low + high) / 2 / base + off * (high - low) / base
    verdict = judged(f"p(95) {op} base * {limit:.9f}", seed=seed)
    assert verdict.unsure
    assert not verdict.blocks


def test_judge__endpoints_are_chosen_by_name_and_method() -> None:
    slow = {"change": 0.5, "endpoints": 2, "rate": 80}
    assert judged("p(95) < base * 1.2", f"{OF_TIME}{{name:/1,method:GET}}", **slow).status is FAIL
    assert judged("p(95) < base * 1.2", f"{OF_TIME}{{name:/*}}", **slow).status is FAIL
    nobody = judged("p(95) < base * 1.2", f"{OF_TIME}{{name:/7}}", **slow)
    assert (nobody.status, nobody.observed) == (NO_DATA, None)
    assert nobody.reason == "no request on either side matches http_req_duration{name:/7}"


def test_judge__all_requests_of_a_metric_are_one_figure() -> None:
    together = judged("p(95) < base * 1.2", change=0.5, endpoints=4, rate=80)
    assert together.status is FAIL
    assert together.count == pytest.approx(80 * 60, rel=0.02)


@pytest.mark.parametrize(
    ("failing", "limit", "status", "unsure"),
    [
        ((0.01, 0.10), "base + 2%", FAIL, False),
        ((0.01, 0.01), "base + 5%", PASS, False),
        ((0.0, 0.0), "base + 0.5%", PASS, False),
        ((0.0, 0.0), "base * 2", PASS, False),  # 0 is no crossing of 0
        ((0.0, 0.001), "base * 2", FAIL, True),
        ((0.05, 0.05), "base * 3", PASS, False),
        ((0.05, 0.06), "base + 1.5%", None, True),
    ],
)
def test_judge__shares_of_failures(
    failing: tuple[float, float], limit: str, status: model.Status | None, *, unsure: bool
) -> None:
    verdict = judged(f"rate < {limit}", "http_req_failed", failing=failing)
    assert status is None or verdict.status is status
    assert verdict.unsure is unsure
    assert verdict.blocks is (status is FAIL and not unsure)
    assert verdict.unit == "share"


def test_judge__a_share_that_is_just_at_its_limit_is_hardly_ever_red() -> None:
    """Base's few failures are chance too, and three times them three times as much."""
    at_limit = {"failing": (0.02, 0.06), "rate": 20.0}
    verdicts = [
        judged("rate < base * 3", "http_req_failed", seed=seed, **at_limit) for seed in range(60)
    ]
    assert sum(each.blocks for each in verdicts) <= 4  # 2.5 % are to be expected


def test_judge__too_few_requests_are_no_data() -> None:
    few = judged("p(99.9) < base * 2", rate=5)
    assert (few.status, few.blocks) == (NO_DATA, True)
    assert "too few successful requests" in few.reason


def test_judge__in_doubt_nothing_is_judged() -> None:
    stated = model.Threshold.parse(OF_TIME, "p(95) < base * 9")
    [verdict] = limits.judge(simulated.a_recording(1), [stated], doubt="not valid")
    assert (verdict.status, verdict.reason, verdict.blocks) == (NO_DATA, "not valid", True)
