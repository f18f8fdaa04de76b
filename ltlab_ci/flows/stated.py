"""What a result comes to for a CI job: outputs, annotations, check run, the code to end with.

Not here: how they are carried to the forge (publish.py).
"""

from __future__ import annotations

import dataclasses
import json

from ltlab_ci import errors, model
from ltlab_ci.flows import folder
from ltlab_ci.flows.job import Job, within
from ltlab_ci.publish import forge
from ltlab_ci.report import annotations as remarks
from ltlab_ci.report import compared, view


def job_exit_code(code: int, fail_on: model.FailOn) -> int:
    """Return what the job ends with after a run that ended with `code`."""
    if fail_on == "never" or (fail_on == "error" and code == errors.ExitCode.FAILED):
        return errors.ExitCode.OK
    return code


def check_run(job: Job, text: str, result: model.Result | None) -> forge.CheckRun:
    """Return the check run of a result."""
    code = int(job.outputs["exit-code"])
    not_judged = result is not None and result.verdict == "not judged"
    conclusion = "success" if code == errors.ExitCode.OK else "failure"
    if code == errors.ExitCode.INTERRUPTED:
        conclusion = "cancelled"
    elif not_judged or (code and not job_exit_code(code, job.wanted.fail_on)):
        conclusion = "neutral"
    elif not code and result is not None and view.tone_of(result) == "unsure":
        conclusion = "neutral"  # it blocks nothing, and is not shown as green
    return forge.CheckRun(
        name=f"load test: {job.wanted.id}",
        head_sha=job.context.head_sha,
        conclusion=conclusion,
        title=_title(result),
        summary=text,
        details_url=job.context.run_url,
        annotations=annotated(job, result),
    )


def _title(result: model.Result | None) -> str:
    if result is None:
        return "nothing ran"
    told = "not judged: " if result.verdict == "not judged" else ""
    return f"{told}{result.headline}"


def annotated(job: Job, result: model.Result | None) -> tuple[model.Annotation, ...]:
    """Return the annotations with paths from the root of the repository."""
    if result is None:
        return ()
    root = within(job.config.parent, job.context.workspace)
    return tuple(
        dataclasses.replace(each, file=f"{root}/{each.file}" if root != "." else each.file)
        for each in remarks.of(result)
    )


def regressions(comparison: model.Comparison) -> int:
    """Return how many rows are worse on head; those on all requests count where no other fails more."""
    failing = [each for each in comparison.errors_of if each.verdict in compared.WORSE]
    failing = [each for each in failing if each.name or each.metric != "http_req_failed"] or failing
    changes = (*comparison.rows, comparison.throughput)
    worse = [row for row in changes if row.verdict in compared.WORSE]
    return len(worse) + (len(failing) or comparison.errors.verdict in compared.WORSE)


def outputs(job: Job, result: model.Result | None) -> dict[str, str]:
    """Return what later steps may want to know; without a result the run was refused, or killed."""
    killed = result is None and folder.unfinished(job.directory)
    code = int(errors.ExitCode.INTERRUPTED if killed else errors.ExitCode.CONFIG)
    failed, worse, urls = 0, 0, []
    if result is not None:
        code = result.exit_code
        worse = regressions(result.comparison) if result.comparison is not None else 0
        failed = sum(verdict.blocks for one in result.scenarios for verdict in one.verdicts)
        urls = [each.url for each in result.snapshots if each.url]
    file = job.directory / folder.RESULT
    # A job that follows another run is not the one to be red for it.
    ends = 0 if job.context.followed else job_exit_code(code, job.wanted.fail_on)
    return {
        "verdict": result.verdict if result is not None else "error",
        "exit-code": str(code),
        "job-exit-code": str(int(ends)),
        "failed-thresholds": str(failed),
        "regressions": str(worse),
        "report-dir": str(job.directory),
        "result-json": str(file) if file.is_file() else "",
        "comment-id": "",
        "comment-url": "",
        "check-run-id": "",
        "snapshot-urls": json.dumps(urls),
    }
