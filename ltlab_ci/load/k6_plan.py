"""What load a k6 script plans, from its options as `k6 inspect` prints them, and its parts; pure.

k6's own totalDuration also counts the grace that iterations get after their end, so it is not used.
Executors: grafana.com/docs/k6, "Executors".
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ltlab_ci import model
from ltlab_ci.load.plan import Part

SEGMENT = "executionSegment"
_OPEN = frozenset({"constant-arrival-rate", "ramping-arrival-rate"})
_GRACE_S = 30.0  # of gracefulStop and gracefulRampDown, where the script does not say


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
    part = share(options.get(SEGMENT) or "")
    stated = tuple(
        _stated(name, scenario, min(starts), part)
        for name, scenario in (options.get("scenarios") or {}).items()
        if scenario.get("executor") != "externally-controlled"
    )
    ramps = [ramp for each in stated if each.opened for ramp in each.ramps]
    return model.PlannedLoad(
        model=kind,
        # From the first start on, as the load is measured.
        duration_s=max(ends) - min(starts) if ends and len(ends) == len(scenarios) else None,
        iterations=sum(ramp.between(0, ramp.end_s) for ramp in ramps) if kind == "open" else None,
        ramps=tuple(ramps) if kind == "open" else (),
        scenarios=stated,
    )


def share(segment: str) -> Fraction:
    """Return how much of the load an execution segment is: 1/2 of `1/4:3/4`, `50%` and `0.5`.

    Source: `ExecutionSegment.UnmarshalText` of k6. What it refuses is the whole load here.
    """
    start, colon, end = segment.rpartition(":")
    try:
        return _fraction(end) - (_fraction(start) if colon else 0) if segment else Fraction(1)
    except (ValueError, ZeroDivisionError):
        return Fraction(1)


def _of_vus(part: Fraction, scenario: Mapping[str, Any]) -> float:
    """Return the share of an arrival rate: k6 shares it out as it shares out the VUs, whole ones.

    Of one VU that no segment has by its length, nobody outside of k6 knows who gets it.
    """
    vus = scenario.get("maxVUs") or scenario.get("preAllocatedVUs")
    return math.floor(part * vus) / vus if vus else float(part)


def _fraction(text: str) -> Fraction:
    return Fraction(text.strip()[:-1]) / 100 if text.strip().endswith("%") else Fraction(text)


_TIMEOUT_S = 60.0  # of setup() and of teardown(), where the script does not say
_MARGIN_S = 30.0


def ends_s(options: Mapping[str, Any]) -> float | None:
    """Return by when k6 has ended every iteration, None for a load that is steered from outside.

    By k6's own account, with gracefulStop, gracefulRampDown and maxDuration; set-up and tear-down come on top.
    """
    return seconds(options.get("totalDuration") or "") or None


def quiet_s(options: Mapping[str, Any]) -> float:
    """Return how long k6 may do nothing that is a sample, beside its load: in setup() or teardown()."""
    stated = (options.get(name) for name in ("setupTimeout", "teardownTimeout"))
    return max(seconds(text) if text else _TIMEOUT_S for text in stated) + _MARGIN_S


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


def _stated(
    name: str, scenario: Mapping[str, Any], first_s: float, part: Fraction
) -> model.PlannedScenario:
    opened = scenario.get("executor") in _OPEN
    mine = _of_vus(part, scenario) if opened else 1.0
    return model.PlannedScenario(
        name=name,
        opened=opened,
        ramps=tuple(ramp.scaled(mine) for ramp in ramps(scenario, -first_s)),
        endless=endless(scenario),
        stop_s=_grace_s(scenario.get("gracefulStop")),
        ramp_down_s=_grace_s(scenario.get("gracefulRampDown")),
    )


def _grace_s(written: str | None) -> float:
    return _GRACE_S if written is None else seconds(written)


def endless(scenario: Mapping[str, Any]) -> bool:
    """Say whether iterations decide how long a scenario lasts."""
    return not scenario.get("stages") and not scenario.get("duration")


def ramps(scenario: Mapping[str, Any], moved_s: float = 0.0) -> list[model.Ramp]:
    """Return a scenario's level in straight lines: arrivals per s of an open model, else VUs.

    Times are from the start of the run, `moved_s` added.
    """
    opened = scenario.get("executor") in _OPEN
    per_s = seconds(scenario.get("timeUnit") or "1s") if opened else 1.0
    stages: Sequence[Mapping[str, Any]] = scenario.get("stages") or ()
    first = scenario.get("startRate" if opened else "startVUs")
    # k6 begins with one VU where the script does not say.
    level = float(first if first is not None else (0 if opened else 1)) / per_s
    if not stages:
        amount = scenario.get("rate") if opened else scenario.get("vus")
        level = float(1 if amount is None else amount) / per_s
        length = scenario.get("duration") or scenario.get("maxDuration") or "10m"
        stages = [{"duration": length, "target": level * per_s}]
    start_s = seconds(scenario.get("startTime") or "") + moved_s
    found = []
    for stage in stages:
        target = float(stage.get("target") or 0) / per_s
        end_s = start_s + seconds(stage.get("duration") or "")
        if end_s > start_s:
            found.append(
                model.Ramp(start_s=start_s, end_s=end_s, from_per_s=level, to_per_s=target)
            )
        level, start_s = target, end_s
    return found


_SHAPES = {
    **dict.fromkeys(("-u", "--vus"), "K6_VUS"),
    **dict.fromkeys(("-d", "--duration"), "K6_DURATION"),
    **dict.fromkeys(("-i", "--iterations"), "K6_ITERATIONS"),
    **dict.fromkeys(("-s", "--stage"), "K6_STAGES"),
}
VARIABLES = ("K6_VUS", "K6_DURATION", "K6_ITERATIONS", "K6_STAGES")
"""What an environment may say of the load, which outdoes the script."""

_INSPECTED = frozenset(
    {
        *("-e", "--env", "-c", "--config", "-t", "--type"),
        *("--secret-source", "--compatibility-mode"),
    }
)
"""What `k6 inspect` takes too, and by which a script loads, or plans, otherwise."""

_SEGMENT_ARG = "--execution-segment"


def shape(args: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Part a run's arguments into those that say nothing of its load, and the others as variables.

    `k6 inspect` knows the variables and not the arguments.
    """
    kept: list[str] = []
    found: dict[str, str] = {}
    for name, value, words in _flags(args, _SHAPES):
        variable = _SHAPES.get(name)
        if variable is None:
            kept += words
            continue
        earlier = found.get(variable) if variable == "K6_STAGES" else None
        found[variable] = f"{earlier},{value}" if earlier else value
    return tuple(kept), found


