"""What there is to publish: the result, from our folder or a stranger's artefact, and all around it.

Only the result is needed; what else a forge does not give is left out. Not here: order and effects
(publish.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ltlab_ci import errors, model
from ltlab_ci.config import document
from ltlab_ci.evaluate import changed
from ltlab_ci.flows import folder
from ltlab_ci.flows.job import Job, within
from ltlab_ci.publish import forge, untrusted

_LONGEST_CONFIG = 64_000  # of what a stranger may give us to think about


def own(directory: Path) -> model.Result | None:
    """Return the result of a report folder, None where no run left one."""
    return folder.read(directory) if (directory / folder.RESULT).is_file() else None


def followed(
    client: forge.Client, context: model.CiContext, run: model.FollowedRun, name: str
) -> model.Result:
    """Return the result that another run left, as a hostile one. Raises PublishError."""
    artifact = client.artifact_of_run(run.run_id, name)
    if artifact is None:
        raise errors.PublishError(
            f"run {run.run_id} of {context.repository} left no artefact {name!r}",
            remedy="look at that run: it may have ended before its upload, or name it otherwise",
        )
    return untrusted.result(artifact.zipped)


def pull(client: forge.Client, context: model.CiContext) -> forge.Pull | None:
    """Return the pull request that a job is about, None for none. Raises PublishError.

    Where the event names none, the forge is asked for the open one with this very head, in the
    repository that the commit comes from: nothing that a stranger wrote is believed.
    """
    if context.pull_request is not None:
        return client.pull(context.pull_request)
    run = context.followed
    if run is not None:
        owner, branch, sha = run.head_owner, run.head_branch, run.head_sha
        repository_id = run.head_repository_id
    else:
        owner, branch, sha = context.repository.split("/")[0], context.head_branch, context.head_sha
        repository_id = context.repository_id
    if not (owner and branch and sha) or (run is None and context.event != "push"):
        return None
    number = client.pull_of_commit(owner=owner, branch=branch, sha=sha, repository_id=repository_id)
    return client.pull(number) if number is not None else None


def around(
    job: Job, client: forge.Client | None, found: forge.Pull | None, *, cancelled: bool
) -> model.Around:
    """Return what a comment says besides the result."""
    context, wanted = job.context, job.wanted
    run = context.followed
    earlier: tuple[model.Result | None, str] = (None, "")
    changes: tuple[model.ThresholdChange, ...] | None = None
    if client is not None and found is not None:
        with _optional("an earlier run of the target branch", job):
            earlier = _earlier(client, context, found, wanted.artifact_name)
        with _optional("the base's ltlab.yml", job):
            changes = _changed(client, job, found)
    return model.Around(
        id="" if wanted.id == "ltlab" else wanted.id,
        run_url=run.run_url if run is not None else context.run_url,
        report_url=_report_url(job),
        head_sha=run.head_sha if run is not None else context.head_sha,
        earlier=earlier[0],
        earlier_sha=earlier[1],
        changed=changes,
        unreviewed=run is not None and run.head_repository_id != context.repository_id,
        cancelled=cancelled,
    )


def _earlier(
    client: forge.Client, context: model.CiContext, found: forge.Pull, name: str
) -> tuple[model.Result | None, str]:
    artifact = client.artifact_of_branch(found.base_ref, name, but=context.run_id)
    if artifact is None:
        return None, ""
    return untrusted.result(artifact.zipped), artifact.head_sha


def _changed(
    client: forge.Client, job: Job, found: forge.Pull
) -> tuple[model.ThresholdChange, ...] | None:
    """Return the thresholds that a pull request changes, None where a side has no ltlab.yml.

    What another run measured is not checked out here: its side is what a merge would give.
    """
    path = within(job.config, job.context.workspace)
    before = client.file(path, job.context.base_sha or found.base_sha)
    after: bytes | None = None
    strange = job.context.followed is not None
    if not strange:
        with contextlib.suppress(OSError):
            after = job.config.read_bytes()
    elif found.merge_sha:
        after = client.file(path, found.merge_sha)
    if before is None or after is None:
        return None
    return changed.changes(
        _lab_file(before, job.config, aliases=not strange),
        _lab_file(after, job.config, aliases=not strange),
    )


def _lab_file(raw: bytes, path: Path, *, aliases: bool) -> model.LabFile:
    if len(raw) > _LONGEST_CONFIG:
        raise errors.ConfigError(
            f"{path.name} is too long", remedy="keep it below 64 kB to have it compared"
        )
    text = raw.decode(errors="replace")
    return document.check(document.parse(text, path, aliases=aliases))


def _report_url(job: Job) -> str:
    context = job.context
    if context.artifacts_url:
        return f"{context.artifacts_url}/{within(job.directory, context.workspace)}/report.html"
    run = context.followed
    url = run.run_url if run is not None else context.run_url
    return f"{url}#artifacts" if url and context.forge is model.Forge.GITHUB else ""


@contextlib.contextmanager
def _optional(what: str, job: Job) -> Iterator[None]:
    try:
        yield
    except errors.LabError as error:
        job.say(f"{what} is not at hand: {error.message}")
