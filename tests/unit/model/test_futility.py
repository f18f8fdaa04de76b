"""A limit that decides nothing is told from one that a run can cross, by the judge's own word."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.evaluate import thresholds
from tests import factories

METRICS = ("http_reqs", "http_req_failed", "http_req_duration", "vus")
FACTS = factories.some_facts()
THOUSANDTHS = st.integers(-2000, 200_000).map(lambda number: number / 1000)


def kind(metric: str) -> model.MetricType:
    return model.BUILT_IN[metric].type


@st.composite
def limits(draw: st.DrawFn) -> model.Threshold:
    metric = draw(st.sampled_from(METRICS))
    stats = ["p(95)" if stat == "p" else stat for stat in model.STATS_OF[kind(metric)]]
    bound = draw(st.one_of(THOUSANDTHS, st.sampled_from([-1, -0.0, 0, 0.5, 1, 1.5, 2, 95, 100])))
    op = draw(st.sampled_from(sorted(model.OPERATORS)))
    unit = draw(st.sampled_from(["", "%", "ms", "/s"]))
    read = model.Threshold.parse(metric, f"{draw(st.sampled_from(stats))} {op} {bound!r}{unit}")
    assume(model.misfit(read, kind(metric), model.BUILT_IN[metric].unit) is None)
    return read


def samples(metric: str) -> st.SearchStrategy[list[float]]:
    """Return what engines record of a metric: 0 or 1, whole numbers, times."""
    value: st.SearchStrategy[float] = st.floats(0, 1e6)
    if kind(metric) is model.MetricType.RATE:
        value = st.sampled_from([0.0, 1.0])
    elif kind(metric) in {model.MetricType.COUNTER, model.MetricType.GAUGE}:
        value = st.integers(0, 10**6).map(float)
    return st.lists(value, max_size=30)


def judged(threshold: model.Threshold, values: Sequence[float]) -> model.Verdict:
    """Let the judge say what it makes of these samples, over one second."""
    case = thresholds._case(threshold, FACTS, model.Cut())
    answers = {
        question: model.Answer(value=figure(threshold, values), count=len(values))
        for question in thresholds.questions([case])
    }
    [verdict] = thresholds.judge([case], answers)
    return verdict


def figure(threshold: model.Threshold, values: Sequence[float]) -> float | None:
    stat, of = threshold.stat.name, kind(threshold.metric)
    if not values:
        return None
    if stat == "count" and of is not model.MetricType.COUNTER:
        return len(values)
    if stat in {"count", "rate"}:
        return sum(values) if of is model.MetricType.COUNTER else sum(values) / len(values)
    if stat in {"p", "value"}:
        return sorted(values)[round(0.95 * (len(values) - 1))] if stat == "p" else values[-1]
    figures = {"avg": statistics.fmean(values), "min": min(values), "max": max(values)}
    return figures[stat] if stat in figures else statistics.median(values)


def worst_and_best(threshold: model.Threshold) -> list[list[float]]:
    """Return samples whose figure lies at each end, at the bound, and beside it."""
    bound = threshold.bound
    if kind(threshold.metric) is model.MetricType.RATE and threshold.stat.name == "rate":
        share = min(max(round(bound * 100_000), 0), 100_000)
        # Of a bound that is no such fraction in floating point, no samples can be made here.
        assume(threshold.op != "!=" or share / 100_000 == bound)
        return [[1.0] * share + [0.0] * (100_000 - share), [0.0], [1.0]]
    near = {max(0.0, each) for each in (bound - 1, bound, bound + 1)}
    if threshold.stat.name == "count" and kind(threshold.metric) is not model.MetricType.COUNTER:
        return [[1.0] * int(each) for each in near | {0.0, 1.0}]
    return [[each] for each in (0.0, *near, 1e9)]


@given(threshold=limits(), data=st.data())
def test_futile__no_samples_decide_what_is_refused_and_some_decide_the_rest(
    threshold: model.Threshold, data: st.DataObject
) -> None:
    found = model.futile(threshold, kind(threshold.metric))
    if found is None:
        assert any(judged(threshold, each).blocks for each in worst_and_best(threshold))
        return
    values = data.draw(samples(threshold.metric))
    if (threshold.op, threshold.bound, threshold.unit) == ("<", 1.0, ""):
        assume(not all(values))  # the one limit that a run can cross: see below
    assert judged(threshold, values).status != ("fail" if found.holds else "pass")


def stated(key: str, that: str) -> model.Futile | None:
    known = model.BUILT_IN.get(key)
    return model.futile(model.Threshold.parse(key, that), known.type if known else None)


@pytest.mark.parametrize(
    ("key", "that", "why", "instead"),
    [
        ("http_reqs", "count >= 0", "cannot fail", "'count > 0'"),
        ("errors", "count >= 0", "cannot fail", "'count > 0'"),
        ("http_reqs", "rate > -1/s", "cannot fail", "'rate > 0'"),
        ("http_req_failed", "rate < 120%", "cannot fail", "'rate < 1%'"),
        ("http_req_failed", "rate < 1", "fails only where all are true", "'rate < 1%', or 'rate < 100%'"),
        ("http_req_failed", "rate <= 1", "cannot fail", "'rate <= 1%'"),
        ("http_req_failed", "rate < 5", "cannot fail", "'rate < 5%'"),
        ("checks", "rate >= 95", "can never hold", "'rate >= 95%'"),
        ("checks", "rate > 1", "can never hold", "'rate == 100%', or 'rate > 99%'"),
        ("checks", "rate >= 0", "cannot fail", "'rate > 99%'"),
        ("http_req_duration", "p(95) > -5", "cannot fail", "'p(95) < 300ms'"),
        ("http_req_duration", "min >= 0", "cannot fail", "'min < 300ms'"),
        ("http_req_duration", "max < 0", "can never hold", "'max < 300ms'"),
        ("http_req_duration", "count == 0", "can never hold", "`absent: zero`"),
        ("my_trend", "p(95) < -5ms", "can never hold", "'p(95) < 300ms'"),
        ("http_reqs", "count == 1.5", "can never hold: count of http_reqs is a whole number", "'count < 1'"),
        ("vus", "value != 0.5", "cannot fail: value of vus is a whole number", "'value < 300'"),
        ("machine_cpu", "avg < 90", "cannot fail", "'avg < 0.9' is 90 %"),
        ("http_req_failed", "rate < base + 120%", "cannot fail", "'rate < base + 1%'"),
        ("http_req_duration", "p(95) < base * 0", "can never hold", "'p(95) < base * 1.3'"),
        ("http_req_duration", "p(95) >= base - max(base * 2, base)", "cannot fail", "'p(95) < base * 1.3'"),
    ],
)  # fmt: skip
def test_futile__says_why_and_what_was_probably_meant(
    key: str, that: str, why: str, instead: str
) -> None:
    found = stated(key, that)
    assert found is not None
    assert found.why.startswith(why)
    assert instead in found.instead
    assert found.holds is not found.why.startswith("can never")


@example(threshold=model.Threshold.parse("http_req_failed", "rate <= 100"))
@given(threshold=limits())
def test_futile__what_it_proposes_is_not_futile_itself(threshold: model.Threshold) -> None:
    found = model.futile(threshold, kind(threshold.metric))
    for text in found.instead.split("'")[1::2] if found is not None else ():
        proposed = model.Threshold.parse(threshold.metric, text)
        assert model.futile(proposed, kind(threshold.metric)) is None, (threshold.text, text)


@pytest.mark.parametrize(
    ("key", "that"),
    [
        ("http_reqs", "count > 0"),
        ("http_req_duration", "count > 0"),
        ("http_req_failed", "rate < 100%"),
        ("http_req_failed", "rate <= 0"),
        ("checks", "rate == 1"),
        ("checks", "rate > 0"),
        ("http_req_tls_handshaking", "max <= 0"),
        ("my_metric", "rate < 1"),
        ("my_metric", "min >= 0"),
        ("my_metric", "value > -5"),
        ("vus", "max < 10"),
        ("http_req_failed", "rate < base + 100%"),
        ("http_req_duration", "p(95) < max(base * 1.3, base + 50ms)"),
    ],
)
def test_futile__leaves_what_a_run_can_decide(key: str, that: str) -> None:
    assert stated(key, that) is None


def test_futile__none_of_a_trend_s_samples_can_be_asked_for_where_absent_is_zero() -> None:
    asked = model.Threshold.parse("http_req_duration", "count < 1", absent_is_zero=True)
    assert model.futile(asked, model.MetricType.TREND) is None
