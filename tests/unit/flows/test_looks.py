"""When a look at half ends a comparison."""

from __future__ import annotations

import pytest

from ltlab_ci import model
from ltlab_ci.flows import looks
from tests.unit.report import comparisons, results


@pytest.mark.parametrize(
    ("verdict", "unsure", "ends"),
    [
        ("slower", True, True),
        ("faster", True, False),
        ("faster", False, True),
        ("no change", True, False),
        ("no change", False, True),
        ("inconclusive", False, False),
    ],
)
def test_settled__what_is_better_leaves_an_open_limit_open(
    verdict: model.ChangeVerdict,
    unsure: bool,  # noqa: FBT001
    ends: bool,  # noqa: FBT001
) -> None:
    row = comparisons.unchanged().model_copy(update={"verdict": verdict})
    limit = model.Verdict.of(
        model.Threshold.parse("http_req_duration", "p(95) < base * 1.3"),
        model.Status.PASS,
        unit="ms",
        unsure=unsure,
    )
    part = looks.Part(comparison=comparisons.a_comparison(rows=(row,)), limits=(limit,))
    assert looks._settled(part) is ends


def test_once__a_remark_on_one_side_hides_none_on_the_other() -> None:
    said = ("base, in round 1: few", "head, in round 1: many", "base, in round 2: few")
    given = [
        results.a_finding(code="iterations-threw", effect="warn", message=each) for each in said
    ]
    assert [each.message for each in looks._once(given)] == [*said[:2]]
