"""Verdicts in words: what was measured, the limit, and how far apart they are."""

from __future__ import annotations

import pytest

from ltlab_ci import model
from ltlab_ci.report import wording
from tests.unit.report import results


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (results.crossed(), "p(95) of http_req_duration is 612 ms, limit < 500 ms"),
        (results.failure_share(), "rate of http_req_failed is 0.82 %, limit < 1 %"),
        (results.request_rate(), "rate of http_reqs over 10s..50s is 48.3/s, limit > 45/s"),
        (
            results.without_data(reason="no sample matched"),
            (
                "no data for p(95) of http_req_duration{name:GET /items/*}, limit < 500 ms: "
                "no sample matched"
            ),
        ),
        (results.of_k6(), "login_time: max<900 holds (threshold of the k6 script)"),
        (
            results.of_k6(status=model.Status.FAIL),
            "login_time: max<900 is crossed (threshold of the k6 script)",
        ),
    ],
)
def test_sentence__of_each_kind(verdict: model.Verdict, expected: str) -> None:
    assert wording.sentence(verdict) == expected


def test_sentence__a_long_name_does_not_push_the_number_out() -> None:
    said = wording.sentence(results.crossed(metric="m" * 10_000))
    assert said.endswith("… is 612 ms, limit < 500 ms")


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (results.crossed(), "22 % over"),
        (results.a_verdict(), "38 % below"),
        (results.a_verdict(observed=500.0), "at the limit"),
        (results.a_verdict(observed=501.0), "0.2 % over"),
        (results.a_verdict(observed=7500.0), "15 times the limit"),
        (results.a_verdict(bound=0.0, observed=3.0), "3.00 ms over"),
        (results.checks_warning(), "1.79 points short"),
        (results.request_rate(), "7 % above"),
        (results.a_verdict(op="=="), ""),
        (results.without_data(), ""),
        (results.of_k6(), ""),
    ],
)
def test_distance__of_each_kind(verdict: model.Verdict, expected: str) -> None:
    assert wording.distance(verdict) == expected


@pytest.mark.parametrize(
    ("status", "severity", "group"),
    [
        ("pass", "fail", wording.Group.PASS),
        ("pass", "warn", wording.Group.PASS),
        ("fail", "fail", wording.Group.FAIL),
        ("no data", "fail", wording.Group.NO_DATA),
        ("fail", "warn", wording.Group.WARNING),
        ("no data", "warn", wording.Group.WARNING),
    ],
)
def test_group__is_red_exactly_where_the_verdict_blocks(
    status: str, severity: str, group: wording.Group
) -> None:
    verdict = results.a_verdict(status=status, severity=severity)
    assert wording.Group.of(verdict) is group
    assert verdict.blocks is (group in (wording.Group.FAIL, wording.Group.NO_DATA))


def test_tally__counts_in_words() -> None:
    assert wording.tally([]) == "none was judged"
    assert wording.tally([wording.Group.PASS]) == "1 holds"
    assert wording.tally([*wording.Group, *wording.Group]) == (
        "2 fail, 2 without data, 2 warnings, 2 hold"
    )
