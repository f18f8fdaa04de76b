"""The exact interval of a share, against published figures and its own properties."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from ltlab_ci.evaluate.compare import binomial


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [  # R: binom.test(hits, of)$conf.int
        (0, 20, 0.0, 0.1684335),
        (1, 20, 0.0012651, 0.2487328),
        (10, 20, 0.2719578, 0.7280422),
        (20, 20, 0.8315665, 1.0),
        (0, 300, 0.0, 0.0122210),
    ],
)
def test_interval__is_the_one_in_the_books(hits: int, of: int, low: float, high: float) -> None:
    assert binomial.interval(hits, of) == pytest.approx((low, high), abs=2e-6)


@hypothesis.given(
    strategies.integers(1, 200).flatmap(
        lambda of: strategies.tuples(strategies.integers(0, of), strategies.just(of))
    )
)
def test_interval__holds_the_share_and_mirrors(seen: tuple[int, int]) -> None:
    hits, of = seen
    low, high = binomial.interval(hits, of)
    assert 0 <= low <= hits / of <= high <= 1
    mirrored = binomial.interval(of - hits, of)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_interval__of_nothing_is_a_bug_of_the_caller() -> None:
    with pytest.raises(AssertionError, match="3 of 2"):
        binomial.interval(3, 2)
