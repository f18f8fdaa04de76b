"""What real Artillery left behind is read for trouble: exit code, report, `ensure`, `expect`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ltlab_ci import model
from ltlab_ci.load import artillery_outcome, artillery_samples
from ltlab_ci.load.plan import Plan
from tests import factories

CAPTURES = factories.CAPTURED / "artillery-2.0.34"
SCENARIO = factories.a_scenario(engine=model.EngineName.ARTILLERY)


def outcome_of(run_dir: Path, case: str, code: int) -> model.Outcome:
    """Read a captured run as if it had just ended and been recorded."""
    shutil.copytree(CAPTURES / case, run_dir, dirs_exist_ok=True)
    return ended(run_dir, code)


def ended(run_dir: Path, code: int) -> model.Outcome:
    list(artillery_samples.NdjsonReader(run_dir).finish())
    plan = factories.a_plan(run_dir, log="artillery.log")
    return artillery_outcome.read(SCENARIO, plan, code)


def told(outcome: model.Outcome) -> list[tuple[str, str]]:
    return [(finding.code, finding.effect) for finding in outcome.findings]


@pytest.mark.parametrize(
    ("case", "code", "findings", "totals"),
    [
        (
            "holds",
            0,
            [("values-dropped", "warn")],
            {"threw": 0.0, "http_reqs": 16.0, "iterations": 8.0},
        ),
        ("ensure_fails", 1, [], {"threw": 0.0, "http_reqs": 3.0, "iterations": 3.0}),
        ("expect_fails", 21, [], {"threw": 0.0, "http_reqs": 6.0, "iterations": 3.0}),
        (
            "refused",
            0,
            [("users-failed", "warn")],
            {"threw": 3.0, "http_reqs": 3.0, "iterations": 3.0},
        ),
        ("interrupted", 130, [("artillery-exit-130", "engine")], {"threw": 0.0}),
        ("no_processor", 11, [("artillery-exit-11", "engine")], {"threw": 0.0}),
    ],
)
def test_read__a_real_end(
    run_dir: Path,
    case: str,
    code: int,
    findings: list[tuple[str, str]],
    totals: dict[str, float],
) -> None:
    outcome = outcome_of(run_dir, case, code)
    assert told(outcome) == findings
    assert outcome.totals == totals
    assert all(finding.remedy and "\n" not in finding.message for finding in outcome.findings)


def test_read__names_the_metrics_whose_values_were_no_numbers(run_dir: Path) -> None:
    [finding] = outcome_of(run_dir, "holds", 0).findings
    assert finding.message == "8 values were no finite numbers and are not in the samples: bad (8)"
    assert finding.scenario == SCENARIO.name


def test_read__names_a_few_of_many_metrics_whose_values_were_no_numbers(run_dir: Path) -> None:
    records = [{"k": "dropped", "t": 1, "n": f"m{n}"} for n in (5, 5, 5, 1, 2, 3, 4, 4)]
    records.append({"k": "close", "t": 2, "requests": 0, "rows": 8})
    lines = "".join(f"{json.dumps(record)}\n" for record in records)
    (run_dir / "worker-1.ndjson").write_text(lines, encoding="utf-8")
    (run_dir / artillery_outcome.REPORT).write_text('{"aggregate": {}}')
    [finding] = ended(run_dir, 0).findings
    assert finding.message.endswith("samples: m5 (3), m4 (2), m1 (1) and 2 more metrics")


def test_read__keeps_the_word_of_ensure_and_its_figures(run_dir: Path) -> None:
    own = outcome_of(run_dir, "ensure_fails", 1).own
    shown = [(e.metric, e.expression, e.crossed, e.strict, e.observed, e.count) for e in own]
    assert shown == [
        ("http.response_time", "p95 < 0.001", True, True, 1, 3),
        ("http.response_time", "median < 5000", False, True, 1, 3),
        ("ensure", "nothing.there.p95 < 1", True, True, None, 3),
        ("http.response_time", "p99 < 0.001", True, False, 1, 3),
        ("ensure", "http.codes.200 >= 3", False, True, None, 3),
    ]
    assert {(e.unit, e.op) for e in own if e.metric == "http.response_time"} == {("ms", "<")}


def test_read__keeps_conditions_that_only_artillery_understands(run_dir: Path) -> None:
    own = outcome_of(run_dir, "holds", 0).own
    assert [(each.metric, each.expression, each.crossed, each.strict) for each in own] == [
        ("http.response_time", "p95 < 2000", False, True),
        ("http.response_time", "max < 3000", False, True),
        ("ensure", "http.codes.200 > 1 and vusers.failed == 0", False, False),
        ("ensure", "maxErrorRate < 50", False, True),
    ]


def test_read__expectations_that_failed_are_a_threshold(run_dir: Path) -> None:
    outcome = outcome_of(run_dir, "expect_fails", 21)
    assert [(each.metric, each.crossed) for each in outcome.own] == [("checks", True)]
    assert outcome.types["checks"] == "rate"


def test_read__the_same_code_without_a_crossed_check_is_trouble(run_dir: Path) -> None:
    outcome = outcome_of(run_dir, "holds", 1)
    assert told(outcome) == [("artillery-exit-1", "engine"), ("values-dropped", "warn")]


@pytest.mark.parametrize("report", [None, "", "{", "{}", '{"aggregate": null}'])
def test_read__a_report_that_is_missing_or_broken_is_survived(
    run_dir: Path, report: str | None
) -> None:
    shutil.copytree(CAPTURES / "holds", run_dir, dirs_exist_ok=True)
    (run_dir / artillery_outcome.REPORT).unlink()
    if report is not None:
        (run_dir / artillery_outcome.REPORT).write_text(report)
    outcome = ended(run_dir, 0)
    assert outcome.totals == {"threw": 0.0}
    assert [each.metric for each in outcome.own] == ["ensure"] * 4
    assert ("samples-incomplete", "store") in told(outcome)


@pytest.mark.parametrize(
    "line",
    [
        '{"k":"checks","t":1,"checks":[{"expression":"a","passed":true',
        '{"k":"checks","t":1,"checks":[{"expression":"a","passed":true,"strict":true}',
        '{"k":"phase","t":1,"event":"started","index":0,"name":"odd}\u2028name"}',
        '{"k":"phase","t":1,"event":"started","index":0,"name":"odd}\u0085name"}',
    ],
)
def test_read__odd_lines_of_the_main_file_are_survived(run_dir: Path, line: str) -> None:
    shutil.copytree(CAPTURES / "holds", run_dir, dirs_exist_ok=True)
    with (run_dir / "main.ndjson").open("a", encoding="utf-8") as file:
        file.write(line)
    assert len(ended(run_dir, 0).own) == 4


def test_read__lost_records_are_a_finding(run_dir: Path) -> None:
    shutil.copytree(CAPTURES / "holds", run_dir, dirs_exist_ok=True)
    path = run_dir / "worker-1.ndjson"
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if b'"k":"close"' not in line]
    path.write_bytes(b"".join(kept))
    assert ("samples-incomplete", "store") in told(ended(run_dir, 0))


def reported(
    run_dir: Path, counters: dict[str, int], *, log: str = "", code: int = 0
) -> model.Outcome:
    """Read a run that left these counters and this log."""
    report = {"aggregate": {"counters": counters}}
    (run_dir / artillery_outcome.REPORT).write_text(json.dumps(report))
    (run_dir / "artillery.log").write_text(log)
    close = {"k": "close", "t": 1, "requests": 0, "rows": 0}
    (run_dir / "worker-1.ndjson").write_text(json.dumps(close) + "\n")
    return ended(run_dir, code)


def test_read__users_that_failed_are_counted_and_said(run_dir: Path) -> None:
    counters = {
        "vusers.completed": 4,
        "vusers.failed": 16,
        "errors.Failed capture or match": 13,
        "errors.ETIMEDOUT": 2,
        "errors.a": 1,
        "errors.b": 1,
    }
    outcome = reported(run_dir, counters)
    [finding] = outcome.findings
    assert (finding.code, finding.effect) == ("users-failed", "warn")
    assert finding.message == (
        "16 of 20 virtual users failed: Failed capture or match (13), ETIMEDOUT (2), a (1) "
        "and 1 more"
    )
    assert outcome.errors == {"Failed capture or match": 13, "ETIMEDOUT": 2, "a": 1, "b": 1}


def test_read__errors_that_ended_no_user_are_said_too(run_dir: Path) -> None:
    outcome = reported(run_dir, {"vusers.completed": 4, "errors.odd\nanswer": 3})
    [finding] = outcome.findings
    assert (finding.code, finding.effect) == ("errors-counted", "warn")
    assert finding.message.endswith("no virtual user: odd answer (3)")


def test_read__functions_that_were_not_there_make_it_invalid(run_dir: Path) -> None:
    log = "WARNING: custom function nope could not be found\n" * 6
    counters = {"vusers.completed": 6, 'errors.Undefined function "tokn"': 6}
    found = reported(run_dir, counters, log=log).findings
    assert [(each.code, each.effect) for each in found] == [
        ("undefined-function", "invalid"),
        ("errors-counted", "warn"),
    ]
    assert found[0].message.endswith("were not there: nope, tokn")


STACK = """Test run id: x
file:///cache/artillery/dist/lib/core/engine_http.js:576
            return done(new Error('Failed capture or match'), context);
                        ^

