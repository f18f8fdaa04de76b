"""The steps of whole seconds that figures over time are cut into.

Not here: what is measured in a step (charts.py, details.py).
"""

from __future__ import annotations

from dataclasses import dataclass

SLIVER_S = 0.5
"""The last step may be shorter than this; a rate over a few milliseconds says nothing."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Steps over a load, counted from its start."""

    start_ns: int
    end_ns: int
    step_s: int
    steps: int

    @classmethod
    def over(cls, start_ns: int, end_ns: int, *, most: int) -> Grid | None:
        """Cut a load into at most so many steps; None for a load without length."""
        length_s = (end_ns - start_ns) / 1e9
        if length_s <= 0:
            return None
        step_s = max(1, -(-int(length_s + 1) // most))
        return cls(
            start_ns=start_ns, end_ns=end_ns, step_s=step_s, steps=int(length_s // step_s) + 1
        )

    @property
    def t_s(self) -> tuple[float, ...]:
        """Return when each step starts."""
        return tuple(float(step * self.step_s) for step in range(self.steps))

    @property
    def widths_s(self) -> tuple[float, ...]:
        """Return how much of each step the load fills."""
        length_s = (self.end_ns - self.start_ns) / 1e9
        return tuple(min(self.step_s, length_s - t) or float(self.step_s) for t in self.t_s)

    @property
    def sql(self) -> tuple[str, list[object]]:
        """Return an expression for the step of a sample, and its parameters."""
        return "(time_ns - ?) // ?", [self.start_ns, self.step_s * 1_000_000_000]
