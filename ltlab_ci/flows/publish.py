"""From a report folder to what a pull request shows; the verdict stands whatever the forge does.

Files of the job come first, since they need nobody: comment.md, summary, annotations; then the forge;
outputs last, on every path. Missing rights are a notice, other trouble ends with exit code 6.
Not here: what there is to say (gathered.py), posting the comment (told.py).
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ltlab_ci import errors, model
from ltlab_ci.flows import folder, gathered, stated, told
from ltlab_ci.flows.job import Job, World, within
from ltlab_ci.publish import comment, files, forge, github, gitlab
from ltlab_ci.report import comment as texts
from ltlab_ci.report import summary

COMMENT = "comment.md"
OUTPUTS = "outputs.env"
FORGES: Mapping[model.Forge, forge.Opener] = {
    model.Forge.GITHUB: github.opened,
    model.Forge.GITLAB: gitlab.opened,
}
_NO_TOKEN = {
    model.Forge.GITHUB: "no token was given: github is told nothing, see the job's summary",
    model.Forge.GITLAB: (
        "LTLAB_GITLAB_TOKEN is not set, and a job's own token may write no note: the merge request is"
        " told nothing, see the job's artefacts"
    ),
}
_BASE_ONLY = (
    f"{model.BASE_ONLY_EVENT} runs the base branch, so this report says nothing about the pull request's"
    " commit, and the pull request is not told: measure in a workflow on pull_request, and"
    " publish for forks from a second one, see docs/publishing.md#forks"
)


@dataclass(frozen=True, kw_only=True)
class Said:
    """A result and the comment on it."""

    result: model.Result | None
    text: str


def publish(
    directory: Path, context: model.CiContext, wanted: model.Wanted, *, config: Path, world: World
) -> int:
    """Publish what a report folder (or the run that is followed) holds.

    Returns 0, or 6 where something could not be published for another reason than missing rights.
    Raises ConfigError for a result.json that is none.
    """
    job = Job(context=context, wanted=wanted, directory=directory, config=config, world=world)
    patience = forge.Patience(sleep=world.sleep, monotonic=world.monotonic)
    with contextlib.ExitStack() as opened:
        client = _client(job, patience, opened)
        found: forge.Pull | None = None
        if client is not None:
            with job.attempt("finding the pull request"):
                found = gathered.pull(client, context)
        if context.followed is not None:
            _follow(job, client, context.followed, found, patience)
        else:
            _publish_own(job, client, found, patience)
    with job.attempt("writing outputs"):
        if context.output_file is not None:
            delimiter = f"ltlab-{secrets.token_hex(16)}"
            files.append(context.output_file, files.outputs(job.outputs, delimiter=delimiter))
        if context.forge is model.Forge.GITLAB:
            folder.add(directory, OUTPUTS, files.dotenv(job.outputs))
    return errors.ExitCode.PUBLISH if job.failed else errors.ExitCode.OK


def _client(
    job: Job, patience: forge.Patience, opened: contextlib.ExitStack
) -> forge.Client | None:
    opener = FORGES.get(job.context.forge)
    if opener is None:
        job.say("no GitHub or GitLab job: the report folder has the comment, nobody is told")
        return None
    if not job.context.token:
        job.notice(_NO_TOKEN[job.context.forge])
        return None
    report = within(job.directory, job.context.workspace)
    return opened.enter_context(opener(job.context, patience, report=report))


def _publish_own(
    job: Job, client: forge.Client | None, found: forge.Pull | None, patience: forge.Patience
) -> None:
    """Publish the result of this very job."""
    if job.context.event == model.BASE_ONLY_EVENT:
        job.notice(_BASE_ONLY)
    result = gathered.own(job.directory)
    job.outputs |= stated.outputs(job, result)
    said = _said(job, client, found, result)
    _summarise(job, summary.render(result) if result is not None else said.text)
    if job.context.forge is model.Forge.GITHUB:
        for line in files.commands(stated.annotated(job, result)):
            job.world.voice.raw(line)
    if client is not None and found is not None:
        _comment(job, client, found, said, patience)
    if client is not None and job.wanted.check_run:
        with job.attempt("the check run"):
            made = client.check(stated.check_run(job, said.text, result))
            job.outputs["check-run-id"] = str(made or "")


def _follow(
    job: Job,
    client: forge.Client | None,
    run: model.FollowedRun,
    found: forge.Pull | None,
    patience: forge.Patience,
) -> None:
    """Publish what another run left: for a fork's, which may not write itself. No check run."""
    if client is None:
        return
    with job.attempt(f"the report of run {run.run_id}"):
        if found is None:
            job.notice(f"no open pull request has the commit {run.head_sha} of run {run.run_id}")
            return
        result = gathered.followed(client, job.context, run, job.wanted.artifact_name)
        job.outputs |= stated.outputs(job, result)
        said = _said(job, client, found, result)
        _summarise(job, said.text)
        _comment(job, client, found, said, patience)


def _said(
    job: Job, client: forge.Client | None, found: forge.Pull | None, result: model.Result | None
) -> Said:
    """Return the comment, which is left in the report folder whatever becomes of it."""
    around = gathered.around(job, client, found, cancelled=_cancelled(job, result))
    text = texts.render(result, around)
    with job.attempt(f"writing {COMMENT}"):
        folder.add(job.directory, COMMENT, text)
    return Said(result=result, text=text)


def _cancelled(job: Job, result: model.Result | None) -> bool:
    run = job.context.followed
    if run is not None and run.conclusion == "cancelled":
        return True
    if result is None:
        return bool(folder.unfinished(job.directory))
    return any(each.effect == "interrupted" for each in result.findings)


def _summarise(job: Job, text: str) -> None:
    file = job.context.summary_file
    if file is None or not job.wanted.summary:
        return
    with job.attempt("the job's summary"):
        already = file.stat().st_size if file.is_file() else 0
        files.append(file, files.summary(f"{text}\n", already=already))


def _comment(
    job: Job,
    client: forge.Client,
    found: forge.Pull,
    said: Said,
    patience: forge.Patience,
) -> None:
    if job.wanted.comment == "off":
        return
    run = job.context.followed or job.context
    marker = comment.Marker(
        id=job.wanted.id,
        sha=run.head_sha,
        run=(run.run_number, run.run_attempt),
        state=comment.state(said.result),
    )
    with job.attempt("the comment"):
        became = told.tell(
            client,
            found.number,
            said.text,
            marker=marker,
            mode=job.wanted.comment,
            passed=said.result is not None and said.result.exit_code == errors.ExitCode.OK,
            patience=patience,
        )
        if became.why_not:
            job.say(f"no comment was written: {became.why_not}")
        if became.comment is not None:
            job.outputs["comment-id"] = str(became.comment.comment_id)
            job.outputs["comment-url"] = became.comment.url