_SYSTEM_TAGS = "--system-tags"
_VU = "vu"
_EXPECTED = re.compile(r"expectedStatuses\s*\(([^)]*)\)")
_SPAN = re.compile(r"\{[^}]*?min\W+(\d+)[^}]*?max\W+(\d+)|\{[^}]*?max\W+(\d+)[^}]*?min\W+(\d+)")


def system_tags(options: Mapping[str, Any], args: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the argument for a run's system tags, `vu` among them, and the other arguments.

    By `vu` it can be told what each VU did last. k6 keeps it apart from other tags, as metadata: no threshold and no series changes by it.
    """
    given: list[str] = []
    tags = options.get("systemTags") or model.SYSTEM_TAGS
    for name, value, words in _flags(args, {_SYSTEM_TAGS}):
        if name == _SYSTEM_TAGS:
            tags = value.split(",")
        else:
            given += words
    wanted = dict.fromkeys([*filter(None, tags), _VU])
    return f"{_SYSTEM_TAGS}={','.join(wanted)}", tuple(given)


def any_status(source: str) -> bool:
    """Say whether a script's `expectedStatuses` take every answer for a success, 500s included."""
    for call in _EXPECTED.finditer(source):
        for span in _SPAN.finditer(call[1]):
            low, high = (span[1], span[2]) if span[1] else (span[4], span[3])
            if int(low) < _FIRST_ERROR and int(high) >= _FIRST_SERVER_ERROR:
                return True
    return False


_FIRST_ERROR, _FIRST_SERVER_ERROR = 400, 500


def inspected(args: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments of a run that `k6 inspect` needs as well."""
    found: list[str] = []
    for name, _, words in _flags(args, _INSPECTED):
        if name in _INSPECTED or name.startswith("--include-system-env-vars"):
            found += words
    return tuple(found)


def segmented(args: Sequence[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with the execution segment of a run's arguments, which inspecting cannot see."""
    given = [value for name, value, _ in _flags(args, {_SEGMENT_ARG}) if name == _SEGMENT_ARG]
    return {**options, **({SEGMENT: given[-1]} if given else {})}


_OUT = frozenset({"-o", "--out"})
_CONFIG = frozenset({"-c", "--config"})


def outputs(args: Sequence[str], variable: str, file: object) -> tuple[str, ...]:
    """Return the outputs of K6_OUT, else of a config file, which the one that ltlab reads would replace.

    As k6 has it, those of the arguments go before both. `file` is what the config file says of them.
    """
    if any(name in _OUT for name, _, _ in _flags(args, _OUT)):
        return ()
    found = variable.split(",") if variable else file if isinstance(file, list) else ()
    return tuple(str(each) for each in found if each)


def config_file(args: Sequence[str], variable: str) -> str:
    """Return the config file that is named, "" for none."""
    named = [value for name, value, _ in _flags(args, _CONFIG) if name in _CONFIG]
    return named[-1] if named else variable


def _flags(
    args: Sequence[str], known: Collection[str]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield each argument: its name, the value of one that is known, and the words as given.

    `-d 2s`, `-d2s`, `-d=2s`, `--duration 2s` and `--duration=2s` are one thing to k6.
    """
    words = iter(args)
    for word in words:
        name, equals, value = word.partition("=")
        if name not in known and word[:2] in known and word[2:3] not in ("", "-"):
            name, equals, value = word[:2], "=", word[2:].removeprefix("=")
        if name not in known or equals:
            yield name, value, (word,)
            continue
        following = next(words, None)
        yield name, following or "", (word,) if following is None else (word, following)


def seconds(text: str) -> float:
    parts = re.findall(r"([\d.]+)(ms|h|m|s)", text)
    return sum(model.seconds(number + unit) for number, unit in parts)
