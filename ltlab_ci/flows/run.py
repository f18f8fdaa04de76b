"""One version: scenarios run one after the other, thresholds judged, the report written.

Every stage's failure becomes a finding of the result, so that there is always a report.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ltlab_ci import console, errors, leftovers, load, model, report
from ltlab_ci.flows import folder, judge, logs, measure
from ltlab_ci.interrupts import Interrupts
from ltlab_ci.lab import embedded

_EFFECTS = {
    errors.ConfigError: "config",
    errors.LabNotReady: "lab",
    errors.EngineError: "engine",
    errors.StoreError: "store",
    errors.Interrupted: "interrupted",
}


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What a flow gets from the outside world: environment, clock, voice."""

    environ: Mapping[str, str]
    now: Callable[[], datetime]
    voice: console.Console
    interrupts: Interrupts
    reproduce: str


def run(config: model.Config, outside: Outside) -> model.Result:
    """Measure, judge and report one version; the result's exit code says how it went.

    What is refused before anything starts gives a result without scenarios.
    Raises ConfigError for a report folder that cannot be used.
    """
    started, mark = outside.now(), leftovers.mark()
    outside = replace(outside, environ={**outside.environ, leftovers.VARIABLE: mark})
    with _fresh(config.report_dir, mark, outside):
        bench = embedded.bench(config.root, outside.environ)
        try:
            prepared = prepare(config, bench, outside)
        except errors.LabError as error:
            return _report(config, outside, started, (), [_found(error)])
        except KeyboardInterrupt:
            stopped = _interrupted("interrupted before any load")
            return _report(config, outside, started, (), [stopped])
        measured, findings = _measure(config, bench, prepared, outside)
        with outside.interrupts.deferred():
            judged = judge.every(measured, config.report_dir / "samples")
            if outside.interrupts.requested and not any(
                found.effect == "interrupted"
                for found in (*findings, *(one for each in judged for one in each.findings))
            ):
                findings.append(_interrupted("interrupted after the load"))
            rest = [judge.not_run(each) for each in prepared[len(measured) :]]
            return _report(config, outside, started, [*judged, *rest], findings)


def refused(
    error: errors.LabError, outside: Outside, *, report_dir: Path | None = None
) -> model.Result:
    """Return the result of a run that could not even be configured.

    It takes the place of an earlier report, which would pass for this run's, where there is one.
    """
    started = outside.now()
    result = _sum_up((), [_found(error)], embedded.describe(None), outside, started)
    if report_dir is not None:
        with contextlib.suppress(errors.LabError), _fresh(report_dir, leftovers.mark(), outside):
            folder.write(report_dir, report.render(result))
    return result


def _found(error: errors.LabError) -> model.Finding:
    return measure.finding(error, _EFFECTS.get(type(error), "bug"), None)


def _fresh(
    report_dir: Path, mark: str, outside: Outside
) -> contextlib.AbstractContextManager[None]:
    return folder.fresh(report_dir, mark, settle=lambda of: _settle(of, outside.voice))


def _settle(killed: str, voice: console.Console) -> None:
    """Deal with what an earlier run that was killed left running: it would disturb this one."""
    found = leftovers.find(killed)
    still = f"still running, left by an earlier run that was killed: {leftovers.told(found)}"
    if found and not voice.confirm(f"{still}. Stop it and go on?"):
        raise errors.LabNotReady(
            still, remedy="`ltlab doctor --stop-leftovers` ends it; then run again"
        )
    left = leftovers.stop(killed)
    if left:
        raise errors.LabNotReady(
            f"could not be ended: {leftovers.told(left)}", remedy="end it by hand, then run again"
        )


def _report(
    config: model.Config,
    outside: Outside,
    started: datetime,
    judged: Sequence[judge.Judged],
    findings: Sequence[model.Finding],
) -> model.Result:
    where = embedded.describe(config.service)
    result = _sum_up(judged, findings, where, outside, started)
    said = logs.excerpts(config.report_dir)
    try:
        folder.write(config.report_dir, report.render(result, said))
    except errors.StoreError as error:
        result = _sum_up(judged, [*findings, _found(error)], where, outside, started)
        # What was written before must not claim more than this run came to.
        folder.write_instead(config.report_dir, report.render(result, said))
    return result


def _sum_up(
    judged: Sequence[judge.Judged],
    findings: Sequence[model.Finding],
    where: model.Environment,
    outside: Outside,
    started: datetime,
) -> model.Result:
    ended = outside.now()
    times = model.Times(
        started=started.isoformat(timespec="seconds"),
        wall_s=round((ended - started).total_seconds(), 1),
        written=ended.isoformat(timespec="seconds"),
    )
    return judge.result(judged, findings, where, outside.reproduce, times)


def prepare(
    config: model.Config, bench: embedded.Bench, outside: Outside
) -> tuple[measure.Prepared, ...]:
    """Find every engine and load every script; nothing has been started when one is refused."""
    machine = load.Machine(
        environ=outside.environ,
        root=config.root,
        cache_dir=config.cache_dir,
        node_path=config.node_path,
        base_url=bench.base_url(config.service),
        busy=outside.voice.busy,
    )
    paths = {
        model.EngineName.K6: config.k6_path,
        model.EngineName.ARTILLERY: config.artillery_path,
    }
    tools: dict[model.EngineName, load.Tool] = {}
    found = []
    for scenario in config.scenarios:
        engine = load.ENGINES[scenario.engine]
        if scenario.engine not in tools:
            tool = tools[scenario.engine] = engine.find(machine, paths[scenario.engine])
            outside.voice.say(f"{scenario.engine} {tool.version} ({tool.source})")
        script = engine.inspect(tools[scenario.engine], scenario, machine)
        found.append(
            measure.Prepared(
                scenario=scenario, engine=engine, tool=tools[scenario.engine], script=script
            )
        )
    return tuple(found)


def _measure(
    config: model.Config,
    bench: embedded.Bench,
    prepared: Sequence[measure.Prepared],
    outside: Outside,
) -> tuple[list[measure.Measured], list[model.Finding]]:
    done: list[measure.Measured] = []
    log = config.report_dir / "logs" / "service.log"
    try:
        with bench.service(config.service, log=log) as running:
            if running.base_url:
                outside.voice.say(
                    f"service ready at {running.base_url} after {running.ready_after_s:.1f} s"
                )
            for each in prepared:
                with outside.interrupts.deferred():
                    done.append(
                        measure.scenario(
                            each,
                            bench=bench,
                            running=running,
                            report_dir=config.report_dir,
                            voice=outside.voice,
                            interrupts=outside.interrupts,
                        )
                    )
                if running.death() is not None or outside.interrupts.requested:
                    break
    except errors.LabNotReady as error:
        return done, [_found(error)]
    except errors.EngineError as error:
        return done, [_found(error)]
    except KeyboardInterrupt:
        when = "after the load" if done else "before any load"
        return done, [_interrupted(f"interrupted {when}")]
    return done, []


def _interrupted(message: str) -> model.Finding:
    return _found(errors.Interrupted(message, remedy="run it again"))
