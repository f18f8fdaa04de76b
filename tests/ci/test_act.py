"""The shipped workflows, run by act with real k6 on the toy API, against the fake GitHub."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import repository
from tests.ci import acting, figureless
from tests.fakes import github, github_server

pytestmark = pytest.mark.timeout(1000)
SCRIPT = """\
import http from 'k6/http';
export const options = { vus: 1, duration: '3s' };
export default function () { http.get(`${__ENV.BASE_URL}/fast`); }
"""
STEADY = """\
import http from 'k6/http';
export const options = { scenarios: { visit: {
  executor: 'constant-arrival-rate', rate: 25, duration: '5s', preAllocatedVUs: 20, maxVUs: 100,
} } };
export default function () { http.get(`${__ENV.BASE_URL}/fast`); }
"""
OWN_TOY = f"""\
version: 1
service:
  command: [{json.dumps(sys.executable)}, -m, toy_api, --port, "{{port}}", --latency-ms, "80"]
  ready: {{get: /health}}
scenarios:
  browse:
    script: browse.js
    thresholds:
      http_req_failed: ["rate < 1%"]
"""
GOLDEN = acting.ROOT / "tests" / "data" / "act" / "slower.comment.md"
"""The comment as it was posted once; its figures are that run's (figureless.py)."""


def ltlab_yml(limit: str) -> str:
    command = json.dumps([sys.executable, "-m", "toy_api", "--port", "{port}"])
    return f"""\
version: 1
service:
  command: {command}
  env: {{PYTHONPATH: {json.dumps(str(acting.ROOT))}}}
  ready: {{get: /health}}
scenarios:
  browse:
    script: browse.js
    thresholds:
      http_req_duration: ["p(95) < {limit}"]
"""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> acting.Runner:
    """Return one machine for all tests, so that ltlab is installed once."""
    return acting.runner(tmp_path_factory.mktemp("runner"))


@pytest.fixture
def octo(runner: acting.Runner) -> acting.GitHub:
    """Return a GitHub with one pull request."""
    pull = github.Pull(number=3, head_sha="1" * 40)
    return acting.GitHub(pulls=[pull], home=runner.home)


@pytest.fixture
def server(octo: acting.GitHub) -> Iterator[github_server.Server]:
    """Serve it."""
    listening = github_server.Server(octo)
    with listening.serving():
        yield listening


def test_pull_request__a_comment_is_made_then_edited_and_a_crossed_limit_is_red(
    runner: acting.Runner, octo: acting.GitHub, server: github_server.Server, tmp_path: Path
) -> None:
    [pull] = octo.pulls
    workflow = {".github/workflows/load-test.yml": acting.shipped("simple.yml")}
    files = {**workflow, "browse.js": SCRIPT, "ltlab.yml": ltlab_yml("2s")}
    project = acting.project(tmp_path / "shop", files)
    first = runner.act(project, "pull_request", acting.pull_request(pull), server)
    assert first.code == 0, first.log
    [comment] = server.kept.comments
    assert comment.issue == 3
    assert first.outputs["comment-id"] == str(comment.id)
    assert first.outputs["comment-url"].endswith(f"#issuecomment-{comment.id}")
    expected = {"verdict": "pass", "exit-code": "0", "failed-thresholds": "0"}
    assert {name: first.outputs[name] for name in expected} == expected
    assert first.outputs["result-json"] == f"{first.outputs['report-dir']}/result.json"
    assert json.loads(first.outputs["snapshot-urls"]) == []
    assert "http_req_duration" in octo.summary
    before = comment.body

    pull.head_sha = "2" * 40
    acting.project(project, {"ltlab.yml": ltlab_yml("1us")})
    second = runner.act(project, "pull_request", acting.pull_request(pull, run_id=2), server)
    assert second.code == 1, second.log
    assert (second.outputs["verdict"], second.outputs["exit-code"]) == ("fail", "1")
    assert second.outputs["failed-thresholds"] == "1"
    assert [each.id for each in server.kept.comments] == [comment.id]
    assert comment.body != before
    assert "| ❌ fail | p(95) of `http_req_duration` |" in comment.body
    assert "file=ltlab.yml,line=10" in second.log
    uploaded = [(each.name, each.run_id) for each in server.kept.artifacts]
    assert uploaded == [
        (name, run) for run in (1, 2) for name in ("ltlab-report", "ltlab-report-samples")
    ]
    assert server.kept.token not in first.log + second.log


