"""An Artillery script's load held level, so that two versions can be measured side by side; pure.

Phases and target go in by `--overrides`, after any `-e` of the scenario, so the script stays as it is.
The plug-in puts each start off by a random part of the time to the next one: two loads of one rate would
keep step for a whole round otherwise (docs/statistics.md).
Not here: running it (artillery.py). Phases: artillery.io/docs, "Load Phases".
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ltlab_ci import errors, model
from ltlab_ci.load.plan import Held, Script, Steady

_OURS = "--overrides"
_DROPPED = ("--solo",)


def hold(scenario: model.Scenario, script: Script, steady: Steady, base_url: str) -> Held:
    """Return the scenario with its load held. Raises ConfigError for a load that cannot be."""
    rate, said = steady.rate_per_s, "as compare.load says"
    if rate is None:
        rate, said = _plateau(scenario, script.load)
    args, given = _split(scenario.args)
    phases = _phases(rate, steady)
    config = {**given.get("config", {}), "target": base_url, "phases": phases}
    words = (_OURS, json.dumps({**given, "config": config}), *args)
    length_s = steady.turns[-1][0] + steady.turns[-1][1]
    return Held(
        scenario=replace(
            scenario,
            args=words,
            env={
                **scenario.env,
                "ARTILLERY_DISABLE_ENSURE": "true",
                "LTLAB_APART_MS": f"{1000 / rate:.6g}",
            },
        ),
        script=replace(
            script,
            load=model.PlannedLoad(model="open", duration_s=length_s),
            ends_s=math.ceil(length_s),
            has_target=True,
        ),
        files={},
        said=f"{rate:.4g} virtual users/s ({said})",
    )


def _plateau(scenario: model.Scenario, planned: model.PlannedLoad) -> tuple[float, str]:
    flat = [ramp for ramp in planned.ramps if ramp.from_per_s == ramp.to_per_s > 0]
    if flat:
        best = max(flat, key=lambda ramp: (ramp.end_s - ramp.start_s, ramp.to_per_s))
        return best.to_per_s, "the longest phase of one rate"
    peak = max((max(ramp.from_per_s, ramp.to_per_s) for ramp in planned.ramps), default=0.0)
    if not peak:
        raise errors.ConfigError(
            f"scenario {scenario.name}: the phases of {scenario.script.name} do not tell what to hold",
            remedy="say it: compare.load: 10/s",
        )
    return peak, "the highest rate of its phases"


def _phases(rate: float, steady: Steady) -> list[dict[str, float | str]]:
    """Return phases in whole seconds, as Artillery counts them; pauses between turns."""
    found: list[dict[str, float | str]] = []
    ended_s = 0
    for start_s, length_s in steady.turns:
        if start_s > ended_s:
            found.append({"pause": math.ceil(start_s - ended_s)})
        found.append({"duration": math.ceil(length_s), **_arrivals(rate, math.ceil(length_s))})
        ended_s = math.ceil(start_s) + math.ceil(length_s)
    return found


def _arrivals(rate: float, seconds: int) -> dict[str, float | str]:
    """Return what starts virtual users evenly. Artillery takes whole rates only, and any count."""
    if rate % 1:
        return {"arrivalCount": max(1, round(rate * seconds))}
    # A phase without a mode has the script's, and two loads of `poisson` are never of one rate.
    return {"arrivalRate": rate, "mode": "uniform"}


def _split(args: tuple[str, ...]) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """Return the arguments without overrides, which may be given once, and those overrides."""
    kept, given = [], ""
    words = iter(args)
    for word in words:
        name, equals, value = word.partition("=")
        if name == _OURS:
            given = value if equals else next(words, "")
        elif word not in _DROPPED:
            kept.append(word)
    try:
        found = json.loads(given) if given else {}
    except ValueError:
        found = {}  # Artillery refuses it in the run of head alone
    return tuple(kept), found if isinstance(found, dict) else {}
