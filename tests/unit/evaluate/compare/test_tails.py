"""Tails and rare endpoints: what is found, what is left alone, and how it is said."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from ltlab_ci import model
from ltlab_ci.evaluate import compare
from ltlab_ci.evaluate.compare import slices, tails
from ltlab_ci.report import compared, headline
from tests.unit.evaluate.compare import simulated


def judged(recording: model.Recording, **rules: float) -> model.Comparison:
    return compare.compare(recording, model.Rules(**rules))[0]  # type: ignore[arg-type]


def on_head(recording: model.Recording, change: object) -> model.Recording:
    """Apply a function of (side, generator) to head's side of every round."""
    assert callable(change)
    rng = np.random.default_rng(5)
    rounds = tuple(replace(one, head=change(one.head, rng)) for one in recording.rounds)
    return replace(recording, rounds=rounds)


def slowed(share: float, ms: float, *, endpoint: int | None = None) -> object:
    def slow(side: model.Side, rng: np.random.Generator) -> model.Side:
        some = rng.uniform(size=len(side.ms)) < share
        if endpoint is not None:
            some &= side.endpoint == endpoint
        return replace(side, ms=side.ms + ms * some)

    return slow


def test_tails__a_few_slow_requests_are_found_and_said() -> None:
    found = judged(on_head(simulated.a_recording(1, rate=80), slowed(0.03, 500)))
    [row] = [each for each in found.rows if each.metric == tails.METRIC]
    assert (found.verdict, row.verdict, row.unit) == ("slower", "slower", "share")
    assert row.over_ms is not None
    assert 50 < row.over_ms < 520
    assert row.head == pytest.approx(0.03, abs=0.01)
    assert row.change == pytest.approx(row.head - row.base)
    assert re.search(
        r"; \d(\.\d+)? % of requests to GET /0 take longer than \d+ ms, [\d.]+ % on base",
        headline.of(found),
    )
    [shown] = [one for one in compared.section(found).rows if "over" in one.what]
    assert re.fullmatch(r"GET /0 over \d+ ms", shown.what)
    assert shown.change.endswith("points")


def test_tails__swapped_sides_give_the_inverse() -> None:
    recording = on_head(simulated.a_recording(1, rate=80), slowed(0.03, 500))
    turned = tuple(model.Round(base=one.head, head=one.base) for one in recording.rounds)
    back = judged(replace(recording, rounds=turned))
    [row] = [each for each in back.rows if each.metric == tails.METRIC]
    assert (row.verdict, back.verdict) == ("faster", "faster")


def test_tails__one_endpoint_is_named_and_all_requests_are_not_named_beside_it() -> None:
    recording = simulated.a_recording(2, rate=200, endpoints=4)
    found = judged(on_head(recording, slowed(0.04, 400, endpoint=2)))
    assert [each.name for each in found.rows if each.metric == tails.METRIC] == ["/2"]


def test_tails__what_latency_says_is_not_said_again() -> None:
    found = judged(simulated.a_recording(3, rate=80, change=0.5))
    assert {row.metric for row in found.rows} == {"http_req_duration"}
    assert {row.verdict for row in found.rows} == {"slower"}


@pytest.mark.parametrize("seed", range(5))
def test_tails__a_stall_of_both_sides_neither_hides_nor_makes_a_tail(seed: int) -> None:
    def stalled(side: model.Side) -> model.Side:
        into = (side.start_ns - side.start_ns.min()) / 1e9
        return replace(side, ms=side.ms + 900 * ((into > 6) & (into < 8)))

    recording = simulated.a_recording(seed, rate=80)
    first = recording.rounds[0]
    both = model.Round(base=stalled(first.base), head=stalled(first.head))
    recording = replace(recording, rounds=(both, *recording.rounds[1:]))
    assert all(row.metric != tails.METRIC for row in judged(recording).rows)
    found = judged(on_head(recording, slowed(0.03, 500)))
    assert [row.verdict for row in found.rows if row.metric == tails.METRIC] == ["slower"]


def rare(recording: model.Recording, requests: int, times: float) -> model.Recording:
    """Make so many requests a side and round those of a second endpoint, so many times slower on head."""
    rng = np.random.default_rng(8)

    def few(side: model.Side, slower: float) -> model.Side:
        some = rng.permutation(len(side.ms))[:requests]
        endpoint, ms = side.endpoint.copy(), side.ms.copy()
        endpoint[some] = 1
        ms[some] *= slower
        return replace(side, endpoint=endpoint, ms=ms)

    rounds = tuple(
        model.Round(base=few(one.base, 1.0), head=few(one.head, times)) for one in recording.rounds
    )
    return replace(recording, endpoints=(*recording.endpoints, ("/rare", "GET")), rounds=rounds)


def test_rare__an_endpoint_many_times_slower_is_found() -> None:
    found = judged(rare(simulated.a_recording(4, rate=80), 8, 20.0))
    [row] = [each for each in found.rows if each.name == "/rare"]
    assert (row.stat, row.verdict, found.verdict) == ("med", "slower", "slower")
    assert row.head / row.base == pytest.approx(row.change + 1)
    assert row.reason == "few requests: 24 and 24"
    assert headline.of(found).startswith("median of GET /rare +")
    assert "/rare" not in {each.name for each in found.left_out}


@pytest.mark.parametrize(("requests", "times"), [(8, 1.6), (2, 20.0)])
def test_rare__less_than_twofold_or_fewer_than_eight_requests_show_nothing(
    requests: int, times: float
) -> None:
    found = judged(rare(simulated.a_recording(4, rate=80), requests, times))
    assert [each.name for each in found.left_out] == ["/rare"]
    assert all(row.name != "/rare" for row in found.rows)


def test_rare__one_slow_moment_shows_nothing() -> None:
    """Twenty of 24 requests of head are slow, all of them in one round."""
    recording = rare(simulated.a_recording(4, rate=80), 8, 1.0)
    first = recording.rounds[0]
    slow = replace(first.head, ms=first.head.ms * np.where(first.head.endpoint == 1, 30, 1))
    rounds = (replace(first, head=slow), *recording.rounds[1:])
    assert all(row.name != "/rare" for row in judged(replace(recording, rounds=rounds)).rows)


def test_ranked__chance_gives_no_more_than_a_normal_deviate() -> None:
    """Sides drawn anew within slices: beyond z, no larger a share than a normal distribution has."""
    rng = np.random.default_rng(2)
    at = np.repeat(np.arange(6), 8)
    ms, beyond, draws = rng.lognormal(3, 1, len(at)), 0, 4000
    for _ in range(draws):
        side = np.concatenate([rng.permutation([0] * 4 + [1] * 4) for _ in range(6)])
        surplus, variance = tails._ranked(ms, at, side, 6)
        beyond += abs(surplus.sum()) > 2.5758 * math.sqrt(variance.sum())
    assert beyond / draws <= 0.011


def test_calm__leaves_out_the_slices_that_stall_whoever_stalls() -> None:
    at = np.repeat(np.arange(20), 50)
    ms = np.where(at == 7, 500.0, 10.0) + np.arange(1000) / 1000
    kept = tails._calm((ms, at, np.arange(1000) % 2), 20, tails.LEVELS[0])
    assert set(range(20)) - set(at[kept]) <= {7, 19, 18}
    assert 7 not in at[kept]


def test_judge__nothing_to_judge_has_no_rows() -> None:
    recording = simulated.a_recording(1, rate=1, seconds=3, rounds=1)
    whole = slices.cut(recording, (0.5,))
    assert tails.judge(recording, whole, (), 0.01) == ()
    assert tails.rare(recording, whole, 0.01) == ()
