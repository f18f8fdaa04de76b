"""Rounds of a comparison beside the run of head alone: neither is ever taken for the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ltlab_ci import model
from ltlab_ci.store import backfill, buckets, flux, influx
from tests import factories
from tests.factories import SECOND_NS, START_NS
from tests.lab.store import servers
from tests.samples import Sample, recorded


def a_load(count: int, ms: float) -> list[Sample]:
    """Return requests at the same times, of the same endpoint, each as long as all others."""
    return [
        Sample(
            metric="http_req_duration",
            time_ns=START_NS + place * SECOND_NS // 10,
            value=ms,
            tags={"name": "GET /"},
            # A script may well have a tag of this name.
            custom={"side": "buy"},
        )
        for place in range(count)
    ]


def test_run__and_its_rounds_at_the_same_time_are_told_apart(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    parts = {"alone": (100, 1.0), "base": (200, 20.0), "head": (300, 30.0)}
    runs: dict[str, influx.Run] = {}
    for turn in range(2):
        for part, (count, ms) in parts.items():
            more = {} if part == "alone" else {model.SIDE_TAG: part, model.ROUND_TAG: "01"}
            parquet = recorded(tmp_path / f"{part}-{turn}", a_load(count, ms))
            done = backfill.complete(influxd.server, [parquet], {**tags, **more})
            assert done.complete, (turn, part, done)
            assert done.metrics["http_req_duration"].backfilled == (0 if turn else count)
            runs[part] = done.run
    question = factories.a_question("http_req_duration", "max")
    by_tag = factories.a_question("http_req_duration", "max", tags=(("side", "buy"),))
    for part, (count, ms) in parts.items():
        answers = influx.Store(influxd.server, {"browse": runs[part]}).ask([question, by_tag])
        assert set(answers.values()) == {model.Answer(value=ms, count=count)}, part


def test_sum_up__leaves_rounds_out(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    buckets.ensure_buckets(influxd.server, {"ltlab_minute": 0})
    round_ = {**tags, model.SIDE_TAG: "base", model.ROUND_TAG: "01"}
    backfill.complete(influxd.server, [recorded(tmp_path / "base", a_load(20, 20.0))], round_)
    alone = backfill.complete(influxd.server, [recorded(tmp_path / "alone", a_load(10, 1.0))], tags)
    buckets.sum_up(influxd.server, alone.run)
    script = f"{flux.source('ltlab_minute', None)} {flux.keep(flux.equals(tags))}"
    with influx.talking(influxd.server) as client:
        rows = influx.rows(client, script)
    found = {row["_field"]: row["_value"] for row in rows}
    assert (found["count"], found["max"]) == (10, 1.0)


def test_annotated__is_what_grafana_would_get(
    influxd: servers.Influxd, tags: Mapping[str, str], tmp_path: Path
) -> None:
    backfill.complete(influxd.server, [recorded(tmp_path / "alone", a_load(3, 1.5))], tags)
    script = flux.samples("ltlab", None, tags, "http_req_duration", ())
    text = influx.annotated(influxd.server, f"{script} |> group() |> sum()")
    assert text.startswith("#datatype,")
    assert ",4.5" in text
