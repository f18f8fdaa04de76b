"""A run's dashboards once it is judged: kept in the report, and at a Grafana where one is given.

Not here: how each is made and given away (snapshots.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from ltlab_ci import model
from ltlab_ci.flows import judge, labs, snapshots
from ltlab_ci.lab import grafana

_MARGIN_NS = 5_000_000_000  # Artillery's live figures come up to a bucket late; a graph needs air


def keep(
    result: model.Result, judged: Sequence[judge.Judged], lab: labs.Lab, config: model.Config
) -> model.Result:
    """Return the result with the snapshots it names; trouble on the way is a warning in it."""
    ran = [each for each in judged if each.result.ran and each.window is not None]
    if not ran:
        return result
    found: tuple[model.Finding, ...] = ()
    if lab.addresses is None or not lab.addresses.grafana_url:
        starts = {each.result.name: each.window.start_ns for each in ran if each.window is not None}
        kept, found = snapshots.keep_result(result, starts, config.report_dir)
    else:
        kept, found = _asked(lab, ran, config)
    named = snapshots.local(kept)
    if config.grafana is not None:
        named, more = snapshots.publish(kept, config.grafana, expires_s=config.expires_s)
        found = (*found, *more)
    return result.model_copy(update={"snapshots": named, "findings": (*result.findings, *found)})


def _asked(
    lab: labs.Lab, ran: Sequence[judge.Judged], config: model.Config
) -> tuple[tuple[snapshots.Kept, ...], tuple[model.Finding, ...]]:
    """Keep each engine's dashboards, showing its scenarios of this run and nothing else."""
    assert lab.addresses is not None  # the caller's case
    kept: list[snapshots.Kept] = []
    found: list[model.Finding] = []
    with grafana.opened(model.Grafana(url=lab.addresses.grafana_url), direct=True) as client:
        for engine in dict.fromkeys(each.result.engine for each in ran):
            mine = [each for each in ran if each.result.engine == engine]
            known = {one.of["uid"] for one in kept}
            boards = [
                board
                for board in (*snapshots.boards([engine]), *snapshots.own(config.dashboards))
                if board["uid"] not in known
                and (not config.snapshots or board["uid"] in config.snapshots)
            ]
            ask = snapshots.through_grafana(client)
            fresh, told = snapshots.keep(boards, _view(lab, mine), ask, config.report_dir)
            kept += fresh
            found += told
    return tuple(kept), tuple(found)


def _view(lab: labs.Lab, ran: Sequence[judge.Judged]) -> model.View:
    windows = [each.window for each in ran if each.window is not None]
    scenarios = tuple(lab.tags_of(each.result.name)["ltlab_scenario"] for each in ran)
    return model.View(
        title=lab.tags["testid"],
        variables={
            "testid": (lab.tags["testid"],),
            "project": (lab.tags["project"],),
            "ltlab_scenario": scenarios,
        },
        window=model.Window(
            start_ns=min(window.start_ns for window in windows) - _MARGIN_NS,
            end_ns=max(window.end_ns for window in windows) + 3 * _MARGIN_NS,
        ),
    )
