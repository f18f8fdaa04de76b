"""A snapshot holds what its queries found, asks nothing, says what was cut, and replaces nothing."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.report import frames, snapshot
from tests.factories import START_NS

WINDOW = model.Window(start_ns=START_NS, end_ns=START_NS + 600 * 10**9)
VIEW = model.View(
    title="toy-7",
    variables={"testid": ("toy-7",), "ltlab_scenario": ("GET /a+b", "two")},
    window=WINDOW,
)
FLUX = "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart, stop: v.timeRangeStop)"
CHOSEN = "r.testid =~ /^${testid:regex}$/ and r.s =~ /^${ltlab_scenario}$/ and r.n =~ /^$name$/"


def a_panel(number: int = 1, **parts: Any) -> model.Json:  # noqa: ANN401
    targets = [{"refId": "A", "query": f"{FLUX} {CHOSEN} every: v.windowPeriod"}]
    return {"id": number, "type": "timeseries", "title": f"P{number}", "targets": targets, **parts}


def a_dashboard(*panels: model.Json, **parts: Any) -> model.Json:  # noqa: ANN401
    return {"uid": "k6-pro", "title": "k6: pro", "refresh": "5s", "panels": list(panels), **parts}


def a_series(rows: int, name: str = "p95") -> model.Json:
    return frames.series(name, list(range(rows)), [0.5] * rows)


def test_queries__are_filled_in_as_a_page_of_grafana_does() -> None:
    [query] = snapshot.queries(a_dashboard(a_panel()), VIEW)
    flux = snapshot.plain_flux(query, VIEW, bucket='my "own"')
    assert "r.testid =~ /^toy-7$/ and r.s =~ /^(GET \\/a\\+b|two)$/ and r.n =~ /^.*$/" in query.flux
    assert "v.timeRangeStart" in query.flux
    assert flux.startswith(
        'from(bucket: "my \\"own\\"") |> range(start: 2026-11-18T11:06:40.000Z, '
        "stop: 2026-11-18T11:16:40.000Z)"
    )
    assert flux.endswith("every: 2s")


@given(st.text(min_size=1))
def test_queries__a_value_matches_itself_alone_and_cannot_leave_its_regex(value: str) -> None:
    view = model.View(title="", variables={"testid": (value,)}, window=WINDOW)
    panel = a_panel(targets=[{"refId": "A", "query": "/^${testid:regex}$/"}])
    [query] = snapshot.queries(a_dashboard(panel), view)
    body = query.flux[1:-1]
    assert re.search(r"(?<!\\)(?:\\\\)*/", body) is None
    assert re.fullmatch(body[1:-1], value)


@pytest.mark.parametrize(
    ("interval", "step_s"), [(None, 2), ("10s", 10), (">1m", 60), ("1h", 3600), ("$__auto", 2)]
)
def test_queries__steps_are_no_finer_than_a_panel_says(interval: str | None, step_s: int) -> None:
    [query] = snapshot.queries(a_dashboard(a_panel(interval=interval)), VIEW)
    assert query.step_s == step_s


def test_queries__a_team_s_own_dashboard_may_hold_anything() -> None:
    dashboard = a_dashboard(
        {"id": 1, "type": "row", "panels": [a_panel(2)]},
        {"id": 3, "type": "text"},
        a_panel(4, targets=[{"refId": "A", "expr": "up"}], title=None),
        annotations={"list": [{"builtIn": 1, "name": "Annotations & Alerts"}]},
    )
    [query] = snapshot.queries(dashboard, VIEW)
    kept = snapshot.keep(dashboard, VIEW, {(2, "A"): (a_series(3),)})
    assert query.panel == 2
    assert kept.dashboard["panels"][0]["panels"][0]["targets"][0]["snapshot"] == [a_series(3)]
    assert kept.notes == ("panel 4: no data",)


def test_keep__data_lies_in_the_panels_and_no_query_is_left() -> None:
    found = {(1, "A"): (a_series(2), a_series(1))}
    dashboard = a_dashboard(a_panel(), links=[{"url": "http://internal"}])
    kept = snapshot.keep(dashboard, VIEW, found).dashboard
    [panel] = kept["panels"]
    assert panel["datasource"] == {"type": "grafana", "uid": "grafana"}
    assert panel["targets"] == [
        {
            "refId": "A",
            "datasource": {"type": "grafana", "uid": "grafana"},
            "queryType": "snapshot",
            "snapshot": [a_series(2), a_series(1)],
        }
    ]
    assert "from(bucket" not in json.dumps(kept)
    assert (kept["refresh"], kept["links"]) == ("", [])
    assert kept["time"] == {"from": "2026-11-18T11:06:40.000Z", "to": "2026-11-18T11:16:40.000Z"}
    assert dashboard == a_dashboard(a_panel(), links=[{"url": "http://internal"}])


def test_keep__an_import_replaces_neither_the_dashboard_nor_another_run() -> None:
    other = model.View(title="toy-8", variables={"testid": ("toy-8",)}, window=WINDOW)
    dashboard = a_dashboard(a_panel(), uid="x" * 40)
    uids = {snapshot.keep(dashboard, view, {}).dashboard["uid"] for view in (VIEW, other)}
    assert len(uids) == 2
    assert all(re.fullmatch(r"[\w-]{1,40}", uid) for uid in uids)
    assert dashboard["uid"] not in uids


def test_keep__variables_hold_what_was_chosen_and_ask_nothing() -> None:
    variable = {"type": "query", "name": "testid", "label": "Run", "query": FLUX}
    dashboard = a_dashboard(a_panel(), templating={"list": [variable]})
    [chosen] = snapshot.keep(dashboard, VIEW, {}).dashboard["templating"]["list"]
    assert (chosen["type"], chosen["query"]) == ("custom", "toy-7")
    assert chosen["current"]["value"] == ["toy-7"]


def test_keep__annotations_become_events() -> None:
    mark = {"name": "starts", "enable": True, "iconColor": "green", "target": {"query": FLUX}}
    dashboard = a_dashboard(annotations={"list": [mark]})
    frame = {
        "schema": {"fields": [{"name": "_time"}, {"name": "tags"}, {"name": "text"}]},
        "data": {"values": [[1000], ["toy-7"], ["start of two"]]},
    }
    [query] = snapshot.queries(dashboard, VIEW)
    kept = snapshot.keep(dashboard, VIEW, {(query.panel, query.ref): (frame,)}).dashboard
    [shown] = kept["annotations"]["list"]
    assert shown["snapshotData"] == [{"time": 1000, "text": "start of two", "tags": ["toy-7"]}]
    assert "target" not in shown


def test_keep__what_is_cut_is_said() -> None:
    many = tuple(a_series(1, name=str(number)) for number in range(snapshot.MAX_FRAMES + 1))
    found = {(1, "A"): (a_series(5000),), (2, "A"): many}
    kept = snapshot.keep(a_dashboard(a_panel(1), a_panel(2), a_panel(3)), VIEW, found)
    one, two, three = (panel["targets"][0]["snapshot"] for panel in kept.dashboard["panels"])
    assert [frames.length(frame) for frame in one] == [1000]
    assert (len(two), three) == (snapshot.MAX_FRAMES, [])
    assert kept.notes == ("P1: thinned from 5000 points", "P2: 100 of 101 series", "P3: no data")


def test_keep__the_whole_is_bounded() -> None:
    wide = tuple(a_series(1000, name="n" * 50_000) for _ in range(60))
    kept = snapshot.keep(
        a_dashboard(*map(a_panel, range(1, 4))),
        VIEW,
        {(1, "A"): wide, (2, "A"): wide, (3, "A"): (a_series(1),)},
    )
    sizes = [len(panel["targets"][0]["snapshot"]) for panel in kept.dashboard["panels"]]
    assert sizes == [60, 0, 1]
    assert len(json.dumps(kept.dashboard)) < snapshot.MAX_BYTES + 10_000
    assert kept.notes == ("P2: left out, 6.6 MB are too much",)
