"""Which comment to create, update or leave alone, and what marks it as ours. Pure.

Ours is a comment with the instance's marker **and** our own author. Not here: its text
(report/comment.py), carrying it out (flows/publish.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ltlab_ci import model
from ltlab_ci.publish import forge

_MARKER = re.compile(
    r"<!-- ltlab id=(?P<id>\S+) sha=(?P<sha>[0-9a-f]*) run=(?P<number>\d+)\.(?P<attempt>\d+)"
    r" state=(?P<state>[0-9a-f]*) -->"
)
_CUT = "\n\n_Cut here: a comment holds no more. Everything is in the report._\n"


@dataclass(frozen=True, kw_only=True)
class Marker:
    """What a comment's hidden first line says: whose it is, of which commit and run, its state."""

    id: str
    sha: str
    run: tuple[int, int]
    state: str

    def __str__(self) -> str:
        """Return the line as HTML's comment, which no id can end."""
        number, attempt = self.run
        return (
            f"<!-- ltlab id={_safe(self.id)} sha={self.sha} run={number}.{attempt}"
            f" state={self.state} -->"
        )


@dataclass(frozen=True, kw_only=True)
class Create:
    """Write a new comment."""

    body: str


@dataclass(frozen=True, kw_only=True)
class Update:
    """Edit the comment that is there."""

    comment_id: int
    body: str


@dataclass(frozen=True, kw_only=True)
class Leave:
    """Write nothing, and why; `comment` is the one that stays, if there is any."""

    why: str
    comment: forge.Comment | None = None


Decision = Create | Update | Leave


def marker_of(body: str) -> Marker | None:
    """Return the marker at the start of a comment; one that is quoted further down is no marker."""
    found = _MARKER.match(body)
    if found is None:
        return None
    run = (int(found["number"]), int(found["attempt"]))
    return Marker(id=found["id"], sha=found["sha"], run=run, state=found["state"])


def ours(comments: Iterable[forge.Comment], *, id: str, author: str) -> tuple[forge.Comment, ...]:
    """Return the comments of one instance that `author` wrote, in the order given."""
    return tuple(each for each in comments if each.author == author and _is_of(each, id))


def decide(
    existing: Sequence[forge.Comment],
    pull: forge.Pull,
    *,
    marker: Marker,
    body: str,
    mode: model.CommentMode,
    passed: bool,
) -> Decision:
    """Say what to do with our comments of this instance (`existing`, see `ours`).

    The pull request as it is now decides: what is no longer its head gets no comment, so that no
    late run writes over a newer commit's.
    """
    there = best(existing)
    why = _not_now(pull, marker) or _not_over(there, marker, mode, passed=passed)
    if why:
        return Leave(why=why, comment=there)
    if there is None:
        return Create(body=body)
    return Update(comment_id=there.comment_id, body=body)


def _not_now(pull: forge.Pull, marker: Marker) -> str:
    if not pull.is_open:
        return f"pull request {pull.number} was closed meanwhile"
    if pull.head_sha != marker.sha:
        return f"pull request {pull.number} has a newer commit by now"
    return ""


def _not_over(
    there: forge.Comment | None, marker: Marker, mode: model.CommentMode, *, passed: bool
) -> str:
    if there is None:
        nothing = mode == "failures" and passed
        return "nothing failed, and there is no earlier comment" if nothing else ""
    earlier = marker_of(there.body)
    if earlier is not None and earlier.sha == marker.sha and earlier.run > marker.run:
        return "a newer run of this commit has commented"
    if earlier is not None and mode == "changes" and earlier.state == marker.state:
        return "neither the verdict nor what fails has changed"
    return ""


def best(existing: Sequence[forge.Comment]) -> forge.Comment | None:
    """Return the comment that stays where two jobs made one each: the newest run's, the older one."""
    return max(existing, key=_rank, default=None)


def state(result: model.Result | None) -> str:
    """Return a fingerprint of the verdict and the set of failing rows, for the mode `changes`."""
    if result is None:
        return "0"
    failing = {
        (scenario.name, verdict.metric, *sorted(verdict.tags.items()), verdict.threshold)
        for scenario in result.scenarios
        for verdict in scenario.verdicts
        if verdict.status is not model.Status.PASS
    }
    changed = _changed(result.comparison) if result.comparison is not None else set()
    found = {(each.scenario or "", each.code) for each in result.findings}
    parts = [result.verdict, *(repr(sorted(each, key=repr)) for each in (failing, changed, found))]
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:16]


def _changed(comparison: model.Comparison) -> set[tuple[str, ...]]:
    rows: list[model.Change | model.Errors] = [*comparison.rows, comparison.throughput]
    rows += [comparison.errors, *comparison.errors_of]
    return {
        (comparison.verdict,),
        *((row.scenario, row.metric, row.name, row.method, row.stat, row.verdict) for row in rows),
    }


def marked(marker: Marker, text: str, *, longest: int) -> str:
    """Return the body of a comment: marker, text, cut at a line's end where it is too long.

    Counted in UTF-16 code units, which are never fewer than characters.
    """
    whole = f"{marker}\n{text}"
    units = whole.encode("utf-16-le", errors="replace")
    if len(units) // 2 <= longest:
        return whole
    kept = units[: 2 * (longest - len(_CUT))].decode("utf-16-le", errors="ignore")
    return f"{kept[: kept.rindex(chr(10))]}{_CUT}"


def _is_of(comment: forge.Comment, id: str) -> bool:
    marker = marker_of(comment.body)
    return marker is not None and marker.id == _safe(id)


def _rank(comment: forge.Comment) -> tuple[int, int, int]:
    marker = marker_of(comment.body)
    return (*(marker.run if marker is not None else (0, 0)), -comment.comment_id)


def _safe(id: str) -> str:
    # A hyphen goes too: two of them would end or open a comment in HTML.
    return quote(id, safe="", errors="replace").replace("-", "%2D").replace("~", "%7E")
