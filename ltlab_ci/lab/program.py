"""What was started and will end, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ltlab_ci import process


class Program(Protocol):
    """Something that was started and will end: a process here, or a container."""

    log: Path

    def poll(self) -> int | None:
        """Return its exit code once it has ended, else None."""

    def wait(self, seconds: float) -> int | None:
        """Wait for its end, at most so long; return the exit code or None."""

    def usage(self) -> process.Usage:
        """Return what it and all that it started use."""

    def ask(self) -> None:
        """Ask it to end and wait for nothing, so that several end at one time; `stop` has to follow."""

    def stop(self) -> int:
        """End it in bounded steps, harmless when it has ended already; return its exit code."""


Start = Callable[[], Program]
"""Starts what is ready for it, once; whoever made it ready stops it."""
