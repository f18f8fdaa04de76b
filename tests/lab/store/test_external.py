"""`ltlab run --lab external`: samples and verdicts in an InfluxDB of one's own, or said why not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ltlab_ci import model
from ltlab_ci.store import flux, influx
from tests.flow import projects, versions
from tests.lab import runs
from tests.lab.store import servers


def external(server: model.Influx) -> Mapping[str, str]:
    """Return the environment that names a server."""
    return {
        "LTLAB_INFLUXDB_URL": server.url,
        "LTLAB_INFLUXDB_TOKEN": server.token,
        "LTLAB_INFLUXDB_ORG": server.org,
        "LTLAB_INFLUXDB_BUCKET": server.bucket,
    }


def test_external__samples_of_both_engines_are_there_and_judged(
    influxd: servers.Influxd, tmp_path: Path
) -> None:
    project = runs.two_engines(tmp_path / "project", projects.toy(), seconds=3)
    ran = project.run("run", "--lab", "external", env=external(influxd.server))
    assert ran.code == 0, ran.err
    assert ran.findings == {}
    assert influxd.server.token not in ran.err + (ran.report / "result.json").read_text()
    told = ran.found["environment"]
    assert told["lab"] == "external"
    for scenario in ("browse", "buy"):
        run = {"testid": told["testid"], "ltlab_scenario": scenario}
        script = flux.samples("ltlab", None, run, "http_reqs", ())
        with influx.talking(influxd.server) as client:
            [row] = influx.rows(client, f"{script} |> count() |> group() |> sum()")
        assert row["_value"] == ran.metrics(scenario)["http_reqs"]["count"] > 0


def test_external__gone_in_mid_run_is_waited_for_and_nothing_is_missing(
    influxd: servers.Influxd, tmp_path: Path
) -> None:
    project = runs.k6_alone(tmp_path / "project", projects.toy(), seconds=4)
    with project.running("run", "--lab", "external", env=external(influxd.server)) as run:
        run.loaded()
        influxd.kill()
        influxd.start()
    ran = run.ended()
    assert ran.code == 0, ran.err
    assert ran.findings == {}


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"token": "of-somebody-else"}, "does not accept the token"),
        ({"bucket": "none"}, "has no bucket 'none' in 'ltlab' for this token"),
        ({"url": "http://127.0.0.1:9"}, "http://127.0.0.1:9 does not answer"),
    ],
    ids=["token", "bucket", "address"],
)
def test_external__one_that_cannot_be_used_ends_with_5_before_any_load(
    influxd: servers.Influxd, tmp_path: Path, wrong: dict[str, str], what: str
) -> None:
    project = runs.k6_alone(tmp_path / "project", projects.toy(), seconds=60)
    server = replace(influxd.server, **wrong)
    ran = project.run("run", "--lab", "external", env=external(server))
    assert ran.code == 5, ran.err
    assert ran.scenario()["ran"] is False
    [finding] = ran.findings.values()
    assert what in finding["message"]
    assert "LTLAB_INFLUXDB_URL" in finding["remedy"]
    assert server.token not in ran.err + (ran.report / "report.html").read_text(encoding="utf-8")


@pytest.mark.timeout(600)
def test_external__rounds_of_a_comparison_are_there_by_side_and_head_alone_apart(
    influxd: servers.Influxd, tmp_path: Path
) -> None:
    project = versions.project(
        tmp_path / "project", base=["--wait-ms", "20"], head=["--wait-ms", "36"]
    )
    ran = project.run("compare", "--lab", "external", env=external(influxd.server))
    assert ran.code == 1, ran.err
    assert not {"rounds-not-stored", "store-incomplete", "store-unusable"} & ran.findings.keys()
    run = {"testid": ran.found["environment"]["testid"], "ltlab_scenario": "load"}
    assert requests(influxd.server, run) == ran.metrics("load")["http_reqs"]["count"]
    comparison = ran.found["comparison"]
    for side in ("base", "head"):
        files = sorted((ran.report / "samples" / side).glob("round-*.parquet"))
        assert len(files) == comparison["rounds"]
        for number, file in enumerate(files, start=1):
            tags = {**run, "ltlab_side": side, "ltlab_round": f"{number:02d}"}
            assert requests(influxd.server, tags) == projects.requests([file]) > 0
    kept = {each["uid"]: each["file"] for each in ran.found["snapshots"]}
    assert list(kept) == ["ltlab-compare", "ltlab-run"]
    [change] = shown(ran.report / kept["ltlab-compare"], "p50, head to base")
    [row] = [each for each in comparison["rows"] if each["stat"] == "p(50)"]
    assert change == pytest.approx(row["change"], abs=0.1)


def requests(server: model.Influx, tags: Mapping[str, str]) -> int:
    """Return how many requests InfluxDB holds with these tags."""
    script = f"{flux.samples('ltlab', None, tags, 'http_reqs', ())} |> count() |> group() |> sum()"
    with influx.talking(server) as client:
        return sum(int(row["_value"]) for row in influx.rows(client, script))


def shown(board: Path, title: str) -> list[float]:
    """Return the figures that a panel of a kept dashboard shows."""
    panels = json.loads(board.read_bytes())["panels"]
    [panel] = [each for each in panels if each["title"] == title]
    [frame] = panel["targets"][0]["snapshot"]
    names = [field["name"] for field in frame["schema"]["fields"]]
    values: list[float] = frame["data"]["values"][names.index("_value")]
    return values
