"""Ctrl-C, SIGTERM and SIGHUP: at once where that does no harm, at the next look where it would.

One is enough: stopping what was started is bounded, and a second signal must not cut it short. Python drops
what is raised while it clears up (a weak reference's callback, __del__); there it is raised again a moment later.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN_S = 0.02


class Interrupts:
    """Whether somebody asked to stop. Raises KeyboardInterrupt, except inside `deferred`."""

    def __init__(self) -> None:
        self.requested = False
        self._deferred = False
        self._looked_at = False
        self._dropped = False

    def heed(self) -> None:
        """Take these signals from now on; `nohup` has the last one ignored, and it stays so."""
        for signum in _SIGNALS:
            if signum != signal.SIGHUP or signal.getsignal(signum) is not signal.SIG_IGN:
                signal.signal(signum, self._take)
        signal.signal(signal.SIGALRM, self._again)
        others = sys.unraisablehook

        def dropped(what: sys.UnraisableHookArgs) -> None:
            if what.exc_type is KeyboardInterrupt:
                self._dropped = True
                signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
            else:
                others(what)

        sys.unraisablehook = dropped

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """Only take note of a request inside the block; the caller looks at `requested`."""
        before, self._looked_at = self._looked_at, True
        try:
            with self._held():
                yield
        finally:
            self._looked_at = before

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        before, self._deferred = self._deferred, True
        try:
            yield
        finally:
            self._deferred = before

    @contextlib.contextmanager
    def postponed(self) -> Iterator[None]:
        """Raise at the end of the block what arrives inside it, unless that is deferred anyway."""
        already = self.requested
        with self._held():
            yield
        if self.requested and (self._dropped or not already) and not self._deferred:
            self._dropped = False
            raise KeyboardInterrupt

    def _take(self, _signum: int, _frame: FrameType | None) -> None:
        for signum in _SIGNALS:
            signal.signal(signum, signal.SIG_IGN)
        self.requested = True
        if not self._deferred:
            raise KeyboardInterrupt

    def _again(self, _signum: int, _frame: FrameType | None) -> None:
        if not self._dropped or (self._deferred and not self._looked_at):
            return  # it has been raised, or will be at the end of `postponed`
        self._dropped = False
        if not self._deferred:
            raise KeyboardInterrupt


@contextlib.contextmanager
def blocked() -> Iterator[None]:
    """Hold the signals back inside the block; they arrive right after it.

    Nothing may be started meanwhile: a child would never hear them either.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


PROCESS = Interrupts()
"""Signals belong to the whole process, so there is one of these in it."""
