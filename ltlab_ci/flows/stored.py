"""After the load: every sample is in the lab's InfluxDB, or the run says so.

Not here: writing and counting (store/backfill.py), judging (judge.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ltlab_ci import errors, model
from ltlab_ci.flows import labs, measure
from ltlab_ci.store import backfill, buckets, duck, influx

Ask = Callable[[Iterable[model.Question]], dict[model.Question, model.Answer]]
_ON_RAW = "judged on the recorded samples instead"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Which scenarios the lab's store can be asked about, and what was found on the way."""

    store: influx.Store | None = None
    whole: frozenset[str] = frozenset()
    findings: Mapping[str, tuple[model.Finding, ...]] = field(default_factory=dict)

    def asker(self, scenario: str, recorded: Ask) -> Asker:
        """Return who answers for a scenario: the lab's store where it has every sample."""
        first = self.store.ask if self.store is not None and scenario in self.whole else None
        return Asker(scenario, first, recorded)


class Asker:
    """Asks the lab's store; when that fails, it asks the recorded samples and remembers why."""

    def __init__(self, scenario: str, first: Ask | None, recorded: Ask) -> None:
        self._scenario, self._first, self._recorded = scenario, first, recorded
        self.findings: tuple[model.Finding, ...] = ()

    def __call__(self, questions: Iterable[model.Question]) -> dict[model.Question, model.Answer]:
        """Answer every question."""
        asked = tuple(questions)
        if self._first is not None:
            try:
                return self._first(asked)
            except errors.StoreError as error:
                self._first = None
                self.findings = (_unusable(error, self._scenario),)
        return self._recorded(asked)


def keep(lab: labs.Lab, measured: Sequence[measure.Measured], samples: Path) -> Kept:
    """Complete the lab's InfluxDB from the recorded samples of every scenario that ran.

    In a lab without one there is nothing to do.
    """
    if lab.addresses is None:
        return Kept()
    runs: dict[str, influx.Run] = {}
    findings: dict[str, tuple[model.Finding, ...]] = {}
    for each in measured:
        name = each.prepared.scenario.name
        files = duck.recorded(samples, name)
        if not files:
            continue
        try:
            done = backfill.complete(lab.addresses.influx, files, lab.tags_of(name))
        except errors.StoreError as error:
            findings[name] = (_unusable(error, name),)
            continue
        feeds = lab.trusted and each.prepared.scenario.engine is model.EngineName.K6
        findings[name] = tuple(_found(done, name, feeds=feeds))
        if done.complete:
            runs[name] = done.run
        findings[name] += _tidy(lab, done.run, name)
    store = influx.Store(lab.addresses.influx, runs)
    return Kept(store=store, whole=frozenset(runs), findings=findings)


def _tidy(lab: labs.Lab, run: influx.Run, scenario: str) -> tuple[model.Finding, ...]:
    """Sum the minutes up where they are kept, and warn of more series than InfluxDB bears well."""
    assert lab.addresses is not None  # the caller's case
    try:
        if lab.stays:
            buckets.sum_up(lab.addresses.influx, run)
        since_ns = run.window.start_ns if run.window is not None else 0
        found = buckets.cardinality(lab.addresses.influx, run.tags, since_ns)
    except errors.StoreError as error:
        return (_unusable(error, scenario),)
    warning = found.warning()
    if warning is None:
        return ()
    message, remedy = warning
    return (
        model.Finding(
            code="many-series", effect="warn", message=message, remedy=remedy, scenario=scenario
        ),
    )


def _found(done: backfill.Completion, scenario: str, *, feeds: bool) -> Iterable[model.Finding]:
    short = {name: each for name, each in done.metrics.items() if not each.complete}
    for name, each in sorted(short.items())[:1]:
        more = f" (and of {len(short) - 1} other metrics)" if len(short) > 1 else ""
        why = f": {done.refused[0]}" if done.refused else ""
        yield model.Finding(
            code="store-incomplete",
            effect="store",
            message=f"InfluxDB holds {each.found} of {each.expected} samples of {name}{more}{why}; "
            f"{_ON_RAW}",
            remedy="look at the log of InfluxDB; its retention must cover the run",
            scenario=scenario,
        )
    late = [n for n, each in done.metrics.items() if each.backfilled and n not in model.USAGE]
    if feeds and late and not short:
        yield model.Finding(
            code="samples-backfilled",
            effect="warn",
            message=f"InfluxDB lacked samples of {late[0]} (and of {len(late) - 1} other metrics) "
            "after the run; they were written from the engine's own, none is missing now",
            remedy="nothing for this verdict; live graphs had gaps, so see whether InfluxDB was "
            "restarted or overloaded",
            scenario=scenario,
        )


def _unusable(error: errors.StoreError, scenario: str) -> model.Finding:
    return model.Finding(
        code="store-unusable",
        effect="store",
        message=f"{error.message}; {_ON_RAW}",
        remedy=error.remedy,
        scenario=scenario,
    )
