"""The dashboards in the repository are what their source writes, and none asks without bounds."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from grafana.source import write
from tests.factories import ROOT

FILES = write.files()
UIDS = {
    *("k6-dashboard", "k6-pro", "k6-elite", "lab-health"),
    *("artillery-telegraf", "artillery-pro", "artillery-elite"),
    "ltlab-compare",
}
OF_TIERS = {
    "k6-dashboard": ("p50", "p95", "p99", "Requests", "Failed requests", "Virtual users", "CPU"),
    "k6-pro": ("Response times", "Phases of a request", "Slowest endpoints", "Checks", "Traffic"),
    "k6-elite": ("p95 of each endpoint", "What failed", "Runs beside each other"),
    "artillery-pro": ("Status codes", "Dropped iterations", "Iterations", "Memory"),
    "artillery-elite": (
        "Errors",
        "Requests of each worker",
        "p95 of each minute, of the slowest endpoint",
    ),
    "ltlab-compare": ("p50", "p95", "Requests", "Response time, head to base", "Rounds"),
}


def dashboards() -> list[dict[str, Any]]:
    return [json.loads(text) for text in FILES.values()]


def samples(dashboard: dict[str, Any]) -> list[str]:
    targets = [target for panel in dashboard["panels"] for target in panel.get("targets", ())]
    targets += [each["target"] for each in dashboard["annotations"]["list"]]
    return [target["query"] for target in targets]


def flux(dashboard: dict[str, Any]) -> list[str]:
    return [*samples(dashboard), *(each["query"] for each in dashboard["templating"]["list"])]


def test_files__are_what_the_source_writes() -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in write.FOLDER.iterdir()}
    assert kept == FILES, "run `make dashboards`"


def test_uids__are_the_documented_ones() -> None:
    assert {dashboard["uid"] for dashboard in dashboards()} == UIDS


@pytest.mark.parametrize("name", sorted(FILES))
def test_queries__begin_and_end_with_the_time_that_is_shown(name: str) -> None:
    for query in flux(json.loads(FILES[name])):
        sources = len(re.findall(r"\b(?:from|tagValues|cardinality)\(", query))
        starts = query.count("start: v.timeRangeStart")
        assert sources == starts == query.count("stop: v.timeRangeStop") > 0, query


@pytest.mark.parametrize("name", sorted(set(FILES) - {"lab-health.json"}))
def test_queries__show_the_runs_that_are_chosen_and_no_others(name: str) -> None:
    dashboard = json.loads(FILES[name])
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            for variable in ("testid", "project", "ltlab_scenario"):
                assert f"${{{variable}:regex}}" in target["query"], panel["title"]


@pytest.mark.parametrize("name", sorted(set(FILES) - {"lab-health.json"}))
def test_queries__rounds_of_a_comparison_are_on_their_own_dashboard_alone(name: str) -> None:
    dashboard = json.loads(FILES[name])
    for query in samples(dashboard):
        sources, apart = query.count("from("), query.count("not exists r.ltlab_side")
        told = query.count("exists r.ltlab_side")
        assert (told, apart) == (sources, 0 if name == "ltlab-compare.json" else sources), query
    if name == "ltlab-compare.json":
        assert all("exists r.ltlab_side" in query for query in flux(dashboard))


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda each: each["uid"])
def test_panels__have_ids_of_their_own_and_do_not_overlap(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_tiers__show_what_they_promise() -> None:
    shown = {each["uid"]: {panel["title"] for panel in each["panels"]} for each in dashboards()}
    for uid, titles in OF_TIERS.items():
        assert set(titles) <= shown[uid]
    assert shown["k6-dashboard"] < shown["k6-pro"] < shown["k6-elite"]
    assert shown["artillery-pro"] < shown["artillery-elite"]


def test_provisioning__names_one_source_and_examples_are_paused() -> None:
    folder = ROOT / "grafana" / "provisioning"
    [source] = yaml.safe_load((folder / "datasources/influxdb.yml").read_text())["datasources"]
    groups = yaml.safe_load((folder / "alerting/examples.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    asked = {part["datasourceUid"] for rule in rules for part in rule["data"]}
    assert (source["uid"], source["type"]) == ("ltlab-influxdb", "influxdb")
    assert asked == {source["uid"], "__expr__"}
    assert all(rule["isPaused"] for rule in rules)
    refs = [{part["refId"] for part in rule["data"]} for rule in rules]
    assert all(rule["condition"] in known for rule, known in zip(rules, refs, strict=True))
