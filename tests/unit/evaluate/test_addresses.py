"""A load that did not reach the service under test says nothing of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ltlab_ci import model
from ltlab_ci.evaluate import addresses
from tests import factories

SERVICE = "http://127.0.0.1:60539"
OTHER = "http://127.0.0.1:8000"


def found(errors: Mapping[str, float] | None = None, **sent: int | bool) -> list[model.Finding]:
    given = model.Sent(service=SERVICE, address=OTHER, **sent)  # type: ignore[arg-type]  # each of its own type
    facts = factories.some_facts(sent=given, engine="artillery")
    return list(addresses.findings(facts, model.Outcome(errors=dict(errors or {}))))


def test_findings__none_reached_the_service() -> None:
    [finding] = found(elsewhere=15)
    assert (finding.code, finding.effect) == ("requests-elsewhere", "invalid")
    assert finding.message == (
        f"none of the 15 requests went to the service under test at {SERVICE}; "
        f"the script calls {OTHER}"
    )
    assert "config.target" in finding.remedy


def test_findings__what_came_of_them_is_told_in_the_same_line() -> None:
    [finding] = found({"ECONNREFUSED": 15.0}, elsewhere=15)
    assert finding.message.endswith(f"the script calls {OTHER}: ECONNREFUSED (15)")


@pytest.mark.parametrize("known", ["own", "untold"])
def test_findings__some_went_elsewhere(known: str) -> None:
    [finding] = found(None, elsewhere=5, **{known: 15})
    assert (finding.code, finding.effect) == ("requests-elsewhere", "warn")
    assert finding.message == (
        f"5 of 20 requests (25.0%) did not go to the service under test at {SERVICE}, "
        f"but to {OTHER}"
    )


def test_findings__all_is_well() -> None:
    assert found(own=15, untold=3) == []
    assert found(own=15, elsewhere=80, browsing=True) == []
    assert list(addresses.findings(factories.some_facts(), model.Outcome())) == []
