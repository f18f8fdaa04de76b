"""A k6 script's load held level, so that two versions can be measured side by side; pure.

What is held is what the script does in the middle of its longest plateau. The script itself stays as
it is: a module around it exports all that it exports, with options of its own. Two engines that start
iterations at the same constant rate keep step for a whole round, and the side that always comes second
waits for the processors of the first; so each start is put off by a random part of the time to the next
one, which needs one VU more (measured: docs/statistics.md). Iterations are counted where they begin and where they
throw: a version that breaks a script, or never answers, may leave none but good requests.
Executors: grafana.com/docs/k6, "Executors". Not here: running it (k6.py).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ltlab_ci import errors, model
from ltlab_ci.load import k6_plan
from ltlab_ci.load.plan import Held, Script, Steady

FILE = "held.js"
_AROUND = """\
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';
const begun = new Counter('ltlab_iterations_begun');
const threw = new Counter('ltlab_iterations_failed');
// Each start of an arrival rate is put off by a random part of the time to the next one: two loads of one
// rate would keep step otherwise. k6 says nothing of an iteration that threw or never ended.
function started(run, seconds = 0) {
  return (...given) => {
    begun.add(1);
    if (seconds) sleep(Math.random() * seconds);
    try {
      const done = run(...given);
      return done instanceof Promise ? done.catch(failed) : done;
    } catch (error) {
      return failed(error);
    }
  };
}
function failed(error) {
  threw.add(1);
  throw error;
}
export function handleSummary() {
  return {}; // what the script says at its end belongs to its own run
}"""
_KEPT = ("env", "tags", "options")
_WAITING = 1  # VU that waits for its start; the next one starts no sooner than it is done
_GRACE_S = 5  # a request that began in the last moment may end
_TIGHT_S = 2.0  # an iteration may take as long at a rate that the script does not know


@dataclass(frozen=True, kw_only=True)
class _Level:
    """One of a script's scenarios: straight lines of VUs or iterations per s, in time order."""

    name: str
    written: Mapping[str, Any]
    opened: bool
    lines: tuple[model.Ramp, ...]
    endless: bool

    def at(self, time_s: float) -> float:
        """Return its level at a time, 0 where it does not run."""
        for line in self.lines:
            if line.start_s <= time_s < line.end_s:
                done = (time_s - line.start_s) / (line.end_s - line.start_s)
                return line.from_per_s + done * (line.to_per_s - line.from_per_s)
        return 0.0


def hold(scenario: model.Scenario, script: Script, steady: Steady, run_dir: Path) -> Held:
    """Return the scenario with its load held. Raises ConfigError for a load that cannot be."""
    if scenario.script.suffix == ".tar":
        raise _cannot(scenario, "an archive cannot be wrapped", "name the script itself")
    levels = [_level(name, each) for name, each in (script.options.get("scenarios") or {}).items()]
    if any(level.written["executor"] == "externally-controlled" for level in levels):
        raise _cannot(scenario, "its load is controlled from outside", "use another executor")
    moment_s, plateau = _moment(levels)
    held = [level for level in levels if level.at(moment_s) > 0]
    if not held:
        raise _cannot(scenario, "it plans no load", "say what to hold: compare.load: 50/s")
    parts = _shared(held, moment_s, steady.rate_per_s)
    scenarios = {
        name: options
        for level, amount in parts
        for name, options in _options(level, amount, steady)
    }
    left_out = [level.name for level in levels if level not in held]
    segment = script.options.get(k6_plan.SEGMENT)
    options = {"scenarios": scenarios, k6_plan.SEGMENT: segment}
    said = _said(parts, left_out, plateau=plateau, given=steady.rate_per_s is not None)
    return Held(
        scenario=replace(
            scenario,
            script=run_dir / FILE,
            args=k6_plan.shape(scenario.args)[0],
            env={n: value for n, value in scenario.env.items() if n not in k6_plan.VARIABLES},
        ),
        script=replace(
            script,
            load=k6_plan.read(options),
            ends_s=sum(steady.turns[-1]) + _GRACE_S,
            options=options,
            outputs=(),  # what the environment wants to keep of its own run is not this one
            without=k6_plan.VARIABLES,
        ),
        files={FILE: _module(scenario.script, scenarios, parts)},
        said=f"{said}; of that the execution segment {segment}" if segment else said,
    )


def _level(name: str, written: Mapping[str, Any]) -> _Level:
    return _Level(
        name=name,
        written=written,
        opened=str(written["executor"]).endswith("-arrival-rate"),
        lines=tuple(k6_plan.ramps(written)),
        endless=k6_plan.endless(written),
    )


