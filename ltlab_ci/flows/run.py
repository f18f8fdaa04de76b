"""One version: scenarios run one after the other, thresholds judged, the report written.

Every stage's failure becomes a finding of the result, so that there is always a report.
Not here: the report folder and the result as a whole (case.py).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from ltlab_ci import errors, model, report
from ltlab_ci.flows import judge, labs, measure, prepare, stored
from ltlab_ci.flows.case import Case, Outside, found, fresh
from ltlab_ci.lab import service
from ltlab_ci.lab.bench import Bench


def run(config: model.Config, outside: Outside) -> model.Result:
    """Measure, judge and report one version; the result's exit code says how it went.

    Raises ConfigError for a report folder that cannot be used.
    """
    outside = outside.marked()
    case = Case(config=config, outside=outside, started=outside.now())
    with fresh(config.report_dir, outside), contextlib.ExitStack() as opened:
        prepared: tuple[measure.Prepared, ...] = ()
        try:
            bench = opened.enter_context(prepare.bench(config, outside.environ, outside.unique))
            prepared = prepare.scenarios(config, bench, outside.environ, outside.voice)
            booted = labs.up(config, bench, outside.environ, outside.unique, outside.voice)
            lab = opened.enter_context(booted)
        except errors.LabError as error:
            return case.report(not_run(prepared), [found(error)])
        except KeyboardInterrupt:
            return case.report(not_run(prepared), [interrupted("interrupted before any load")])
        alone = service.Version(spec=config.service, root=config.root)
        measured, trouble = measured_alone(config, bench, alone, prepared, outside=outside, lab=lab)
        with outside.interrupts.deferred():
            judged, stopped = judged_alone(case, lab, prepared, measured, trouble)
            return case.report(judged, [*trouble, *_against_base(prepared), *stopped], lab)


def _against_base(prepared: Sequence[measure.Prepared]) -> Iterator[model.Finding]:
    """Say that one version alone says nothing about thresholds that depend on another."""
    number = sum(len(each.scenario.against_base) for each in prepared)
    if number:
        named = "1 threshold depends" if number == 1 else f"{number} thresholds depend"
        yield model.Finding(
            code="against-base",
            effect="warn",
            message=f"{named} on base, which was not measured here",
            remedy="run `ltlab compare`, which measures base as well",
        )


@contextlib.contextmanager
def _beside(work: Callable[[], None]) -> Iterator[None]:
    """Do some work while the block waits for the store, and end with it."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def judged_alone(
    case: Case,
    lab: labs.Lab,
    prepared: Sequence[measure.Prepared],
    measured: Sequence[measure.Measured],
    findings: Sequence[model.Finding],
) -> tuple[list[judge.Judged], list[model.Finding]]:
    """Judge what ran; an interrupt that came after the load is found here."""
    samples = case.config.report_dir / "samples"
    kept = stored.Kept()
    with _beside(report.get_ready):
        if lab.addresses is not None:
            # InfluxDB's client takes a quarter of a second to import, and many runs need none.
            from ltlab_ci.flows import completed  # noqa: PLC0415

            kept = completed.keep(lab, lab.addresses.influx, measured, samples)
        judged = [*judge.every(measured, samples, kept), *not_run(prepared[len(measured) :])]
    known = (*findings, *(one for each in judged for one in each.findings))
    late = case.outside.interrupts.requested and not any(
        found.effect == "interrupted" for found in known
    )
    return judged, [interrupted("interrupted after the load")] if late else []


def not_run(prepared: Sequence[measure.Prepared]) -> list[judge.Judged]:
    """Return the places of scenarios that did not run."""
    return [judge.not_run(each) for each in prepared]


def measured_alone(
    config: model.Config,
    bench: Bench,
    version: service.Version,
    prepared: Sequence[measure.Prepared],
    *,
    outside: Outside,
    lab: labs.Lab,
) -> tuple[list[measure.Measured], list[model.Finding]]:
    """Run every scenario against one version, built if it was not yet; trouble is a finding."""
    done: list[measure.Measured] = []
    log = config.report_dir / "logs" / "service.log"
    try:
        with bench.built(version, log=log) as built, bench.service(built, log=log) as starting:
            running = starting.awaited()
            if running.base_url:
                outside.voice.say(_ready(running))
            for each in prepared:
                live = lab.live(each.scenario.name, inside=bench.contained)
                with outside.interrupts.deferred():
                    done.append(
                        measure.scenario(
                            each,
                            bench=bench,
                            running=running,
                            live=live,
                            report_dir=config.report_dir,
                            voice=outside.voice,
                            interrupts=outside.interrupts,
                        )
                    )
                if running.death() is not None or outside.interrupts.requested:
                    break
    except (errors.LabNotReady, errors.EngineError) as error:
        return done, [found(error)]
    except KeyboardInterrupt:
        when = "after the load" if done else "before any load"
        return done, [interrupted(f"interrupted {when}")]
    return done, []


def _ready(running: service.Running) -> str:
    return f"service ready at {running.base_url} after {running.ready_after_s:.1f} s"


def interrupted(message: str) -> model.Finding:
    """Say that somebody asked to stop."""
    return found(errors.Interrupted(message, remedy="run it again"))
