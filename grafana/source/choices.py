"""What can be chosen on a dashboard of load tests, and the marks of what was chosen."""

from __future__ import annotations

from grafana.source import flux, panels

_RUNS = "r.testid =~ /^${testid:regex}$/"
_SCENARIO = "r.ltlab_scenario =~ /^${ltlab_scenario:regex}$/"
_PROJECT = "r.project =~ /^${project:regex}$/"


def variables(
    bucket: str, metric: str, *, field: str = "value", endpoint: str = "", of: str = ""
) -> list[panels.Variable]:
    """Return the choice of project, run, scenario and endpoint; the newest run is shown first.

    `of`: flux.ROUNDS offers only what a comparison brought.
    """
    among = (of,) if of else ()
    of_run = (f'r._field == "{field}"', _PROJECT, _RUNS, *among)
    chosen = [
        panels.Variable(
            name="project",
            label="Project",
            query=flux.values(bucket, "project", metric, *among),
            all_value=".*",
        ),
        panels.Variable(
            name="testid",
            label="Run",
            query=flux.runs(bucket, metric, field, *among),
            everything=False,
        ),
        panels.Variable(
            name="ltlab_scenario",
            label="Scenario",
            query=flux.values(bucket, "ltlab_scenario", metric, *of_run),
        ),
    ]
    if endpoint:
        query = flux.values(bucket, "name", endpoint, _PROJECT, _RUNS, _SCENARIO, *among)
        named = panels.Variable(name="name", label="Endpoint", query=query, all_value=".*")
        chosen.append(named)
    return chosen


def marks(bucket: str, metric: str, field: str = "value") -> list[tuple[str, str, str]]:
    """Return marks where each run's load started and ended, as (name, colour, query)."""
    samples = flux.rows(metric, field=field, bucket=bucket)
    return [
        (f"{what}s of runs", colour, flux.mark(samples, pick, f'"{what} of " + r.ltlab_scenario'))
        for what, colour, pick in (("start", "green", "min"), ("end", "red", "max"))
    ]
