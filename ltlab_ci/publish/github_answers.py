"""What GitHub's answers mean: a comment, a pull request; forbidden, gone, busy (how long). Pure.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import requests

from ltlab_ci import errors
from ltlab_ci.publish import forge

Json = dict[str, Any]
Fits = Callable[[Mapping[str, Any]], bool]
"""Says whether an artefact's `workflow_run` is one that is wanted."""
T = TypeVar("T")

_UNSAID_S = 60.0  # GitHub's own advice for a secondary limit that names no time
_LONG = 200


def error_of(answer: requests.Response, *, now: float) -> errors.PublishError | None:
    """Return the error that an answer is, None for a good one; `now` in s since 1970."""
    if answer.ok:
        return None
    message = _message(answer)
    status = answer.status_code
    if _limited(answer, message):
        return forge.Busy(
            f"GitHub's rate limit is reached: {message}",
            remedy="publish again later, with fewer jobs at a time",
            after_s=_wait_s(answer, now),
        )
    if status >= 500:  # noqa: PLR2004
        return forge.Busy(
            f"GitHub fails with {status}: {message}",
            remedy="publish again later; see https://www.githubstatus.com",
            after_s=_retry_after(answer),
        )
    kind, remedy = _REFUSALS.get(status, (errors.PublishError, "report it as a bug of ltlab"))
    return kind(f"GitHub refuses with {status}: {message}", remedy=remedy)


_REFUSALS: Mapping[int, tuple[type[errors.PublishError], str]] = {
    401: (forge.Forbidden, "the token has expired or is wrong: give the job's own GITHUB_TOKEN"),
    403: (
        forge.Forbidden,
        "give the job the permissions that docs/publishing.md lists; a fork's run gets none",
    ),
    404: (forge.Gone, "look whether it was deleted, and whether the token may see it"),
    410: (forge.Gone, "look whether it was deleted, or has expired"),
}


def _limited(answer: requests.Response, message: str) -> bool:
    if answer.status_code == requests.codes.too_many_requests:
        return True
    return answer.status_code == requests.codes.forbidden and (
        "Retry-After" in answer.headers
        or answer.headers.get("X-RateLimit-Remaining") == "0"
        or "rate limit" in message.lower()
    )


def _wait_s(answer: requests.Response, now: float) -> float:
    after = _retry_after(answer)
    if after is not None:
        return after
    reset = answer.headers.get("X-RateLimit-Reset", "")
    if answer.headers.get("X-RateLimit-Remaining") == "0" and reset.isdecimal():
        return max(1.0, int(reset) - now + 1)
    return _UNSAID_S


def _retry_after(answer: requests.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() else None


def _message(answer: requests.Response) -> str:
    try:
        said = answer.json()
    except requests.RequestException:
        said = None
    message = said.get("message") if isinstance(said, dict) else None
    return str(message or answer.reason or "no reason given")[:_LONG]


def understood(read: Callable[[Any], T]) -> Callable[[Any], T]:
    """Turn what a reader stumbles over into an error that says whose fault it is."""

    @functools.wraps(read)
    def careful(said: Any) -> T:  # noqa: ANN401  (JSON of any shape)
        try:
            return read(said)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise strange(f"its answer lacks {error}") from error

    return careful


@understood
def comment(said: Json) -> forge.Comment:
    """Read a comment."""
    return forge.Comment(
        comment_id=int(said["id"]),
        author=str((said.get("user") or {}).get("login", "")),
        body=str(said.get("body") or ""),
        url=str(said.get("html_url") or ""),
    )


@understood
def pull(said: Json) -> forge.Pull:
    """Read a pull request; of a fork that was deleted the repository is null."""
    head, base = said["head"], said["base"]
    return forge.Pull(
        number=int(said["number"]),
        is_open=said["state"] == "open",
        head_sha=str(head["sha"]),
        head_repository_id=int((head.get("repo") or {}).get("id", 0)),
        base_sha=str(base["sha"]),
        base_ref=str(base["ref"]),
        merge_sha=str(said.get("merge_commit_sha") or ""),
    )


@understood
def artifacts(said: Json) -> Sequence[Json]:
    """Read a page of artefacts that have not expired, each with `workflow_run` as a mapping."""
    return [
        {
            "id": int(each["id"]),
            "name": str(each["name"]),
            "size": int(each["size_in_bytes"]),
            "run": dict(each.get("workflow_run") or {}),
        }
        for each in said["artifacts"]
        if not each["expired"]
    ]


def strange(what: str) -> errors.PublishError:
    """Return the error of an answer that GitHub would not give."""
    return errors.PublishError(
        f"what answers is no GitHub: {what[:_LONG]}",
        remedy="check GITHUB_API_URL, and the proxy between",
    )
