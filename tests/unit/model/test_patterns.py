"""What a pattern of a tag value stands for."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from ltlab_ci.model import patterns


@given(pattern=st.text("ab*\\\n", max_size=7), text=st.text("ab*\\\n", max_size=7))
@example(pattern="a*a", text="a")
@example(pattern=r"a\*", text="a*")
@example(pattern="*ab*ab", text="abab")
def test_matches__as_a_regular_expression_would(pattern: str, text: str) -> None:
    expression = "".join(
        ".*" if part is None else re.escape(part) for part in patterns.parts(pattern)
    )
    expected = re.fullmatch(expression, text, re.DOTALL) is not None
    assert patterns.matches(pattern, text) == expected


def test_matches__no_pattern_makes_it_long() -> None:
    assert not patterns.matches("*a" * 2000 + "*b", "a" * 5000)
