"""What a comment says of base against head."""

from __future__ import annotations

from typing import Any

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


@pytest.mark.parametrize(
    ("verdict", "title"),
    [
        ("no change", ("❌", "Load test failed")),
        ("faster", ("❌", "Load test failed")),
        ("inconclusive", ("❌", "Load test: inconclusive")),
        ("slower", ("❌", "Load test: slower")),
    ],
)
def test_title__is_never_green_where_the_run_failed(
    verdict: model.ComparisonVerdict, title: tuple[str, str]
) -> None:
    """Head alone was no valid measurement, say, and no threshold is crossed."""
    found = comparisons.a_comparison(verdict=verdict)
    assert view.title_of(comparisons.a_result(found, verdict="fail", exit_code=1)) == title


def test_section__a_slower_row_stands_before_errors_that_are_none() -> None:
    few = tuple(
        comparisons.errors(name=f"/{n}", verdict="inconclusive", head_failed=3) for n in range(6)
    )
    shown = compared.section(
        comparisons.a_comparison(rows=(comparisons.a_change(),), errors_of=few)
    )
    assert [row.verdict for row in shown.rows[:2]] == ["slower", "inconclusive"]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"interval": (0.02, 0.05), "change": 0.035}, "within noise for this many rows; a slow"),
        ({"interval": (0.01, 0.04), "change": 0.025}, "smaller than the 3 % that are reported; "),
        (
            {"metric": "iterations", "unit": "per s", "interval": (-0.21, 0.06), "change": -0.08},
            "a drop of more than 21 % is ruled out",
        ),
        ({"interval": (0.25, 0.35), "change": 0.3, "reason": "cut short"}, "cut short"),
    ],
)
def test_section__what_is_ruled_out(parts: dict[str, Any], said: str) -> None:
    row = comparisons.unsure(settle_s=None, **parts)
    [note] = [
        each.note
        for each in compared.section(comparisons.a_comparison(rows=(row,))).rows
        if each.verdict == "inconclusive"
    ]
    assert note.startswith(said)
    assert ("ruled out" in note) is ("reason" not in parts)


def test_section__slices_of_two_widths_have_none_together() -> None:
    shown = compared.section(comparisons.a_comparison(slice_s=0.0, slices=84))
    assert any(", 84 slices." in line for line in shown.basis)
