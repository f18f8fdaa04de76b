"""Numbers read well, and rounding never puts one on the other side of its bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci.report import figures
from tests.unit.report import results

FINITE = st.floats(min_value=0, max_value=1e9, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"),  # noqa: RUF001
        (0.0, "0 ms"),
        (0.000482, "0.000482 ms"),
        (0.482, "0.482 ms"),
        (12.34, "12.3 ms"),
        (312.4, "312 ms"),
        (999.4, "999 ms"),
        (999.6, "1.00 s"),
        (1240.0, "1.24 s"),
        (123_456.0, "123 s"),
        (12_345_678.0, "12\u202f346 s"),
    ],
)
def test_ms__three_digits_and_seconds_from_one_second_on(
    value: float | None, expected: str
) -> None:
    assert figures.ms(value) == expected


@pytest.mark.parametrize(
    ("value", "bound", "expected"),
    [
        (500.2, 500.0, "500.2 ms"),
        (499.96, 500.0, "499.96 ms"),
        (500.0, 500.0, "500 ms"),
        (1000.04, 1000.0, "1.00004 s"),
    ],
)
def test_ms__as_many_digits_as_show_the_side_of_the_bound(
    value: float, bound: float, expected: str
) -> None:
    assert figures.ms(value, bound=bound) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0 %"),
        (0.0082, "0.82 %"),
        (0.5, "50 %"),
        (0.9721, "97.21 %"),
        (0.99996, "99.996 %"),
        (0.00001, "0.001 %"),
        (1.0, "100 %"),
    ],
)
def test_share__only_none_is_0_and_only_all_is_100(value: float, expected: str) -> None:
    assert figures.share(value) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (48.31, "per s", "48.3/s"),
        (12_480.4, "per s", "12\u202f480/s"),
        (1_240_000.0, "B", "1.24 MB"),
        (0.0, "B", "0 B"),
        (12_480.0, "", "12\u202f480"),
        (3.14159, "", "3.14"),
        (1e300, "", "1e+300"),
    ],
)
def test_of_unit__each_unit(value: float, unit: str, expected: str) -> None:
    assert figures.of_unit(value, unit) == expected


@pytest.mark.parametrize(
    ("bound", "unit", "expected"),
    [
        (500.0, "ms", "500 ms"),
        (1500.0, "ms", "1.5 s"),
        (0.07, "share", "7 %"),
        (45.0, "per s", "45/s"),
        (1.5e6, "B", "1.5 MB"),
        (100_000.0, "", "100\u202f000"),
        (0.25, "", "0.25"),
    ],
)
def test_limit__is_the_users_number(bound: float, unit: str, expected: str) -> None:
    assert figures.limit(bound, unit) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0, "0 s"), (0.84, "0.8 s"), (42.2, "42 s"), (185.0, "3 min 5 s"), (7440.0, "2 h 4 min")],
)
def test_duration__in_words(seconds: float, expected: str) -> None:
    assert figures.duration(seconds) == expected


def test_measured__a_count_is_whole() -> None:
    verdict = results.a_verdict(stat="count", unit="", observed=12480.0, bound=100.0)
    assert figures.measured(verdict) == "12\u202f480"


@given(value=st.floats(min_value=1e-3, max_value=999), off=st.floats(1e-6, 1e-3))
def test_ms__what_is_shown_lies_where_the_value_lies(value: float, off: float) -> None:
    bound = value * (1 + off)
    shown = float(figures.ms(value, bound=bound).removesuffix(" ms").replace(" s", "e3"))
    assert (shown < bound) == (value < bound)


@given(value=FINITE, bound=FINITE, unit=st.sampled_from(["ms", "share", "per s", "B", ""]))
def test_of_unit__always_has_a_text(value: float, bound: float, unit: str) -> None:
    assert figures.of_unit(value, unit, bound=bound).isprintable() or value >= 1000
    assert figures.limit(bound, unit)
