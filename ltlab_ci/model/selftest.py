"""How often a comparison of the same code with itself came to an alarm, as selftest.json holds it."""

from __future__ import annotations

from typing import Literal

from ltlab_ci.model.comparison import ComparisonVerdict
from ltlab_ci.model.results import Environment, Finding, Times
from ltlab_ci.model.series import Shown


class Tried(Shown):
    """One comparison of head with itself: whatever it found is a false alarm."""

    verdict: ComparisonVerdict
    alarm: bool
    headline: str
    spread: float | None


class SelfTest(Shown):
    """All of them. `interval` is the exact 95 % one of the share of alarms among the valid ones."""

    schema_version: Literal[1] = 1
    asked: int
    valid: int
    alarms: int
    interval: tuple[float, float] | None
    budget_s: float
    alpha: float
    tried: tuple[Tried, ...]
    findings: tuple[Finding, ...]
    environment: Environment
    times: Times