def _moment(levels: Sequence[_Level]) -> tuple[float, bool]:
    """Return the middle of the longest plateau, else just before the highest point; and which."""
    timed = [level for level in levels if not level.endless] or levels
    lines = [line for level in timed for line in level.lines]
    flat = [line for line in lines if line.from_per_s == line.to_per_s > 0]
    if flat:
        best = max(flat, key=lambda line: (line.end_s - line.start_s, line.to_per_s))
        return (best.start_s + best.end_s) / 2, True
    if not lines:
        return 0.0, False
    peak = max(lines, key=lambda line: max(line.from_per_s, line.to_per_s))
    if peak.from_per_s > peak.to_per_s:
        return peak.start_s, False
    return math.nextafter(peak.end_s, peak.start_s), False


def _shared(
    held: Sequence[_Level], moment_s: float, rate_per_s: float | None
) -> list[tuple[_Level, float]]:
    """Return each scenario's level, a given rate shared out in the proportion of the script."""
    amounts = [level.at(moment_s) for level in held]
    if rate_per_s is None:
        return list(zip(held, amounts, strict=True))
    return [
        (_at_a_rate(level), rate_per_s * amount / sum(amounts))
        for level, amount in zip(held, amounts, strict=True)
    ]


def _at_a_rate(level: _Level) -> _Level:
    vus = level.written.get("preAllocatedVUs") or level.written.get("vus") or 1
    most = max(level.written.get("maxVUs") or 0, *(line.to_per_s for line in level.lines), vus)
    written = {**level.written, "preAllocatedVUs": vus, "maxVUs": math.ceil(most)}
    return replace(level, written=written, opened=True, endless=True)


def _options(level: _Level, amount: float, steady: Steady) -> list[tuple[str, dict[str, Any]]]:
    kept = {name: level.written[name] for name in _KEPT if level.written.get(name)}
    if level.opened:
        whole = amount == int(amount)
        most = level.written.get("maxVUs")
        if level.endless:  # a rate of ours, which the script's VUs were not made for
            most = max(int(most or 0), math.ceil(amount * _TIGHT_S))
        load: dict[str, Any] = {
            "executor": "constant-arrival-rate",
            "rate": int(amount) if whole else round(amount * 1000),
            "timeUnit": "1s" if whole else "1000s",
            "preAllocatedVUs": (level.written.get("preAllocatedVUs") or 1) + _WAITING,
            **({"maxVUs": most + _WAITING} if most else {}),
        }
    else:
        load = {"executor": "constant-vus", "vus": max(1, math.floor(amount + 1e-6))}
    turns = [
        {
            **load,
            "exec": _function(level),
            **kept,
            "startTime": f"{round(start_s * 1000)}ms",
            "duration": f"{round(length_s * 1000)}ms",
            "gracefulStop": f"{_GRACE_S}s",
        }
        for start_s, length_s in steady.turns
    ]
    if len(turns) == 1:
        return [(level.name, turns[0])]
    return [(f"{level.name}-{number}", turn) for number, turn in enumerate(turns, start=1)]


def _function(level: _Level) -> str:
    """Return the name of the function around that of a scenario."""
    return f"ltlab${level.name.replace('-', '$')}"


def _module(
    script: Path, scenarios: Mapping[str, Any], parts: Sequence[tuple[_Level, float]]
) -> str:
    where, own = json.dumps(str(script)), json.dumps(scenarios, indent=2)
    started = "\n".join(
        f"export const {_function(level)} = started("
        f"script[{json.dumps(level.written.get('exec') or 'default')}]"
        f"{f', {1 / amount:.6g}' if level.opened else ''});"
        for level, amount in parts
    )
    return f"""\
// Written by ltlab: the script as it is, under a load that stays level.
export * from {where};
import * as script from {where};
{_AROUND}
export default script.default;
{started}
export const options = Object.assign({{}}, script.options, {{
  stages: undefined,
  vus: undefined,
  duration: undefined,
  iterations: undefined,
  thresholds: {{}},
  scenarios: {own},
}});
"""


def _said(
    parts: Sequence[tuple[_Level, float]], left_out: Sequence[str], *, plateau: bool, given: bool
) -> str:
    words = []
    for level, amount in parts:
        executor = level.written["executor"]
        held = f"{amount:.4g}/s" if level.opened else f"{max(1, math.floor(amount + 1e-6))} VUs"
        where = f"the longest plateau of {executor}" if plateau else f"the peak of {executor}"
        if given:
            where = f"as compare.load says, instead of {executor}"
        elif executor in ("constant-arrival-rate", "constant-vus"):
            where = "as in the script"
        elif level.endless:
            where = f"{executor} without its count"
        words.append(f"{level.name} {held} ({where})")
    if left_out:
        words.append(f"left out, since not running then: {', '.join(left_out)}")
    return "; ".join(words)


def _cannot(scenario: model.Scenario, why: str, remedy: str) -> errors.ConfigError:
    return errors.ConfigError(
        f"scenario {scenario.name}: the load of {scenario.script.name} cannot be held: {why}",
        remedy=remedy,
    )
