"""Recorded samples judged against other thresholds than those of their run: `ltlab judge`.

Not here: judging a run (judge.py), base against head again (compare.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from ltlab_ci import errors, model
from ltlab_ci.evaluate import outcome
from ltlab_ci.flows import judge, understood
from ltlab_ci.store import charts, duck

_CHANGED = "the samples are not those that the run recorded"
_MEANS_AGREE = 1e-6


def again(
    earlier: model.Result,
    scenarios: Sequence[model.Scenario],
    samples: Path,
    reproduce: str,
    times: model.Times,
) -> model.Result:
    """Judge recorded samples against other thresholds; what the engines said of the run is kept.

    A scenario that `scenarios` does not name keeps the verdicts it has; samples that are not those of the run are a
    finding, and so is a scenario that was never measured. Raises ConfigError for the report
    of a comparison: without it, whatever it found would be gone.
    """
    if earlier.comparison is not None:
        raise errors.ConfigError(
            "this report holds base against head, which thresholds alone cannot judge again",
            remedy="ltlab compare --samples SAMPLES/base SAMPLES/head --report-dir again",
        )
    stated = {scenario.name: scenario for scenario in scenarios}
    known = tuple(found for found in earlier.findings if not _of_a_judgement(found))
    store = duck.Store(samples)
    try:
        judged = [
            _rejudged(store, shown, stated[shown.name], known)
            if shown.name in stated and shown.ran
            else judge.Judged(result=shown, findings=())
            for shown in earlier.scenarios
        ]
    finally:
        store.close()
    measured = {shown.name for shown in earlier.scenarios}
    missing = [_not_measured(name) for name in stated if name not in measured]
    return judge.result(judged, [*known, *missing], earlier.environment, reproduce, times)


def _rejudged(
    store: duck.Store,
    shown: model.ScenarioResult,
    scenario: model.Scenario,
    known: Sequence[model.Finding],
) -> judge.Judged:
    engines = tuple(verdict for verdict in shown.verdicts if verdict.origin != "ltlab")
    types = {metric.name: metric.type for metric in shown.metrics}
    distribution = shown.distribution
    own = judge.without_data(scenario, why="its samples are not those of the run")
    try:
        reach = charts.extent(store, shown.name)
        facts = judge.facts_of(shown.name, types, reach, (), shown.cut_off, address=shown.address)
        wrong = _unlike(store, shown, reach, types)
        if not wrong:
            own = judge.verdicts_of(store, store.ask, scenario, facts, reach)
            distribution = understood.distribution(store, facts, scenario.cut, (*own, *engines))
    except errors.StoreError as error:
        wrong = error.message
    found = _not_those_recorded(shown.name, wrong) if wrong else ()
    doubts = [*(each for each in known if each.scenario == shown.name), *found]
    verdicts = (*own, *engines)
    result = shown.model_copy(
        update={
            "verdicts": verdicts,
            "verdict": outcome.scenario_verdict(verdicts, doubts),
            "complete": not judge.cut_short(doubts),
            "judged_s": judge.judged_s(scenario.cut, shown.duration_s),
            "distribution": distribution,
            "place": scenario.place,
        }
    )
    return judge.Judged(result=result, findings=found)


def _unlike(
    store: duck.Store,
    shown: model.ScenarioResult,
    reach: charts.Extent,
    types: Mapping[str, model.MetricType],
) -> str:
    """Say where samples differ from what the run recorded, "" where they do not.

    By their number, and by the means of trends: another run may have as many.
    """
    stored = sum(reach.metrics.values())
    if stored != shown.samples:
        return f"{shown.samples} samples were recorded, {stored} are there"
    here = charts.summaries(store, shown.name, types, seconds=reach.seconds)
    now = {metric.name: metric for metric in here}
    for then in shown.metrics:
        count = now[then.name].count if then.name in now else 0
        if count != then.count:
            return f"{then.count} samples of {then.name} were recorded, {count} are there"
        means = [each.stats.get("avg", 0.0) for each in (then, now[then.name])]
        if not math.isclose(*means, rel_tol=_MEANS_AGREE):
            return (
                f"{then.name} was {means[0]:.6g} on average, that of the samples is {means[1]:.6g}"
            )
    return ""


def _not_those_recorded(name: str, wrong: str) -> tuple[model.Finding, ...]:
    return (
        model.Finding(
            code="samples-incomplete",
            effect="store",
            message=f"{_CHANGED}: {wrong}",
            remedy="bring back the samples/ of this report, or run again; nothing was judged by these",
            scenario=name,
        ),
    )


def _not_measured(name: str) -> model.Finding:
    return model.Finding(
        code="not-measured",
        effect="invalid",
        message=f"scenario {name} of ltlab.yml was never measured: this report holds no run of it",
        remedy="run it as well, or judge by an ltlab.yml without it: --config",
    )


def _of_a_judgement(found: model.Finding) -> bool:
    """Say whether a finding is of an earlier `ltlab judge`, which this one replaces."""
    return found.code == "not-measured" or found.message.startswith(_CHANGED)
