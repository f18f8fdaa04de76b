"""What a place to run engines and a service offers, whatever it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from ltlab_ci import errors, model, process
from ltlab_ci.lab import service
from ltlab_ci.lab.program import Program, Start


class Bench(Protocol):
    """Processes on this machine (embedded.py), or containers in a network (contained.py)."""

    @property
    def contained(self) -> bool:
        """Say whether engines come with their image and reach others by names of a network."""

    def run(
        self,
        image: str,
        argv: Sequence[str],
        *,
        failure: type[errors.LabError],
        remedy: str,
        env: Mapping[str, str],
        timeout_s: float,
        cwd: Path | None = None,
        check: bool = True,
    ) -> process.Done:
        """Run a program to its end, as process.run does: in `image` where engines are contained."""

    def exec(
        self, argv: tuple[str, ...], *, image: str, env: Mapping[str, str], log: Path
    ) -> AbstractContextManager[Program]:
        """Run an engine for as long as the block lasts; stopped on every way out, gently first."""

    def placed(
        self, argv: tuple[str, ...], *, image: str, env: Mapping[str, str], log: Path
    ) -> AbstractContextManager[Start]:
        """Make an engine ready and hand out what starts it: several that are ready start at one time."""

    def built(
        self, version: service.Version, *, log: Path
    ) -> AbstractContextManager[service.Version]:
        """Build a version of the service for as long as the block lasts. Raises LabNotReady."""

    def image_id(self, version: service.Version) -> str:
        """Return the id of the image that a version runs in, "" where there is none here."""

    def service(
        self, version: service.Version, *, log: Path, place: int = 0
    ) -> AbstractContextManager[service.Starting]:
        """Start a version that was built, for as long as the block lasts. Raises LabNotReady.

        Whoever needs it has to await it. Two can be up at once, in place 0 and 1.
        """

    def base_url(self, spec: model.Service | None) -> str:
        """Return where the service will answer engines."""

    def join(self, lab: str) -> None:
        """Let engines reach the InfluxDB and Telegraf of a lab by their names."""
