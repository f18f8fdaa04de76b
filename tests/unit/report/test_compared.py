"""What a comment says of base against head."""

from __future__ import annotations

import pytest

from ltlab_ci import model
from ltlab_ci.report import compared, figures, headline, view
from tests.unit.report import cases, comparisons


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (0.09, "+9 %"),
        (0.0893, "+8.9 %"),
        (-0.004, "\u22120.4 %"),
        (0.0999, "+10 %"),
        (-0.1234, "\u221212 %"),
        (1.427, "+140 %"),
        (0.0004, "0 %"),
        (0.0, "0 %"),
    ],
)
def test_percent__two_digits_and_a_sign(change: float, expected: str) -> None:
    assert figures.percent(change) == expected


def test_section__the_worst_rows_are_open_and_errors_always() -> None:
    shown = compared.section(comparisons.more_errors().comparison or comparisons.a_comparison())
    assert [row.what for row in shown.rows] == [
        "errors of POST /pay",
        "iterations",
        "GET /5 p95",
        "GET /4 p95",
        "errors",
    ]
    assert len(shown.folded) == 5
    assert {row.verdict for row in shown.folded} == {"slower", "no change"}


def test_section__inconclusive_says_what_is_ruled_out_and_what_would_settle_it() -> None:
    comparison = comparisons.a_comparison(rows=(comparisons.unsure(),))
    [row, _errors] = compared.section(comparison).rows
    assert row.what == "POST /cart p95"  # the method is not said twice
    assert row.note == (
        "a slowdown above 9.2 % is ruled out; 240 s would narrow this to about ±3.5 %"
    )


def test_section__what_was_asked_for_and_not_judged_is_named_with_its_reason() -> None:
    given = {"name": "/cart", "method": "GET", "base_requests": 4800, "head_requests": 4795}
    few = "fewer than 100 successful requests a slice"
    left = model.LeftOut(stat="p(99)", reason=few, **given)
    shown = compared.section(comparisons.a_comparison(left_out=(left,)))
    assert shown.left_out == (f"p99 of GET /cart: {few} (4\u202f800 and 4\u202f795 requests)",)


def test_section__says_how_both_were_made_and_measured() -> None:
    shown = compared.section(
        comparisons.a_comparison(
            mode="alternate",
            rounds_planned=6,
            load=("visit 50/s (as in the script)",),
            sides=(
                model.SideFacts(side="base", what="v1", service="started by head's service block"),
                model.SideFacts(side="head", what="the working tree"),
            ),
            looks=(model.Look(rounds=3, alpha=0.003, verdict="inconclusive"),),
        )
    )
    assert shown.basis[:3] == (
        "Base: v1; started by head's service block.",
        "Head: the working tree.",
        "Both got visit 50/s (as in the script).",
    )
    assert "measured on both sides in turns" in shown.basis[3]
    assert "After 3 rounds of 6 figures were looked at as planned: inconclusive." in shown.basis


def test_section__rounds_that_hardly_differ_lie_0_percent_apart() -> None:
    shown = compared.section(comparisons.a_comparison(spread=0.0003))
    assert "Rounds lie 0 % apart (typical standard deviation)." in shown.basis


def test_section__several_scenarios_are_named() -> None:
    row = comparisons.a_change(scenario="browse")
    shown = compared.section(comparisons.a_comparison(rows=(row,)))
    assert shown.rows[0].what.endswith(" p95 in browse")
    assert " in browse " in headline.of(comparisons.a_comparison(rows=(row,)))


def test_view__a_threshold_that_fails_is_not_hidden_by_no_change() -> None:
    failing = cases.one_fails().scenarios
    calm = comparisons.a_comparison(verdict="no change", rows=(comparisons.unchanged(),))
    result = comparisons.a_result(calm, scenarios=failing, verdict="fail", exit_code=1)
    assert view.build(result, limits=view.SUMMARY).title == "Load test failed"
