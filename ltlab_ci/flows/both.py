"""Both services of a round, up at the same time, and whose trouble it is when one does not come up.

Not here: how a service is started (lab/), what a round does with them (rounds.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ltlab_ci import errors
from ltlab_ci.flows import trouble
from ltlab_ci.lab import service
from ltlab_ci.lab.bench import Bench


@dataclass(frozen=True, kw_only=True)
class Both:
    """The services of both sides, by side; all that is known before they are awaited.

    `logs` are of those that ltlab starts.
    """

    starting: Mapping[str, service.Starting]
    logs: Mapping[str, Path]
    number: int

    def awaited(self) -> dict[str, service.Running]:
        """Wait until both are ready. Raises LabNotReady."""
        ready = {}
        for side, each in self.starting.items():
            with _told(side, self.logs.get(side), self.number, self.starting):
                ready[side] = each.awaited(sharing=len(self.starting))
        return ready

    def ask(self) -> None:
        """Ask both to end, so that they end at one time."""
        for each in self.starting.values():
            each.ask()


@contextlib.contextmanager
def started(
    bench: Bench,
    versions: Mapping[str, service.Version],
    places: Mapping[str, int],
    *,
    logs: Path,
    number: int,
) -> Iterator[Both]:
    """Start both services of a round in the order of `places`, and stop them on every way out.

    Nothing is awaited in between: what takes long to start costs its time once. Raises LabNotReady.
    """
    starting: dict[str, service.Starting] = {}
    files = {side: logs / f"service-{side}.log" for side in places}
    own = {side: file for side, file in files.items() if not _elsewhere(versions[side])}
    with contextlib.ExitStack() as opened:
        for side, place in places.items():
            with _told(side, own.get(side), number, starting):
                starting[side] = opened.enter_context(
                    bench.service(versions[side], log=files[side], place=place)
                )
        both = Both(starting=starting, logs=own, number=number)
        opened.callback(both.ask)
        yield both


def _elsewhere(version: service.Version) -> bool:
    return version.spec is not None and version.spec.url is not None


@contextlib.contextmanager
def _told(
    side: str, log: Path | None, number: int, starting: Mapping[str, service.Starting]
) -> Iterator[None]:
    """Say whose trouble it is that a service does not come up, and beside whose.

    `log` None: it is an address, and nothing here can be in its way.
    """
    try:
        yield
    except errors.LabNotReady as error:
        told = f"{side}, in round {number}: {error.message}"
        beside = [name for name, each in starting.items() if name != side and each.lives()]
        if not beside or log is None:
            raise errors.LabNotReady(told, remedy=error.remedy) from error
        raise errors.LabNotReady(
            f"{told} (while {beside[0]} ran)", remedy=trouble.twice(log)
        ) from error
