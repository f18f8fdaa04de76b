"""One version: scenarios run one after the other, thresholds judged, the report written.

Every stage's failure becomes a finding of the result, so that there is always a report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ltlab_ci import console, errors, load, model, report
from ltlab_ci.flows import folder, judge, measure
from ltlab_ci.interrupts import Interrupts
from ltlab_ci.lab import embedded


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

    Raises ConfigError or EngineError for what is refused before anything starts; the report then
    says so too.
    """
    started = outside.now()
    with folder.fresh(config.report_dir):
        bench = embedded.bench(config.root, outside.environ)
        prepared = _prepared(config, bench, outside, started)
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


def _prepared(
    config: model.Config, bench: embedded.Bench, outside: Outside, started: datetime
) -> tuple[measure.Prepared, ...]:
    """Prepare all scenarios; when that fails, the report says why before the error goes on."""
    try:
        return prepare(config, bench, outside)
    except errors.LabError as error:
        effect = "config" if isinstance(error, errors.ConfigError) else "engine"
        _report(config, outside, started, (), [measure.finding(error, effect, None)])
        raise
    except KeyboardInterrupt:
        _report(config, outside, started, (), [_interrupted("interrupted before any load")])
        raise


def _report(
    config: model.Config,
    outside: Outside,
    started: datetime,
    judged: Sequence[judge.Judged],
    findings: Sequence[model.Finding],
) -> model.Result:
    ended = outside.now()
    times = model.Times(
        started=started.isoformat(timespec="seconds"),
        wall_s=round((ended - started).total_seconds(), 1),
        written=ended.isoformat(timespec="seconds"),
    )
    where = embedded.describe(config.service)
    result = judge.result(judged, findings, where, outside.reproduce, times)
    folder.write(config.report_dir, report.render(result))
    return result


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
        return done, [measure.finding(error, "lab", None)]
    except errors.EngineError as error:
        return done, [measure.finding(error, "engine", None)]
    except KeyboardInterrupt:
        when = "after the load" if done else "before any load"
        return done, [_interrupted(f"interrupted {when}")]
    return done, []


def _interrupted(message: str) -> model.Finding:
    stop = errors.Interrupted(message, remedy="run it again")
    return measure.finding(stop, "interrupted", None)
