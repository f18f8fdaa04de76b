"""load-performance.json: what GitLab's load performance widget compares with the target branch.

The widget reads three metrics of k6's older summary (`http_reqs`, `http_req_waiting`, `checks`) of
one report, and shows those that are there. Not here: metrics.txt (openmetrics.py).
"""

from __future__ import annotations

import json

from ltlab_ci import model


def load_performance(result: model.Result) -> str:
    """Return the figures of the first scenario: times in ms, the rate in requests a second.

    Percentiles of several scenarios cannot be combined, and which one is the worst may differ
    between two branches; the first is the same on both. One that was cut short or is not a valid
    measurement has no figures here, so nothing is compared with it.
    """
    metrics: dict[str, dict[str, float]] = {}
    first = result.scenarios[0] if result.scenarios else None
    if first is not None and _trusted(first, result):
        metrics = _metrics({metric.name: metric for metric in first.metrics})
    return f"{json.dumps({'metrics': metrics}, indent=2)}\n"


def _trusted(scenario: model.ScenarioResult, result: model.Result) -> bool:
    doubts = [found for found in result.findings if found.effect != "warn"]
    return scenario.complete and all(found.scenario != scenario.name for found in doubts)


def _metrics(known: dict[str, model.MetricSummary]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name, stats in (("http_reqs", ("rate",)), ("http_req_waiting", ("p(90)", "p(95)"))):
        shown = known[name].stats if name in known else {}
        if set(stats) <= set(shown):
            found[name] = {stat: shown[stat] for stat in stats}
    checks = known.get("checks")
    if checks is not None and checks.count:  # of no checks the widget makes "NaN%"
        passes = round(checks.stats["rate"] * checks.count)
        found["checks"] = {"passes": passes, "fails": checks.count - passes}
    return found
