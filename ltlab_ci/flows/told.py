"""Have a pull request say it: one comment of ours, looked for anew before each attempt to write.

An attempt that failed may have been heard all the same, and the pull request may have moved on: so
what is tried again is looking, deciding and writing together. Not here: which comment is meant
(publish/comment.py), what it says (report/comment.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from ltlab_ci import model
from ltlab_ci.publish import comment, forge


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of a comment: the one that is there now, if any, and why nothing was written."""

    comment: forge.Comment | None
    why_not: str = ""


def tell(
    client: forge.Client,
    number: int,
    text: str,
    *,
    marker: comment.Marker,
    mode: model.CommentMode,
    passed: bool,
    patience: forge.Patience,
) -> Told:
    """Create or update the comment of one instance. Raises PublishError."""
    author = client.me()
    body = comment.marked(marker, text, longest=client.longest)

    def listed() -> tuple[forge.Comment, ...]:
        return comment.ours(client.comments(number), id=marker.id, author=author)

    def attempt() -> Told:
        # The pull request last: what may change in between is only whether it moves on.
        existing = listed()
        pull = client.pull(number)
        decision = comment.decide(
            existing, pull, marker=marker, body=body, mode=mode, passed=passed
        )
        match decision:
            case comment.Leave():
                return Told(comment=decision.comment, why_not=decision.why)
            case comment.Create():
                made = client.create(number, decision.body)
                return Told(comment=_settled(client, number, listed(), made))
            case comment.Update():
                return Told(comment=_updated(client, number, decision))
            case _:
                assert_never(decision)

    return patience.with_(attempt)


def _updated(client: forge.Client, number: int, decision: comment.Update) -> forge.Comment:
    try:
        return client.update(number, decision.comment_id, decision.body)
    except forge.Gone as error:
        raise forge.Busy(
            f"comment {decision.comment_id} was deleted in this moment", remedy=error.remedy
        ) from error


def _settled(
    client: forge.Client, number: int, existing: tuple[forge.Comment, ...], made: forge.Comment
) -> forge.Comment:
    """Keep one comment where another job made one in the same moment: both choose the same."""
    kept = comment.best(existing) or made
    for each in existing:
        if each.comment_id != kept.comment_id:
            client.delete(number, each.comment_id)
    return kept
