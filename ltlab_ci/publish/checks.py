"""A check run on a commit, its annotations in batches: GitHub takes 50 with each request.

Not here: what it says (report/), HTTP (github.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ltlab_ci import model
from ltlab_ci.publish import forge

Json = dict[str, Any]
Call = Callable[[str, str, Json], int]
"""Method, the address after /check-runs, body -> the check run's id."""

BATCH = 50
_LONGEST = 65_535
_LONGEST_TITLE = 255
_CUT = "\n\n_Cut here: everything is in the report._\n"
_LEVELS = {"error": "failure", "warning": "warning"}


def publish(run: forge.CheckRun, call: Call, patience: forge.Patience) -> int:
    """Make a check run, add its annotations, return its id.

    Creating it twice does no harm, since GitHub shows the newest of a name; a batch that was sent
    twice would show twice, so only the creation is tried again.
    """
    batches = _batches(run.annotations)
    first = {**_body(run), "output": _output(run, batches[0])}
    run_id = patience.with_(lambda: call("POST", "", first))
    for batch in batches[1:]:
        call("PATCH", f"/{run_id}", {"output": _output(run, batch)})
    return run_id


def _batches(found: Sequence[model.Annotation]) -> list[Sequence[model.Annotation]]:
    return [found[start : start + BATCH] for start in range(0, len(found), BATCH)] or [()]


def _body(run: forge.CheckRun) -> Json:
    address = {"details_url": run.details_url} if run.details_url else {}
    return {
        "name": run.name,
        "head_sha": run.head_sha,
        "status": "completed",
        "conclusion": run.conclusion,
        **address,
    }


def _output(run: forge.CheckRun, batch: Sequence[model.Annotation]) -> Json:
    summary = run.summary
    if len(summary.encode()) > _LONGEST:
        kept = summary.encode()[: _LONGEST - len(_CUT.encode())].decode(errors="ignore")
        summary = f"{kept[: max(0, kept.rfind(chr(10)))]}{_CUT}"
    return {
        "title": run.title[:_LONGEST_TITLE],
        "summary": summary,
        "annotations": [_annotation(each) for each in batch],
    }


def _annotation(found: model.Annotation) -> Json:
    return {
        "path": found.file,
        "start_line": found.line,
        "end_line": found.line,
        "annotation_level": _LEVELS[found.level],
        "title": found.title[:_LONGEST_TITLE],
        "message": found.message,
    }
