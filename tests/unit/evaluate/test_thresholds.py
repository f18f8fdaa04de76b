"""Every threshold gets a verdict; missing data is never a pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.evaluate import thresholds
from tests import factories
from tests.factories import SECOND_NS, START_NS

NO_CUT = model.Cut()
FACTS = factories.some_facts()


def parsed(key: str, that: str, **parts: object) -> model.Threshold:
    return model.Threshold.parse(key, that, **parts)  # type: ignore[arg-type]


def judged(
    *several: model.Threshold,
    answer: Callable[[model.Question], float | None],
    facts: model.Facts = FACTS,
    cut: model.Cut = NO_CUT,
) -> list[model.Verdict]:
    """Judge against a store that answers by a function."""
    asked = thresholds.cases(several, facts, cut)
    answers = {each: factories.an_answer(answer(each)) for each in thresholds.questions(asked)}
    return list(thresholds.judge(asked, answers))


P95 = parsed("http_req_duration", "p(95) < 500ms")
P99 = parsed("http_req_duration", "p(99) < 900ms")
COUNT = parsed("http_reqs", "count > 100")


@pytest.mark.parametrize(
    ("p95_ms", "status"), [(499.9, "pass"), (500.0, "fail"), (None, "no data")]
)
def test_judge__the_bound_itself_is_crossed(p95_ms: float | None, status: str) -> None:
    [verdict] = judged(P95, answer=lambda _: p95_ms)
    assert (verdict.status, verdict.observed) == (status, p95_ms)
    assert (verdict.bound, verdict.unit, verdict.stat, verdict.op) == (500.0, "ms", "p(95)", "<")


def test_judge__a_failure_does_not_hide_the_next_verdict() -> None:
    figures = {"p(95)": 612.4, "count": 50.0}
    verdicts = judged(P95, P99, COUNT, answer=lambda question: figures.get(str(question.stat)))
    assert [verdict.status for verdict in verdicts] == ["fail", "no data", "fail"]
    assert [verdict.threshold for verdict in verdicts] == [P95.text, P99.text, COUNT.text]


@given(
    bounds=st.lists(st.integers(0, 100), min_size=1, max_size=8),
    value=st.none() | st.integers(0, 100),
)
def test_judge__each_has_a_verdict_in_the_order_given(bounds: list[int], value: int | None) -> None:
    several = [parsed("http_req_duration", f"p(95) <= {bound}") for bound in bounds]
    verdicts = judged(*several, answer=lambda _: value)
    expected = ["no data" if value is None else "pass" if value <= b else "fail" for b in bounds]
    assert [verdict.status for verdict in verdicts] == expected


def test_judge__samples_without_a_figure_are_not_said_to_be_missing() -> None:
    # What a script adds may be infinite, which is no figure.
    asked = thresholds.cases([P95], FACTS, NO_CUT)
    answers = {
        question: model.Answer(value=None if question == asked[0].question else 9.0, count=9)
        for question in thresholds.questions(asked)
    }
    [verdict] = thresholds.judge(asked, answers)
    assert (verdict.status, verdict.observed, verdict.count) == ("no data", None, 9)
    assert "none of the 9 samples" not in verdict.reason
    assert verdict.reason


def test_judge__an_answer_that_never_came_is_no_data() -> None:
    asked = thresholds.cases([P95], FACTS, NO_CUT)
    [verdict] = thresholds.judge(asked, {})
    assert (verdict.status, verdict.count) == ("no data", 0)


@pytest.mark.parametrize(
    ("key", "whole", "reason"),
    [
        ("http_reqs", 0, "the run recorded no sample of http_reqs"),
        ("http_reqs{name:GET /a*}", 0, "the run recorded no sample of http_reqs"),
        (
            "http_reqs{name:GET /a*}",
            100,
            "none of the 100 samples of http_reqs matches http_reqs{name:GET /a*}",
        ),
    ],
)
def test_judge__says_why_there_is_no_data(key: str, whole: int, reason: str) -> None:
    [verdict] = judged(
        parsed(key, "rate > 1/s"),
        answer=lambda question: (
            None if question.tags or not whole else 1.0 if str(question.stat) == "count" else None
        ),
    )
    assert (verdict.status, verdict.reason) == ("no data", reason)


def test_judge__says_in_which_window_there_is_no_data() -> None:
    [verdict] = judged(
        parsed("http_reqs", "rate > 1/s", over=model.Span.parse("10s..20s")),
        answer=lambda question: None if question.window else 1.0,
    )
    assert verdict.reason.endswith("matches http_reqs in 10s..20s")
    assert verdict.over == "10s..20s"


@pytest.mark.parametrize(
    ("key", "absent_is_zero", "whole", "status", "observed"),
    [
        ("my_errors", False, None, "no data", None),
        ("my_errors", True, None, "pass", 0.0),
        ("my_errors{kind:a}", True, None, "no data", None),
        ("my_errors{kind:a}", True, 7.0, "pass", 0.0),
        ("my_errors{knd:a}", True, 7.0, "no data", None),
        ("my_errors{kind:a,knd:b}", True, 7.0, "no data", None),
        ("my_errors{scenario:a}", True, 7.0, "pass", 0.0),
        ("my_errors{status:500}", True, 7.0, "no data", None),
        ("http_reqs{status:500,error_code:1050}", True, 7.0, "pass", 0.0),
        ("http_reqs{check:a}", True, 7.0, "no data", None),
        ("my_errors{kind:a}", False, 7.0, "no data", None),
        ("dropped_iterations", False, None, "pass", 0.0),
        ("dropped_iterations{scenario:a}", False, None, "pass", 0.0),
    ],
)
def test_judge__when_a_counter_without_samples_is_zero(
    key: str,
    absent_is_zero: bool,  # noqa: FBT001
    whole: float | None,
    status: str,
    observed: float | None,
) -> None:
    [verdict] = judged(
        parsed(key, "count <= 0", absent_is_zero=absent_is_zero),
        answer=lambda question: whole if question.tags in {(), (("kind", "*"),)} else None,
        facts=factories.some_facts(types={"my_errors": model.MetricType.COUNTER}),
    )
    assert (verdict.status, verdict.observed, verdict.count) == (status, observed, 0)


def test_judge__a_limit_on_a_custom_metric_that_decides_nothing_is_no_data() -> None:
    facts = factories.some_facts(types={"bad": model.MetricType.RATE})
    [verdict] = judged(parsed("bad", "rate < 5"), answer=lambda _: 0.5, facts=facts)
    assert verdict.status == "no data"
    assert verdict.reason.startswith("'rate < 5' cannot fail")


@pytest.mark.parametrize(
    ("metric", "expression", "hinted"),
    [
        ("http_req_failed", "rate<1", True),
        ("http_reqs", "count>=0", True),
        ("bad", "rate<=1", True),
        ("http_req_failed", "rate<0.01", False),
        ("http_req_failed", "rate>1", False),  # crossed, and seen as such
        ("undeclared", "rate<=1", False),
        ("ensure", "p95 below 5", False),
        ("ensure", "maxErrorRate < 100", True),
        ("ensure", "maxErrorRate < 5", False),
        ("ensure", "http.codes.200 >= 0", True),
        ("ensure", "vusers.failed < 1", False),
    ],
)
def test_own_hints__of_a_script_s_threshold_that_cannot_fail(
    metric: str, expression: str, *, hinted: bool
) -> None:
    own = model.OwnThreshold(metric=metric, expression=expression, crossed=False)
    types = {"bad": model.MetricType.RATE}
    found = list(thresholds.own_hints(factories.some_facts(types=types, own=(own,))))
    assert [each.code for each in found] == (["limit-cannot-fail"] if hinted else [])


def test_judge__zero_is_judged_like_any_number() -> None:
    [verdict] = judged(parsed("dropped_iterations", "count > 0"), answer=lambda _: None)
    assert (verdict.status, verdict.observed) == ("fail", 0.0)


@pytest.mark.parametrize(
    ("key", "that", "status", "unit"),
    [
        ("http_req_failed", "rate < 1%", "pass", "share"),
        ("checks", "rate > 99%", "fail", "share"),
        ("my_failures", "rate < 10%", "pass", "share"),  # nothing told its type: the % does
        ("http_req_duration", "count < 1", "no data", ""),
    ],
)
def test_judge__nothing_of_nothing_failed_if_the_user_says_so(
    key: str, that: str, status: str, unit: str
) -> None:
    [verdict] = judged(parsed(key, that, absent_is_zero=True), answer=lambda _: None)
    assert (verdict.status, verdict.unit) == (status, unit)


def test_judge__a_custom_counter_that_never_counted_is_zero_if_the_user_says_so() -> None:
    # k6 does not even name a counter that nothing was added to, so its type is not known.
    [verdict] = judged(
        parsed("my_errors", "count < 1", absent_is_zero=True),
        answer=lambda _: None,
        facts=factories.some_facts(types={}),
    )
    assert (verdict.status, verdict.observed) == ("pass", 0.0)


def test_judge__a_metric_whose_type_was_never_told_has_no_data() -> None:
    facts = factories.some_facts(types={}, recorded=frozenset({"my_errors"}))
    [verdict] = judged(parsed("my_errors", "count < 1"), answer=lambda _: 1.0, facts=facts)
    assert (verdict.status, verdict.reason) == (
        "no data",
        "the engine ended before it told the type of my_errors",
    )


def test_judge__an_unknown_metric_has_no_data() -> None:
    [verdict] = judged(parsed("nothing", "p(95) < 1"), answer=lambda _: 1.0)
    assert (verdict.status, verdict.reason) == (
        "no data",
        "the run recorded no sample of nothing",
    )


def test_judge__a_stat_that_its_type_lacks_has_no_data_but_a_reason() -> None:
    facts = factories.some_facts(types={"depth": model.MetricType.GAUGE})
    [verdict] = judged(parsed("depth", "p(95) < 1"), answer=lambda _: 1.0, facts=facts)
    assert verdict.status == "no data"
    assert verdict.reason == "depth is a gauge, which has no p(95); it has value, min, max"


@pytest.mark.parametrize(("key", "status"), [("http_reqs{name:a}", "pass"), ("http_reqs", "pass")])
def test_judge__system_tags_stay_clear_when_custom_ones_are_ambiguous(
    key: str, status: str
) -> None:
    facts = factories.some_facts(ambiguous_tags=True)
    [verdict] = judged(parsed(key, "count > 1"), answer=lambda _: 5.0, facts=facts)
    assert verdict.status == status


def test_judge__a_custom_tag_is_not_judged_when_it_is_ambiguous() -> None:
    facts = factories.some_facts(ambiguous_tags=True)
    [verdict] = judged(parsed("http_reqs{kind:a}", "count > 1"), answer=lambda _: 5.0, facts=facts)
    assert verdict.status == "no data"
    assert "cannot carry" in verdict.reason


@pytest.mark.parametrize(
    ("key", "that", "unit"),
    [
        ("http_req_duration", "p(95) < 1", "ms"),
        ("http_req_duration", "count > 1", ""),
        ("http_reqs", "count > 1", ""),
        ("http_reqs", "rate > 1", "per s"),
        ("data_sent", "count > 1", "B"),
        ("data_sent", "rate > 1", "per s"),
        ("checks", "rate > 1%", "share"),
        ("checks", "count > 1", ""),
        ("vus", "max > 1", ""),
        ("my_trend", "avg < 1", ""),
        ("my_trend", "avg < 1ms", "ms"),
    ],
)
def test_judge__names_the_unit(key: str, that: str, unit: str) -> None:
    facts = factories.some_facts(types={"my_trend": model.MetricType.TREND})
    [verdict] = judged(parsed(key, that), answer=lambda _: 1.0, facts=facts)
    assert verdict.unit == unit


def test_judge__keeps_severity_and_tags() -> None:
    [verdict] = judged(
        parsed("http_reqs{name:a,status:2*}", "count > 1", severity=model.Severity.WARN),
        answer=lambda _: 0.0,
    )
    assert (verdict.severity, verdict.tags) == ("warn", {"name": "a", "status": "2*"})
    assert not verdict.blocks


def test_questions__each_once_in_order() -> None:
    asked = thresholds.cases([P95, P95, P99], FACTS, NO_CUT)
    questions = thresholds.questions(asked)
    assert [str(question.stat) for question in questions] == ["p(95)", "count", "p(99)"]


def windows(over: str | None, cut: model.Cut, seconds: float = 60.0) -> tuple[float, float] | str:
    """Return the window in seconds from the start of the load, or why there is none."""
    span = model.Span.parse(over) if over else None
    found, reason = thresholds.window(factories.some_facts(seconds=seconds), cut, span)
    if found is None:
        return reason
    return (found.start_ns - START_NS) / SECOND_NS, (found.end_ns - START_NS) / SECOND_NS


@pytest.mark.parametrize(
    ("over", "cut", "expected"),
    [
        (None, NO_CUT, ""),
        (None, model.Cut(start_s=5.0, end_s=1.0), (5.0, 59.0)),
        (None, model.Cut(end_s=0.25), (0.0, 59.75)),
        ("10s..50s", NO_CUT, (10.0, 50.0)),
        ("10s..50s", model.Cut(start_s=20.0, end_s=20.0), (10.0, 50.0)),
        ("0s..60s", NO_CUT, (0.0, 60.0)),
        ("50s..61s", NO_CUT, (50.0, 61.0)),
        ("50s..61.1s", NO_CUT, "the load lasted 60.0 s and never reached 50s..61.1s"),
        ("2m..3m", NO_CUT, "the load lasted 60.0 s and never reached 120s..180s"),
        (
            None,
            model.Cut(start_s=30.0, end_s=30.0),
            "the load lasted 60.0 s; steady_state leaves nothing of it",
        ),
        (
            None,
            model.Cut(start_s=70.0),
            "the load lasted 60.0 s; steady_state leaves nothing of it",
        ),
    ],
)
def test_window__cut_and_over(
    over: str | None, cut: model.Cut, expected: tuple[float, float] | str
) -> None:
    assert windows(over, cut) == expected


def test_window__without_set_up_is_the_load_with_its_last_sample() -> None:
    found, _ = thresholds.window(FACTS, model.Cut(setup=True), None)
    assert found is not None
    assert (found.start_ns, found.end_ns) == (FACTS.load_start_ns, FACTS.load_end_ns + 1)


def test_window__a_cut_at_the_start_keeps_the_last_sample() -> None:
    found, _ = thresholds.window(FACTS, model.Cut(start_s=5.0), None)
    assert found is not None
    assert found.start_ns <= FACTS.load_end_ns < found.end_ns


@given(start=st.floats(0, 100), end=st.floats(0, 100), seconds=st.floats(0, 100))
def test_window__never_lies_outside_the_load(start: float, end: float, seconds: float) -> None:
    facts = factories.some_facts(seconds=seconds)
    found, reason = thresholds.window(facts, model.Cut(start_s=start, end_s=end), None)
    if found is not None:
        assert facts.load_start_ns <= found.start_ns < found.end_ns
        assert found.end_ns <= facts.load_end_ns + 1
    assert (found is None) or not reason


@pytest.mark.parametrize(
    ("over", "cut", "status", "reason"),
    [
        ("50s..90s", NO_CUT, "no data", "never reached"),
        (None, model.Cut(start_s=99.0), "no data", "leaves nothing"),
    ],
)
def test_judge__a_window_the_load_never_reached_is_no_data(
    over: str | None, cut: model.Cut, status: str, reason: str
) -> None:
    threshold = parsed("http_reqs", "count > 1", over=model.Span.parse(over) if over else None)
    [verdict] = judged(threshold, answer=lambda _: 5.0, cut=cut)
    assert (verdict.status, verdict.observed) == (status, None)
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("over", "cut", "seconds"),
    [
        (None, NO_CUT, 60.0),
        (None, model.Cut(start_s=10.0, end_s=5.0), 45.0),
        ("10s..50s", NO_CUT, 40.0),
        ("10s..50s", model.Cut(start_s=10.0), 40.0),
    ],
)
def test_cases__a_counter_s_rate_is_divided_by_what_is_judged(
    over: str | None, cut: model.Cut, seconds: float
) -> None:
    threshold = parsed("http_reqs", "rate > 1", over=model.Span.parse(over) if over else None)
    [case] = thresholds.cases([threshold], FACTS, cut)
    assert case.question is not None
    assert case.question.seconds == pytest.approx(seconds)
    assert case.whole is not None
    assert (case.whole.window, case.whole.tags) == (None, ())


def test_cases__without_a_window_every_sample_counts() -> None:
    [case] = thresholds.cases([P95], FACTS, NO_CUT)
    assert case.question is not None
    assert case.question.window is None


def own_verdict(
    own: model.OwnThreshold,
    *,
    value: float | None,
    facts: model.Facts = FACTS,
    stated: tuple[model.Threshold, ...] = (),
) -> model.Verdict:
    facts = dataclasses.replace(facts, own=(own,))
    asked = thresholds.questions(thresholds.own_cases(facts))
    answers = {question: factories.an_answer(value) for question in asked}
    [verdict] = thresholds.judge_own(facts, model.EngineName.K6, answers, stated)
    return verdict


@pytest.mark.parametrize(
    ("crossed", "value", "status"),
    [
        (False, 900.0, "pass"),
        (True, 100.0, "fail"),
        (False, None, "no data"),
        (True, None, "no data"),
    ],
)
def test_judge_own__keeps_the_engine_s_word_unless_it_had_no_data(
    crossed: bool,  # noqa: FBT001
    value: float | None,
    status: str,
) -> None:
    own = model.OwnThreshold(metric="http_req_duration", expression="p(95)<500", crossed=crossed)
    verdict = own_verdict(own, value=value)
    assert (verdict.status, verdict.origin, verdict.threshold) == (status, "k6", "p(95)<500")
    assert (verdict.observed, verdict.bound, verdict.unit) == (value, 500.0, "ms")
    assert bool(verdict.reason) == (value is None)


def test_judge_own__nothing_dropped_is_data_too() -> None:
    own = model.OwnThreshold(metric="dropped_iterations", expression="count<1", crossed=False)
    assert own_verdict(own, value=None).status == "pass"


COUNTED = {
    "my_errors": model.MetricType.COUNTER,
    "my_failures": model.MetricType.RATE,
    "my_times": model.MetricType.TREND,
    "my_depth": model.MetricType.GAUGE,
}


@pytest.mark.parametrize(
    ("metric", "expression", "tags", "status"),
    [
        ("my_errors", "count<1", (), "pass"),
        ("my_errors", "count>0", (), "fail"),
        ("my_errors", "count<10", (("kind", "auth"),), "pass"),
        ("my_failures", "rate<0.1", (), "pass"),
        ("my_times", "p(95)<5", (), "no data"),
        ("my_depth", "value<5", (), "no data"),
        ("http_req_failed", "rate<0.01", (), "no data"),
        ("http_reqs", "count<5", (("status", "500"),), "no data"),
    ],
)
@pytest.mark.parametrize("in_parts", [False, True])
def test_judge_own__of_what_the_script_never_counts_the_engine_s_word_is_kept(
    metric: str,
    expression: str,
    tags: tuple[tuple[str, str], ...],
    status: str,
    *,
    in_parts: bool,
) -> None:
    own = model.OwnThreshold(
        metric=metric,
        expression=expression,
        tags=tags,
        crossed=status == "fail",
        in_parts=in_parts,
    )
    facts = factories.some_facts(types=COUNTED, recorded=frozenset({"vus"}))
    verdict = own_verdict(own, value=None, facts=facts)
    assert verdict.status == status
    assert ("nothing was counted" in verdict.reason) == (status != "no data")
    assert verdict.observed == (None if status == "no data" else 0.0)


def test_judge_own__a_rate_of_nothing_that_the_engine_lets_pass_is_shown_without_a_figure() -> None:
    own = model.OwnThreshold(metric="my_failures", expression="rate>0.9", crossed=False)
    facts = factories.some_facts(types=COUNTED, recorded=frozenset({"vus"}))
    verdict = own_verdict(own, value=None, facts=facts)
    assert (verdict.status, verdict.observed) == ("pass", None)
    assert "lets a rate of nothing pass" in verdict.reason


def test_judge_own__a_tag_that_no_sample_has_stays_without_data() -> None:
    facts = factories.some_facts(types=COUNTED, recorded=frozenset({"my_errors"}))
    own = model.OwnThreshold(
        metric="my_errors", expression="count<1", tags=(("kind", "auht"),), crossed=False
    )
    assert own_verdict(own, value=None, facts=facts).status == "no data"


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("http_reqs{status:500}", "pass"),
        ("http_reqs{status:503}", "no data"),
        ("http_reqs", "no data"),
    ],
)
def test_judge_own__what_ltlab_yml_says_of_none_reaches_the_script_s_row(
    key: str, status: str
) -> None:
    own = model.OwnThreshold(
        metric="http_reqs", expression="count<1", tags=(("status", "500"),), crossed=False
    )
    said = parsed(key, "count < 1", absent_is_zero=True)
    verdict = own_verdict(own, value=None, stated=(said,))
    assert verdict.status == status


@pytest.mark.parametrize(("fed", "status"), [(True, "pass"), (False, "no data")])
def test_judge_own__the_engine_knows_of_tags_that_its_output_cannot_carry(
    fed: bool,  # noqa: FBT001
    status: str,
) -> None:
    own = model.OwnThreshold(
        metric="http_req_duration",
        expression="p(95)<500",
        tags=(("kind", "api"),),
        crossed=False,
        observed=12.5 if fed else 0.0,
        fed=fed,
    )
    facts = factories.some_facts(ambiguous_tags=True)
    verdict = own_verdict(own, value=5.0, facts=facts)
    assert (verdict.status, verdict.observed) == (status, 12.5 if fed else None)
    assert "cannot carry" in verdict.reason


def test_judge_own__the_figure_is_the_one_that_the_engine_judged() -> None:
    own = model.OwnThreshold(
        metric="http_reqs", expression="rate>40", crossed=True, observed=22.4, fed=True
    )
    verdict = own_verdict(own, value=50.5)
    assert (verdict.status, verdict.observed, verdict.unit) == ("fail", 22.4, "per s")
    assert "set-up and tear-down included; of the load alone it is 50.5 per s" in verdict.reason


def test_judge_own__a_filter_that_only_seems_to_match_is_no_data() -> None:
    own = model.OwnThreshold(
        metric="http_reqs", expression="count>0", crossed=False, tags=(("name", "a"),)
    )
    facts = factories.some_facts(own=(own,))
    [case] = thresholds.own_cases(facts)
    assert case.question is not None
    assert case.question.tags == (("name", "a"),)


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (
            model.OwnThreshold(
                metric="http.response_time",
                expression="p95 < 250",
                crossed=False,
                op="<",
                bound=250.0,
                unit="ms",
                observed=120.5,
                count=16,
            ),
            ("pass", "p95 < 250", 120.5, 250.0, "ms", 16),
        ),
        (
            model.OwnThreshold(
                metric="http.response_time",
                expression="max < 250",
                crossed=True,
                op="<",
                bound=250.0,
                unit="ms",
                observed=320.0,
                count=16,
            ),
            ("fail", "max < 250", 320.0, 250.0, "ms", 16),
        ),
        (
            model.OwnThreshold(
                metric="ensure", expression="a > 1 and b < 2", crossed=False, count=9
            ),
            ("pass", "a > 1 and b < 2", None, None, "", 9),
        ),
        (
            model.OwnThreshold(metric="ensure", expression="a > 1", crossed=False, count=0),
            ("no data", "a > 1", None, None, "", 0),
        ),
    ],
)
def test_judge_own__shows_the_engine_s_own_figures(
    own: model.OwnThreshold, expected: tuple[object, ...]
) -> None:
    verdict = own_verdict(own, value=None, facts=factories.some_facts(types={}))
    shown = (verdict.status, verdict.threshold, verdict.observed)
    assert (*shown, verdict.bound, verdict.unit, verdict.count) == expected


@pytest.mark.parametrize(
    ("expression", "value", "status"),
    [("p(95)<500", 100.0, "pass"), ("p(95)<500", 900.0, "fail"), ("p(95)<500", None, "no data")],
)
@pytest.mark.parametrize("crossed", [True, False])
def test_judge_own__in_parts_the_samples_of_all_decide(
    expression: str,
    value: float | None,
    status: str,
    crossed: bool,  # noqa: FBT001
) -> None:
    own = model.OwnThreshold(
        metric="http_req_duration", expression=expression, crossed=crossed, in_parts=True
    )
    verdict = own_verdict(own, value=value)
    assert (verdict.status, verdict.origin, verdict.threshold) == (status, "k6", expression)
    assert verdict.observed == value


def test_judge_own__in_parts_what_only_the_engine_reads_is_not_judged() -> None:
    own = model.OwnThreshold(
        metric="http_req_duration", expression="p(95)<500 ?", crossed=False, in_parts=True
    )
    verdict = own_verdict(own, value=100.0)
    assert (verdict.status, verdict.observed, verdict.blocks) == ("no data", None, True)
    assert "its own share only" in verdict.reason


def test_judge_own__an_optional_one_only_warns() -> None:
    own = model.OwnThreshold(
        metric="ensure", expression="a > 1", crossed=True, strict=False, count=9
    )
    verdict = own_verdict(own, value=None)
    assert (verdict.status, verdict.severity, verdict.blocks) == ("fail", "warn", False)


def test_judge_own__an_ambiguous_tag_is_named_as_the_reason() -> None:
    own = model.OwnThreshold(
        metric="http_reqs", expression="count>0", crossed=False, tags=(("kind", "a"),)
    )
    verdict = own_verdict(own, value=5.0, facts=factories.some_facts(ambiguous_tags=True))
    assert verdict.status == "no data"
    assert "cannot carry" in verdict.reason


def test_judge_own__the_whole_run_whatever_is_cut() -> None:
    own = model.OwnThreshold(metric="http_reqs", expression="rate>1", crossed=False)
    [case] = thresholds.own_cases(factories.some_facts(own=(own,)))
    assert case.question is not None
    assert (case.question.window, case.question.seconds) == (None, 60.0)


@pytest.mark.parametrize(
    ("spelt", "written", "asked"),
    [
        ((), "name:/items", {"name": "http://127.0.0.1:81/items"}),
        ((), "url:/items/*", {"url": "http://127.0.0.1:81/items/*"}),
        ((), "name:GET /items", {"name": "http://127.0.0.1:81/items", "method": "GET"}),
        ((), "name:http://127.0.0.1:81/items", {"name": "http://127.0.0.1:81/items"}),
        ((), "name:http://127.0.0.1:8000/items", {"name": "http://127.0.0.1:8000/items"}),
        (("name as path",), "name:/items", {"name": "/items"}),  # Artillery's, or a script's own
        (("name as path",), "name:GET /items", {"name": "/items", "method": "GET"}),
        (("name as path",), "url:/items", {"url": "http://127.0.0.1:81/items"}),
        (("name with method",), "name:GET /items", {"name": "GET /items"}),
        ((), "name:login", {"name": "login"}),
    ],
)
def test_cases__names_may_lack_the_services_address(
    spelt: tuple[model.Spelling, ...], written: str, asked: dict[str, str]
) -> None:
    facts = factories.some_facts(address="http://127.0.0.1:81", spelt=frozenset(spelt))
    stated = parsed(f"http_reqs{{{written}}}", "count > 1")
    [case] = thresholds.cases([stated], facts, NO_CUT)
    assert case.question is not None
    assert dict(case.question.tags) == asked
    assert case.threshold.tags == stated.tags  # as it is shown
