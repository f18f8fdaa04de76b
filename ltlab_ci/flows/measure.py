"""Run one scenario and keep every sample: the engine's process, the store's writer, the progress.

Not here: the order of scenarios and what becomes of the samples (run.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ltlab_ci import console, errors, load, model, process
from ltlab_ci.lab import embedded, service
from ltlab_ci.store import duck

_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A scenario with its engine found and its script loaded: nothing has run yet."""

    scenario: model.Scenario
    engine: load.Engine
    tool: load.Tool
    script: load.Script


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One scenario that ran, or was cut short: what its engine said, and what went wrong."""

    prepared: Prepared
    plan: load.Plan
    exit_code: int
    wall_s: float
    outcome: model.Outcome
    findings: tuple[model.Finding, ...]
    samples: int

    @property
    def interrupted(self) -> bool:
        """Say whether a person or the runner ended it."""
        return any(finding.effect == "interrupted" for finding in self.findings)


def scenario(
    prepared: Prepared,
    *,
    bench: embedded.Bench,
    running: service.Running,
    report_dir: Path,
    voice: console.Console,
) -> Measured:
    """Run a scenario to its end, or until the service dies or a person interrupts."""
    name = prepared.scenario.name
    run_dir = report_dir / "logs" / Path(duck.file_name(name)).stem
    run_dir.mkdir(parents=True)
    plan = prepared.engine.plan(
        prepared.tool,
        prepared.scenario,
        prepared.script,
        base_url=running.base_url,
        run_dir=run_dir,
    )
    writer = duck.Writer(report_dir / "samples", name)
    reader = prepared.engine.reader(run_dir)
    start = time.monotonic()
    findings: list[model.Finding] = []
    with voice.progress() as progress:
        meter = _Meter(writer, progress, name, prepared.script.duration_s, start)
        with bench.exec(plan.argv, env=plan.env, log=plan.log) as child:
            try:
                findings += _watch(child, reader, meter, running, name)
            except KeyboardInterrupt:
                findings.append(_interrupted(name))
            except errors.StoreError as error:
                findings.append(finding(error, "store", name))
            exit_code = child.stop()
        findings += _keep_the_rest(reader, meter, writer, name)
    wall_s = time.monotonic() - start
    return Measured(
        prepared=prepared,
        plan=plan,
        exit_code=exit_code,
        wall_s=wall_s,
        outcome=prepared.engine.outcome(prepared.scenario, plan, exit_code),
        findings=tuple(findings),
        samples=writer.samples,
    )


def finding(error: errors.LabError, effect: str, scenario: str | None) -> model.Finding:
    """Turn an error into a finding, so that the report shows it."""
    return model.Finding.model_validate(
        {
            "code": type(error).__name__,
            "effect": effect,
            "message": error.message,
            "remedy": error.remedy,
            "scenario": scenario,
        }
    )


class _Meter:
    """Stores batches and shows progress."""

    def __init__(
        self,
        writer: duck.Writer,
        progress: console.Progress,
        name: str,
        total_s: float | None,
        start: float,
    ) -> None:
        self._writer, self._progress = writer, progress
        self._name, self._total_s, self._start = name, total_s, start
        self._pulse = model.Pulse()
        self._requests = self._failed = 0
        self._last_s = 0.0

    def take(self, batches: Iterable[model.Batch]) -> None:
        fresh = 0
        for batch in batches:
            pulse = self._writer.ingest(batch)
            fresh += pulse.requests
            self._failed += pulse.failed
            self._pulse = model.Pulse(
                p95_ms=pulse.p95_ms if pulse.p95_ms is not None else self._pulse.p95_ms,
                vus=pulse.vus if pulse.vus is not None else self._pulse.vus,
            )
        elapsed_s = time.monotonic() - self._start
        self._requests += fresh
        self._progress.tick(
            console.Tick(
                scenario=self._name,
                elapsed_s=elapsed_s,
                total_s=self._total_s,
                pulse=self._pulse,
                requests=self._requests,
                failed=self._failed,
                rate_per_s=self._requests / elapsed_s if elapsed_s else 0.0,
            )
        )


def _watch(
    child: process.Child,
    reader: load.Reader,
    meter: _Meter,
    running: service.Running,
    name: str,
) -> list[model.Finding]:
    while child.wait(_LOOK_EVERY_S) is None:
        meter.take(reader.drain())
        death = running.death()
        if death is not None:
            return [
                model.Finding(
                    code="service-died",
                    effect="lab",
                    message=f"the service {death} during the run",
                    remedy="see logs/service.log in the report",
                    scenario=name,
                )
            ]
    return []


def _keep_the_rest(
    reader: load.Reader, meter: _Meter, writer: duck.Writer, name: str
) -> list[model.Finding]:
    try:
        meter.take(reader.finish())
        writer.close()
    except errors.StoreError as error:
        return [finding(error, "store", name)]
    return []


def _interrupted(name: str) -> model.Finding:
    return model.Finding(
        code="interrupted",
        effect="interrupted",
        message="interrupted before its end",
        remedy="run it again; what was measured so far is in the report",
        scenario=name,
    )
