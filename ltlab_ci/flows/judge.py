"""From recorded samples to a result: ask the store, judge, sum up.

Not here: recording (measure.py), the judging itself (evaluate/), what a report looks like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ltlab_ci import errors, model
from ltlab_ci.evaluate import outcome, thresholds, unfinished, validity
from ltlab_ci.flows import measure, stored, understood
from ltlab_ci.report import headline
from ltlab_ci.store import activity, addresses, charts, duck

_CUT_SHORT = frozenset({"config", "lab", "engine", "store", "interrupted"})


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A scenario's result, everything found about it, and when its load ran."""

    result: model.ScenarioResult
    findings: tuple[model.Finding, ...]
    window: model.Window | None = None


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Base against head, if it came to that: why it is invalid, and what that means for the exit code.

    `limits` are the verdicts on thresholds that depend on base, by scenario.
    `windows`: when the rounds of each scenario ran that the lab's InfluxDB has.
    """

    comparison: model.Comparison | None = None
    limits: Mapping[str, tuple[model.Verdict, ...]] = field(default_factory=dict)
    doubts: tuple[model.Finding, ...] = ()
    code: errors.ExitCode = errors.ExitCode.OK
    windows: Mapping[str, model.Window] = field(default_factory=dict)


def every(
    measured: Sequence[measure.Measured], samples: Path, kept: stored.Kept
) -> tuple[Judged, ...]:
    """Judge each scenario over its own samples: asked of the lab's store where that has them all."""
    store = duck.Store(samples)
    try:
        return tuple(_judged(store, each, kept) for each in measured)
    finally:
        store.close()


def result(
    judged: Sequence[Judged],
    findings: Sequence[model.Finding],
    environment: model.Environment,
    reproduce: str,
    times: model.Times,
    *,
    against: Compared | None = None,
) -> model.Result:
    """Sum everything up in one verdict."""
    beside = against or Compared()
    found = (*findings, *(one for each in judged for one in each.findings))
    scenarios = tuple(_with(each.result, beside, found) for each in judged)
    code = errors.worst([outcome.exit_code(scenarios, found), beside.code])
    return model.Result(
        verdict=outcome.verdict(
            code,
            judged=beside.comparison is not None or any(each.verdicts for each in scenarios),
        ),
        headline=_headline(scenarios, found, beside),
        exit_code=code,
        scenarios=scenarios,
        comparison=beside.comparison,
        findings=(*found, *beside.doubts),
        environment=environment,
        reproduce=reproduce,
        times=times,
    )


def _with(
    shown: model.ScenarioResult,
    beside: Compared,
    findings: Sequence[model.Finding],
) -> model.ScenarioResult:
    """Return a scenario with what was judged against base besides; the comparison judges it, too."""
    if beside.comparison is None and not beside.limits.get(shown.name):
        return shown
    verdicts = (*shown.verdicts, *beside.limits.get(shown.name, ()))
    own = [each for each in findings if each.scenario == shown.name]
    verdict = outcome.scenario_verdict(verdicts, own)
    if verdict == "not judged" and beside.comparison is not None:
        verdict = "pass"
    return shown.model_copy(update={"verdicts": verdicts, "verdict": verdict})


def _headline(
    scenarios: Sequence[model.ScenarioResult], found: Sequence[model.Finding], beside: Compared
) -> str:
    alone = outcome.headline(scenarios, found)
    if beside.comparison is None:
        return alone
    told = headline.of(beside.comparison, beside.doubts)
    silent = not any(each.verdicts for each in scenarios) and all(
        each.effect == "warn" for each in found
    )
    return told if silent else f"{told}; {alone}"


def _judged(store: duck.Store, measured: measure.Measured, kept: stored.Kept) -> Judged:
    try:
        return _judge(store, measured, kept)
    except errors.StoreError as error:
        name = measured.prepared.scenario.name
        told = (*measured.findings, measure.finding(error, "store", name))
        unread = not_run(measured.prepared, why="its samples cannot be read")
        return replace(unread, findings=told)


