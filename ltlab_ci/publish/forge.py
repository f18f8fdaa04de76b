"""What a forge offers to whoever publishes, how it refuses, and how long it is asked again.

Not here: GitHub's and GitLab's own APIs (github.py, gitlab.py), which comment is meant (comment.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ltlab_ci import errors, model

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment (GitLab: note) as the forge has it; `author` is a login."""

    comment_id: int
    author: str
    body: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Pull:
    """A pull (GitLab: merge) request as it is now. `merge_sha` "": not known or in conflict."""

    number: int
    is_open: bool
    head_sha: str
    head_repository_id: int = 0
    base_sha: str = ""
    base_ref: str = ""
    merge_sha: str = ""


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """What a run uploaded: a zip that nobody has looked into, and the commit it is said to be of."""

    zipped: bytes
    head_sha: str


@dataclass(frozen=True, kw_only=True)
class CheckRun:
    """A check on a commit, beside the job's own."""

    name: str
    head_sha: str
    conclusion: str
    title: str
    summary: str
    details_url: str
    annotations: tuple[model.Annotation, ...] = ()


class Client(Protocol):
    """A forge that is open for talk. `longest` is its limit of a comment in characters.

    Each method raises Forbidden, Gone, Busy or another PublishError; reading is asked again within
    the client, writing never: whoever writes looks again first (flows/publish.py).
    """

    longest: int

    def me(self) -> str:
        """Return the login that this client's comments carry."""

    def pull(self, number: int) -> Pull:
        """Return a pull request as it is now."""

    def pull_of_commit(
        self, *, owner: str, branch: str, sha: str, repository_id: int
    ) -> int | None:
        """Return the number of the open pull request with this very head, None for none."""

    def comments(self, number: int) -> Iterator[Comment]:
        """Yield every comment of a pull request, over all pages."""

    def create(self, number: int, body: str) -> Comment:
        """Write a new comment."""

    def update(self, number: int, comment_id: int, body: str) -> Comment:
        """Edit a comment. Raises Gone when somebody deleted it."""

    def delete(self, number: int, comment_id: int) -> None:
        """Remove a comment; one that is gone already is no error."""

    def file(self, path: str, ref: str) -> bytes | None:
        """Return a file of the repository at a commit, None where there is none."""

    def artifact_of_run(self, run_id: int, name: str) -> Artifact | None:
        """Return what one run uploaded under a name, None for nothing."""

    def artifact_of_branch(self, branch: str, name: str, *, but: int) -> Artifact | None:
        """Return the newest upload of a branch of this very repository, runs `but` excepted."""

    def check(self, run: CheckRun) -> int | None:
        """Make a check run and return its id, None where the forge has no such thing."""


class Opener(Protocol):
    """Opens a client; `report` is the report folder's path within the project."""

    def __call__(
        self, context: model.CiContext, patience: Patience, *, report: str
    ) -> AbstractContextManager[Client]:
        """Hand out a client, and close it when the block ends."""


class Forbidden(errors.PublishError):
    """The token may not do this: expected in a fork's run. Said as a notice, never an error."""


class Gone(errors.PublishError):
    """What was to be read or changed is not there (any more)."""


class Busy(errors.PublishError):
    """The forge asks for patience, fails for now, or does not answer.

    `after_s`: how long it asks to wait, None where it does not say.
    """

    def __init__(self, message: str, *, remedy: str, after_s: float | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.after_s = after_s


class Patience:
    """How long a whole publication may take because of a busy forge: `budget_s` over all calls."""

    def __init__(
        self,
        *,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
        budget_s: float = 120.0,
    ) -> None:
        self._sleep, self._monotonic = sleep, monotonic
        self._deadline = monotonic() + budget_s

    def with_(self, attempt: Callable[[], T]) -> T:
        """Return what `attempt` returns, made anew while the forge is busy. Raises the last Busy."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return attempt()
            except Busy as busy:
                wait_s = pause_s if busy.after_s is None else max(busy.after_s, _FIRST_PAUSE_S)
                if self._monotonic() + wait_s > self._deadline:
                    raise
                self._sleep(wait_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
