"""Limits that depend on base: the grammar, what they come to, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ltlab_ci import errors, model
from ltlab_ci.model.formula import Formula
from tests import factories

SPACE = st.sampled_from(["", " ", "  "])
SCALES = {"": 1.0, "ms": 1.0, "s": 1000.0, "us": 0.001}
Read = tuple[str, Callable[[float], float]]


def numbers(*units: str) -> st.SearchStrategy[Read]:
    def read(value: float, unit: str) -> Read:
        return f"{value!r}{unit}", lambda _base: value * SCALES[unit]

    return st.builds(read, st.floats(0.01, 1000).map(lambda x: round(x, 3)), st.sampled_from(units))


def base_alone() -> st.SearchStrategy[Read]:
    return st.just(("base", lambda base: base))


def joined(sign: str, one: Read, other: Read, space: str) -> Read:
    both = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}
    text = f"({one[0]}){space}{sign}{space}({other[0]})"
    return text, lambda base: both[sign](one[1](base), other[1](base))


def chosen(word: str, one: Read, other: Read, space: str) -> Read:
    of = {"max": max, "min": min}[word]
    return f"{word}({one[0]}{space},{other[0]})", lambda base: of(one[1](base), other[1](base))


def formulas() -> st.SearchStrategy[Read]:
    """Return texts with what they come to, by Python's own arithmetic."""
    return st.recursive(
        base_alone() | numbers("", "ms", "s", "us"),
        lambda part: (
            st.builds(joined, st.sampled_from("+-"), part, part, SPACE)
            | st.builds(
                lambda one, by, space: joined("*", one, by, space), part, numbers(""), SPACE
            )
            | st.builds(chosen, st.sampled_from(["max", "min"]), part, part, SPACE)
        ),
        max_leaves=6,
    )


@given(formulas(), st.floats(0.1, 5000))
def test_parse__comes_to_what_arithmetic_says(written: Read, base: float) -> None:
    text, expected = written
    assume("base" in text)
    assert Formula.parse(text).of(base) == pytest.approx(expected(base), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "base", "expected", "unit"),
    [
        ("base", 200, 200, ""),
        ("base * 1.3", 200, 260, ""),
        ("1.3*base", 200, 260, ""),
        ("base * 130%", 200, 260, ""),
        ("base + 50ms", 200, 250, "time"),
        ("base + 0.1s", 200, 300, "time"),
        ("base + 20", 200, 220, ""),
        ("base + 2 * 10ms", 200, 220, "time"),
        ("base * (1 + 30%) - 10", 200, 250, ""),
        ("max(base * 1.3, base + 50ms)", 100, 150, "time"),
        ("max(base * 1.3, base + 50ms)", 200, 260, "time"),
        ("min(base*2, 300ms, base + 1s)", 200, 300, "time"),
        ("base + 0.5%", 0.01, 0.015, "%"),
        ("base / 2", 200, 100, ""),
        ("base / 50%", 200, 400, ""),
    ],
)
def test_parse__examples(text: str, base: float, expected: float, unit: str) -> None:
    read = Formula.parse(text)
    assert read.of(base) == pytest.approx(expected)
    assert read.unit == unit


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("base *", "a number or base is missing"),
        ("base 1.3", "'1.3' is too much"),
        ("(base", "a closing ) is missing"),
        ("base)", "')' is too much"),
        ("max(base)", "max and min need two values or more"),
        ("max base", "'max' is not known"),
        ("base * base", "can only be multiplied or divided by a number"),
        ("2 / base", "can only be multiplied or divided by a number"),
        ("base * 50ms", "can only be multiplied or divided by a number"),
        ("base + 5 parsecs", "'parsecs' is too much"),
        ("base + 5parsecs", "unknown unit 'parsecs'"),
        ("base ** 2", "a number or base is missing"),
        ("base + 1_000", "'_000' is too much"),
        ("base; base", "'; base' is not understood"),
        ("head * 2 + base", "'head' is not known"),
        ("base / 0", "no finite number"),
        ("base * 1e308 * 1e308", "no finite number"),
        ("base + 10% + 5ms", "adds % to a time"),
        ("(" * 50 + "base" + ")" * 50, "nested too deeply"),
    ],
)
def test_parse__refuses_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        Formula.parse(text)
    assert why in caught.value.message
    factories.assert_two_lines(caught.value)


@given(st.text("base 0123.+-*/(),%msx", max_size=40))
def test_parse__whatever_is_written_it_is_read_or_refused(text: str) -> None:
    try:
        read = Formula.parse(text)
    except errors.ConfigError:
        return
    assert math.isfinite(read.of(1.0))


def test_threshold__keeps_the_limit_open_until_base_is_known() -> None:
    stated = model.Threshold.parse("http_req_duration", "p(95) <= max(base * 1.3, base + 50ms)")
    assert (stated.op, stated.unit, str(stated.stat)) == ("<=", "time", "p(95)")
    assert not stated.holds(0.0)
    at = stated.at(100.0)
    assert (at.holds(150.0), at.holds(150.1)) == (True, False)
    absolute = model.Threshold.parse("http_req_duration", "p(95) < 300ms")
    assert absolute.at(100.0) is absolute


@pytest.mark.parametrize(
    ("key", "that", "why"),
    [
        ("http_req_waiting", "p(95) < base * 2", "http_req_waiting cannot"),
        ("http_req_duration", "max < base * 2", "max of http_req_duration cannot"),
        ("http_req_duration", "p(100) < base * 2", "p(100) of http_req_duration cannot"),
        ("http_req_duration", "p(95) == base", "== cannot be shown"),
        ("http_req_duration{status:200}", "p(95) < base * 2", "not by status:200"),
        ("http_req_failed", "count < base", "count of http_req_failed cannot"),
    ],
)
def test_misfit_of_base__says_what_a_comparison_cannot_judge(key: str, that: str, why: str) -> None:
    said = model.misfit_of_base(model.Threshold.parse(key, that))
    assert said is not None
    assert why in said


@pytest.mark.parametrize(
    ("key", "that"),
    [
        ("http_req_duration", "p(95) < base * 1.3"),
        ("http_req_duration{name:GET /items/*,method:GET}", "med <= base"),
        ("http_req_duration{expected_response:true}", "avg < base + 5ms"),
        ("http_req_failed", "rate < base + 0.5%"),
    ],
)
def test_misfit_of_base__lets_pass(key: str, that: str) -> None:
    assert model.misfit_of_base(model.Threshold.parse(key, that)) is None
