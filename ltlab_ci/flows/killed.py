"""What a run that was killed left: its programs, and what it made in the Docker daemon.

Not here: how each is found and ended (leftovers.py, lab/abandoned.py), when it has to be (case.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from ltlab_ci import errors, leftovers
from ltlab_ci.lab import abandoned, daemon

_ROUNDS = 3  # what is removed may just be making something, or holding on to a network


@dataclass(frozen=True, kw_only=True)
class Left:
    """What is still there of a killed run."""

    programs: leftovers.Programs
    made: abandoned.Made

    def __bool__(self) -> bool:
        return bool(self.programs or self.made)

    def told(self) -> str:
        """Name it, without arguments: those may hold secrets."""
        programs = [leftovers.told(self.programs)] if self.programs else []
        return ", ".join([*programs, *([self.made.told()] if self.made else [])])


def find(run: str, environ: Mapping[str, str]) -> Left:
    """Return what is still there of a run by its name, nothing for no name."""
    return Left(programs=leftovers.find(run), made=_made(run, environ))


def stop(run: str, environ: Mapping[str, str]) -> Left:
    """End its programs, remove its containers, networks and volumes; return what would not go."""
    leftovers.stop(run)
    for _ in range(_ROUNDS):
        left = find(run, environ)
        abandoned.remove(left.made)
        if not left.made:
            return left
    return find(run, environ)


def _made(run: str, environ: Mapping[str, str]) -> abandoned.Made:
    # Most runs make nothing there: where no daemon answers, nothing of it disturbs the next one.
    with contextlib.suppress(errors.LabNotReady):
        return abandoned.find(daemon.reach(environ), run) if run else abandoned.Made()
    return abandoned.Made()
