"""One run from the outside: the world around it, its report folder, its result written at the end.

Not here: what is run (run.py), how a result comes about (judge.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ltlab_ci import console, errors, leftovers, model, report
from ltlab_ci.flows import dashboards, folder, judge, killed, labs, logs, measure
from ltlab_ci.interrupts import Interrupts
from ltlab_ci.lab import embedded

_EFFECTS = {
    errors.ConfigError: "config",
    errors.ConfigMissing: "config",
    errors.LabNotReady: "lab",
    errors.EngineError: "engine",
    errors.StoreError: "store",
    errors.Interrupted: "interrupted",
}


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What a flow gets from the outside world: environment, clock, voice.

    `unique` names this run among all that one lab ever sees.
    """

    environ: Mapping[str, str]
    now: Callable[[], datetime]
    voice: console.Console
    interrupts: Interrupts
    reproduce: str
    unique: str

    def marked(self) -> Outside:
        """Return it with an environment that names this run to all that is started in it."""
        return replace(self, environ={**self.environ, leftovers.VARIABLE: self.unique})


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run: what was asked, the world around it, and when it began."""

    config: model.Config
    outside: Outside
    started: datetime

    def report(
        self,
        judged: Sequence[judge.Judged],
        findings: Sequence[model.Finding],
        lab: labs.Lab | None = None,
        against: judge.Compared | None = None,
    ) -> model.Result:
        """Sum up and write the report."""
        where = embedded.describe(self.config.service)
        if lab is not None:
            where = where.model_copy(update=lab.described())
        result = _sum_up(judged, findings, where, self.outside, self.started, against=against)
        said = logs.excerpts(self.config.report_dir)
        try:
            if lab is not None:
                result = dashboards.keep(
                    result, judged, lab, self.config, against.windows if against else {}
                )
            folder.write(self.config.report_dir, report.render(result, said))
        except errors.StoreError as error:
            told = [*findings, found(error)]
            result = _sum_up(judged, told, where, self.outside, self.started, against=against)
            # What was written before must not claim more than this run came to.
            folder.write_instead(self.config.report_dir, report.render(result, said))
        return result


@contextlib.contextmanager
def fresh(report_dir: Path, outside: Outside) -> Iterator[None]:
    """Make the report folder fresh; what a killed run left is dealt with first.

    What this run itself left in the background is ended at its end, such as a daemon of a build line.
    """
    with folder.fresh(report_dir, outside.unique, settle=lambda of: _settle(of, outside)):
        try:
            yield
        finally:
            with outside.interrupts.deferred():
                leftovers.end(outside.unique)


def _settle(run: str, outside: Outside) -> None:
    """Deal with what an earlier run that was killed left: it would disturb this one."""
    found = killed.find(run, outside.environ)
    still = f"still there, left by an earlier run that was killed: {found.told()}"
    if found and not outside.voice.confirm(f"{still}. Stop it and go on?"):
        raise errors.LabNotReady(
            still, remedy="`ltlab doctor --stop-leftovers` ends it; then run again"
        )
    left = killed.stop(run, outside.environ)
    if left:
        raise errors.LabNotReady(
            f"could not be ended: {left.told()}", remedy="end it by hand, then run again"
        )


def refused(
    error: errors.LabError, outside: Outside, *, report_dir: Path | None = None
) -> model.Result:
    """Return the result of a run that could not even be configured.

    It takes the place of an earlier report, which would pass for this run's, where there is one.
    """
    started = outside.now()
    result = _sum_up((), [found(error)], embedded.describe(None), outside, started)
    if report_dir is not None:
        with (
            contextlib.suppress(errors.LabError),
            fresh(report_dir, outside),
        ):
            folder.write(report_dir, report.render(result))
    return result


def found(error: errors.LabError) -> model.Finding:
    """Turn an error of a run as a whole into a finding."""
    return measure.finding(error, _EFFECTS.get(type(error), "bug"), None)


def _sum_up(
    judged: Sequence[judge.Judged],
    findings: Sequence[model.Finding],
    where: model.Environment,
    outside: Outside,
    started: datetime,
    *,
    against: judge.Compared | None = None,
) -> model.Result:
    when = timed(started, outside.now())
    return judge.result(judged, findings, where, outside.reproduce, when, against=against)


def timed(started: datetime, ended: datetime) -> model.Times:
    """Return when something was measured, and how long that took."""
    return model.Times(
        started=started.isoformat(timespec="seconds"),
        wall_s=round((ended - started).total_seconds(), 1),
        written=ended.isoformat(timespec="seconds"),
    )