def test_fork__the_second_workflow_comments_on_what_the_first_uploaded(
    runner: acting.Runner, server: github_server.Server, tmp_path: Path
) -> None:
    [pull] = server.kept.pulls
    pull.head_owner, pull.head_repository_id = "stranger", acting.FORK_ID
    files = {
        ".github/workflows/load-test.yml": acting.shipped("pull-request.yml"),
        "browse.js": SCRIPT,
        "ltlab.yml": ltlab_yml("2s"),
    }
    project = acting.project(tmp_path / "fork", files)
    rights, server.kept.rights = server.kept.rights, {}
    event = acting.pull_request(pull, run_id=41)
    measured = runner.act(project, "pull_request", event, server)
    assert measured.code == 0, measured.log
    assert server.kept.comments == []

    base = acting.project(
        tmp_path / "base", {".github/workflows/publish.yml": acting.shipped("publish.yml")}
    )
    server.kept.rights = rights
    event = acting.workflow_run(pull, run_id=41)
    published = runner.act(base, "workflow_run", event, server)
    assert published.code == 0, published.log
    [comment] = server.kept.comments
    assert "code of a fork that nobody has reviewed" in comment.body
    assert published.outputs["comment-id"] == str(comment.id)
    assert published.outputs["verdict"] == "pass"
    assert server.kept.check_runs == []


@pytest.mark.quiet
def test_compare__a_head_that_is_a_fifth_slower_is_red_and_the_comment_says_where(
    runner: acting.Runner, octo: acting.GitHub, server: github_server.Server, tmp_path: Path
) -> None:
    [pull] = octo.pulls
    workflow = acting.shipped("simple.yml", compare="true", budget="60s")
    toy = acting.toy_api()
    project = acting.project(
        tmp_path / "shop",
        {
            ".github/workflows/load-test.yml": workflow,
            "browse.js": STEADY,
            "ltlab.yml": OWN_TOY,
            **toy,
        },
    )
    # The target branch, as `fetch-depth: 0` leaves it in a clone.
    pull.base_sha = repository.git(project, "rev-parse", "HEAD")
    repository.git(project, "update-ref", "refs/remotes/origin/main", pull.base_sha)
    octo.contents[f"{pull.base_sha}:ltlab.yml"] = OWN_TOY
    settings = toy["toy_api/settings.py"]
    slower = settings.replace("1.0, kinds.Number", "1.2, kinds.Number")  # of `slowdown`
    assert slower != settings
    acting.project(project, {"toy_api/settings.py": slower})
    pull.head_sha = repository.git(project, "rev-parse", "HEAD")

    ran = runner.act(project, "pull_request", acting.pull_request(pull), server)
    assert ran.code == 1, ran.log
    expected = {"verdict": "fail", "exit-code": "1", "failed-thresholds": "0", "regressions": "2"}
    assert {name: ran.outputs[name] for name in expected} == expected
    [comment] = server.kept.comments
    assert all(sha[:10] in comment.body for sha in (pull.base_sha, pull.head_sha))
    assert figureless.of(comment.body) == figureless.of(GOLDEN.read_text(encoding="utf-8"))
    rows = acting.result(server)["comparison"]["rows"]
    assert {(row["name"], row["stat"]) for row in rows} == {("/fast", "p(50)"), ("/fast", "p(95)")}
    for row in rows:
        low, high = row["interval"]
        assert 0 < low < row["change"] < high
        assert row["change"] == pytest.approx(0.2, abs=0.06), row


def test_missing_ltlab_yml__the_comment_shows_the_start(
    runner: acting.Runner, server: github_server.Server, tmp_path: Path
) -> None:
    [pull] = server.kept.pulls
    workflow = {".github/workflows/load-test.yml": acting.shipped("simple.yml")}
    project = acting.project(tmp_path / "shop", workflow)
    ran = runner.act(project, "pull_request", acting.pull_request(pull), server)
    assert ran.code == 1, ran.log
    assert ran.outputs["exit-code"] == "2"
    [comment] = server.kept.comments
    assert "ltlab init" in comment.body