def _judge(store: duck.Store, measured: measure.Measured, kept: stored.Kept) -> Judged:
    scenario = measured.prepared.scenario
    ask = kept.asker(scenario.name, store.ask)
    reach = charts.extent(store, scenario.name)
    script, interrupted = measured.prepared.script, measured.outcome.totals.get("interrupted")
    vus = activity.vus(store, scenario.name)
    alive_s = (vus.alive_ns - reach.start_ns) / 1e9 if vus.alive_ns else reach.seconds
    shown, left_out = charts.endpoints(
        store,
        scenario.name,
        seconds=reach.seconds,
        base_url=measured.base_url,
        naming=scenario.naming,
    )
    cut_off, at_rest = unfinished_requests(
        store,
        scenario.name,
        script.load,
        reach,
        alive_s=alive_s,
        interrupted=interrupted,
        address=measured.base_url,
    )
    facts = replace(
        facts_of(
            scenario.name,
            measured.outcome.types,
            reach,
            measured.outcome.own,
            address=measured.base_url,
        ),
        elapsed_s=measured.elapsed_s,
        clock_step_s=measured.clock_step_s,
        names=len(shown),
        names_left_out=left_out,
        tallies=activity.tallies(store, scenario.name),
        cut_off=cut_off,
        at_rest=at_rest,
        vu_time_s=vus.time_s,
        alive_s=alive_s,
        any_status=script.any_status,
        engine=scenario.engine.value,
        sent=addresses.sent(store, scenario.name, measured.base_url),
    )
    own = thresholds.own_cases(facts)
    answers = ask([*thresholds.questions(own), *validity.questions(facts)])
    engines = thresholds.judge_own(facts, scenario.engine, answers, scenario.thresholds)
    verdicts = (
        *verdicts_of(store, ask, scenario, facts, reach),
        *understood.traced(
            store, own, tuple(understood.explained(store, engines, facts, reach)), reach
        ),
    )
    of_store = (*kept.findings.get(scenario.name, ()), *ask.findings)
    findings = (*measured.findings, *measured.outcome.findings, *of_store)
    if not cut_short(findings):
        covered = frozenset(
            name
            for verdict in verdicts
            for name in (verdict.metric, *(f"{verdict.metric}{{{tag}}}" for tag in verdict.tags))
        )
        outcome_of = measured.outcome
        findings += tuple(validity.findings(facts, script.load, outcome_of, answers, covered))
        findings += tuple(thresholds.own_hints(facts))
    return Judged(
        result=_scenario_result(
            store, measured, facts, reach, endpoints=shown, verdicts=verdicts, found=findings
        ),
        findings=findings,
        window=model.Window(start_ns=reach.start_ns, end_ns=reach.end_ns),
    )


def unfinished_requests(
    store: duck.Store,
    name: str,
    planned: model.PlannedLoad,
    reach: charts.Extent,
    *,
    alive_s: float,
    interrupted: float | None,
    address: str,
) -> tuple[tuple[model.CutOff, ...], frozenset[str]]:
    """Return the requests that never ended, and the scenarios of the script whose VUs were pausing.

    Samples are read only where the engine interrupted iterations, or does not say whether it did.
    """
    if not planned.scenarios or interrupted == 0:
        return (), frozenset()
    opened = [each.name for each in planned.scenarios if each.opened]
    seen = activity.read(store, name, opened)
    if not seen.ends and "http_req_duration" in reach.metrics:
        return (), frozenset()  # samples that do not tell VUs apart
    silent = unfinished.silences(planned.scenarios, seen, reach.start_ns, alive_s, interrupted)
    parts = sorted({one.scenario for one in silent})
    paces = {part: activity.pace(store, name, part) for part in parts}
    # Names carry no address of the service: its port is another one next time.
    shown = (
        one.model_copy(update={"after": one.after.replace(address, "", 1)})
        for one in unfinished.cut_off(silent, paces)
    )
    return tuple(shown), unfinished.at_rest(silent, paces)


