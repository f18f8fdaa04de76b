"""A scenario is added, and every other character of the file stays; or nothing is changed."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci.config import amend

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
WHOLE = """\
version: 1
# Mine.
scenarios:   # all of them
    first:
        script: a.js   # the first
        # more to come

# for all
thresholds:
    http_reqs: "count > 0"
"""


def test_added__stands_last_and_all_else_stays() -> None:
    new = "    load:\n      script: load/x.js\n"
    head, tail = WHOLE.split("\n# for all")
    assert amend.added(WHOLE, "load", "load/x.js") == f"{head}{new}\n# for all{tail}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "scenarios:\n  a:\n    script: |\n      a\n      # b\n\n",
            "scenarios:\n  a:\n    script: |\n      a\n      # b\n  b:\n    script: b.js\n\n",
        ),
        (
            "scenarios:\n  a: {script: a.js}",
            "scenarios:\n  a: {script: a.js}\n  b:\n    script: b.js\n",
        ),
        (
            "scenarios:\r\n  a:\r\n    script: a.js\r\n",
            "scenarios:\r\n  a:\r\n    script: a.js\r\n  b:\r\n    script: b.js\r\n",
        ),
        (
            "scenarios:\n  a: {script: a.js}\n\n",
            "scenarios:\n  a: {script: a.js}\n  b:\n    script: b.js\n\n",
        ),
    ],
)
def test_added__keeps_line_ends_and_texts_of_many_lines(before: str, after: str) -> None:
    assert amend.added(before, "b", "b.js") == after


@pytest.mark.parametrize(
    "text",
    [
        "scenarios: {a: {script: a.js}}\n",
        "{version: 1, scenarios: {a: {script: a.js}}}\n",
        "version: 1\n",
        "before: &same\n  a: {script: a.js}\nscenarios: *same\n",
        "scenarios:\n- a\n",
        "",
    ],
)
def test_added__none_where_lines_cannot_be_put_in(text: str) -> None:
    assert amend.added(text, "b", "b.js") is None


@given(NAMES, NAMES, st.sampled_from([WHOLE, "scenarios:\n  first: {script: a.js}\n"]))
def test_added__any_name_and_path(name: str, script: str, text: str) -> None:
    found = amend.added(text, name, script)
    assert found is not None
    assert holds(text, found, name, script)


def holds(before: str, after: str, name: str, script: str) -> bool:
    old: dict[str, Any] = yaml.safe_load(before)
    new: dict[str, Any] = yaml.safe_load(after)
    return new.pop("scenarios") == {**old.pop("scenarios"), name: {"script": script}} and old == new
