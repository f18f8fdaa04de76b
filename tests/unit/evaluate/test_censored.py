"""Requests that never ended make a figure worse, by as much as is known of them and no more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.evaluate import thresholds
from ltlab_ci.model.config import ThresholdSpec
from tests import factories


def judged(
    samples: list[float],
    cut_off: list[model.CutOff],
    text: str,
    *,
    metric: str = "http_req_duration",
    window: str = "",
) -> model.Verdict:
    """Judge one threshold over samples as a store would answer for them."""
    spec = {"that": text, "over": window} if window else {"that": text}
    [threshold] = model.thresholds({metric: (ThresholdSpec.model_validate(spec),)})
    facts = factories.some_facts(cut_off=tuple(cut_off))
    cases = thresholds.cases([threshold], facts, model.Cut())

    def answered(questions: tuple[model.Question, ...]) -> dict[model.Question, model.Answer]:
        return {
            question: model.Answer(value=figure(question.stat, samples), count=len(samples))
            for question in questions
        }

    answers = answered(thresholds.questions(cases))
    answers |= answered(thresholds.questions_beyond(cases, answers, facts))
    return thresholds.judge(cases, answers, facts)[0]


def figure(stat: model.Stat, samples: list[float]) -> float:
    if stat.name in {"p", "med"}:
        return float(np.percentile(samples, 50.0 if stat.name == "med" else stat.percentile))
    figures: dict[str, Callable[[list[float]], float]] = {"min": min, "max": max, "count": len}
    return float(figures[stat.name](samples) if stat.name in figures else np.mean(samples))


def hung(least_s: float = 20.0, **parts: object) -> model.CutOff:
    given: dict[str, object] = {"scenario": "browse", "since_s": 10.0, "least_s": least_s}
    return model.CutOff(**{"hung": True, **given, **parts})


@pytest.mark.parametrize(
    ("text", "observed"),
    [
        ("p(95) < 300ms", 20_000.0),
        ("p(50) < 300ms", 100.0),
        ("med < 300ms", 100.0),
        ("max < 300ms", 20_000.0),
        ("avg < 300ms", (9 * 100 + 20_000) / 10),
        ("min < 300ms", 100.0),
        ("count < 300", 9.0),
        ("p(95) > 300ms", 100.0),  # it can only make that better
    ],
)
def test_latency__counts_one_that_never_ended(text: str, observed: float) -> None:
    verdict = judged([100.0] * 9, [hung()], text)
    assert verdict.observed == pytest.approx(observed)


def test_latency__says_that_it_counts_them() -> None:
    assert judged([100.0] * 9, [hung()], "p(95) < 300ms").reason == (
        "1 request that never ended counts in it"
    )


@pytest.mark.parametrize(
    "unlike",
    [
        hung(0.2),  # not above the limit when it was cut off, as far as is known
        hung(protocol="grpc"),
        hung(scenario="other"),
    ],
)
def test_latency__leaves_out_what_need_not_be_over_the_limit(unlike: model.CutOff) -> None:
    metric = "http_req_duration{scenario:browse}"
    verdict = judged([100.0] * 9, [unlike], "p(95) < 300ms", metric=metric)
    assert (verdict.status, verdict.observed) == (model.Status.PASS, 100.0)


def test_latency__of_other_tags_nothing_is_known() -> None:
    metric = "http_req_duration{name:GET /cart}"
    assert judged([100.0] * 9, [hung()], "p(95) < 300ms", metric=metric).observed == 100.0


@pytest.mark.parametrize(("window", "status"), [("0s..9s", "pass"), ("0s..20s", "fail")])
def test_latency__a_window_knows_what_was_under_way_at_its_end(window: str, status: str) -> None:
    verdict = judged(
        [100.0] * 9, [hung(since_s=10.0, least_s=20.0)], "p(95) < 300ms", window=window
    )
    assert verdict.status.value == status


def test_failures__one_that_hangs_has_failed() -> None:
    verdict = judged([0.0] * 99, [hung(), hung(hung=False)], "rate < 1%", metric="http_req_failed")
    assert (verdict.status, verdict.observed) == (model.Status.FAIL, 0.01)


@given(
    samples=st.lists(st.floats(1, 1e4), min_size=2, max_size=60),
    more=st.integers(1, 20),
    percent=st.sampled_from([50, 75, 90, 95, 99, 99.9]),
)
def test_percentile__is_that_of_samples_and_unended_requests_together(
    samples: list[float], more: int, percent: float
) -> None:
    limit, least_s = 20_000, 30.0
    verdict = judged(samples, [hung(least_s)] * more, f"p({percent}) < {limit}ms")
    exact = float(np.percentile([*samples, *[least_s * 1e3] * more], percent))
    lower = max(each for each in [*sorted(samples), least_s * 1e3] if each <= exact + 1e-6)
    assert verdict.observed is not None
    # Between the largest sample and the first that never ended only the lower bound is known.
    assert lower - 1e-6 <= verdict.observed <= max(exact, least_s * 1e3) + 1e-6
    if exact <= max(samples):
        assert verdict.observed == pytest.approx(exact)
