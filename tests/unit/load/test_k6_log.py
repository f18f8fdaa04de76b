"""k6's log is read for what threw, what got no answer, and what ended the load; in words that help."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltlab_ci.load import k6_log

CRASHED = 'time="2026-01-02T03:04:05Z" level=error msg="the disk is full"\n'
FAILED = (
    'level=error msg="GoError: unexpected 500\\n\\tat go.k6.io/k6/v2/internal/js/modules/'
    'k6.(*K6).Fail-fm (native)\\n\\tat default (file:///a/shop.js:4:127(23))\\n" scenario=default\n'
)


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("", ""),
        ("\n\n", ""),
        ("one\ntwo\n", "two"),
        (CRASHED + CRASHED.replace("full", "gone"), "the disk is full"),
        ("level=error without a message", "level=error without a message"),
        ('level=error msg="cannot save it" error="no room\\nleft"', "cannot save it: no room"),
        ('level=warning msg="a"\nlevel=error msg="b"', "b"),
        ('level=error msg="a \\"b\\"\\n\\tat c\\n\\tat d"', 'a "b"'),
        (FAILED, "unexpected 500 at shop.js:4:127"),
        ('level=error msg="There were problems:\\n\\t- no VUs\\n\\t- no end"', "no VUs; no end"),
        (
            'level=error msg="SyntaxError: invalid\\n\\tat parse (native)\\n\\tat load (file:///x/i.js:2:39(6))"',
            "SyntaxError: invalid at i.js:2:39",
        ),
        (
            'level=error msg="Error: x\\n\\tat file:///x/i.js:3:15(15)\\n"',
            "Error: x at i.js:3:15",
        ),
        (
            'level=error msg="Error: x\\n\\tat a (file:///r/held.js:9:1(1))\\n\\tat b (file:///r/load.js:3:1(1))"',
            "Error: x at load.js:3:1",
        ),
        (
            "level=error msg=\"could not initialize 's.js': could not load JS test 'file:///s.js': odd\"",
            "odd",
        ),
    ],
)
def test_said__is_the_first_error_and_its_place_in_the_script(log: str, expected: str) -> None:
    assert k6_log.said(log) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            'couldn\'t be retrieved from the resolved url "https://c". Error : "Get "https://c": no host"',
            "https://a/b.js couldn't be retrieved: no host",
        ),
        (
            "couldn't be found on local disk. Make sure that you've specified the right path",
            "https://a/b.js couldn't be found",
        ),
    ],
)
def test_said__an_import_that_fails_is_told_in_one_line(said: str, expected: str) -> None:
    text = f'GoError: The moduleSpecifier "https://a/b.js" {said}'.replace('"', '\\"')
    assert k6_log.said(f'level=error msg="{text}"') == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            'Get \\"http://127.0.0.1:8/a\\": dial tcp 127.0.0.1:8: connect: connection refused',
            "ECONNREFUSED 127.0.0.1:8",
        ),
        (
            'Get \\"http://shop.test/a\\": dial tcp 10.0.0.7:80: connect: connection refused',
            "ECONNREFUSED 10.0.0.7:80",
        ),
        (
            'Get \\"https://a:1/get\\": tls: failed to verify certificate: x509: unknown authority',
            "x509: unknown authority (a:1)",
        ),
        ('Post \\"http://a:1/get?b=c\\": EOF', "EOF (a:1)"),
        ('Get \\"http://a/b\\": lookup a: no such host', "lookup a: no such host (a)"),
        ("dial tcp 127.0.0.1:8: connect: connection refused", "ECONNREFUSED 127.0.0.1:8"),
        ("something else", "something else"),
    ],
)
def test_read__why_a_request_got_no_answer(run_dir: Path, error: str, expected: str) -> None:
    (run_dir / "k6.log").write_text(f'level=warning msg="Request Failed" error="{error}"\n')
    assert list(k6_log.read(run_dir / "k6.log").unanswered) == [expected]


def test_read__counts_what_iterations_threw_by_its_text(run_dir: Path) -> None:
    other = FAILED.replace("500", "503")
    (run_dir / "k6.log").write_text(FAILED * 3 + other + CRASHED)
    log = k6_log.read(run_dir / "k6.log")
    assert log.reason == "the disk is full"
    assert k6_log.listed(log.threw) == (
        "unexpected 500 at shop.js:4:127 (x3); unexpected 503 at shop.js:4:127 (x1)"
    )


def test_listed__few_kinds_are_shown_and_the_rest_is_counted(run_dir: Path) -> None:
    lines = [FAILED.replace("500", str(500 + number)) * (9 - number) for number in range(5)]
    (run_dir / "k6.log").write_text("".join(lines))
    listed = k6_log.listed(k6_log.read(run_dir / "k6.log").threw)
    assert listed.count("unexpected") == 3
    assert listed.endswith("; and 11 others")


def test_listed__of_one_kind_no_number_is_needed(run_dir: Path) -> None:
    (run_dir / "k6.log").write_text(FAILED * 3)
    listed = k6_log.listed(k6_log.read(run_dir / "k6.log").threw)
    assert listed == "unexpected 500 at shop.js:4:127"


def test_read__texts_that_hold_ids_do_not_fill_the_memory(run_dir: Path) -> None:
    lines = [f'level=error msg="no item {number}" scenario=a\n' for number in range(3000)]
    (run_dir / "k6.log").write_text("".join(lines))
    threw = k6_log.read(run_dir / "k6.log").threw
    assert threw.total() == 3000
    assert len(threw) <= 1001


def test_read__knows_what_ended_the_load(run_dir: Path) -> None:
    (run_dir / "k6.log").write_text(
        "level=error msg=\"thresholds on metrics 'checks, http_req_failed' were crossed; at least one "
        'has abortOnFail enabled, stopping test prematurely"\n'
    )
    assert k6_log.read(run_dir / "k6.log").aborted == "checks, http_req_failed"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("GoError: unknown module: k6/x/sql", "k6/x/sql is an extension"),
        (
            'unknown modules ["k6/x/sql/driver/ram"] were tried to be loaded',
            "k6/x/sql/driver/ram is",
        ),
        ("https://a/b.js couldn't be retrieved: no such host", "HTTPS_PROXY"),
        ("./a.js couldn't be found", "correct the path"),
        ("no secret sources are configured", "--secret-source"),
        ("TypeError: a is undefined", ""),
    ],
)
def test_needed__says_what_a_script_needs_that_does_not_load(reason: str, words: str) -> None:
    needed = k6_log.needed(reason)
    assert words in needed
    assert bool(words) == bool(needed)
