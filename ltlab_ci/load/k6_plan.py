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
    starts = [_seconds(scenario.get("startTime") or "") for scenario in scenarios]
    lengths = [_length_s(scenario) for scenario in scenarios]
    ends = [start + length for start, length in zip(starts, lengths, strict=True) if length]
    return model.PlannedLoad(
        model=kind,
        # From the first start on, as the load is measured.
        duration_s=max(ends) - min(starts) if ends and len(ends) == len(scenarios) else None,
        iterations=sum(_iterations(scenario) for scenario in scenarios) if kind == "open" else None,
    )


def _length_s(scenario: Mapping[str, Any]) -> float | None:
    """Return how long a scenario lasts, None where iterations decide."""
    stages = [stage.get("duration") for stage in scenario.get("stages") or ()]
    parts = [part for part in stages or [scenario.get("duration")] if part]
    return sum(_seconds(part) for part in parts) if parts else None


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
