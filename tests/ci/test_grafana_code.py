"""Grafana's own code reads our dashboards and snapshots: its types accept them, its reader the frames.

npm's @grafana/schema and @grafana/data of the version that the lab pins; no server is among them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ltlab_ci import load, model
from ltlab_ci.load import tools
from ltlab_ci.report import frames, run_board, snapshot
from tests.factories import ROOT, START_NS
from tests.unit.report import cases

FOLDER = ROOT / "grafana" / "dashboards"
READER = Path(__file__).parent / "grafana_frames.mjs"
TYPESCRIPT = "5.9"
SERIES = """\
#datatype,string,long,dateTime:RFC3339,double,string,string,string
#group,false,false,false,false,true,true,true
#default,_result,,,,,,
,result,table,_time,_value,_field,_measurement,testid
,,0,2026-11-24T02:36:58.3Z,1.5,p95,http_req_duration,run-1
,,0,2026-11-24T02:36:59Z,,p95,http_req_duration,run-1
"""


def version() -> str:
    """Return the Grafana version that the lab's compose file pins."""
    services = yaml.safe_load((ROOT / "stack" / "compose.yml").read_text())["services"]
    return str(services["grafana"]["image"]).partition(":")[2]


@pytest.fixture(scope="module")
def node() -> str:
    """Return the pinned Node, installed into ltlab's cache when missing."""
    cache = Path(os.environ.get("LTLAB_CACHE_DIR") or Path.home() / ".cache" / "ltlab")
    machine = load.Machine(environ=os.environ, root=ROOT, cache_dir=cache)
    return str(tools.node(machine) / "bin" / "node")


@pytest.fixture(scope="module")
def packages(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with Grafana's npm packages."""
    folder = tmp_path_factory.mktemp("npm")
    npm = Path(node).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    wanted = [
        f"@grafana/data@{version()}",
        f"@grafana/schema@{version()}",
        f"typescript@{TYPESCRIPT}",
    ]
    words = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    subprocess.run([node, str(npm), *words, *wanted], cwd=folder, check=True, capture_output=True)
    return folder


def a_snapshot(uid: str) -> model.Json:
    """Return a snapshot of a dashboard in which every query found the same series."""
    dashboard = json.loads((FOLDER / f"{uid}.json").read_bytes())
    window = model.Window(start_ns=START_NS, end_ns=START_NS + 60 * 10**9)
    view = model.View(title="run-1", variables={"testid": ("run-1",)}, window=window)
    found = {
        (query.panel, query.ref): frames.of_csv(SERIES)
        for query in snapshot.queries(dashboard, view)
        if query.panel
    }
    return snapshot.keep(dashboard, view, found).dashboard


def a_board() -> model.Json:
    result = cases.demo()
    return run_board.of_result(result, {each.name: START_NS for each in result.scenarios})


def every() -> dict[str, model.Json]:
    """Return every dashboard that anybody may give to Grafana, by a name for it."""
    files = {path.stem: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}
    kept = {f"snapshot-{uid}": a_snapshot(uid) for uid in files}
    return {**files, **kept, "run-board": a_board()}


def plain(dashboard: model.Json) -> model.Json:
    """Leave out the one thing the types are too narrow for: what a data source adds to a query.

    They let a panel's query hold anything, an annotation's only what every data source has.
    """
    marks = dashboard["annotations"]["list"]
    known = ("refId", "datasource")
    bare = [
        {**mark, "target": {name: mark["target"][name] for name in known if name in mark["target"]}}
        if "target" in mark
        else mark
        for mark in marks
    ]
    return {**dashboard, "annotations": {"list": bare}}


def checked(node: str, packages: Path, dashboards: dict[str, model.Json]) -> list[str]:
    """Return what the TypeScript compiler has against them."""
    for name, dashboard in dashboards.items():
        text = "import type { Dashboard } from '@grafana/schema';\nexport const it: Dashboard = "
        (packages / f"{name}.ts").write_text(
            f"{text}{json.dumps(plain(dashboard))};\n", encoding="utf-8"
        )
    tsc = packages / "node_modules" / "typescript" / "bin" / "tsc"
    words = ["--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "bundler"]
    words += ["--module", "esnext", "--target", "es2022"]
    files = [f"{name}.ts" for name in dashboards]
    argv = [node, str(tsc), *words, *files]
    done = subprocess.run(argv, cwd=packages, capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if "error" in line]


def test_types__accept_every_dashboard_and_snapshot(node: str, packages: Path) -> None:
    assert checked(node, packages, every()) == []


def test_types__refuse_what_is_wrong(node: str, packages: Path) -> None:
    right = json.loads((FOLDER / "k6-dashboard.json").read_bytes())
    wrong = {**right, "graphTooltip": "shared", "panels": [{**right["panels"][0], "type": 7}]}
    said = "\n".join(checked(node, packages, {"wrong": wrong}))
    assert re.search(r"wrong\.ts.*error TS", said)


def read(node: str, packages: Path, dashboard: model.Json) -> list[dict[str, Any]]:
    """Return the panels' frames as Grafana's own code reads them."""
    file = packages / "dashboard.json"
    file.write_text(json.dumps(dashboard), encoding="utf-8")
    argv = [node, str(READER), str(packages), str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_frames__of_a_snapshot_are_read_back(node: str, packages: Path) -> None:
    panels = read(node, packages, a_snapshot("k6-elite"))
    assert len(panels) > 25
    for panel in panels:
        for frame in panel["frames"]:
            time, value = frame["fields"]
            assert (time["type"], time["values"]) == ("time", [1795487818300, 1795487819000])
            assert (value["name"], value["type"], value["labels"]) == (
                "p95",
                "number",
                {"testid": "run-1"},
            )
            assert value["values"] == [1.5, None]


def test_frames__of_a_run_without_a_store_are_read_back(node: str, packages: Path) -> None:
    scenario = cases.demo().scenarios[0]
    assert scenario.series is not None
    panels = read(node, packages, a_board())
    times = next(panel for panel in panels if panel["title"] == "Response time")
    p50 = times["frames"][0]["fields"][1]
    assert (p50["name"], p50["values"]) == ("p50", list(scenario.series.p50))
