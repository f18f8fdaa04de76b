"""A run's dashboards once it is judged: kept in the report, and at a Grafana where one is given.

Not here: how each is made and given away (snapshots.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ltlab_ci import model
from ltlab_ci.flows import judge, labs, snapshots
from ltlab_ci.lab import grafana

_MARGIN_NS = 5_000_000_000  # Artillery's live figures come up to a bucket late; a graph needs air
_PATIENCE_S = 10.0  # of InfluxDB, for a picture

_Kept = tuple[tuple[snapshots.Kept, ...], tuple[model.Finding, ...]]


def keep(
    result: model.Result,
    judged: Sequence[judge.Judged],
    lab: labs.Lab,
    config: model.Config,
    rounds: Mapping[str, model.Window],
) -> model.Result:
    """Return the result with the snapshots it names; trouble on the way is a warning in it.

    `rounds`: when those of each scenario ran that the lab's InfluxDB has. Their dashboard comes first,
    since a comment that has no room for all links keeps the first.
    """
    ran = [each for each in judged if each.result.ran and each.window is not None]
    if not ran:
        return result
    kept, found = _compared(lab, rounds, config)
    if lab.addresses is None or not lab.addresses.grafana_url:
        starts = {each.result.name: each.window.start_ns for each in ran if each.window is not None}
        alone, more = snapshots.keep_result(result, starts, config.report_dir)
    else:
        alone, more = _asked(lab, ran, config)
    kept, found = (*kept, *alone), (*found, *more)
    named = snapshots.local(kept)
    if config.grafana is not None:
        named, more = snapshots.publish(kept, config.grafana, expires_s=config.expires_s)
        found = (*found, *more)
    return result.model_copy(update={"snapshots": named, "findings": (*result.findings, *found)})


def _asked(lab: labs.Lab, ran: Sequence[judge.Judged], config: model.Config) -> _Kept:
    """Keep each engine's dashboards, showing its scenarios of this run and nothing else."""
    assert lab.addresses is not None  # the caller's case
    kept: list[snapshots.Kept] = []
    found: list[model.Finding] = []
    with grafana.opened(model.Grafana(url=lab.addresses.grafana_url), direct=True) as client:
        for engine in dict.fromkeys(each.result.engine for each in ran):
            mine = {
                each.result.name: each.window
                for each in ran
                if each.result.engine == engine and each.window is not None
            }
            known = {one.of["uid"] for one in kept}
            boards = [
                board
                for board in (*snapshots.boards([engine]), *snapshots.own(config.dashboards))
                if board["uid"] not in known and _wanted(board, config)
            ]
            ask = snapshots.through_grafana(client)
            fresh, told = snapshots.keep(boards, _view(lab, mine), ask, config.report_dir)
            kept += fresh
            found += told
    return tuple(kept), tuple(found)


def _compared(lab: labs.Lab, rounds: Mapping[str, model.Window], config: model.Config) -> _Kept:
    """Keep the dashboard of a comparison; where no Grafana is beside InfluxDB, that is asked itself."""
    if not rounds or lab.addresses is None:
        return (), ()
    boards = [each for each in (snapshots.of_comparison(),) if _wanted(each, config)]
    view, where = _view(lab, rounds), lab.addresses
    if not where.grafana_url:
        ask = snapshots.through_store(_csv_of(where.influx), bucket=where.influx.bucket)
        return snapshots.keep(boards, view, ask, config.report_dir)
    with grafana.opened(model.Grafana(url=where.grafana_url), direct=True) as client:
        ask = snapshots.through_grafana(client)
        return snapshots.keep(boards, view, ask, config.report_dir)


def _csv_of(server: model.Influx) -> Callable[[str], str]:
    from ltlab_ci.store import influx  # noqa: PLC0415  # its client takes a quarter of a second

    return lambda script: influx.annotated(server, script, _PATIENCE_S)


def _wanted(board: model.Json, config: model.Config) -> bool:
    return not config.snapshots or board["uid"] in config.snapshots


def _view(lab: labs.Lab, windows: Mapping[str, model.Window]) -> model.View:
    """Return the view on some scenarios of this run, over the time of all of them."""
    return model.View(
        title=lab.tags["testid"],
        variables={
            "testid": (lab.tags["testid"],),
            "project": (lab.tags["project"],),
            "ltlab_scenario": tuple(lab.tags_of(name)["ltlab_scenario"] for name in windows),
        },
        window=model.Window(
            start_ns=min(window.start_ns for window in windows.values()) - _MARGIN_NS,
            end_ns=max(window.end_ns for window in windows.values()) + 3 * _MARGIN_NS,
        ),
    )
