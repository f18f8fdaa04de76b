"""The statistics of paired differences, held against definitions and published tables."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci.evaluate.compare import launches, signedrank

LOGS = st.lists(st.floats(-2, 2).filter(lambda x: x == 0 or abs(x) > 1e-6), min_size=6, max_size=24)


@pytest.mark.parametrize(
    ("number", "tail", "expected"),
    # Two-sided critical values of the signed-rank test at 5 and 10 % (any textbook's table), plus 1:
    # the k-th Walsh average bounds the centre where P(W <= k - 1) is below the tail.
    [
        (6, 0.025, 1),
        (8, 0.025, 4),
        (10, 0.025, 9),
        (12, 0.025, 14),
        (20, 0.025, 53),
        (10, 0.05, 11),
        (12, 0.05, 18),
        (20, 0.05, 61),
    ],
)
def test_tail_count__agrees_with_published_tables(number: int, tail: float, expected: int) -> None:
    assert signedrank.tail_count(number, tail) == expected


def test_tail_count__normal_approximation_joins_the_exact_one() -> None:
    exact = signedrank.tail_count(60, 0.025)
    assert exact < signedrank.tail_count(61, 0.025) < signedrank.tail_count(62, 0.025)
    assert signedrank.tail_count(61, 0.025) - exact < 30


def test_locate__is_the_median_of_averages_of_pairs() -> None:
    values = np.array([0.1, 0.4, -0.2, 0.3, 0.9, 0.2])
    pairs = itertools.combinations_with_replacement(values, 2)
    assert signedrank.locate(values).centre == np.median([sum(pair) / 2 for pair in pairs])
    assert (signedrank.locate(values).low95, signedrank.locate(values).high95) == (-0.2, 0.9)


@given(LOGS)
def test_locate__mirrors_when_the_sides_are_swapped(values: list[float]) -> None:
    one, other = signedrank.locate(np.array(values)), signedrank.locate(-np.array(values))
    assert (one.centre, one.low95, one.high95) == (-other.centre, -other.high95, -other.low95)
    assert one.low95 <= one.low90 <= one.centre <= one.high90 <= one.high95


def test_scores__are_doubled_signed_mid_ranks() -> None:
    column = np.array([[0.5], [-0.5], [0.1], [np.nan], [0.0], [-0.9]])
    assert signedrank.scores(column)[:, 0].tolist() == [7, -7, 4, 0, 0, -10]


@given(LOGS)
def test_joint__agrees_with_every_flip_tried_for_one_row(values: list[float]) -> None:
    values = values[:9]
    scores = signedrank.scores(np.array(values)[:, None])
    flips = np.array(list(itertools.product((1, -1), repeat=len(values))))
    every = np.abs(flips @ scores.astype(float))[:, 0] >= abs(scores.sum()) - 1e-9
    assert signedrank.joint(scores, 0.01).p[0] == pytest.approx(every.mean(), abs=0.03)


def test_joint__one_coin_for_all_rows_makes_equal_rows_cost_nothing() -> None:
    column = np.random.default_rng(3).normal(0.3, 1, 20)[:, None]
    alone = signedrank.joint(signedrank.scores(column), 0.01).p[0]
    assert signedrank.joint(signedrank.scores(np.repeat(column, 10, axis=1)), 0.01).p[0] == alone


def spread(rounds: list[float]) -> float:
    """Return the expected variance between launches."""
    weights = launches.spreads(rounds, 0.01**2)
    assert weights.sum() == pytest.approx(1)
    return float(weights @ np.square(launches._GRID))


def test_spreads__grow_with_disagreement_and_are_the_prior_for_one_round() -> None:
    assert spread([0.01, 0.01, 0.01]) < launches.PRIOR**2 < spread([-0.05, 0.01, 0.07])
    assert spread([0.2]) == pytest.approx(launches.PRIOR**2, rel=0.02)


def test_beyond__rounds_that_agree_by_chance_do_not_make_launches_alike() -> None:
    """With three rounds a launch that lies 3 % apart stays possible, so little is far out."""
    rng = np.random.default_rng(8)
    rounds, more = np.repeat(np.arange(3), 10), np.repeat(np.arange(12), 10)
    few = launches.estimates(rng.normal(0.03, 0.02, (30, 1)), rounds)[0]
    many = launches.estimates(rng.normal(0.03, 0.02, (120, 1)), more)[0]
    half = (few.high95 - few.low95) / 2
    # A normal distribution of the same interval would give half as much and less.
    assert few.chance > 2 * math.erfc(few.centre / (half / launches.Z95) / math.sqrt(2))
    assert few.beyond(2.0)
    assert not few.beyond(4.0)
    assert many.beyond(4.0)


def test_estimates__wider_where_rounds_disagree_more_than_their_slices() -> None:
    noise = np.random.default_rng(5).normal(0, 0.03, (30, 1))
    rounds = np.repeat([0, 1, 2], 10)
    steady = launches.estimates(noise, rounds)[0]
    shifted = launches.estimates(noise + np.array([-0.08, 0.0, 0.08])[rounds][:, None], rounds)[0]
    assert shifted.chance > steady.chance
    assert shifted.high95 - shifted.low95 > 1.5 * (steady.high95 - steady.low95)


def test_estimates__neighbouring_slices_that_move_together_count_for_less() -> None:
    rng = np.random.default_rng(6)
    fresh = rng.normal(0, 1, (200, 1))
    linked = np.zeros_like(fresh)
    for step in range(1, len(fresh)):
        linked[step] = 0.6 * linked[step - 1] + 0.8 * fresh[step]
    rounds = np.repeat(np.arange(4), 50)
    alone, together = (launches.estimates(each, rounds)[0] for each in (fresh, linked))
    assert together.high95 - together.low95 > 1.4 * (alone.high95 - alone.low95)
