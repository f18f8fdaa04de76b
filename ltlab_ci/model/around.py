"""What is said about a run besides its result: where it ran, what came before, what was changed.

Not here: the result itself (results.py), where a forge's facts come from (ci.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ltlab_ci.model.results import Result


class ChangeKind(StrEnum):
    """What a pull request does to a threshold; the order is that of a comment."""

    LOOSENED = "loosened"
    REMOVED = "removed"
    CHANGED = "changed"
    TIGHTENED = "tightened"
    ADDED = "added"


@dataclass(frozen=True, kw_only=True)
class ThresholdChange:
    """One threshold that reads otherwise in head's ltlab.yml than in base's.

    `scenario` is "" where it is the same in every scenario of both. `key` is metric and tags,
    "steady_state", "exclude_setup", or "" for a scenario as a whole. `before` is "" for what was added, `after` for
    what was removed.
    """

    kind: ChangeKind
    scenario: str
    key: str
    before: str
    after: str

    @property
    def loosens(self) -> bool:
        """Say whether the load test lets more pass than before."""
        return self.kind in (ChangeKind.LOOSENED, ChangeKind.REMOVED)


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a comment says besides the result. Texts are "" where they are not known.

    `id` names one load test among several of a repository, "" where there is one. `earlier` is a run
    of the target branch, shown as a trend and not judged. `changed` is None where base's ltlab.yml
    could not be read. `unreviewed`: reported by code of a fork that nobody has reviewed. `request` is
    what the forge calls it.
    """

    id: str = ""
    request: Literal["pull request", "merge request"] = "pull request"
    run_url: str = ""
    report_url: str = ""
    head_sha: str = ""
    earlier: Result | None = None
    earlier_sha: str = ""
    changed: tuple[ThresholdChange, ...] | None = None
    unreviewed: bool = False
    cancelled: bool = False


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A remark at a line of a file, as plain text on one line each.

    `file` is relative to the folder of ltlab.yml.
    """

    file: str
    line: int
    title: str
    message: str
    level: Literal["error", "warning"]