def verdicts_of(
    store: duck.Store,
    ask: stored.Ask,
    scenario: model.Scenario,
    facts: model.Facts,
    reach: charts.Extent,
) -> tuple[model.Verdict, ...]:
    """Judge the thresholds that ltlab.yml states for a scenario, by what `ask` answers."""
    cases = thresholds.cases(scenario.thresholds, facts, scenario.cut)
    answers = ask(thresholds.questions(cases))
    answers |= ask(thresholds.questions_beyond(cases, answers, facts))
    judged = thresholds.judge(cases, answers, facts)
    explained = tuple(understood.explained(store, judged, facts, reach))
    return understood.traced(store, cases, explained, reach)


def judged_s(cut: model.Cut, seconds: float) -> tuple[float, float] | None:
    if not cut.start_s and not cut.end_s:
        return None
    return cut.start_s, duck.rounded(seconds - cut.end_s) or 0.0


def cut_short(findings: Sequence[model.Finding]) -> bool:
    """Say whether a run did not come to its end, or not everything of it is there."""
    return any(found.effect in _CUT_SHORT for found in findings)


def facts_of(
    name: str,
    said: Mapping[str, model.MetricType],
    reach: charts.Extent,
    own: tuple[model.OwnThreshold, ...],
    cut_off: tuple[model.CutOff, ...] = (),
    *,
    address: str,
) -> model.Facts:
    built_in = {name: kind.type for name, kind in model.BUILT_IN.items() if name in reach.metrics}
    return model.Facts(
        scenario=name,
        types={**said, **built_in},
        recorded=frozenset(reach.metrics),
        load_start_ns=reach.start_ns,
        load_end_ns=reach.end_ns,
        own=own,
        ambiguous_tags=reach.ambiguous_tags,
        cut_off=cut_off,
        address=address,
        spelt=reach.spelt,
    )


def _scenario_result(
    store: duck.Store,
    measured: measure.Measured,
    facts: model.Facts,
    reach: charts.Extent,
    *,
    endpoints: tuple[model.Endpoint, ...],
    verdicts: tuple[model.Verdict, ...],
    found: tuple[model.Finding, ...],
) -> model.ScenarioResult:
    prepared = measured.prepared
    return model.ScenarioResult(
        name=facts.scenario,
        engine=prepared.scenario.engine.value,
        engine_version=prepared.tool.version,
        script=prepared.scenario.script.name,
        load_model=prepared.script.load.model,
        verdict=outcome.scenario_verdict(verdicts, found),
        ran=facts.ran,
        complete=not cut_short(found),
        exit_code=measured.exit_code,
        duration_s=duck.rounded(reach.seconds) or 0.0,
        judged_s=judged_s(prepared.scenario.cut, reach.seconds),
        samples=measured.samples,
        cut_off=facts.cut_off,
        verdicts=verdicts,
        metrics=charts.summaries(store, facts.scenario, facts.types, seconds=reach.seconds),
        endpoints=endpoints,
        endpoints_left_out=facts.names_left_out,
        series=charts.series(store, facts.scenario, reach, prepared.script.load),
        distribution=understood.distribution(store, facts, prepared.scenario.cut, verdicts),
        place=prepared.scenario.place,
        address=facts.address,
    )


def not_run(prepared: measure.Prepared, *, why: str = "the scenario did not run") -> Judged:
    """Return the place of a scenario that never started: its thresholds have no data."""
    scenario = prepared.scenario
    shown = model.ScenarioResult(
        name=scenario.name,
        engine=scenario.engine.value,
        engine_version=prepared.tool.version,
        script=scenario.script.name,
        load_model=prepared.script.load.model,
        verdict="fail",
        ran=False,
        complete=False,
        verdicts=without_data(scenario, why=why),
        place=scenario.place,
    )
    return Judged(result=shown, findings=())


def without_data(scenario: model.Scenario, *, why: str) -> tuple[model.Verdict, ...]:
    """Return a scenario's thresholds as verdicts that have no data, and why."""
    return tuple(
        model.Verdict(
            metric=threshold.metric,
            tags=dict(threshold.tags),
            threshold=threshold.text,
            severity=threshold.severity.value,
            status=model.Status.NO_DATA,
            reason=why,
            place=threshold.place,
        )
        for threshold in scenario.thresholds
    )
