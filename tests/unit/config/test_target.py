"""What CI says of the branch that head is to be merged into."""

from __future__ import annotations

import pytest

from ltlab_ci import model
from ltlab_ci.config import target

SHA, OTHER = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("environ", "branch", "commit", "said_by"),
    [
        ({}, "", "", ""),
        ({"GITHUB_REF": "refs/heads/main", "GITHUB_BASE_REF": ""}, "", "", ""),
        (
            {"GITHUB_REF": "refs/pull/7/merge", "GITHUB_BASE_REF": "release/1"},
            *("release/1", "", "GITHUB_BASE_REF"),
        ),
        (
            {"GITHUB_REF": f"refs/heads/gh-readonly-queue/release/1/pr-7-{SHA}"},
            *("release/1", SHA, "the merge queue"),
        ),
        (
            {
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": SHA,
                "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "",
            },
            *("main", SHA, "CI_MERGE_REQUEST_DIFF_BASE_SHA"),
        ),
        (
            {
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": SHA,
                "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": OTHER,
            },
            *("main", OTHER, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA"),
        ),
        (
            {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"},
            *("main", "", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
        ),
    ],
)
def test_of__each_forge(environ: dict[str, str], branch: str, commit: str, said_by: str) -> None:
    assert target.of(environ) == model.Target(branch=branch, commit=commit, said_by=said_by)
