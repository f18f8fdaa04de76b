"""When a load engine has outlived its plan: nobody else would end it, and a job waits for hours.

The rule, in docs/exit-codes.md: it is ended once its planned end, with every grace that the engine gives, and its
last sign of work lie farther back than anything in the script may take without a sample. Pure but for the clock.
Not here: ending it (measure.py, rounds.py), what its files tell of the reason (load/).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ltlab_ci import load, model

UNPLANNED_S = 900.0
"""A script that does not say when its load ends may be silent for this long."""


class Watch:
    """Follows one engine's signs of work; `look` is called while it runs, with all that it recorded."""

    def __init__(self, script: load.Script, now: Callable[[], float] = time.monotonic) -> None:
        self._script, self._now = script, now
        self._last_s = self._start_s = now()
        self._began_s: float | None = None
        self._seen: tuple[int, int | None, int | None] = (0, None, None)

    def look(self, pulse: model.Pulse) -> None:
        """Take note of what was recorded since the last look."""
        # k6 writes `vus` and `vus_max` by the second, even while it is paused: their changes count.
        seen = (pulse.work, pulse.vus, pulse.vus_max)
        if seen == self._seen:
            return
        self._seen, self._last_s = seen, self._now()
        if self._began_s is None and (pulse.work or pulse.vus):
            self._began_s = self._last_s

    @property
    def late(self) -> str:
        """Say since when it should have ended, "" while it may still be at work."""
        now, plan_s = self._now(), self._script.ends_s
        if plan_s is None:
            silent_s = now - self._last_s
            told = f"it recorded nothing for {silent_s:.0f} s, and its script plans no end"
            return told if silent_s > UNPLANNED_S + self._script.quiet_s else ""
        # Virtual users are made before the load begins, which takes as long as it takes.
        began_s = self._start_s if self._began_s is None else self._began_s
        over_s = began_s + plan_s
        if now - max(over_s, self._last_s) <= self._script.quiet_s:
            return ""
        told = f"its load was to end {now - over_s:.0f} s ago"
        return f"{told}, and it recorded nothing for {now - self._last_s:.0f} s"


def finding(told: str, why: str, *, stopped: bool, scenario: str) -> model.Finding:
    """Say that an engine was ended; `why` is what its files tell, `stopped` that it was held by SIGSTOP."""
    reason = "it was stopped by a signal (SIGSTOP)" if stopped else why
    return model.Finding(
        code="engine-overdue",
        effect="engine",
        message=f"the engine did not end by itself: {told}" + (f"; {reason}" if reason else ""),
        remedy="mend what keeps it from ending: a processor that exits or never calls back, --linger, a pause; "
        "see logs/, where what it said until then is kept",
        scenario=scenario,
    )
