"""What counts as failing beside requests: checks, iterations that hang, calls that are not made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ltlab_ci import model
from ltlab_ci.evaluate import compare
from ltlab_ci.report import compared, headline
from tests.unit.evaluate.compare import simulated

Change = Callable[[model.Side, int], model.Side]


def judged(recording: model.Recording) -> model.Comparison:
    return compare.compare(recording, model.Rules())[0]


def mapped(recording: model.Recording, change: Change) -> model.Recording:
    """Apply a function of (side, head as 0 or 1) to every side."""
    rounds = tuple(
        model.Round(base=change(one.base, 0), head=change(one.head, 1)) for one in recording.rounds
    )
    return replace(recording, rounds=rounds)


def checked(base: float, head: float, *, times: float = 1.0) -> model.Recording:
    """Return requests with two checks each, the first of which fails so often; head so many times slower."""

    def with_checks(side: model.Side, of_head: int) -> model.Side:
        rng = np.random.default_rng(of_head)
        number = len(side.ms)
        fails = rng.uniform(size=number) < (head if of_head else base)
        checks = model.Checks(
            check=np.repeat(np.array([0, 1], dtype=np.int32), number),
            time_ns=np.tile(side.start_ns, 2),
            ok=np.concatenate([~fails, np.ones(number, dtype=np.bool_)]),
        )
        return replace(side, checks=checks, ms=side.ms * (times if of_head else 1.0))

    recording = mapped(simulated.a_recording(11, rate=80), with_checks)
    return replace(recording, checks=("has items", "status is 200"))


@pytest.mark.parametrize("share", [0.01, 1.0])
def test_checks__that_fail_on_head_are_errors_and_never_faster(share: float) -> None:
    found = judged(checked(0.0, share, times=0.1))
    failing = [each for each in found.errors_of if each.verdict == "more errors"]
    assert {(each.metric, each.name) for each in failing} == {
        ("checks", ""),
        ("checks", "has items"),
    }
    assert found.verdict == "more errors"
    assert all(row.verdict != "faster" for row in (*found.rows, found.throughput))
    assert "of checks (has items) fail on head, 0 % on base" in headline.of(found)
    shown = compared.section(found)
    assert "failed checks: has items" in {one.what for one in (*shown.rows, *shown.folded)}


def test_checks__that_fail_alike_or_hold_are_no_difference() -> None:
    assert judged(checked(0.0, 0.0)).errors_of == ()
    found = judged(checked(0.05, 0.05, times=0.8))
    assert {each.verdict for each in found.errors_of} <= {"no change", "inconclusive"}
    assert found.errors.verdict == "no change"


def test_checks__that_fail_less_on_head_do_not_keep_it_from_being_faster() -> None:
    assert judged(checked(0.2, 0.0, times=0.8)).verdict == "faster"


def test_statuses__that_the_script_permits_are_no_error_and_never_faster() -> None:
    def refusing(side: model.Side, of_head: int) -> model.Side:
        refused = len(side.ms) // 2 if of_head else 0
        return replace(side, refused=refused, ms=side.ms * (0.3 if of_head else 1.0))

    found = judged(mapped(simulated.a_recording(11, rate=80), refusing))
    assert (found.verdict, found.errors.verdict) == ("inconclusive", "no change")
    assert {row.reason for row in found.rows} == {
        "more answers of head have a status of 400 or above"
    }


def two(called: float, *, elsewhere: bool = False) -> model.Recording:
    """Return two endpoints, the second of which head calls so often as base; or another one instead."""

    def fewer(side: model.Side, of_head: int) -> model.Side:
        rng = np.random.default_rng(7)
        endpoint = (rng.uniform(size=len(side.ms)) < 0.2).astype(np.int32)
        if not of_head:
            return replace(side, endpoint=endpoint)
        if elsewhere:
            return replace(side, endpoint=endpoint * 2)
        kept = (endpoint == 0) | (rng.uniform(size=len(side.ms)) < called)
        return replace(
            side,
            endpoint=endpoint[kept],
            start_ns=side.start_ns[kept],
            ms=side.ms[kept],
            ok=side.ok[kept],
            iterations_ns=side.start_ns,
        )

    def iterating(side: model.Side, of_head: int) -> model.Side:
        changed = fewer(side, of_head)
        return replace(changed, iterations_ns=side.start_ns)

    names = (("/list", "GET"), ("/list/1", "GET"), *((("/list/2", "GET"),) if elsewhere else ()))
    return replace(mapped(simulated.a_recording(12, rate=80), iterating), endpoints=names)


def test_missing__an_endpoint_that_head_never_calls_is_red() -> None:
    found = judged(two(0.0))
    [missing] = [each for each in found.errors_of if each.metric == "calls_missing"]
    assert (missing.name, missing.verdict, missing.head) == ("/list/1", "more errors", 1.0)
    assert found.verdict == "more errors"
    assert headline.of(found).startswith("GET /list/1 was not called on head, ")
    shown = compared.section(found)
    assert "missing calls of GET /list/1" in {one.what for one in shown.rows}


def test_missing__one_that_head_calls_less_often_or_by_another_name_is_not_red() -> None:
    for recording in (two(0.4), two(0.0, elsewhere=True)):
        found = judged(recording)
        assert all(each.metric != "calls_missing" for each in found.errors_of)
        assert found.verdict != "more errors"


def hanging(base: float, head: float, *, vus: int = 1000) -> model.Recording:
    """Return an open load of which such shares hang for ever; without VUs left the rest is dropped."""

    def hung(side: model.Side, of_head: int) -> model.Side:
        rng = np.random.default_rng(of_head)
        hangs = rng.uniform(size=len(side.ms)) < (head if of_head else base)
        begins = np.sort(side.start_ns[hangs])
        last = begins[vus - 1] if len(begins) >= vus else side.start_ns.max()
        ran = side.start_ns <= last
        return replace(
            side,
            endpoint=side.endpoint[ran & ~hangs],
            start_ns=side.start_ns[ran & ~hangs],
            ms=side.ms[ran & ~hangs],
            ok=side.ok[ran & ~hangs],
            iterations_ns=side.start_ns[ran],
            hung_ns=side.start_ns[ran & hangs] if hangs.any() else None,
            last_ns=int(side.start_ns.max()) if hangs.any() else None,
            dropped=int((~ran).sum()),
            dropped_ns=side.start_ns[~ran],
        )

    return mapped(simulated.a_recording(13, rate=80), hung)


@pytest.mark.parametrize("vus", [1000, 20, 5])
def test_hanging__on_head_alone_is_more_errors_whatever_is_dropped(vus: int) -> None:
    found, findings = compare.compare(hanging(0.0, 0.02, vus=vus), model.Rules())
    assert findings == ()
    assert found.verdict == "more errors"
    assert {each.metric for each in found.errors_of} >= {"iterations_hung"}
    cause = "of iterations never end on head, 0 % on base"
    effect = "of iterations find no VU, as others never end, on head, 0 % on base"
    assert any(each in headline.of(found) for each in (cause, effect))


@pytest.mark.parametrize("seed", range(4))
def test_hanging__vus_that_loop_until_all_of_them_hang_are_slower_or_errors(seed: int) -> None:
    """Ten VUs, each of whose iterations hangs once in fifty: hardly any is left after ten seconds."""

    def looping(side: model.Side, of_head: int) -> model.Side:
        rng = np.random.default_rng([seed, len(side.ms), int(side.start_ns[0])])
        if not of_head:
            return replace(side, iterations_ns=side.start_ns)
        vu = np.arange(len(side.ms)) % 10
        hangs = rng.uniform(size=len(side.ms)) < 0.02
        never = len(vu)
        first = [min(np.flatnonzero(hangs & (vu == n)), default=never) for n in range(10)]
        last = np.array(first)[vu]
        ran, hung = np.arange(len(vu)) < last, np.arange(len(vu)) == last
        return replace(
            side,
            endpoint=side.endpoint[ran],
            start_ns=side.start_ns[ran],
            ms=side.ms[ran],
            ok=side.ok[ran],
            iterations_ns=side.start_ns[ran | hung],
            hung_ns=side.start_ns[hung],
            last_ns=int(side.start_ns.max()),
        )

    recording = mapped(simulated.a_recording(13, rate=80), looping)
    found, findings = compare.compare(recording, model.Rules(load_model="closed"))
    assert findings == ()
    assert found.verdict in ("more errors", "slower")


def test_hanging__on_both_sides_or_on_base_alone_stays_invalid_where_iterations_drop() -> None:
    for recording in (hanging(0.02, 0.02, vus=5), hanging(0.02, 0.0, vus=5)):
        codes = {one.code for one in compare.compare(recording, model.Rules())[1]}
        assert "iterations-dropped" in codes


def test_dropped__without_anything_that_hangs_stays_invalid() -> None:
    def dropping(side: model.Side, of_head: int) -> model.Side:
        return replace(side, iterations_ns=side.start_ns, dropped=of_head * 100)

    recording = mapped(simulated.a_recording(13, rate=80), dropping)
    codes = [one.code for one in compare.compare(recording, model.Rules())[1]]
    assert codes == ["iterations-dropped"]


@pytest.mark.parametrize("endpoint", [-1, 0])
def test_answers__that_shrink_are_said_beside_faster(endpoint: int) -> None:
    def sized(side: model.Side, of_head: int) -> model.Side:
        size = len(side.ms) * (600.0 if of_head else 1000.0)
        times = 0.8 if of_head else 1.0
        return replace(
            side, ms=side.ms * times, iterations_ns=side.start_ns, received={endpoint: size}
        )

    found = judged(mapped(simulated.a_recording(14, rate=80), sized))
    [answers] = found.answers
    assert answers.head / answers.base == pytest.approx(0.6)
    assert found.verdict == "faster"
    named = " to GET /0" if endpoint == 0 else ""
    assert f"answers{named} are 40 % smaller" in headline.of(found)
    assert f"answers{named} are 40 % smaller" in compared.section(found).rows[0].note


def test_answers__of_about_one_size_are_not_mentioned() -> None:
    def sized(side: model.Side, of_head: int) -> model.Side:
        size = len(side.ms) * (950.0 if of_head else 1000.0)
        return replace(side, iterations_ns=side.start_ns, received={-1: size})

    assert judged(mapped(simulated.a_recording(14, rate=80), sized)).answers == ()
