"""What a CI job says of itself: variables and payloads of every event, as GitHub writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.config import ci

TOKENS = {model.Forge.GITHUB: "ghs_sentinel"}
ENVIRON = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_REPOSITORY": "octo/shop",
    "GITHUB_REPOSITORY_ID": "7",
    "GITHUB_SHA": "f" * 40,
    "GITHUB_REF": "refs/pull/3/merge",
    "GITHUB_RUN_ID": "90",
    "GITHUB_RUN_NUMBER": "5",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_API_URL": "https://ghe.test/api/v3",
    "GITHUB_GRAPHQL_URL": "https://ghe.test/api/graphql",
    "GITHUB_SERVER_URL": "https://ghe.test",
    "GITHUB_WORKSPACE": "/home/runner/work/shop/shop",
    "GITHUB_STEP_SUMMARY": "/tmp/summary",
    "GITHUB_OUTPUT": "/tmp/output",
}


def a_pull(head_repository: object = None) -> dict[str, Any]:
    repository = {"id": 7} if head_repository is None else head_repository
    return {
        "number": 3,
        "pull_request": {
            "number": 3,
            "head": {"sha": "a" * 40, "ref": "feature", "repo": repository},
            "base": {"sha": "b" * 40, "ref": "main", "repo": {"id": 7}},
        },
    }


def read(payload: dict[str, Any], **variables: str) -> model.CiContext:
    return ci.context({**ENVIRON, **variables}, payload, TOKENS)


def test_context__of_an_event_that_runs_the_base_branch_knows_no_pull_request() -> None:
    found = read(a_pull(), GITHUB_EVENT_NAME="pull_request_target", GITHUB_REF="refs/heads/main")
    assert (found.pull_request, found.head_sha, found.from_fork) == (None, "f" * 40, False)


def test_context__of_a_pull_request() -> None:
    assert read(a_pull()) == model.CiContext(
        forge=model.Forge.GITHUB,
        event="pull_request",
        repository="octo/shop",
        repository_id=7,
        pull_request=3,
        head_sha="a" * 40,  # not GITHUB_SHA, which is a merge that nobody has seen
        head_branch="feature",
        base_sha="b" * 40,
        base_ref="main",
        from_fork=False,
        run_id=90,
        run_number=5,
        run_attempt=2,
        run_url="https://ghe.test/octo/shop/actions/runs/90",
        api_url="https://ghe.test/api/v3",
        graphql_url="https://ghe.test/api/graphql",
        server_url="https://ghe.test",
        workspace=Path("/home/runner/work/shop/shop"),
        summary_file=Path("/tmp/summary"),
        output_file=Path("/tmp/output"),
        token="ghs_sentinel",
    )


@pytest.mark.parametrize(("repository", "fork"), [({"id": 7}, False), ({"id": 8}, True)])
def test_context__tells_a_fork_by_the_repository_s_id(
    repository: dict[str, int], *, fork: bool
) -> None:
    assert read(a_pull(repository)).from_fork is fork


def test_context__a_fork_that_was_deleted_is_one() -> None:
    payload = a_pull()
    payload["pull_request"]["head"]["repo"] = None
    assert read(payload).from_fork


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "schedule"])
def test_context__of_a_branch(event: str) -> None:
    found = read({}, GITHUB_EVENT_NAME=event, GITHUB_REF="refs/heads/release/1")
    assert (found.pull_request, found.from_fork, found.followed) == (None, False, None)
    assert (found.head_sha, found.head_branch, found.base_ref) == (
        "f" * 40,
        "release/1",
        "release/1",
    )


def test_context__of_a_tag_has_no_branch() -> None:
    found = read({}, GITHUB_EVENT_NAME="push", GITHUB_REF="refs/tags/v1")
    assert (found.head_branch, found.base_ref) == ("", "")


def test_context__of_a_merge_group() -> None:
    queued = {"head_sha": "e" * 40, "base_sha": "b" * 40, "base_ref": "refs/heads/main"}
    found = read({"merge_group": queued}, GITHUB_EVENT_NAME="merge_group")
    assert (found.pull_request, found.head_sha) == (None, "e" * 40)
    assert (found.base_sha, found.base_ref) == ("b" * 40, "main")


def test_context__of_a_run_that_follows_another() -> None:
    run = {
        "id": 80,
        "run_number": 12,
        "run_attempt": 1,
        "event": "pull_request",
        "conclusion": "failure",
        "head_sha": "a" * 40,
        "head_branch": "main",
        "html_url": "https://ghe.test/octo/shop/actions/runs/80",
        "head_repository": {"id": 99, "owner": {"login": "mallory"}},
        "pull_requests": [{"number": 666}],
    }
    found = read({"workflow_run": run}, GITHUB_EVENT_NAME="workflow_run")
    assert found.pull_request is None
    assert found.followed == model.FollowedRun(
        run_id=80,
        run_number=12,
        run_attempt=1,
        event="pull_request",
        conclusion="failure",
        head_sha="a" * 40,
        head_branch="main",
        head_owner="mallory",
        head_repository_id=99,
        run_url="https://ghe.test/octo/shop/actions/runs/80",
    )


def test_context__elsewhere_is_nowhere() -> None:
    assert ci.context({"CI": "true"}, {}, TOKENS) == model.CiContext()


def test_context__github_com_where_nothing_is_said() -> None:
    found = ci.context({"GITHUB_ACTIONS": "true"}, {}, {})
    assert (found.api_url, found.graphql_url) == (
        "https://api.github.com",
        "https://api.github.com/graphql",
    )


def test_context__no_token_in_a_repr() -> None:
    assert "sentinel" not in repr(read(a_pull()))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["pull_request", "head", "base", "repo", "id", "workflow_run", "owner"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["pull_request", "workflow_run", "merge_group"]), JSON))
def test_context__any_payload_is_read(payload: dict[str, Any]) -> None:
    for event in ("pull_request", "workflow_run"):
        assert read(payload, GITHUB_EVENT_NAME=event).repository == "octo/shop"
