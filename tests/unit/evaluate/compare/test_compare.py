"""Base against head on simulated services: properties, verdicts, validity, rates of error."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.evaluate import compare
from ltlab_ci.evaluate.compare import failures, slices
from ltlab_ci.report import compared, headline
from tests.unit.evaluate.compare import simulated

RULES = model.Rules()
SEEDS = st.integers(0, 10_000)
CHANGES = st.sampled_from([-0.2, -0.05, 0.0, 0.05, 0.2])
MIRROR = {"slower": "faster", "faster": "slower"}


def judged(recording: model.Recording, **rules: Any) -> model.Comparison:  # noqa: ANN401
    return compare.compare(recording, model.Rules(**rules))[0]


def codes(recording: model.Recording, **rules: Any) -> list[str]:  # noqa: ANN401
    found = compare.compare(recording, model.Rules(**rules))
    assert (found[0].verdict == "invalid") == bool(found[1])
    return [finding.code for finding in found[1]]


def mapped(recording: model.Recording, change: Any) -> model.Recording:  # noqa: ANN401
    """Apply a function of (side, head as 0 or 1, number) to every side."""
    return replace(
        recording,
        rounds=tuple(
            model.Round(base=change(one.base, 0, n), head=change(one.head, 1, n))
            for n, one in enumerate(recording.rounds)
        ),
    )


@settings(max_examples=15)
@given(SEEDS, CHANGES)
def test_compare__swapped_sides_give_the_inverse(seed: int, change: float) -> None:
    recording = simulated.a_recording(seed, change=change, endpoints=2, rate=80, launches=0.01)
    turned = tuple(model.Round(base=one.head, head=one.base) for one in recording.rounds)
    there, back = judged(recording), judged(replace(recording, rounds=turned))
    for row, other in zip(there.rows, back.rows, strict=True):
        assert row.interval is not None
        assert other.interval is not None
        assert math.log1p(row.change) == pytest.approx(-math.log1p(other.change), abs=1e-10)
        assert math.log1p(row.interval[0]) == pytest.approx(
            -math.log1p(other.interval[1]), abs=1e-10
        )
        assert MIRROR.get(row.verdict, row.verdict) == other.verdict


@settings(max_examples=10)
@given(SEEDS, st.floats(1e-3, 1e3))
def test_compare__the_unit_of_time_does_not_matter(seed: int, factor: float) -> None:
    recording = simulated.a_recording(seed, change=0.1)
    scaled = mapped(recording, lambda side, *_: replace(side, ms=side.ms * factor))
    for row, other in zip(judged(recording).rows, judged(scaled).rows, strict=True):
        assert row.change == pytest.approx(other.change, abs=1e-9)
        assert row.verdict == other.verdict


def test_compare__p99_is_judged_where_it_is_asked_for_and_has_enough_requests() -> None:
    asked = (0.5, 0.95, 0.99)
    often = simulated.a_recording(3, change=0.3, rate=80)
    [at99] = [row for row in judged(often, percentiles=asked).rows if row.stat == "p(99)"]
    assert at99.change == pytest.approx(0.3, abs=0.15)
    # 20 requests/s to each of four: 200 in the widest slices, but too few slices of that width.
    seldom = simulated.a_recording(3, change=0.3, rate=40, endpoints=4)
    found = judged(seldom, percentiles=asked)
    assert {row.stat for row in found.rows} == {"p(50)", "p(95)"}
    assert len(found.rows) == 8
    assert all(each.base_p99 for each in found.endpoints)
    told = {(one.stat, one.name): one.reason for one in found.left_out}
    few = "fewer than 100 successful requests a slice"
    assert told == {("p(99)", name): few for name, _ in seldom.endpoints}
    assert judged(often).rows == judged(often, percentiles=(0.5, 0.95)).rows


@settings(max_examples=10)
@given(SEEDS)
def test_compare__the_order_of_samples_does_not_matter(seed: int) -> None:
    recording = simulated.a_recording(seed, endpoints=2, rate=80, failing=(0.01, 0.02))

    def shuffled(side: model.Side, head: int, number: int) -> model.Side:
        order = np.random.default_rng([seed, head, number]).permutation(len(side.ms))
        names = ("endpoint", "start_ns", "ms", "ok")
        return replace(side, **{name: getattr(side, name)[order] for name in names})

    assert judged(recording) == judged(recording)
    assert judged(mapped(recording, shuffled)) == judged(recording)


def test_compare__a_large_slowdown_is_slower_on_both_stats() -> None:
    found = judged(simulated.a_recording(1, change=0.3, rate=80))
    assert found.verdict == "slower"
    assert [(row.stat, row.verdict) for row in found.rows] == [
        ("p(50)", "slower"),
        ("p(95)", "slower"),
    ]
    for row in found.rows:
        assert row.interval is not None
        assert row.interval[0] < 0.3 < row.interval[1]
        assert len(row.rounds) == 3
    assert (found.slices, found.slice_s, found.rounds) == (30, 2.0, 3)
    assert found.spread is not None


def test_compare__even_few_slices_show_a_doubled_time() -> None:
    found = judged(simulated.a_recording(1, change=1.0, rounds=3, seconds=8.1, rate=60))
    assert (found.slices, found.verdict) == (12, "slower")


def test_compare__the_minimum_effect_is_the_users() -> None:
    recording = simulated.a_recording(2, change=0.1, rate=200)
    assert judged(recording).verdict == "slower"
    assert judged(recording, min_effect=0.3).verdict != "slower"


def test_compare__identical_sides_show_no_change() -> None:
    recording = simulated.a_recording(3)
    same = replace(
        recording,
        rounds=tuple(model.Round(base=one.base, head=one.base) for one in recording.rounds),
    )
    assert {row.verdict for row in judged(same).rows} == {"no change"}
    assert {row.interval for row in judged(same).rows} == {(0.0, 0.0)}


def test_compare__a_look_with_a_small_share_of_alpha_asks_for_more() -> None:
    recording = simulated.a_recording(12, change=0.06, rate=60)
    assert judged(recording).verdict == "slower"
    small = judged(recording, share=0.02)
    assert small.alpha == pytest.approx(0.0002)
    assert small.verdict != "slower"


def test_compare__no_share_of_alpha_is_too_small_for_what_is_plain() -> None:
    """Many scenarios share the permitted alarms; what fails half the time is found for all that."""
    recording = simulated.a_recording(12, change=0.5, rate=60, rounds=6, failing=(0.0, 0.5))
    few = judged(recording, share=0.7 / 40)
    assert few.errors.verdict == "more errors"
    assert {row.verdict for row in few.rows} == {"slower"}
    closed = simulated.a_recording(10, rate=80, change=0.25, head_rate=0.8)
    assert judged(closed, share=0.3 / 10).throughput.verdict == "slower"


def test_compare__a_rare_endpoint_that_always_fails_is_found() -> None:
    """Of a dozen calls a side hardly two lie in one slice, and among all requests they are few."""

    def rare(side: model.Side, head: int, number: int) -> model.Side:
        at = (np.arange(2) * 400 + 60 * number + 150 * head) % len(side.ms)
        endpoint, ok = side.endpoint.copy(), side.ok.copy()
        endpoint[at], ok[at] = 1, not head
        return replace(side, endpoint=endpoint, ok=ok)

    recording = mapped(simulated.a_recording(13, rate=80, rounds=6), rare)
    found = judged(replace(recording, endpoints=(("/0", "GET"), ("/rare", "GET"))), share=0.7)
    [errors] = found.errors_of
    assert (errors.name, errors.base_failed, errors.head_failed) == ("/rare", 0, 12)
    assert errors.verdict == "more errors"


def burst(share: float, seconds: float) -> model.Recording:
    """Return a recording in which head fails for some seconds of its second round."""

    def failing(side: model.Side, head: int, number: int) -> model.Side:
        into = (side.start_ns - side.start_ns[0]) / 1e9
        hit = (into > 6) & (into < 6 + seconds) & (number == 1) & bool(head)
        spared = np.random.default_rng(1).uniform(size=len(into)) >= share
        return replace(side, ok=side.ok & (spared | ~hit))

    return mapped(simulated.a_recording(13, rate=80, rounds=6), failing)


def test_compare__an_outage_of_one_side_is_no_comparison() -> None:
    [finding] = compare.compare(burst(1.0, 10.0), model.Rules())[1]
    assert finding.code == "only-errors"
    assert re.search(r"head answered only errors for (8|10) s of round 2 ", finding.message)


def test_compare__a_burst_of_errors_is_not_proven_and_not_hidden() -> None:
    found = judged(burst(0.5, 10.0))
    assert (found.errors.verdict, found.verdict) == ("inconclusive", "inconclusive")
    assert re.match(
        r"no slowdown was shown; 4\.\d % of requests (of GET /0 )?fail on head, 0 % on base, "
        "in too few cases or moments to be sure",
        headline.of(found),
    )


def giving_up(base: float, head: float) -> model.Recording:
    """Return a recording in which such shares of the iterations fail, and no request does."""

    def failing(side: model.Side, head_: int, number: int) -> model.Side:
        coins = np.random.default_rng([head_, number]).uniform(size=len(side.start_ns))
        bad = coins < (head if head_ else base)
        return replace(side, iterations_ns=side.start_ns, failed_ns=side.start_ns[bad] + 50_000_000)

    return mapped(simulated.a_recording(13, rate=20), failing)


@pytest.mark.parametrize("base", [0.0, 0.04])
def test_compare__iterations_that_fail_on_head_are_errors(base: float) -> None:
    found = judged(giving_up(base, base + 0.06))
    [errors] = found.errors_of
    assert (errors.metric, errors.verdict, found.verdict) == (
        *("iterations_failed", "more errors"),
        "more errors",
    )
    assert found.errors.verdict == "no change"
    assert re.match(r"\d+(\.\d+)? % of iterations fail on head, ", headline.of(found))
    [row] = [one for one in compared.section(found).rows if one.what.startswith("iterations")]
    assert (row.what, row.verdict) == ("iterations that failed", "more errors")


def test_compare__nothing_is_faster_where_iterations_fail() -> None:
    found = judged(
        mapped(
            giving_up(0.0, 0.06),
            lambda side, head, _number: replace(side, ms=side.ms * (0.7 if head else 1)),
        )
    )
    assert found.verdict == "more errors"
    assert {(row.verdict, row.reason) for row in found.rows} == {
        ("inconclusive", "more fails on head")
    }


def test_compare__iterations_that_fail_alike_are_no_difference() -> None:
    found, findings = compare.compare(giving_up(0.05, 0.05), model.Rules())
    assert not findings
    assert [(one.metric, one.verdict) for one in found.errors_of] in (
        [("iterations_failed", "no change")],
        [("iterations_failed", "inconclusive")],
    )


def test_compare__inconclusive_says_what_would_settle_it() -> None:
    unsure = [row for row in judged(simulated.a_recording(5, rate=30)).rows if row.settle_s]
    assert unsure
    for row in unsure:
        assert row.verdict == "inconclusive"
        assert row.settle_half_width is not None
        assert row.interval is not None
        assert row.settle_half_width < (row.interval[1] - row.interval[0]) / 2


def test_compare__faster_with_more_errors_is_not_faster() -> None:
    recording = simulated.a_recording(6, change=-0.3, rate=80, failing=(0.0, 0.1))
    found = judged(recording)
    assert found.verdict == "more errors"
    assert (found.errors.verdict, found.errors.base) == ("more errors", 0.0)
    assert {row.verdict for row in found.rows} == {"inconclusive"}
    assert {row.reason for row in found.rows} == {"more fails on head"}


def test_compare__errors_of_one_endpoint_are_named() -> None:
    recording = simulated.a_recording(7, endpoints=4, rate=200)

    def broken(side: model.Side, head: int, _: int) -> model.Side:
        return replace(side, ok=side.ok & ~((side.endpoint == 2) & bool(head)))

    found = judged(mapped(recording, broken))
    assert [(one.name, one.verdict) for one in found.errors_of] == [("/2", "more errors")]
    assert [one.name for one in found.left_out] == ["/2"]
    assert {row.name for row in found.rows} == {"/0", "/1", "/3"}


def test_compare__what_has_too_few_requests_or_one_side_is_left_out() -> None:
    recording = simulated.a_recording(8, rate=80)

    def rare(side: model.Side, head: int, _: int) -> model.Side:
        endpoint = side.endpoint.copy()
        endpoint[::50] = 1
        endpoint[1::50] = 3 if head else 2
        return replace(side, endpoint=endpoint)

    names = (("/0", "GET"), ("/1", "GET"), ("/2", "GET"), ("/3", "GET"))
    found = judged(replace(mapped(recording, rare), endpoints=names))
    assert {one.name: one.reason for one in found.left_out} == {
        "/1": "too few successful requests",
        "/2": "on base only",
        "/3": "on head only",
    }
    assert found.endpoints[0].base_p99 is not None


def test_compare__wider_slices_where_requests_are_few() -> None:
    assert judged(simulated.a_recording(9, rate=10, rounds=4)).slice_s == 4.0


def test_compare__a_long_recording_gets_wider_slices() -> None:
    found = judged(simulated.a_recording(9, rate=20, rounds=2, seconds=700))
    assert found.slices <= slices.MOST_SLICES


def test_compare__closed_load_judges_throughput() -> None:
    recording = simulated.a_recording(10, rate=80, change=0.25, head_rate=0.8)
    found = judged(recording)
    assert (found.load_model, found.load_model_stated) == ("closed", False)
    assert found.throughput.verdict == "slower"
    assert found.throughput.change == pytest.approx(-0.2, abs=0.02)


def test_compare__a_few_moments_that_stand_out_are_not_hidden() -> None:
    found = judged(simulated.stalling(simulated.a_recording(2, rounds=6, rate=200)))
    [p95] = [row for row in found.rows if row.stat == "p(95)"]
    assert p95.head / p95.base == pytest.approx(1 + p95.change, rel=1e-9)
    assert "all requests together went from 3" in p95.reason
    assert (p95.verdict, abs(p95.change) < 0.05) == ("inconclusive", True)
    assert "a few moments stand out" in p95.reason
    assert "ruled out" not in headline.of(found)


def looping(base_s: float, head_s: float, vus: int = 5) -> model.Recording:
    """Return VUs that begin together and again whenever an iteration of so many seconds has ended."""

    def looped(side: model.Side, head: int, number: int) -> model.Side:  # noqa: ARG001
        first = int(side.start_ns.min())
        starts = first + np.arange(0.5, 20, head_s if head else base_s) * 1e9
        return replace(side, iterations_ns=np.repeat(starts, vus).astype(np.int64))

    return mapped(simulated.a_recording(2, rounds=6, rate=80), looped)


def test_compare__long_iterations_are_counted_in_slices_that_hold_several() -> None:
    halved = judged(looping(5.0, 10.0), load_model="closed").throughput
    assert halved.change == pytest.approx(-0.5, abs=0.1)
    assert halved.verdict in ("slower", "inconclusive")
    assert judged(looping(5.0, 5.0), load_model="closed").throughput.verdict == "no change"


def test_compare__too_few_iterations_are_not_judged() -> None:
    rare = judged(looping(10.0, 20.0, vus=1), load_model="closed").throughput
    assert (rare.verdict, rare.interval) == ("inconclusive", None)
    assert rare.reason == "too few iterations in a slice"
    assert rare.change == pytest.approx(-0.5, abs=0.1)


def test_compare__a_time_of_nothing_is_no_crash() -> None:
    nothing = mapped(
        simulated.a_recording(2, rate=80),
        lambda side, _head, _number: replace(side, ms=np.zeros(len(side.ms))),
    )
    assert {row.change for row in judged(nothing).rows} == {0.0}


def test_compare__open_load_at_different_rates_is_invalid() -> None:
    recording = simulated.a_recording(10, rate=80, head_rate=0.9)
    assert codes(recording, load_model="open") == ["rates-differ"]
    assert {row.verdict for row in judged(recording, load_model="open").rows} == {"invalid"}


def journeys(seed: int, *, head_rate: float = 1.0) -> model.Recording:
    """Return iterations of 5 to 15 s at 20/s on both sides; what goes on 29 s after the start is cut off."""

    def walked(side: model.Side, head: int, number: int) -> model.Side:
        rng = np.random.default_rng([seed, head, number])
        rate = 20 * (head_rate if head else 1)
        starts = (np.arange(20 * rate) + rng.uniform()) / rate
        took = rng.uniform(5, 15, len(starts))
        ended = starts + took < 29
        complete_s = (starts + took)[ended].max() - took[ended].max()
        first = int(side.start_ns.min())
        return replace(
            side,
            iterations_ns=first + (starts[ended] * 1e9).astype(np.int64),
            complete_ns=first + int(complete_s * 1e9),
        )

    return mapped(simulated.a_recording(seed, rate=40, rounds=6), walked)


def test_compare__long_iterations_that_were_cut_off_are_no_other_rate() -> None:
    """Which of them the end cuts off is chance, and no reason to call a comparison invalid."""
    every = [journeys(seed) for seed in range(20)]
    assert [codes(one, load_model="open") for one in every] == [[]] * 20
    uncut = [mapped(one, lambda side, *_: replace(side, complete_ns=None)) for one in every]
    assert ["rates-differ"] in [codes(one, load_model="open") for one in uncut]
    assert codes(journeys(3, head_rate=0.95), load_model="open") == ["rates-differ"]


def test_compare__dropped_iterations_are_invalid_and_open() -> None:
    recording = mapped(
        simulated.a_recording(11, change=0.5),
        lambda side, head, _: replace(side, dropped=60 if head else 0),
    )
    assert codes(recording) == ["iterations-dropped"]
    assert judged(recording).load_model == "open"
    # Where other parts of the script loop, the load as a whole is a closed one.
    assert codes(recording, load_model="closed") == ["iterations-dropped"]


def test_compare__a_side_that_ends_early_is_invalid() -> None:
    def short(side: model.Side, head: int, number: int) -> model.Side:
        kept = len(side.ms) // 2 if head and number == 1 else len(side.ms)
        names = ("endpoint", "start_ns", "ms", "ok")
        return replace(side, **{name: getattr(side, name)[:kept] for name in names})

    assert "ended-early" in codes(mapped(simulated.a_recording(12), short))


def test_compare__a_side_with_errors_alone_is_invalid() -> None:
    recording = mapped(
        simulated.a_recording(13),
        lambda side, head, number: replace(side, ok=side.ok & (not (head and number == 2))),
    )
    assert "only-errors" in codes(recording)


def test_compare__too_short_or_too_thin_is_invalid() -> None:
    assert codes(simulated.a_recording(14, rounds=1)) == ["too-few-slices"]
    assert codes(simulated.a_recording(14, rounds=1, seconds=1.0, rate=5)) == ["too-few-slices"]
    assert codes(simulated.a_recording(14, rate=2)) == ["too-few-requests"]


def test_compare__sides_that_never_ran_together_are_invalid() -> None:
    later = mapped(
        simulated.a_recording(15, rounds=1),
        lambda side, head, _: replace(side, start_ns=side.start_ns + head * 3_600_000_000_000),
    )
    assert codes(later) == ["ended-early", "too-few-slices"]
    assert codes(later, load_model="closed") == ["ended-early", "too-few-slices"]


def test_compare__a_side_without_a_request_is_invalid() -> None:
    def silent(side: model.Side, head: int, number: int) -> model.Side:
        return simulated.a_side(at_s=[]) if head and number == 1 else side

    assert "only-errors" in codes(mapped(simulated.a_recording(16), silent))


@pytest.mark.parametrize(
    ("failed", "requests", "expected"),
    # Fisher's tea: 3 of 4 against 1 of 4; then the tail of one table by hand, 2 * C(10,5)/C(20,5).
    [([1, 3], [4, 4], 34 / 70), ([0, 5], [10, 10], 2 * 252 / 15504), ([0, 0], [9, 9], 1.0)],
)
def test_fisher__known_tables(failed: list[int], requests: list[int], expected: float) -> None:
    assert failures.fisher(failed, requests) == pytest.approx(expected)
    good = [n - k for n, k in zip(requests, failed, strict=True)]
    assert failures.fisher(good, requests) == pytest.approx(expected)


def test_rates__false_alarms_and_coverage_on_simulated_services() -> None:
    # 400 A/A comments of ten rows, launches 0.7 % apart: at a true rate of 1 % more than 12 alarms
    # have a chance of 1 in 1,000. The larger runs are bench/compare_sim.py's.
    alarms = held = rows = 0
    for seed in range(400):
        found = judged(simulated.a_recording(50_000 + seed, endpoints=5, rate=120, launches=0.007))
        alarms += found.verdict in {"slower", "faster", "more errors"}
        for row in found.rows:
            assert row.interval is not None
            held += row.interval[0] <= 0 <= row.interval[1]
            rows += 1
    assert rows == 4000
    assert alarms <= 12
    assert 0.93 <= held / rows <= 0.99


def test_rates__ten_per_cent_are_found_in_a_minute() -> None:
    found = [
        judged(simulated.a_recording(60_000 + seed, rate=80, change=0.1, launches=0.007)).verdict
        for seed in range(60)
    ]
    assert found.count("slower") >= 54
