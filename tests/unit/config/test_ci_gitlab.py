"""What a GitLab job says of itself: merge requests, forks, merged results, branches."""

from __future__ import annotations

from pathlib import Path

from ltlab_ci import model
from ltlab_ci.config import ci

JOB = {
    "GITLAB_CI": "true",
    "CI_API_V4_URL": "https://code.example/gitlab/api/v4",
    "CI_COMMIT_SHA": "5ea1",
    "CI_JOB_ID": "7001",
    "CI_JOB_URL": "https://code.example/gitlab/shop/api/-/jobs/7001",
    "CI_PIPELINE_ID": "800",
    "CI_PIPELINE_IID": "12",
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_PROJECT_DIR": "/builds/shop/api",
    "CI_PROJECT_ID": "42",
    "CI_PROJECT_PATH": "shop/api",
    "CI_SERVER_URL": "https://code.example/gitlab",
}
REQUEST = {
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": "ba5e",
    "CI_MERGE_REQUEST_IID": "3",
    "CI_MERGE_REQUEST_PROJECT_ID": "42",
    "CI_MERGE_REQUEST_PROJECT_PATH": "shop/api",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "faster",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
}


def read(**more: str) -> model.CiContext:
    return ci.context({**JOB, **more}, {}, {model.Forge.GITLAB: "glpat-secret"})


def test_context__of_a_merge_request() -> None:
    assert read(**REQUEST) == model.CiContext(
        forge=model.Forge.GITLAB,
        event="merge_request_event",
        repository="shop/api",
        repository_id=42,
        pull_request=3,
        head_sha="5ea1",
        head_branch="faster",
        base_sha="ba5e",
        base_ref="main",
        run_id=800,
        run_number=12,
        run_attempt=7001,
        run_url=JOB["CI_JOB_URL"],
        api_url=JOB["CI_API_V4_URL"],
        server_url=JOB["CI_SERVER_URL"],
        artifacts_url=f"{JOB['CI_JOB_URL']}/artifacts/file",
        workspace=Path("/builds/shop/api"),
        token="glpat-secret",
    )


def test_context__of_a_fork_speaks_to_the_project_it_is_merged_into() -> None:
    fork = {"CI_PROJECT_ID": "77", "CI_PROJECT_PATH": "ann/api"}
    found = read(**{**REQUEST, **fork, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "77"})
    assert (found.from_fork, found.repository_id, found.repository) == (True, 42, "shop/api")


def test_context__of_merged_results_names_the_commit_that_people_pushed() -> None:
    found = read(
        **REQUEST,
        CI_MERGE_REQUEST_SOURCE_BRANCH_SHA="0ead",
        CI_MERGE_REQUEST_TARGET_BRANCH_SHA="71b",
    )
    assert (found.head_sha, found.base_sha) == ("0ead", "71b")


def test_context__of_a_branch_has_no_merge_request() -> None:
    found = read(CI_COMMIT_BRANCH="main", CI_PIPELINE_SOURCE="push")
    assert (found.pull_request, found.from_fork, found.base_ref) == (None, False, "main")


def test_context__the_token_is_not_shown() -> None:
    assert "glpat" not in repr(read())


def test_context__verifies_a_server_of_ones_own_as_the_runner_does() -> None:
    assert read(CI_SERVER_TLS_CA_FILE="/builds/ca.pem").ca_file == Path("/builds/ca.pem")
