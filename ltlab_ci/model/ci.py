"""The CI job that ltlab runs in, and what is to be published from it.

Not here: reading variables and event payloads (config/ci.py), talking to a forge (publish/).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

BASE_ONLY_EVENT: Final = "pull_request_target"
"""GitHub's event for a pull request that checks out and runs the base branch."""


class Forge(StrEnum):
    """Where a pull request lives; `NONE` on a laptop and in every other CI."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class FollowedRun:
    """The run that a `workflow_run` event is about: whatever it left is somebody else's word.

    Everything here is GitHub's own statement, though branch and repository names are chosen by
    whoever opened the pull request.
    """

    run_id: int
    run_number: int
    run_attempt: int
    event: str
    conclusion: str
    head_sha: str
    head_branch: str
    head_owner: str
    head_repository_id: int
    run_url: str


@dataclass(frozen=True, kw_only=True)
class CiContext:
    """What a CI job knows of itself. Texts are "" and ids 0 where it does not say.

    `head_sha` is the commit that people look at: the pull request's head, not the merge commit that
    is checked out. `base_sha` is the tip of the target branch `base_ref`; for a push `base_ref` is
    the branch itself. `pull_request` is None where the event names none. `artifacts_url` is where one
    file of this job's artefacts is shown, before its path; `ca_file` is what verifies the server.
    """

    forge: Forge = Forge.NONE
    event: str = ""
    repository: str = ""
    repository_id: int = 0
    pull_request: int | None = None
    head_sha: str = ""
    head_branch: str = ""
    base_sha: str = ""
    base_ref: str = ""
    from_fork: bool = False
    run_id: int = 0
    run_number: int = 0
    run_attempt: int = 1
    run_url: str = ""
    api_url: str = ""
    graphql_url: str = ""
    server_url: str = ""
    artifacts_url: str = ""
    ca_file: Path | None = None
    workspace: Path | None = None
    summary_file: Path | None = None
    output_file: Path | None = None
    followed: FollowedRun | None = None
    token: str = field(default="", repr=False)


CommentMode = Literal["always", "changes", "failures", "off"]
FailOn = Literal["failure", "error", "never"]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a user wants published. `id` tells several instances in one pull request apart."""

    id: str = "ltlab"
    comment: CommentMode = "always"
    check_run: bool = False
    summary: bool = True
    artifact_name: str = "ltlab-report"
    fail_on: FailOn = "failure"
