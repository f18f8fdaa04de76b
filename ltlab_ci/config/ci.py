"""Read the CI job's own variables and its event: one reader for each forge, in one table.

Pure: environment and payload are handed in. Not here: options of ltlab (options.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ltlab_ci import model

Payload = Mapping[str, Any]


def context(
    environ: Mapping[str, str], payload: Payload, tokens: Mapping[model.Forge, str]
) -> model.CiContext:
    """Return what the job says of itself; `payload` is the event as parsed JSON, {} for none.

    A value that is not of the expected kind counts as absent: a payload has many shapes.
    """
    for variable, (forge, reader) in _READERS.items():
        if environ.get(variable) == "true":
            return reader(environ, payload, tokens.get(forge, ""))
    return model.CiContext()


def _github(environ: Mapping[str, str], payload: Payload, token: str) -> model.CiContext:
    """Read GitHub's default variables and the webhook's payload.

    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """
    event = environ.get("GITHUB_EVENT_NAME", "")
    # That event runs the base branch: what was measured is not the pull request's commit.
    pull = {} if event == model.BASE_ONLY_EVENT else _part(payload, "pull_request")
    queued = _part(payload, "merge_group")
    branch = _branch(environ.get("GITHUB_REF", ""))
    repository = environ.get("GITHUB_REPOSITORY", "")
    server = environ.get("GITHUB_SERVER_URL", "") or "https://github.com"
    api = environ.get("GITHUB_API_URL", "") or "https://api.github.com"
    head, base = _part(pull, "head"), _part(pull, "base")
    ours = _int(environ.get("GITHUB_REPOSITORY_ID")) or _int(_part(base, "repo").get("id"))
    run_id = _int(environ.get("GITHUB_RUN_ID"))
    return model.CiContext(
        forge=model.Forge.GITHUB,
        event=event,
        repository=repository,
        repository_id=ours,
        pull_request=_int(pull.get("number")) or None,
        head_sha=_text(head, "sha") or _text(queued, "head_sha") or environ.get("GITHUB_SHA", ""),
        head_branch=_text(head, "ref") or branch,
        base_sha=_text(base, "sha") or _text(queued, "base_sha"),
        base_ref=_text(base, "ref") or _branch(_text(queued, "base_ref")) or branch,
        # A repository that was deleted is null here, and was a fork.
        from_fork=bool(pull) and _int(_part(head, "repo").get("id")) != ours,
        run_id=run_id,
        run_number=_int(environ.get("GITHUB_RUN_NUMBER")),
        run_attempt=_int(environ.get("GITHUB_RUN_ATTEMPT")) or 1,
        run_url=f"{server}/{repository}/actions/runs/{run_id}" if run_id else "",
        api_url=api,
        graphql_url=environ.get("GITHUB_GRAPHQL_URL", "") or f"{api}/graphql",
        server_url=server,
        workspace=_path(environ, "GITHUB_WORKSPACE"),
        summary_file=_path(environ, "GITHUB_STEP_SUMMARY"),
        output_file=_path(environ, "GITHUB_OUTPUT"),
        followed=_followed(payload) if event == "workflow_run" else None,
        token=token,
    )


def _followed(payload: Payload) -> model.FollowedRun:
    run = _part(payload, "workflow_run")
    fork = _part(run, "head_repository")
    return model.FollowedRun(
        run_id=_int(run.get("id")),
        run_number=_int(run.get("run_number")),
        run_attempt=_int(run.get("run_attempt")) or 1,
        event=_text(run, "event"),
        conclusion=_text(run, "conclusion"),
        head_sha=_text(run, "head_sha"),
        head_branch=_text(run, "head_branch"),
        head_owner=_text(_part(fork, "owner"), "login"),
        head_repository_id=_int(fork.get("id")),
        run_url=_text(run, "html_url"),
    )


def _gitlab(environ: Mapping[str, str], _: Payload, token: str) -> model.CiContext:
    """Read GitLab's predefined variables; a fork's pipeline names the project it is merged into.

    https://docs.gitlab.com/ci/variables/predefined_variables/
    """

    def given(name: str) -> str:
        return environ.get(f"CI_{name}", "")

    request = _int(given("MERGE_REQUEST_IID"))
    ours = _int(given("MERGE_REQUEST_PROJECT_ID")) or _int(given("PROJECT_ID"))
    job = given("JOB_URL")
    return model.CiContext(
        forge=model.Forge.GITLAB,
        event=given("PIPELINE_SOURCE"),
        repository=given("MERGE_REQUEST_PROJECT_PATH") or given("PROJECT_PATH"),
        repository_id=ours,
        pull_request=request or None,
        # A pipeline of merged results checks out a commit that nobody wrote, and says whose it is of.
        head_sha=given("MERGE_REQUEST_SOURCE_BRANCH_SHA") or given("COMMIT_SHA"),
        head_branch=given("MERGE_REQUEST_SOURCE_BRANCH_NAME") or given("COMMIT_BRANCH"),
        base_sha=given("MERGE_REQUEST_TARGET_BRANCH_SHA") or given("MERGE_REQUEST_DIFF_BASE_SHA"),
        base_ref=given("MERGE_REQUEST_TARGET_BRANCH_NAME") or given("COMMIT_BRANCH"),
        from_fork=bool(request) and _int(given("MERGE_REQUEST_SOURCE_PROJECT_ID")) not in {0, ours},
        run_id=_int(given("PIPELINE_ID")),
        run_number=_int(given("PIPELINE_IID")),
        run_attempt=_int(given("JOB_ID")) or 1,  # a job that is tried again has a higher id
        run_url=job or given("PIPELINE_URL"),
        api_url=given("API_V4_URL"),
        graphql_url=given("API_GRAPHQL_URL"),
        server_url=given("SERVER_URL"),
        artifacts_url=f"{job}/artifacts/file" if job else "",
        ca_file=_path(environ, "CI_SERVER_TLS_CA_FILE"),
        workspace=_path(environ, "CI_PROJECT_DIR"),
        token=token,
    )


Reader = Callable[[Mapping[str, str], Payload, str], model.CiContext]
_READERS: Mapping[str, tuple[model.Forge, Reader]] = {
    "GITHUB_ACTIONS": (model.Forge.GITHUB, _github),
    "GITLAB_CI": (model.Forge.GITLAB, _gitlab),
}
"""By the variable that is `true` in every job of that CI."""


def _part(payload: Payload, name: str) -> Payload:
    found = payload.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(payload: Payload, name: str) -> str:
    found = payload.get(name)
    return found if isinstance(found, str) else ""


def _int(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value) else 0


def _branch(ref: str) -> str:
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]) if environ.get(name) else None
