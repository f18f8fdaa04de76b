"""Several programs as one: it runs as long as one of them does, and all are stopped together.

Not here: what they are and do.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

from ltlab_ci import process
from ltlab_ci.lab.program import Program


class Together:
    """A program made of programs, of one at least."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._programs = programs
        self.log = programs[0].log

    @property
    def codes(self) -> tuple[int, ...]:
        """Return every exit code, of programs that have all ended."""
        found = [each.poll() for each in self._programs]
        return tuple(code for code in found if code is not None)

    def poll(self) -> int | None:
        """Return the highest exit code once all have ended, else None."""
        codes = self.codes
        return max(codes) if len(codes) == len(self._programs) else None

    def wait(self, seconds: float) -> int | None:
        """Wait for the end of all, at most so long; return the exit code or None."""
        deadline = time.monotonic() + seconds
        for each in self._programs:
            if each.wait(max(0.0, deadline - time.monotonic())) is None:
                return None
        return self.poll()

    def usage(self) -> process.Usage:
        """Return what all of them use."""
        used = [each.usage() for each in self._programs]
        return process.Usage(
            cpu_s=sum(each.cpu_s for each in used),
            memory_bytes=sum(each.memory_bytes for each in used),
            stopped=any(each.stopped for each in used),
        )

    def ask(self) -> None:
        """Ask all of them to end."""
        for each in self._programs:
            each.ask()

    def stop(self) -> int:
        """End all at the same time, each in bounded steps; return the highest exit code.

        Call it with interrupts deferred: they are nobody's in a thread.
        """
        with ThreadPoolExecutor(max_workers=len(self._programs)) as pool:
            codes: Iterator[int] = pool.map(_stopped, self._programs)
            return max(codes)


def _stopped(program: Program) -> int:
    return program.stop()


@contextlib.contextmanager
def started(programs: Iterable[AbstractContextManager[Program]]) -> Iterator[Together]:
    """Start programs, hand them out as one, and have them stopped on every way out."""
    with contextlib.ExitStack() as opened:
        yield Together([opened.enter_context(each) for each in programs])
