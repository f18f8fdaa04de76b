"""Recorded samples judged against other thresholds than those of their run: `ltlab judge`.

Not here: judging a run (judge.py), base against head again (compare.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ltlab_ci import errors, model
from ltlab_ci.evaluate import outcome
from ltlab_ci.flows import judge, understood
from ltlab_ci.store import charts, duck


def again(
    earlier: model.Result,
    scenarios: Sequence[model.Scenario],
    samples: Path,
    reproduce: str,
    times: model.Times,
) -> model.Result:
    """Judge recorded samples against other thresholds; what the engines said of the run is kept.

    A scenario that `scenarios` does not name keeps the verdicts it has. Raises ConfigError for the report
    of a comparison: without it, whatever it found would be gone.
    """
    if earlier.comparison is not None:
        raise errors.ConfigError(
            "this report holds base against head, which thresholds alone cannot judge again",
            remedy="ltlab compare --samples SAMPLES/base SAMPLES/head --report-dir again",
        )
    stated = {scenario.name: scenario for scenario in scenarios}
    store = duck.Store(samples)
    try:
        judged = [
            judge.Judged(
                result=_rejudged(store, shown, stated[shown.name], earlier)
                if shown.name in stated and shown.ran
                else shown,
                findings=(),
            )
            for shown in earlier.scenarios
        ]
    finally:
        store.close()
    return judge.result(judged, earlier.findings, earlier.environment, reproduce, times)


def _rejudged(
    store: duck.Store,
    shown: model.ScenarioResult,
    scenario: model.Scenario,
    earlier: model.Result,
) -> model.ScenarioResult:
    reach = charts.extent(store, shown.name)
    types = {metric.name: metric.type for metric in shown.metrics}
    facts = judge.facts_of(shown.name, types, reach, (), shown.cut_off, address=shown.address)
    verdicts = (
        *judge.verdicts_of(store, store.ask, scenario, facts, reach),
        *(verdict for verdict in shown.verdicts if verdict.origin != "ltlab"),
    )
    found = [finding for finding in earlier.findings if finding.scenario == shown.name]
    return shown.model_copy(
        update={
            "verdicts": verdicts,
            "verdict": outcome.scenario_verdict(verdicts, found),
            "judged_s": judge.judged_s(scenario.cut, shown.duration_s),
            "distribution": understood.distribution(store, facts, scenario.cut, verdicts),
            "place": scenario.place,
        }
    )
