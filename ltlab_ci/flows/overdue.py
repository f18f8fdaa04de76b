"""When a load engine has outlived its plan: nobody else would end it, and a job waits for hours.

The rule stands in docs/exit-codes.md: its planned end, with every grace that the engine gives, and its last sign of
work lie farther back than anything in the script may take without a sample.
Not here: ending it (measure.py, rounds.py), what its files tell of the reason (load/).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ltlab_ci import load, model, process
from ltlab_ci.lab.program import Program

UNSEEN_S = 900.0
"""How long an engine may be silent whose script plans no end, or that shows its samples at its end only."""

KNOWN_S = 15.0
"""How long where it is certain that nothing more will come."""

_CPU_STEP_S = 5.0  # an engine that only waits uses less in UNSEEN_S


class Watch:
    """Follows one engine's signs of work: `look` is called while it runs; `late` says why it is overdue.

    `known` says whether it is certain that it will never end. `unseen`: its samples come at its end, as from a
    container, so that processor time is all that is seen of its work.
    """

    late = ""

    def __init__(
        self,
        script: load.Script,
        *,
        known: Callable[[], bool] = lambda: False,
        unseen: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._script, self._known, self._unseen, self._now = script, known, unseen, now
        self._last_s = self._start_s = now()
        self._began_s: float | None = None
        self._asked_s = 0.0
        self._seen: tuple[int | None, ...] = (0, None, None, 0)

    def look(self, pulse: model.Pulse, used: Callable[[], process.Usage]) -> None:
        """Take note of what was recorded until now, and of what it used where nothing else is seen."""
        # k6 writes `vus` and `vus_max` by the second, even while it is paused: their changes count.
        step = int(used().cpu_s / _CPU_STEP_S) if self._unseen else 0
        seen = (pulse.work, pulse.vus, pulse.vus_max, step)
        if seen != self._seen:
            self._seen, self._last_s = seen, self._now()
            if self._began_s is None and (pulse.work or pulse.vus):
                self._began_s = self._last_s
        self.late = self._told()

    def _told(self) -> str:
        now, plan_s = self._now(), self._script.ends_s
        silence = f"it recorded nothing for {now - self._last_s:.0f} s"
        if plan_s is None:
            quiet_s = self._script.quiet_s + UNSEEN_S
            return f"its script plans no end, and {silence}" if self._is_over(0.0, quiet_s) else ""
        # Virtual users are made before the load begins, which takes as long as it takes.
        over_s = (self._start_s if self._began_s is None else self._began_s) + plan_s
        quiet_s = self._script.quiet_s + (UNSEEN_S if self._unseen else 0.0)
        if not self._is_over(over_s, quiet_s):
            return ""
        return f"its load was to end {now - over_s:.0f} s ago, and {silence}"

    def _is_over(self, plan_s: float, quiet_s: float) -> bool:
        now = self._now()
        silent_s = now - max(plan_s, self._last_s)
        if silent_s <= KNOWN_S or now - self._asked_s < KNOWN_S:
            return silent_s > quiet_s
        self._asked_s = now
        return silent_s > quiet_s or self._known()


def hopeless(engine: load.Engine, plans: Sequence[load.Plan], child: Program) -> bool:
    """Say whether it is certain that an engine's processes will never end by themselves."""
    return child.usage().stopped or any(engine.unended(plan).certain for plan in plans)


def finding(
    watch: Watch, engine: load.Engine, plans: Sequence[load.Plan], child: Program, scenario: str
) -> model.Finding:
    """Say that an engine had to be ended, and why it did not end by itself as far as that is known."""
    reasons = (engine.unended(plan).why for plan in plans)
    held = "it is held by a signal (SIGSTOP)" if child.usage().stopped else ""
    why = held or next(filter(None, reasons), "")
    return model.Finding(
        code="engine-overdue",
        effect="engine",
        message=f"the engine did not end by itself: {watch.late}" + (f"; {why}" if why else ""),
        remedy="mend what keeps it from ending: a processor that exits or never calls back, --linger, a pause; "
        "see logs/, where what it said until then is kept",
        scenario=scenario,
    )
