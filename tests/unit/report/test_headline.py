"""What a comparison says of itself in one line."""

from __future__ import annotations

from ltlab_ci import model
from ltlab_ci.report import headline
from tests.unit.report import comparisons, results


def test_headline__names_what_head_does_not_call_any_more() -> None:
    gone = {"name": "/items/:id", "method": "GET", "head_requests": 0, "reason": "on base only"}
    left = model.LeftOut(base_requests=4000, **gone)
    few = model.LeftOut(base_requests=29, **gone | {"name": "/rare"})
    rows = (comparisons.unchanged(),)
    same = comparisons.a_comparison(verdict="no change", rows=rows, left_out=(left, few))
    assert headline.of(same) == (
        "no change beyond 5 % in 1 row; GET /items/:id was not called on head, 4\u202f000 times on base"
    )


def test_headline__names_what_head_calls_less_than_half_as_often() -> None:
    endpoint = model.Unjudged(
        name="/page",
        method="GET",
        base_requests=4000,
        head_requests=1900,
        base_p99=None,
        head_p99=None,
    )
    same = comparisons.a_comparison(
        verdict="no change", rows=(comparisons.unchanged(),), endpoints=(endpoint,)
    )
    assert headline.of(same) == (
        "no change beyond 5 % in 1 row; GET /page was called 1\u202f900 times on head, 4\u202f000 times on base"
    )
    # Looping VUs of a slow head call everything less often: that is the row on throughput.
    work = {"metric": "iterations", "unit": "per s", "base": 80.0, "head": 40.0}
    slow = same.model_copy(update={"throughput": same.throughput.model_copy(update=work)})
    assert headline.of(slow) == "no change beyond 5 % in 1 row"


def test_headline__names_the_worst_row_first() -> None:
    rows = (
        comparisons.a_change(name="/a"),
        comparisons.a_change(name="/b", change=0.2, interval=(0.1, 0.3)),
        comparisons.unsure(),
    )
    assert headline.of(comparisons.a_comparison(rows=rows)) == (
        "p95 of GET /b +20 % (+10 … +30 %); 1 more row slower; "
        "1 row inconclusive, in which a slowdown above 9.2 % is ruled out"
    )


def test_headline__of_errors_names_the_endpoint_and_what_is_slower() -> None:
    found = comparisons.more_errors().comparison
    assert found is not None
    assert headline.of(found) == (
        "31 % of requests of POST /pay fail on head, 0.08 % on base; "
        "iterations \u221212 % (\u221213 … \u221211 %); 6 more rows slower"
    )


def test_headline__failures_that_are_not_proven_stand_beside_what_is_faster() -> None:
    burst = comparisons.errors(name="/4", head=0.03, head_failed=38, verdict="inconclusive")
    faster = comparisons.a_change(change=-0.15, interval=(-0.2, -0.1), verdict="faster")
    found = comparisons.a_comparison(
        verdict="faster", rows=(faster,), errors_of=(burst,), errors=comparisons.errors()
    )
    assert "of requests of /4 fail on head" in headline.of(found)


def test_headline__failures_name_their_scenario() -> None:
    several = comparisons.a_comparison(
        verdict="more errors",
        rows=(),
        errors=comparisons.errors(head=0.06, verdict="more errors"),
        errors_of=(comparisons.errors(head=0.12, verdict="more errors", scenario="buy"),),
    )
    assert headline.of(several).startswith("12 % of requests in buy fail on head")


def test_headline__a_large_least_effect_is_said() -> None:
    unsure = comparisons.unsure(change=0.12, interval=(0.08, 0.16))
    found = comparisons.a_comparison(verdict="inconclusive", rows=(unsure,), min_effect=0.2)
    assert headline.of(found).startswith("no slowdown above 20 % was shown; 1 row inconclusive")


def test_headline__less_work_is_a_slowdown() -> None:
    work = comparisons.work(interval=(-0.21, -0.01), change=-0.1, verdict="inconclusive")
    found = comparisons.a_comparison(verdict="inconclusive", rows=(), throughput=work)
    assert headline.of(found).endswith("in which a slowdown above 21 % is ruled out")


def test_headline__of_the_quiet_verdicts() -> None:
    quiet = comparisons.a_comparison(verdict="no change", rows=(comparisons.unchanged(),))
    assert headline.of(quiet) == "no change beyond 5 % in 1 row"
    unsure = comparisons.a_comparison(
        verdict="inconclusive", rows=(comparisons.unsure(interval=(-0.2, -0.01)),)
    )
    assert headline.of(unsure) == (
        "no slowdown was shown; 1 row inconclusive, in which a slowdown is ruled out"
    )
    why = (results.a_finding(message="too short"), results.a_finding())
    assert headline.of(comparisons.a_comparison(verdict="invalid"), why) == (
        "base and head cannot be compared: too short (and 1 more)"
    )
