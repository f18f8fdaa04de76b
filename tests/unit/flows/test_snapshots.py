"""Dashboards are kept and published where that works; where not, it costs a warning."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ltlab_ci import errors, model
from ltlab_ci.flows import snapshots
from ltlab_ci.report import frames, snapshot
from tests.factories import START_NS, assert_two_lines
from tests.fakes import grafana as fake
from tests.unit.report import cases

WINDOW = model.Window(start_ns=START_NS, end_ns=START_NS + 60 * 10**9)
VIEW = model.View(title="toy-7", variables={"testid": ("toy-7",)}, window=WINDOW)


SERIES = frames.series("p95", [1, 2], [0.5, 0.7])


def found(queries: Sequence[model.PanelQuery], view: model.View) -> model.Frames:
    """Return the same series for every query."""
    assert view == VIEW
    return {(query.panel, query.ref): (SERIES,) for query in queries if query.panel} or {
        (0, ""): ()
    }


@pytest.fixture
def grafana() -> Iterator[tuple[fake.Grafana, model.Grafana]]:
    kept = fake.Grafana(token="t", anonymous=False)
    with fake.Server(kept).serving() as url:
        yield kept, model.Grafana(url=url, token="t")


def test_boards__are_those_of_the_engines_that_ran() -> None:
    uids = [board["uid"] for board in snapshots.boards(["k6", "k6"])]
    assert uids == ["k6-dashboard", "k6-pro", "k6-elite", "lab-health"]
    assert len(snapshots.boards(["k6", "artillery"])) == 7


def test_of_comparison__is_kept_like_the_others(tmp_path: Path) -> None:
    [kept], findings = snapshots.keep([snapshots.of_comparison()], VIEW, found, tmp_path)
    assert findings == ()
    assert (kept.of["uid"], kept.file) == ("ltlab-compare", "grafana/ltlab-compare.json")
    assert json.loads((tmp_path / kept.file).read_bytes()) == kept.dashboard


def test_own__a_project_s_dashboards_are_read(tmp_path: Path) -> None:
    board = {"uid": "shop_1", "title": "Shop", "panels": [{"id": 1, "targets": []}]}
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(board), encoding="utf-8")
    assert snapshots.own([file]) == (board,)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"title": "no uid", "panels": []}',
        '{"uid": "../../x", "title": "a path", "panels": []}',
        '{"uid": "x", "panels": []}',
        '{"uid": "x", "title": "other form", "spec": {"elements": {}}}',
    ],
)
def test_own__what_is_no_dashboard_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "shop.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(errors.ConfigError, match=r"shop\.json") as caught:
        snapshots.own([file])
    assert_two_lines(caught.value)


def test_keep__writes_what_can_be_imported(tmp_path: Path) -> None:
    kept, findings = snapshots.keep(snapshots.boards(["k6"]), VIEW, found, tmp_path)
    files = sorted(path.name for path in (tmp_path / "grafana").iterdir())
    written = json.loads((tmp_path / "grafana" / "k6-pro.json").read_bytes())
    assert files == ["k6-dashboard.json", "k6-elite.json", "k6-pro.json", "lab-health.json"]
    assert written == kept[1].dashboard
    assert findings == ()
    assert snapshots.local(kept)[1] == model.Snapshot(
        uid="k6-pro", title="k6: pro: toy-7", file="grafana/k6-pro.json"
    )


def test_keep__says_what_was_cut_but_not_every_empty_panel(tmp_path: Path) -> None:
    long = frames.series("p95", list(range(1001)), [0.5] * 1001)

    def ask(queries: Sequence[model.PanelQuery], view: model.View) -> model.Frames:
        del view
        first = queries[0].panel == 1
        return {(queries[0].panel, queries[0].ref): (long,) if first else ()}

    [board] = [each for each in snapshots.boards(["k6"]) if each["uid"] == "k6-pro"]
    _, [finding] = snapshots.keep([board], VIEW, ask, tmp_path)
    assert snapshot.MAX_ROWS == 1000
    assert (finding.code, finding.effect) == ("snapshot-cut", "warn")
    assert "thinned from 1001 points" in finding.message
    assert "no data" not in finding.message


def test_keep__asks_no_query_twice(tmp_path: Path) -> None:
    asked: list[tuple[str, int]] = []

    def ask(queries: Sequence[model.PanelQuery], view: model.View) -> model.Frames:
        asked.extend((query.flux, query.step_s) for query in queries)
        return found(queries, view)

    kept, _ = snapshots.keep(snapshots.boards(["k6"]), VIEW, ask, tmp_path)
    assert len(asked) == len(set(asked)) > 50
    for each in kept:
        shown = [panel for panel in each.dashboard["panels"] if "targets" in panel]
        assert all(panel["targets"][0]["snapshot"] for panel in shown)


def test_keep__stops_when_its_time_is_over(tmp_path: Path) -> None:
    kept, [finding] = snapshots.keep(snapshots.boards(["k6"]), VIEW, found, tmp_path, budget_s=-1.0)
    assert kept == ()
    assert (finding.effect, finding.message) == (
        "warn",
        "the time for snapshots of dashboards is over",
    )


def test_keep__trouble_is_a_warning_and_what_is_there_stays(tmp_path: Path) -> None:
    boards = snapshots.boards(["k6"])
    of_first = {query.flux for query in snapshot.queries(boards[0], VIEW)}

    def ask(queries: Sequence[model.PanelQuery], view: model.View) -> model.Frames:
        if queries[0].flux not in of_first:
            raise errors.StoreError("InfluxDB is away", remedy="start it")
        return found(queries, view)

    kept, [finding] = snapshots.keep(boards, VIEW, ask, tmp_path)
    assert [each.file for each in kept] == ["grafana/k6-dashboard.json"]
    assert (finding.effect, finding.message) == ("warn", "InfluxDB is away")


def test_through_store__asks_flux_without_any_macro_left(tmp_path: Path) -> None:
    scripts: list[str] = []

    def csv(flux: str) -> str:
        scripts.append(flux)
        return ""

    ask = snapshots.through_store(csv, bucket="own")
    snapshots.keep(snapshots.boards(["k6", "artillery"]), VIEW, ask, tmp_path)
    assert len(scripts) > 100
    assert not [flux for flux in scripts if "v." in flux or "${" in flux]
    assert any('from(bucket: "own")' in flux for flux in scripts)


def test_keep_result__a_lab_without_influxdb_has_a_dashboard_too(tmp_path: Path) -> None:
    result = cases.demo()
    starts = {scenario.name: START_NS for scenario in result.scenarios}
    [kept], found = snapshots.keep_result(result, starts, tmp_path)
    assert found == ()
    assert json.loads((tmp_path / kept.file).read_bytes()) == kept.dashboard


@pytest.mark.loopback
def test_publish__says_where_and_until_when(
    tmp_path: Path, grafana: tuple[fake.Grafana, model.Grafana]
) -> None:
    server, there = grafana
    kept, _ = snapshots.keep(snapshots.boards(["k6"]), VIEW, found, tmp_path)
    posted, findings = snapshots.publish(kept, there, expires_s=60)
    assert findings == ()
    assert [each.key for each in posted] == list(server.snapshots)
    assert all(each.url.startswith(there.url) and each.expires for each in posted)


@pytest.mark.loopback
@pytest.mark.parametrize("trouble", [{"status": 403}, {"status": 500}, {"how": "garbage"}])
def test_publish__a_grafana_that_refuses_costs_a_warning(
    tmp_path: Path, grafana: tuple[fake.Grafana, model.Grafana], trouble: dict[str, object]
) -> None:
    server, there = grafana
    server.trouble = {"path": "/api/snapshots", **trouble}
    kept, _ = snapshots.keep(snapshots.boards(["k6"]), VIEW, found, tmp_path)
    posted, [finding] = snapshots.publish(kept, there, expires_s=None)
    assert posted == snapshots.local(kept)
    assert (finding.code, finding.effect) == ("grafana", "warn")


def test_keep_result__that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "grafana").write_text("no folder")
    kept, [found] = snapshots.keep_result(cases.demo(), {}, tmp_path)
    assert kept == ()
    assert (found.code, found.effect) == ("snapshot", "warn")
