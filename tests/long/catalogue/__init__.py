"""The catalogue of faults: what goes wrong in load tests, and what a run must say about it.

Each YAML file here is a list of cases. A case is a whole project (a script, ltlab.yml, the faults of the service),
a command, and what has to come: exit code, findings, words. A rule that is always red would pass a list of faults,
so next to each fault stand its twins: inputs much like it that are right, and must stay green.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml

FOLDER = Path(__file__).parent
Comparison = Literal[
    "invalid", "more errors", "slower", "faster", "inconclusive", "no change", "missing"
]
Act = Literal[
    "interrupt", "hang up", "terminate", "stop the engine", "closed pipe", "full device", "ASCII",
    "lose the samples", "lose half the samples", "lose a scenario",
]  # fmt: skip


def _listed(given: object) -> object:
    return [given] if isinstance(given, str) else given


Words = Annotated[tuple[str, ...], pydantic.BeforeValidator(_listed)]


class Entry(pydantic.BaseModel):
    """What every case has: its name, how the fault comes about, what it is, and whether it is no fault."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    id: str
    mechanism: str
    kind: str
    twin: bool = False


class Case(Entry):
    """One input and what must come of it.

    `service` is the flags of service.py, None for no service block; `other` those of a second one that ltlab does not
    know (`@OTHER@` in texts: its host and port). `own` starts the service outside ltlab, as a person would (`@OWN@`).
    `k6` and `artillery` are the text of a script, k6's with its imports left out; `base` is what base has otherwise.
    `finds` maps the codes of findings to their effects, "" for any; `lacks` are codes that must not be there, `*` for
    any finding at all. `verdicts` maps thresholds (`http_reqs count > 0`) to their status.
    `says` has to be found in what the run says (terminal, findings, verdicts), `unsaid` must not.
    `does` happens once load is stored, or before `then`, a second command whose result is the one that is checked.
    """

    service: Words | None = ()
    ready: str = "{get: /health}"
    other: Words | None = None
    own: Words | None = None
    k6: str = ""
    artillery: str = ""
    files: dict[str, str] = {}
    scenario: dict[str, Any] = {}
    scenarios: dict[str, dict[str, Any]] = {}
    thresholds: dict[str, Any] = {"http_req_duration": ["p(95) < 20s"]}
    config: dict[str, Any] = {}
    base: Base | None = None
    command: Words = ("run",)
    env: dict[str, str] = {}
    does: Act | None = None
    then: Words | None = None
    needs: Literal["", "chromium"] = ""
    patience_s: float = 100
    serial: bool = False
    exit: int
    finds: dict[str, str] = {}
    lacks: Words = ()
    says: Words = ()
    unsaid: Words = ()
    verdicts: dict[str, str] = {}
    comparison: tuple[Comparison, ...] = ()
    leaves: Words = ()

    @property
    def compares(self) -> bool:
        """Say whether base and head are measured, which takes a while."""
        return self.command[0] == "compare"

    @property
    def alone(self) -> bool:
        """Say whether nothing else may run beside it, which would disturb it or be disturbed."""
        return self.compares or self.serial


class Base(pydantic.BaseModel):
    """What base has otherwise than head."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    service: Words | None = None
    files: dict[str, str] = {}
    k6: str = ""
    artillery: str = ""


class Job(Entry):
    """Jobs of one workflow run on GitHub, each of which measures a service and publishes what it came to.

    `jobs` maps working directories to the faults of their services; `commit` is what was checked out. The pull
    request's head is all a, its base all b. `says` and `unsaid` are of the comments, `warns` of the terminal.
    """

    event: str = "pull_request"
    commit: Literal["head", "base"] = "head"
    jobs: dict[str, Words]
    again: bool = False
    exit: int
    comments: int | None = None
    says: Words = ()
    unsaid: Words = ()
    warns: Words = ()


Case.model_rebuild()


def cases() -> tuple[Case, ...]:
    """Read all cases, in the order of files and of the cases in them."""
    return tuple(Case.model_validate(given) for given in _read(sorted(FOLDER.glob("*.yml"))))


def jobs() -> tuple[Job, ...]:
    """Read what is about publishing."""
    return tuple(Job.model_validate(given) for given in _read([FOLDER / "publishing" / "jobs.yml"]))


def entries() -> tuple[Entry, ...]:
    """Read all there is."""
    return (*cases(), *jobs())


def _read(files: Iterable[Path]) -> Iterable[object]:
    for file in files:
        yield from yaml.safe_load(file.read_text(encoding="utf-8"))
