"""The lab's InfluxDB completed: what is missing is written and counted again, and told.

Not here: whether there is one (stored.py), writing and counting (store/backfill.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ltlab_ci import errors, model
from ltlab_ci.flows import labs, measure
from ltlab_ci.flows.stored import ON_RAW, Kept, unusable
from ltlab_ci.store import backfill, buckets, duck, influx

_LIVE_S = 10.0
_LIVE_SHARE = 0.98  # StatsD is UDP: a lost packet is no gap that anybody sees


def keep(
    lab: labs.Lab, server: model.Influx, measured: Sequence[measure.Measured], samples: Path
) -> Kept:
    """Complete a lab's InfluxDB from the recorded samples of every scenario that ran."""
    runs: dict[str, influx.Run] = {}
    findings: dict[str, tuple[model.Finding, ...]] = {}
    for each in measured:
        name = each.prepared.scenario.name
        files = duck.recorded(samples, name)
        if not files:
            continue
        try:
            done = backfill.complete(server, files, lab.tags_of(name))
        except errors.StoreError as error:
            findings[name] = (unusable(error, name),)
            continue
        feeds = bool(lab.engine_token) and each.prepared.scenario.engine is model.EngineName.K6
        findings[name] = tuple(_found(done, name, feeds=feeds))
        if done.complete:
            runs[name] = done.run
        findings[name] += _tidy(lab, server, done.run, name)
        # An Artillery that was stopped early does not send its last figures.
        if each.prepared.scenario.engine is model.EngineName.ARTILLERY and not each.findings:
            findings[name] += _live(lab, server, done, name)
    store = influx.Store(server, runs)
    return Kept(ask=store.ask, whole=frozenset(runs), findings=findings)


def _tidy(
    lab: labs.Lab, server: model.Influx, run: influx.Run, scenario: str
) -> tuple[model.Finding, ...]:
    """Sum the minutes up where they are kept, and warn of more series than InfluxDB bears well."""
    try:
        if lab.stays:
            buckets.sum_up(server, run)
        since_ns = run.window.start_ns if run.window is not None else 0
        found = buckets.cardinality(server, run.tags, since_ns)
    except errors.StoreError as error:
        return (unusable(error, scenario),)
    warning = found.warning()
    if warning is None:
        return ()
    message, remedy = warning
    return (
        model.Finding(
            code="many-series", effect="warn", message=message, remedy=remedy, scenario=scenario
        ),
    )


def _live(
    lab: labs.Lab, server: model.Influx, done: backfill.Completion, scenario: str
) -> tuple[model.Finding, ...]:
    """Say where live graphs have gaps: Artillery's figures go there through Telegraf, unsecured."""
    requests = done.metrics.get("http_reqs")
    if lab.addresses is None or lab.addresses.statsd is None or requests is None:
        return ()
    try:
        found = buckets.live_requests(server, done.run, requests.expected, within_s=_LIVE_S)
    except errors.StoreError as error:
        return (unusable(error, scenario),)
    if found >= requests.expected * _LIVE_SHARE:
        return ()
    return (
        model.Finding(
            code="live-graphs-missing",
            effect="warn",
            message=f"live graphs lack {requests.expected - found} of {requests.expected} requests: "
            "Telegraf was away, or could not pass them on; no verdict rests on them",
            remedy="look at `ltlab logs telegraf`, and at whether its container still runs",
            scenario=scenario,
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
            f"{ON_RAW}",
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
