"""What a round is told to have gone wrong."""

from __future__ import annotations

import pytest

from ltlab_ci.flows import trouble
from ltlab_ci.store import trimmed


@pytest.mark.parametrize(("share", "effect"), [(1.0, "invalid"), (0.25, "warn")])
def test_astray__requests_that_left_their_service_are_named(share: float, effect: str) -> None:
    """What both sides call at one address cannot differ, and would pass for *no change*."""
    at = trimmed.Looked(first_ns=1, astray="http://127.0.0.1:8080/a", elsewhere=share)
    fine = trimmed.Looked(first_ns=1)
    [found] = trouble.astray({"base": fine, "head": at}, "browse")
    assert (found.code, found.effect) == ("requests-elsewhere", effect)
    assert "one went to http://127.0.0.1:8080/a" in found.message
    assert ("25 % of the requests of head" in found.message) is (share < 1)
