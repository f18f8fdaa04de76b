"""The dashboard of a comparison is kept beside those of head alone; where it cannot be, that is said."""

from __future__ import annotations

import http.server
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ltlab_ci import model
from ltlab_ci.flows import dashboards, judge, labs
from ltlab_ci.lab import lab_ready
from tests.factories import SECOND_NS, START_NS, a_config
from tests.fakes import serving
from tests.unit.report import cases

ALONE = model.Window(start_ns=START_NS, end_ns=START_NS + 60 * SECOND_NS)
ROUNDS = model.Window(start_ns=ALONE.end_ns, end_ns=ALONE.end_ns + 90 * SECOND_NS)
ANSWER = """\
#datatype,string,long,double,string
#group,false,false,false,true
#default,_result,,,
,result,table,_value,ltlab_side
,,0,1.5,base
"""


@dataclass
class Influx:
    """An InfluxDB that answers every question alike; `status` 200 unless it refuses."""

    status: int
    url: str = ""
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def influx(request: pytest.FixtureRequest) -> Iterator[Influx]:
    one = Influx(status=getattr(request, "param", 200))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            one.asked.append(json.loads(body)["query"])
            self.send_response(one.status)
            self.end_headers()
            self.wfile.write(ANSWER.encode())

        def log_message(self, *_: object) -> None:
            pass

    with serving.serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as one.url:
        yield one


def kept(
    influx: Influx, root: Path, *, rounds: bool = True, only: tuple[str, ...] = ()
) -> model.Result:
    """Keep the dashboards of a comparison in a lab of InfluxDB alone."""
    result = cases.demo().model_copy(update={"findings": ()})
    judged = [
        judge.Judged(result=each, findings=(), window=ALONE)
        for each in result.scenarios
        if each.ran
    ]
    lab = labs.Lab(
        runtime=model.Runtime.EXTERNAL,
        tags={"testid": "shop-7", "project": "shop"},
        addresses=lab_ready.Addresses(influx=model.Influx(url=influx.url, token="t")),
    )
    windows = {"browse": ROUNDS} if rounds else {}
    return dashboards.keep(result, judged, lab, a_config(root, snapshots=only), windows)


@pytest.mark.loopback
def test_keep__base_over_head_comes_first_and_shows_its_own_run_and_time(
    influx: Influx, tmp_path: Path
) -> None:
    result = kept(influx, tmp_path)
    assert result.findings == ()
    assert [each.uid for each in result.snapshots] == ["ltlab-compare", "ltlab-run"]
    board = json.loads((tmp_path / "ltlab-report" / result.snapshots[0].file).read_bytes())
    assert board["title"] == "Base against head: shop-7"
    [stat] = [each for each in board["panels"] if each["title"] == "p50, head to base"]
    assert stat["targets"][0]["snapshot"][0]["data"]["values"] == [[1.5], ["base"]]
    assert influx.asked
    for flux in influx.asked:
        assert "/^shop-7$/" in flux
        assert "/^browse$/" in flux
        assert "start: 2026-11-18T" in flux


@pytest.mark.loopback
def test_keep__without_rounds_or_where_it_is_not_wanted_nothing_is_asked(
    influx: Influx, tmp_path: Path
) -> None:
    for root, rounds, only in ((tmp_path / "a", False, ()), (tmp_path / "b", True, ("k6-pro",))):
        result = kept(influx, root, rounds=rounds, only=only)
        assert [each.uid for each in result.snapshots] == ["ltlab-run"]
    assert influx.asked == []


@pytest.mark.loopback
@pytest.mark.parametrize("influx", [401, 422], indirect=True)
def test_keep__an_influxdb_that_refuses_costs_a_warning(influx: Influx, tmp_path: Path) -> None:
    result = kept(influx, tmp_path)
    [finding] = result.findings
    assert (finding.code, finding.effect) == ("snapshot", "warn")
    assert finding.message.startswith(f"InfluxDB at {influx.url}")
    assert [each.uid for each in result.snapshots] == ["ltlab-run"]
    assert result.verdict == cases.demo().verdict
