"""Which branch head is to be merged into, from the variables of GitHub Actions and GitLab CI; pure.

GitHub: docs.github.com, "Default environment variables"; a merge queue's branch is named
`gh-readonly-queue/BRANCH/pr-NUMBER-SHA`, where SHA is what the pull request is merged onto.
GitLab: docs.gitlab.com, "Predefined CI/CD variables reference".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ltlab_ci import model

_QUEUE = re.compile(r"refs/heads/gh-readonly-queue/(.+)/pr-\d+-([0-9a-f]{40})")


def of(environ: Mapping[str, str]) -> model.Target:
    """Return what CI says of the target; an empty one outside of a merge or pull request."""
    queued = _QUEUE.fullmatch(environ.get("GITHUB_REF", ""))
    if queued is not None:
        return model.Target(branch=queued[1], commit=queued[2], said_by="the merge queue")
    if branch := environ.get("GITHUB_BASE_REF"):
        return model.Target(branch=branch, said_by="GITHUB_BASE_REF")
    branch = environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")
    # Only pipelines for merged results and merge trains have the first one: there head holds the
    # target's newest commits too.
    for name in ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"):
        if commit := environ.get(name):
            return model.Target(branch=branch, commit=commit, said_by=name)
    if branch:
        return model.Target(branch=branch, said_by="CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
    return model.Target()
