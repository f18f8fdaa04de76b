"""The catalogue of faults is as large and as sound as it is said to be; its cases run in tests/long."""

from __future__ import annotations

from collections import Counter

from tests import factories
from tests.long import catalogue

CASES, ENTRIES = catalogue.cases(), catalogue.entries()
SECTIONS = {
    name
    for line in (factories.ROOT / "docs" / "troubleshooting.md").read_text("utf-8").splitlines()
    if line.startswith("## ")
    for name in line.removeprefix("## ").split(", ")
}


def test_size__of_the_catalogue() -> None:
    reds = [case for case in ENTRIES if not case.twin]
    assert len(reds) >= 120
    assert len({case.mechanism for case in reds}) >= 40


def test_ids__are_unique() -> None:
    assert [name for name, count in Counter(case.id for case in ENTRIES).items() if count > 1] == []


def test_codes__that_are_expected_have_a_section() -> None:
    named = {code for case in CASES for code in (*case.finds, *case.lacks)} - {"*"}
    assert named - SECTIONS == set()


def test_twins__are_of_a_mechanism_and_green() -> None:
    assert [case.id for case in CASES if case.twin and case.exit] == []


def test_cases__look_at_more_than_an_exit_code() -> None:
    """A red run may be red for another reason than the fault."""
    loose = [
        case.id
        for case in CASES
        if case.exit in {1, 2, 3}
        and not (case.finds or case.says or case.verdicts or case.comparison)
    ]
    assert loose == []
