"""`ltlab publish` as a job calls it: everything by the environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ltlab_ci import report
from ltlab_ci.cli.main import main
from ltlab_ci.flows import folder
from tests.fakes import github as fake
from tests.fakes import github_server
from tests.unit.hub import HEAD
from tests.unit.report import cases

pytestmark = pytest.mark.loopback


def called(
    root: Path, api: str, *arguments: str, payload: str | None = None, **variables: str
) -> Result:
    event = root / "event.json"
    pull = {
        "number": 3,
        "head": {"sha": HEAD, "ref": "feature", "repo": {"id": 7}},
        "base": {"sha": "b" * 40, "ref": "main"},
    }
    event.write_text(payload or json.dumps({"pull_request": pull}), encoding="utf-8")
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "octo/shop",
        "GITHUB_REPOSITORY_ID": "7",
        "GITHUB_RUN_ID": "90",
        "GITHUB_RUN_NUMBER": "5",
        "GITHUB_API_URL": api,
        "GITHUB_GRAPHQL_URL": f"{api}/graphql",
        "GITHUB_WORKSPACE": str(root),
        "GITHUB_STEP_SUMMARY": str(root / "summary"),
        "GITHUB_OUTPUT": str(root / "output"),
        "LTLAB_GITHUB_TOKEN": "ghs_sentinel",
    }
    directory = root / "ltlab-report"
    return CliRunner().invoke(
        main, ["publish", str(directory), *arguments], env={**environ, **variables}
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    text = report.result_json(cases.one_fails())
    folder.add(tmp_path / "ltlab-report", "result.json", text)
    return tmp_path


def test_publish__from_the_environment(
    hub: fake.GitHub, server: github_server.Server, root: Path
) -> None:
    done = called(root, f"http://127.0.0.1:{server.server_port}", "--check-run", "true")
    assert done.exit_code == 0
    assert [each.login for each in hub.comments] == [hub.login]
    assert len(hub.check_runs) == 1
    assert "verdict<<" in (root / "output").read_text(encoding="utf-8")
    assert "sentinel" not in done.output


def test_publish__an_enterprise_server_has_its_api_below_a_path(
    hub: fake.GitHub, server: github_server.Server, root: Path
) -> None:
    hub.add_comments(3, *("remark" for _ in range(150)))
    done = called(root, f"http://127.0.0.1:{server.server_port}/api/v3")
    assert done.exit_code == 0
    assert [each.login for each in hub.comments[150:]] == [hub.login]


def test_publish__a_bad_value_is_refused_before_anything(
    hub: fake.GitHub, server: github_server.Server, root: Path
) -> None:
    done = called(root, f"http://127.0.0.1:{server.server_port}", LTLAB_COMMENT="sometimes")
    assert done.exit_code == 2
    assert "write one of always, changes, failures, off" in done.output
    assert hub.asked == []


@pytest.mark.parametrize("payload", ["{", "[]"])
def test_publish__an_event_that_cannot_be_read(
    hub: fake.GitHub, server: github_server.Server, root: Path, payload: str
) -> None:
    done = called(root, f"http://127.0.0.1:{server.server_port}", payload=payload)
    assert done.exit_code == (2 if payload == "{" else 0)
    assert hub.comments == []


def test_publish__on_a_laptop_leaves_the_comment_as_a_file(root: Path) -> None:
    done = called(root, "", GITHUB_ACTIONS="")
    assert done.exit_code == 0
    assert "nobody is told" in done.output
    text = (root / "ltlab-report" / "comment.md").read_text(encoding="utf-8")
    assert "Load test failed" in text
    assert not (root / "summary").exists()
