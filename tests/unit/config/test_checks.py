"""Thresholds that can never be judged are refused before a run; custom names are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ltlab_ci import errors
from ltlab_ci.config import checks, document

SCRIPT = """
import { late } from './lib/more.js';
const done = new Counter('http_requests_done'); const bad = new Rate('bad');
http.get(url, { tags: { names: 'x' } }); http.request('purge', url); log('my_errors');
"""
MORE = "import { Counter } from 'k6/metrics'; export const late = new Counter('late_errors');"


def check(tmp_path: Path, block: str, others: Sequence[Path] = ()) -> None:
    tmp_path.mkdir(exist_ok=True)
    script = tmp_path / "browse.js"
    script.write_text(SCRIPT)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "more.js").write_text(MORE)
    path = tmp_path / "ltlab.yml"
    path.write_text(
        "version: 1\nscenarios: {browse: {script: browse.js}}\nthresholds:\n" + block,
    )
    doc = document.load(path)
    checks.thresholds(doc, ("thresholds",), document.check(doc).thresholds, script, others)


@pytest.mark.parametrize(
    "block",
    [
        "  http_reqs: count > 1\n",
        "  http_requests_done: count > 1\n",
        "  quite_different: p(95) < 1\n",
        "  http_reqs{names:x}: count > 1\n",
        "  http_reqs{region:eu}: count > 1\n",
        "  http_reqs{status:200,name:GET *}: [count > 1, rate > 45/s]\n",
        "  http_req_duration: p(95) < 300ms\n",
        "  http_req_failed: rate < 1%\n",
        "  dropped_iterations: {that: count < 1, absent: zero}\n",
        "  my_errors: {that: count < 1, absent: zero}\n",
        "  late_errors: {that: count < 1, absent: zero}\n",
        "  errors.ETIMEDOUT: {that: count < 1, absent: zero}\n",
        "  http_reqs{status:5*}: {that: count < 1, absent: zero}\n",
        "  http_reqs{status:0}: {that: count < 1, absent: zero}\n",
        "  http_reqs{method:PURGE}: {that: count < 1, absent: zero}\n",
        "  http_reqs{method:purge}: {that: count < 1, absent: zero}\n",
        "  http_reqs{expected_response:false}: {that: count < 1, absent: zero}\n",
        "  http_reqs{error_code:1*}: {that: count < 1, absent: zero}\n",
        "  http_reqs{status:5xx}: count < 1\n",
        "  unknown: rate < 1\n",
        "  checks: {that: rate < 1%, absent: zero}\n",
        "  browser_http_req_duration: [p(95) < 800ms]\n",
        "  grpc_streams_msgs_received: [count > 1]\n",
        "  vus: max < 10\n",
        "  http_req_duration{name:GET *}: p(95) < max(base * 1.3, base + 50ms)\n",
        "  http_req_failed: rate < base + 0.5%\n",
    ],
)
def test_thresholds__lets_pass(tmp_path: Path, block: str) -> None:
    check(tmp_path, block)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            "  http_req: count > 1\n",
            "ltlab.yml:4:3: unknown metric 'http_req' (did you mean 'http_reqs'?)",
        ),
        (
            "  http_req_durations: p(95) < 1\n",
            "ltlab.yml:4:3: unknown metric 'http_req_durations' (did you mean 'http_req_duration'?)",
        ),
        (
            "  http_req_duration: p(95) < base + 10%\n",
            "ltlab.yml:4:3: 'p(95) < base + 10%' adds % to a time; base * 110% is a tenth more",
        ),
        (
            "  http_req_waiting: p(95) < base * 2\n",
            (
                "ltlab.yml:4:3: http_req_duration and http_req_failed can be held against base, "
                "http_req_waiting cannot"
            ),
        ),
        (
            "  http_reqs{sttus:200}: count > 1\n",
            "ltlab.yml:4:3: unknown tag 'sttus' (did you mean 'status'?)",
        ),
        (
            "  http_reqs:\n    - count > 1\n    - p(95) < 1\n",
            "ltlab.yml:6:7: http_reqs is a counter, which has no p(95); it has count, rate",
        ),
        (
            "  http_req_failed: rate < 10ms\n",
            "ltlab.yml:4:3: the unit in 'rate < 10ms' does not fit rate of a rate",
        ),
        (
            "  data_sent: count < 10ms\n",
            "ltlab.yml:4:3: the unit in 'count < 10ms' does not fit count of a counter",
        ),
        (
            "  http_reqs: count >= 0\n",
            "ltlab.yml:4:3: 'count >= 0' cannot fail: count of http_reqs is never below 0",
        ),
        (
            "  bad: rate < 1\n",
            "ltlab.yml:4:3: 'rate < 1' fails only where all are true: 1 is all of them, 100 %",
        ),
        (
            "  my_erors: {that: count < 1, absent: zero}\n",
            "ltlab.yml:4:3: absent: zero of 'my_erors', which the script does not name",
        ),
        (
            "  http_reqs{status:5xx}: {that: count < 1, absent: zero}\n",
            "ltlab.yml:4:3: absent: zero of status:5xx, which no request can have",
        ),
        (
            "  http_reqs{method:Get}: {that: count < 1, absent: zero}\n",
            "ltlab.yml:4:3: absent: zero of method:Get, which no request can have",
        ),
        (
            "  http_reqs{expected_response:no}: {that: count < 1, absent: zero}\n",
            "ltlab.yml:4:3: absent: zero of expected_response:no, which no request can have",
        ),
        (
            "  http_req_duration: {that: p(95) < 1, absent: zero}\n",
            "ltlab.yml:4:3: absent: zero is for counters and rates only",
        ),
        (
            "  vus: {that: value < 1, absent: zero}\n",
            "ltlab.yml:4:3: absent: zero is for counters and rates only",
        ),
        (
            "  my_trend: {that: p(95) < 1, absent: zero}\n",
            "ltlab.yml:4:3: absent: zero is for counters and rates only",
        ),
    ],
)
def test_thresholds__refuses_at_the_place(tmp_path: Path, block: str, message: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        check(tmp_path, block)
    assert caught.value.message == message
    assert caught.value.remedy


def test_thresholds__for_all_scenarios_may_name_what_another_script_makes(tmp_path: Path) -> None:
    other = tmp_path / "other.js"
    other.write_text("new Counter('elsewhere')")
    block = "  elsewhere: {that: count < 1, absent: zero}\n"
    with pytest.raises(errors.ConfigError):
        check(tmp_path / "alone", block)
    check(tmp_path / "both", block, [other])
