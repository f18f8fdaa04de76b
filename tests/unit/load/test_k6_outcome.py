"""What real k6 left behind is read for trouble: exit code, log, summary, its own thresholds."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.load import k6_outcome
from tests import factories

VERSIONS = ("1.1.0", "2.2.0")
REFUSED = (
    'level=warning msg="Request Failed" error="Get \\"http://127.0.0.1:8/a\\": dial tcp 127.0.0.1:8: '
    'connect: connection refused"\n'
)
SUMMARY_THREW = (
    "level=error msg=\"TypeError: Cannot read property 'values' of undefined\\n\\tat handleSummary "
    '(file:///tmp/hs.js:5:72(5))\\n" hint="script exception"\n'
)
CRASHED = 'time="2026-01-02T03:04:05Z" level=error msg="the disk is full"\n'


def outcome_of(run_dir: Path, version: str, case: str, code: int) -> model.Outcome:
    """Read a captured run as if it had just ended."""
    captured = factories.CAPTURED / f"k6-{version}" / case
    shutil.copytree(captured, run_dir, dirs_exist_ok=True)
    return k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), code)


def told(outcome: model.Outcome) -> list[tuple[str, str]]:
    return [(finding.code, finding.effect) for finding in outcome.findings]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("case", "code", "expected"),
    [
        ("setup_throws", 107, ("invalid", "Error: the database is empty")),
        ("teardown_throws", 107, ("invalid", "Error: cannot clean up")),
        ("setup_slow", 100, ("invalid", "setup() execution timed out")),
        ("abort", 108, ("invalid", "enough was seen")),
        ("fail", 110, ("invalid", "enough was seen")),
        ("bad_options", 104, ("config", "not_there")),
        ("bad_flag", 255, ("config", "unknown flag: --no-such-flag")),
        ("interrupted", 105, ("engine", "interrupt")),
    ],
)
def test_read__a_bad_end_is_one_finding_with_its_reason(
    run_dir: Path, version: str, case: str, code: int, expected: tuple[str, str]
) -> None:
    effect, words = expected
    outcome = outcome_of(run_dir, version, case, code)
    assert told(outcome) == [(f"k6-exit-{code}", effect)]
    [finding] = outcome.findings
    assert words in finding.message
    assert "\n" not in finding.message
    assert finding.remedy


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("case", "code"), [("thresholds", 99), ("no_request", 0), ("odd_names", 0), ("infinite", 0)]
)
def test_read__a_good_end_and_a_crossed_threshold_are_no_finding(
    run_dir: Path, version: str, case: str, code: int
) -> None:
    outcome = outcome_of(run_dir, version, case, code)
    assert outcome.findings == ()
    assert outcome.totals["threw"] == 0.0


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("case", "threw", "first"),
    [
        ("throws", 3, 'Error: no "user" here'),
        ("one_throws", 1, "TypeError: Cannot read property 'x' of undefined"),
        ("async_throws", 7, "Uncaught (in promise) a text"),
    ],
)
def test_read__counts_iterations_that_threw(
    run_dir: Path, version: str, case: str, threw: int, first: str
) -> None:
    # Async functions are logged without `source=stacktrace`; of eight iterations one was sound.
    outcome = outcome_of(run_dir, version, case, 0)
    assert outcome.totals["threw"] == threw
    [finding] = outcome.findings
    assert (finding.code, finding.effect) == ("iterations-threw", "warn")
    assert finding.message.startswith(f"{threw} iterations threw: {first}")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["setup_throws", "teardown_throws"])
def test_read__what_throws_outside_of_iterations_is_no_iteration(
    run_dir: Path, version: str, case: str
) -> None:
    assert outcome_of(run_dir, version, case, 107).totals["threw"] == 0.0


@pytest.mark.parametrize("version", VERSIONS)
def test_read__knows_the_type_of_every_metric(run_dir: Path, version: str) -> None:
    types = outcome_of(run_dir, version, "thresholds", 99).types
    assert {name: types[name] for name in ("tries", "depth", "hits", "wait", "size")} == {
        "tries": "counter",
        "depth": "gauge",
        "hits": "rate",
        "wait": "trend",
        "size": "trend",
    }
    known = {name: kind for name, kind in types.items() if name in model.BUILT_IN}
    assert known == {name: model.BUILT_IN[name].type for name in known}
    assert {"http_reqs", "http_req_duration", "checks", "vus"} - set(known) <= {"vus"}
    assert not [name for name in types if "{" in name]


OWN = {
    ("http_req_duration", "p(95)<5000"): (False, ()),
    ("http_req_duration", "avg<0.0001"): (True, ()),
    ("http_req_duration", "max<60000"): (False, ()),
    ("http_req_duration{name:GET /fast}", "p(99)<5000"): (False, (("name", "GET /fast"),)),
    ('http_req_duration{name:"no such name"}', "p(95)<1"): (False, (("name", "no such name"),)),
    ("http_reqs{status:500,method:GET}", "count>0"): (
        False,
        (("status", "500"), ("method", "GET")),
    ),
    ("http_req_failed", "rate<0.01"): (True, ()),
    ("http_reqs{kind:a b}", "count==6"): (False, (("kind", "a b"),)),
    ("never", "p(95)<1"): (False, ()),
    ("never", "avg < 1"): (False, ()),
    ("tries", "count>=6"): (False, ()),
    ("tries", "rate>0"): (False, ()),
    ("depth", "value>0"): (False, ()),
    ("hits", "rate>0.99"): (True, ()),
    ("checks", "rate>0.99"): (True, ()),
    ("wait", "med<1000"): (False, ()),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_read__keeps_k6_s_word_on_its_own_thresholds(run_dir: Path, version: str) -> None:
    own = outcome_of(run_dir, version, "thresholds", 99).own
    expected = {
        (key.partition("{")[0], expression, tags): crossed
        for (key, expression), (crossed, tags) in OWN.items()
    }
    assert {(each.metric, each.expression, each.tags): each.crossed for each in own} == expected
    assert all(each.strict for each in own)
    assert list(own) == sorted(own, key=lambda each: each.metric)


@pytest.mark.parametrize("version", VERSIONS)
def test_read__knows_the_figures_that_k6_judged_and_whether_it_had_any_sample(
    run_dir: Path, version: str
) -> None:
    own = outcome_of(run_dir, version, "thresholds", 99).own
    metrics = json.loads((run_dir / k6_outcome.SUMMARY).read_bytes())["metrics"]
    found = {(each.metric, each.expression): each for each in own if not each.tags}
    for metric, stat, expression in [
        ("http_req_duration", "avg", "avg<0.0001"),
        ("http_req_duration", "p(95)", "p(95)<5000"),
        ("http_req_failed", "value", "rate<0.01"),
        ("tries", "rate", "rate>0"),
        ("depth", "value", "value>0"),
    ]:
        assert found[metric, expression].observed == metrics[metric][stat]
    assert {each.metric for each in own if not each.fed} == {"http_req_duration", "never"}
    [silent] = [each for each in own if not each.fed and each.tags]
    assert silent.tags == (("name", "no such name"),)


def test_read__a_figure_that_the_summary_leaves_out_is_not_made_up(run_dir: Path) -> None:
    text = '{"metrics": {"http_req_duration": {"max": 5, "thresholds": {"p(99)<9": false}}}}'
    (run_dir / k6_outcome.SUMMARY).write_text(text)
    [own] = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 0).own
    assert (own.observed, own.fed) == (None, True)


@pytest.mark.parametrize("version", VERSIONS)
def test_read__a_star_in_k6_s_own_threshold_is_an_ordinary_one(run_dir: Path, version: str) -> None:
    # k6 knows no wildcard, so it found no sample of that name, and let the threshold pass.
    own = outcome_of(run_dir, version, "odd_names", 0).own
    [starred] = [each for each in own if each.expression == "p(95)<1"]
    assert starred.tags == (("name", "GET /items/\\*"),)


@pytest.mark.parametrize(
    ("key", "tags"),
    [
        ("http_reqs{status:1,status:200}", (("status", "200"),)),
        ('http_reqs{"status":"200"}', (("status", "200"),)),
        ("http_reqs{note:it's,group:that's}", (("note", "it's"), ("group", "that's"))),
        ("http_reqs{ status : 200 }", (("status", "200"),)),
        ("http_reqs{name:a}b}", (("name", "a}b"),)),
    ],
)
def test_read__every_key_that_k6_accepts_is_read_as_k6_reads_it(
    run_dir: Path, key: str, tags: tuple[tuple[str, str], ...]
) -> None:
    quoted = key.replace('"', '\\"')
    text = f'{{"metrics": {{"{quoted}": {{"count": 1, "rate": 1, "thresholds": {{"count>0": false}}}}}}}}'
    (run_dir / k6_outcome.SUMMARY).write_text(text)
    outcome = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 0)
    assert [(each.metric, each.tags) for each in outcome.own] == [("http_reqs", tags)]


PARTS = st.text("ab\"' {}*:", min_size=1, max_size=4)


@given(pairs=st.lists(st.tuples(st.text("ab\"' {", max_size=3), PARTS), min_size=1, max_size=3))
@example(pairs=[("note", "it's"), ("group", "that's")])
@example(pairs=[("", "a"), ("b", ' "a" ')])
@example(pairs=[("a", "{b}"), ("a", "b'")])
def test_read__any_filter_that_k6_accepts_is_read_as_k6_reads_it(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    # k6 splits at every comma and at the first colon, trims spaces, then quotes; the last wins.
    key = f"http_reqs{{{','.join(f'{name}:{value}' for name, value in pairs)}}}"
    run_dir = tmp_path_factory.getbasetemp()
    metric = {"count": 1, "rate": 1, "thresholds": {"count>0": False}}
    (run_dir / k6_outcome.SUMMARY).write_text(json.dumps({"metrics": {key: metric}}))
    [own] = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 0).own
    assert own.metric == "http_reqs"
    assert dict(own.tags) == {
        name.strip().strip("\"'"): value.strip().strip("\"'").replace("*", "\\*")
        for name, value in pairs
    }


@pytest.mark.parametrize(
    "text",
    [
        'level=error msg="Error: no scenario=x here" hint="script exception"',
        'level=error msg="it says scenario=x" source=console',
        'level=warning msg="Request Failed" scenario=default',
        'level=error msg="setup: scenario=a\\" scenario=b" hint="script exception"',
    ],
)
def test_read__what_only_mentions_a_scenario_is_no_iteration_that_threw(
    run_dir: Path, text: str
) -> None:
    (run_dir / "k6.log").write_text(f'time="2026-01-02T03:04:05Z" {text}\n')
    outcome = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 0)
    assert outcome.totals == {"threw": 0.0}


@pytest.mark.parametrize("text", [None, "", "{", '{"metrics": []}', '{"metrics": null}'])
def test_read__a_summary_that_is_missing_or_broken_is_survived(
    run_dir: Path, text: str | None
) -> None:
    if text is not None:
        (run_dir / k6_outcome.SUMMARY).write_text(text)
    outcome = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 137)
    assert told(outcome) == [("k6-exit-137", "engine")]
    assert (outcome.types, outcome.own) == ({}, ())


@pytest.mark.parametrize(
    ("reached", "expected"),
    [
        ("http://127.0.0.1:8", "ECONNREFUSED 127.0.0.1:8"),
        (
            "http://127.0.0.1:60539",
            "ECONNREFUSED 127.0.0.1:8; the service under test is at 127.0.0.1:60539",
        ),
        ("", "ECONNREFUSED 127.0.0.1:8"),
    ],
)
def test_read__requests_without_an_answer_are_told_from_where_the_service_is(
    run_dir: Path, reached: str, expected: str
) -> None:
    (run_dir / "k6.log").write_text(REFUSED)
    plan = dataclasses.replace(factories.a_plan(run_dir), service=reached)
    assert k6_outcome.read(factories.a_scenario(), plan, 0).unanswered == expected


def test_read__a_summary_of_the_script_that_threw_is_said(run_dir: Path) -> None:
    (run_dir / "k6.log").write_text(SUMMARY_THREW)
    (run_dir / k6_outcome.SUMMARY).write_text('{"metrics": {}}')
    [finding] = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 0).findings
    assert (finding.code, finding.effect) == ("summary-not-handled", "warn")
    assert finding.message.endswith("Cannot read property 'values' of undefined at hs.js:5:72")


def test_read__what_a_teardown_threw_is_not_what_an_iteration_did(run_dir: Path) -> None:
    (run_dir / "k6.log").write_text(
        'level=error msg="Error: in it" scenario=a\nlevel=error msg="Error: after it"\n'
    )
    outcome = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 107)
    assert outcome.findings[0].message.endswith("Error: after it")


def test_read__an_unknown_exit_code_is_named_with_the_log_s_word(run_dir: Path) -> None:
    (run_dir / "k6.log").write_text("noise\n" + CRASHED)
    outcome = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 42)
    assert outcome.findings[0].message == "k6 ended with exit code 42: the disk is full"


def test_read__a_crossed_threshold_that_no_summary_names_is_never_green(run_dir: Path) -> None:
    (run_dir / k6_outcome.SUMMARY).write_text('{"metrics": {}}')
    outcome = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 99)
    assert told(outcome) == [("k6-exit-99", "invalid")]


@pytest.mark.parametrize("code", [0, 99])
def test_read__without_a_summary_nothing_says_that_the_samples_are_whole(
    run_dir: Path, code: int
) -> None:
    outcome = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), code)
    assert ("samples-incomplete", "store") in told(outcome)


@pytest.mark.parametrize("version", VERSIONS)
def test_read__says_what_k6_itself_counted(run_dir: Path, version: str) -> None:
    outcome = outcome_of(run_dir, version, "thresholds", 99)
    summary = json.loads((run_dir / k6_outcome.SUMMARY).read_bytes())["metrics"]
    for name in ("http_reqs", "iterations"):
        assert outcome.totals[name] == summary[name]["count"] > 0


RAN = """time="2026-01-02T03:04:05Z" level=error msg="Error: no user scenario=cart" executor=constant-vus scenario=login source=stacktrace
time="2026-01-02T03:04:06Z" level=error msg="Error: no user" executor=constant-vus scenario="two words" source=stacktrace
running (1.0s), 2/2 VUs, 1 complete and 0 interrupted iterations
time="2026-01-02T03:04:07Z" level=error msg="Error: no cart" executor=constant-vus scenario=login source=stacktrace
running (2.0s), 0/2 VUs, 9 complete and 2 interrupted iterations
"""


def test_read__iterations_that_threw_and_that_the_end_cut_off(run_dir: Path) -> None:
    (run_dir / "k6.log").write_text(RAN, encoding="utf-8")
    outcome = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 0)
    assert outcome.threw == {"login": 2, "two words": 1}
    assert outcome.totals["interrupted"] == 2.0


def test_read__a_quiet_engine_tells_of_no_iterations_cut_off(run_dir: Path) -> None:
    (run_dir / "k6.log").write_text("", encoding="utf-8")
    outcome = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 0)
    assert "interrupted" not in outcome.totals


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("The test is done, but --linger was enabled, so k6 is waiting for Ctrl+C", "lingers"),
        ("Run    [ 100% ] paused", "paused"),
        ("Run       [ 100% ] paused\ndefault   [   0% ]", "paused"),
        ("Run    [ 100% ] paused\nrunning (0m02.0s), 1/1 VUs, 3 complete", ""),
        ("running (0m02.0s), 1/1 VUs, 3 complete and 0 interrupted iterations", ""),
    ],
)
def test_unended__says_what_the_log_tells(tmp_path: Path, log: str, words: str) -> None:
    (tmp_path / "k6.log").write_text(f"{log}\n", encoding="utf-8")
    told = k6_outcome.unended(tmp_path / "k6.log")
    assert bool(told.why) == bool(words)
    assert words in told.why


def test_read__a_scenario_that_got_no_vu_is_invalid_although_k6_exits_with_0(run_dir: Path) -> None:
    """As k6 1.1 and 2.2 log it: scenarios that do not overlap share VUs, and one was still at work."""
    (run_dir / "k6.log").write_text(
        'time="2026-01-01T00:00:00Z" level=warning msg="Could not get a VU from the buffer for 2s" '
        "executor=ramping-vus scenario=b\n"
        'time="2026-01-01T00:00:00Z" level=error msg="Cannot get a VU from the buffer" '
        'error="could not get a VU from the buffer in 2s" executor=ramping-vus scenario=b\n',
        encoding="utf-8",
    )
    (run_dir / k6_outcome.SUMMARY).write_text('{"metrics": {}}', encoding="utf-8")
    outcome = k6_outcome.read(factories.a_scenario(), factories.a_plan(run_dir), 0)
    assert told(outcome) == [("vu-not-available", "invalid")]
    assert "no VU for b" in outcome.findings[0].message
    assert outcome.totals["threw"] == 0