{error}
    at node:internal/util:475:21
    at login (/shop/loadtests/proc.cjs:4:22)
    at file:///cache/node_modules/artillery/dist/lib/core/engine_http.js:255:28

Node.js v22.20.0
"""


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (STACK.format(error="Error: now boom"), "Error: now boom (proc.cjs:4:22)"),
        (
            STACK.format(error="worker error, id: 1 TypeError [Error]: next is not a function"),
            "TypeError [Error]: next is not a function (proc.cjs:4:22)",
        ),
        (
            "the Error: of somebody\n" + STACK.format(error="RangeError: x"),
            "RangeError: x (proc.cjs:4:22)",
        ),
        ("Error: without a stack\nbye\n", "Error: without a stack"),
        ("nothing of that kind\n", ""),
    ],
)
def test_said__the_first_error_and_its_place(tmp_path: Path, log: str, said: str) -> None:
    (tmp_path / "a.log").write_text(log)
    assert artillery_outcome.said(tmp_path / "a.log") == said


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"k": "open", "t": 1, "before": True, "after": True}], "artillery-before"),
        (
            [
                {"k": "open", "t": 1, "before": True, "after": True},
                {"k": "phase", "t": 2, "event": "started"},
                {"k": "done", "t": 3},
            ],
            "artillery-after",
        ),
        ([{"k": "open", "t": 1, "before": False, "after": False}], "artillery-exit-1"),
    ],
)
def test_read__a_section_that_failed_is_the_scripts(
    run_dir: Path, rows: list[dict[str, object]], code: str
) -> None:
    (run_dir / "main.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (run_dir / "artillery.log").write_text(
        STACK.format(error="Error: connect ECONNREFUSED 1.2.3.4:8")
    )
    plan = Plan(
        argv=(),
        env={"BASE_URL": "http://127.0.0.1:60539"},
        run_dir=run_dir,
        log=run_dir / "artillery.log",
    )
    list(artillery_samples.NdjsonReader(run_dir).finish())
    [finding] = artillery_outcome.read(SCENARIO, plan, 1).findings
    assert (finding.code, finding.effect) == (code, "engine" if "exit" in code else "invalid")
    assert "connect ECONNREFUSED 1.2.3.4:8 (proc.cjs:4:22)" in finding.message
    if finding.effect == "invalid":
        assert finding.message.endswith("; the service under test is at http://127.0.0.1:60539")


def test_read__a_worker_that_its_own_code_ended_is_named(run_dir: Path) -> None:
    close = {"k": "close", "t": 1, "requests": 0, "rows": 0, "exit": 3}
    (run_dir / "worker-1.ndjson").write_text(json.dumps(close) + "\n")
    assert artillery_samples.departed(run_dir) == {"1": 3}
    outcome = ended(run_dir, 137)
    assert told(outcome) == [("artillery-exit-137", "engine"), ("worker-exited", "engine")]
    assert "process.exit(3)" in outcome.findings[1].message


def test_departed__one_that_was_told_to_stop_or_is_at_work_is_not(run_dir: Path) -> None:
    close = {"k": "close", "t": 1, "requests": 0, "rows": 0}
    (run_dir / "worker-1.ndjson").write_text(json.dumps(close) + "\n")
    (run_dir / "worker-2.ndjson").write_text(
        '{"k":"counter","t":1,"n":"a","v":1}\n{"k":"close","t"'
    )
    assert artillery_samples.departed(run_dir) == {}


def test_read__says_what_artillery_said_last(run_dir: Path) -> None:
    [finding] = outcome_of(run_dir, "no_processor", 11).findings
    assert "missing.cjs" in finding.message


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([{"k": "counter", "n": "vusers.created", "v": 2}, {"k": "close", "exit": 0}], "exit(0)"),
        (
            [
                {"k": "counter", "n": "vusers.created", "v": 3},
                {"k": "counter", "n": "vusers.failed", "v": 1},
            ],
            "2 of 3 virtual users never ended",
        ),
        ([{"k": "counter", "n": "http.requests", "v": 3}], ""),
    ],
)
def test_unended__says_what_artillery_waits_for(
    tmp_path: Path, records: list[dict[str, object]], words: str
) -> None:
    lines = "".join(f"{json.dumps(each, separators=(',', ':'))}\n" for each in records)
    (tmp_path / "worker-1.ndjson").write_text(lines, encoding="utf-8")
    told = artillery_outcome.unended(tmp_path)
    assert bool(told.why) == bool(words)
    assert words in told.why
