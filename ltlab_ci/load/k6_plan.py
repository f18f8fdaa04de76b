"""What load a k6 script plans, from its options as `k6 inspect` prints them; pure.

k6's own totalDuration also counts the grace that iterations get after their end, so it is not used.
Executors: grafana.com/docs/k6, "Executors".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ltlab_ci import model

_OPEN = frozenset({"constant-arrival-rate", "ramping-arrival-rate"})


def read(options: Mapping[str, Any]) -> model.PlannedLoad:
    """Return model, length and offered iterations of all scenarios together."""
    scenarios = list((options.get("scenarios") or {}).values())
    opened = [scenario.get("executor") in _OPEN for scenario in scenarios]
    kind: model.LoadModel = ""
    if scenarios:
        kind = "open" if all(opened) else "mixed" if any(opened) else "closed"
    ends = [_end_s(scenario) for scenario in scenarios]
    known = [end for end in ends if end is not None]
    return model.PlannedLoad(
        model=kind,
        duration_s=max(known) if known and len(known) == len(ends) else None,
        iterations=sum(_iterations(scenario) for scenario in scenarios) if kind == "open" else None,
    )


def _end_s(scenario: Mapping[str, Any]) -> float | None:
    """Return when a scenario ends, None where iterations decide."""
    stages = [stage.get("duration") for stage in scenario.get("stages") or ()]
    parts = stages or [scenario.get("duration")]
    if not any(parts):
        return None
    return sum(_seconds(part) for part in [scenario.get("startTime"), *parts] if part)


def _iterations(scenario: Mapping[str, Any]) -> float:
    unit_s = _seconds(scenario.get("timeUnit") or "1s")
    if scenario.get("executor") == "constant-arrival-rate":
        return float(scenario["rate"]) * _seconds(scenario["duration"]) / unit_s
    return _ramped(float(scenario.get("startRate") or 0), scenario.get("stages") or ()) / unit_s


def _ramped(rate: float, stages: Sequence[Mapping[str, Any]]) -> float:
    """Return the area under straight lines from rate to rate."""
    total = 0.0
    for stage in stages:
        target = float(stage["target"])
        total += (rate + target) / 2 * _seconds(stage["duration"])
        rate = target
    return total


def _seconds(text: str) -> float:
    parts = re.findall(r"([\d.]+)(ms|h|m|s)", text)
    return sum(model.seconds(number + unit) for number, unit in parts)
