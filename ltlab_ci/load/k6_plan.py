"""What load a k6 script plans, from its options as `k6 inspect` prints them, and its parts; pure.

k6's own totalDuration also counts the grace that iterations get after their end, so it is not used.
Executors: grafana.com/docs/k6, "Executors".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ltlab_ci import model
from ltlab_ci.load.plan import Part

_OPEN = frozenset({"constant-arrival-rate", "ramping-arrival-rate"})


def read(options: Mapping[str, Any]) -> model.PlannedLoad:
    """Return model, length and offered iterations of all scenarios together."""
    scenarios = list((options.get("scenarios") or {}).values())
    opened = [scenario.get("executor") in _OPEN for scenario in scenarios]
    kind: model.LoadModel = ""
    if scenarios:
        kind = "open" if all(opened) else "mixed" if any(opened) else "closed"
    starts = [seconds(scenario.get("startTime") or "") for scenario in scenarios]
    lengths = [_length_s(scenario) for scenario in scenarios]
    ends = [start + length for start, length in zip(starts, lengths, strict=True) if length]
    ramps = [
        _ramps(scenario, start - min(starts))
        for scenario, start in zip(scenarios, starts, strict=True)
    ]
    return model.PlannedLoad(
        model=kind,
        # From the first start on, as the load is measured.
        duration_s=max(ends) - min(starts) if ends and len(ends) == len(scenarios) else None,
        iterations=sum(ramp.between(0, ramp.end_s) for each in ramps for ramp in each)
        if kind == "open"
        else None,
        ramps=tuple(ramp for each in ramps for ramp in each) if kind == "open" else (),
    )


def segment(part: Part) -> tuple[str, ...]:
    """Return the arguments that give k6 its share: of VUs, of iterations, of an arrival rate."""
    if part.of == 1:
        return ()
    bounds = [str(Fraction(number, part.of)) for number in range(part.of + 1)]
    return (
        f"--execution-segment={bounds[part.number - 1]}:{bounds[part.number]}",
        f"--execution-segment-sequence={','.join(bounds)}",
    )


def process_tag(part: Part) -> dict[str, str]:
    """Return the tag of a share's samples: two of one nanosecond are one point in InfluxDB else."""
    return {} if part.of == 1 else {model.PROCESS_TAG: str(part.number)}


def _length_s(scenario: Mapping[str, Any]) -> float | None:
    """Return how long a scenario lasts, None where iterations decide."""
    stages = [stage.get("duration") for stage in scenario.get("stages") or ()]
    parts = [part for part in stages or [scenario.get("duration")] if part]
    return sum(seconds(part) for part in parts) if parts else None


def _ramps(scenario: Mapping[str, Any], start_s: float) -> list[model.Ramp]:
    """Return the straight lines of an arrival rate, none for other executors."""
    unit_s = seconds(scenario.get("timeUnit") or "1s")
    stages: Sequence[Mapping[str, Any]] = ()
    rate = 0.0
    if scenario.get("executor") == "constant-arrival-rate":
        rate = float(scenario["rate"]) / unit_s
        stages = [{"target": scenario["rate"], "duration": scenario["duration"]}]
    elif scenario.get("executor") == "ramping-arrival-rate":
        rate = float(scenario.get("startRate") or 0) / unit_s
        stages = scenario.get("stages") or ()
    found = []
    for stage in stages:
        target, end_s = float(stage["target"]) / unit_s, start_s + seconds(stage["duration"])
        if end_s > start_s:
            found.append(model.Ramp(start_s=start_s, end_s=end_s, from_per_s=rate, to_per_s=target))
        rate, start_s = target, end_s
    return found


_SHAPES = {
    **dict.fromkeys(("-u", "--vus"), "K6_VUS"),
    **dict.fromkeys(("-d", "--duration"), "K6_DURATION"),
    **dict.fromkeys(("-i", "--iterations"), "K6_ITERATIONS"),
    **dict.fromkeys(("-s", "--stage"), "K6_STAGES"),
}


def shape(args: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Part a run's arguments into those that say nothing of its load, and the others as variables.

    `k6 inspect` knows the variables and not the arguments.
    """
    kept: list[str] = []
    found: dict[str, str] = {}
    words = iter(args)
    for word in words:
        name, equals, value = word.partition("=")
        if name not in _SHAPES and word[:2] in _SHAPES and word[2:3] not in ("", "-"):
            name, equals, value = word[:2], "=", word[2:].removeprefix("=")
        variable = _SHAPES.get(name)
        if variable is None:
            kept.append(word)
            continue
        value = value if equals else next(words, "")
        earlier = found.get(variable) if variable == "K6_STAGES" else None
        found[variable] = f"{earlier},{value}" if earlier else value
    return tuple(kept), found


def seconds(text: str) -> float:
    parts = re.findall(r"([\d.]+)(ms|h|m|s)", text)
    return sum(model.seconds(number + unit) for number, unit in parts)
