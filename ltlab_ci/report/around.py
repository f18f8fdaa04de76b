"""What a comment says besides verdicts, in words: earlier run, changed thresholds, gaps, load, links.

Not here: order and cutting (comment.py), escaping for Markdown (escape.py and the template).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ltlab_ci import model
from ltlab_ci.model import patterns
from ltlab_ci.report import escape, figures, view

_SHA = 10
_ENDPOINTS = 5
_MOST = 200  # endpoints that a result holds; a hostile one may hold any number
_OTHER_NAMES = frozenset({"url", "group"})
"""Tags by which a threshold may mean an endpoint, without saying which."""

Identity = tuple[str, str, str, tuple[tuple[str, str], ...], str, str | None]
Figures = Mapping[Identity, str]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One threshold that the pull request changes."""

    kind: str
    loosens: bool
    scenario: str
    key: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something said about one scenario."""

    scenario: str
    said: str


def sha(text: str) -> str:
    """Return a commit as people name it."""
    return escape.visible(text)[:_SHA]


def changes(found: Iterable[model.ThresholdChange]) -> list[Change]:
    """Prepare the thresholds that a pull request changes, in the order given."""
    return [
        Change(
            kind=change.kind.value,
            loosens=change.loosens,
            scenario=escape.visible(change.scenario),
            key=escape.visible(change.key),
            before=escape.visible(change.before) or figures.NOTHING,
            after=escape.visible(change.after) or figures.NOTHING,
        )
        for change in found
    ]


def loosened(around: model.Around) -> str:
    """Say plainly that less is asked for than before: "" where it is not."""
    less = [change for change in around.changed or () if change.loosens]
    scenarios = sum(not change.key for change in less)
    thresholds = len(less) - scenarios
    said = (
        thresholds and f"loosens {figures.count(thresholds)} {_plural(thresholds, 'threshold')}",
        scenarios and f"removes {figures.count(scenarios)} {_plural(scenarios, 'scenario')}",
    )
    return f"This {around.request} {' and '.join(one for one in said if one)}" if less else ""


def earlier_figures(earlier: model.Result | None) -> Figures:
    """Return what an earlier run measured for each figure that it judged."""
    if earlier is None:
        return {}
    return {
        identity(scenario, verdict): figures.measured(verdict)
        for scenario in earlier.scenarios
        for verdict in scenario.verdicts
        if verdict.observed is not None
    }


def identity(scenario: model.ScenarioResult, verdict: model.Verdict) -> Identity:
    """Return what a verdict is about, whatever its limit is."""
    figure = verdict.stat or verdict.threshold
    tags = tuple(sorted(verdict.tags.items()))
    return scenario.name, verdict.origin, verdict.metric, tags, figure, verdict.over


def trend(result: model.Result, around: model.Around) -> str:
    """Say what the column of earlier values holds, "" where there is no earlier run."""
    earlier = around.earlier
    if earlier is None:
        return ""
    at = f" at {sha(around.earlier_sha)}" if around.earlier_sha else ""
    here, there = _machine(result.environment), _machine(earlier.environment)
    other = "" if here == there else f" That run had another machine ({there}), this one {here}."
    return f"Earlier: the run of the target branch{at}, a trend that is not judged.{other}"


def _machine(where: model.Environment) -> str:
    parts = (where.os, f"{where.cpus} {_plural(where.cpus, 'processor')}", f"lab {where.lab}")
    return ", ".join(escape.visible(part) for part in parts)


def gaps(result: model.Result) -> list[Part]:
    """Return what the run says nothing about, as far as that is known for sure."""
    return [
        Part(scenario=escape.visible(scenario.name), said=said)
        for scenario in result.scenarios
        if (said := _gap(scenario, compared=result.comparison is not None))
    ]


def _gap(scenario: model.ScenarioResult, *, compared: bool) -> str:
    if not scenario.ran:
        return "did not run"
    if not scenario.complete:
        took = figures.duration(scenario.duration_s)
        return f"was cut short: only its first {took} were measured"
    if not scenario.verdicts and compared:
        return "has no threshold: only head against base is judged"
    if not scenario.verdicts:
        return "has no threshold: its figures are shown, not judged"
    return _unnamed(scenario)


def _unnamed(scenario: model.ScenarioResult) -> str:
    """Name the endpoints that no threshold names, where others are; "" where that is not known."""
    filters = [verdict.tags for verdict in scenario.verdicts]
    if scenario.endpoints_left_out or any(_OTHER_NAMES & set(tags) for tags in filters):
        return ""
    named = [tags for tags in filters if "name" in tags]
    if max(len(named), len(scenario.endpoints)) > _MOST:
        return ""
    left = [one for one in scenario.endpoints if not any(_names(tags, one) for tags in named)]
    if not left or len(left) == len(scenario.endpoints):
        return ""
    shown = ", ".join(escape.visible(f"{one.method} {one.name}") for one in left[:_ENDPOINTS])
    more = f" and {figures.count(len(left) - _ENDPOINTS)} more" if len(left) > _ENDPOINTS else ""
    of = f"{figures.count(len(left))} of {figures.count(len(scenario.endpoints))} endpoints"
    return f"no threshold names {of}: {shown}{more}"


def _names(tags: Mapping[str, str], endpoint: model.Endpoint) -> bool:
    of_method = patterns.matches(tags.get("method", "*"), endpoint.method)
    return of_method and patterns.matches(tags["name"], endpoint.name)


def loads(result: model.Result) -> list[Part]:
    """Return what each scenario that ran put on the service: engine, model, rate, duration."""
    return [
        Part(scenario=escape.visible(scenario.name), said=_load(scenario))
        for scenario in result.scenarios
        if scenario.ran
    ]


def _load(scenario: model.ScenarioResult) -> str:
    stats = {metric.name: metric.stats for metric in scenario.metrics}
    rate = stats.get("http_reqs", {}).get("rate")
    vus = stats.get("vus", {}).get("max")
    models = {"open": "open model", "closed": "closed model", "mixed": "open and closed models"}
    parts = (
        f"{scenario.engine} {escape.visible(scenario.engine_version)}",
        models.get(scenario.load_model, ""),
        "" if rate is None else f"{figures.plain(round(rate, 3))} requests/s",
        "" if not vus else f"at most {figures.count(vus)} {_plural(round(vus), 'VU')}",
        f"for {figures.duration(scenario.duration_s)}",
    )
    return ", ".join(part for part in parts if part)


def where(result: model.Result) -> str:
    """Return the machine and the lab in one line."""
    shown = dict(view.environment(result.environment))
    cpus = result.environment.cpus
    parts = (
        shown["system"],
        f"{shown['processors']} {_plural(cpus, 'processor')}",
        shown["memory"],
        f"lab {shown['lab']}",
        f"service: {shown['service']}",
        f"ltlab {shown['ltlab']}",
    )
    return " · ".join(parts)


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"
