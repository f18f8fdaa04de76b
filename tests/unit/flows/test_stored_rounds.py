"""Rounds go to InfluxDB whole and in order; what goes wrong there is a warning and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ltlab_ci import errors, model
from ltlab_ci.flows import labs, stored_rounds
from ltlab_ci.store import backfill, influx
from tests.factories import SECOND_NS, START_NS

LAB = labs.Lab(runtime=model.Runtime.DOCKER, tags={"testid": "shop-7", "project": "shop"})
SIDES = ("base", "head")


@dataclass
class Server:
    """An InfluxDB that takes ten seconds' samples a file, lacks some, and is away after so many."""

    lacks: Mapping[str, int] = field(default_factory=dict)
    most: int = 100
    written: list[Mapping[str, str]] = field(default_factory=list)

    def write(self, file: Path, tags: Mapping[str, str]) -> backfill.Completion:
        """Take a file."""
        if len(self.written) == self.most:
            raise errors.StoreError("InfluxDB is away", remedy="start it")
        self.written.append(tags)
        lacking = self.lacks.get(file.name, 0)
        count = backfill.MetricCount(expected=10, found=10 - lacking, backfilled=10)
        start_ns = START_NS + int(tags["ltlab_round"]) * 30 * SECOND_NS
        window = model.Window(start_ns=start_ns, end_ns=start_ns + 10 * SECOND_NS)
        return backfill.Completion(
            metrics={"http_reqs": count},
            refused=("too old",) if lacking else (),
            run=influx.Run(tags=tags, window=window),
        )


def a_round(number: int, scenario: str = "a b") -> stored_rounds.Whole:
    files = {side: Path(f"{side}-{number}") for side in SIDES}
    return stored_rounds.Whole(scenario=scenario, number=number, files=files)


def written(
    server: Server, *rounds: stored_rounds.Whole, enough: Callable[[], bool] = lambda: False
) -> stored_rounds.Stored:
    return stored_rounds.written(LAB, rounds, server.write, enough=enough)


def seconds(window: model.Window) -> tuple[float, float]:
    return (window.start_ns - START_NS) / SECOND_NS, (window.end_ns - START_NS) / SECOND_NS


def test_whole__is_what_both_sides_have_and_nothing_that_was_put_aside(tmp_path: Path) -> None:
    folders = {side: tmp_path / side for side in SIDES}
    for folder in folders.values():
        (folder / "other").mkdir(parents=True)
        for name in ("round-02.parquet", "round-01.parquet", "round-01.points"):
            (folder / name).touch()
    found = list(stored_rounds.whole("browse", folders))
    assert [one.number for one in found] == [1, 2]
    assert found[1].files == {side: tmp_path / side / "round-02.parquet" for side in SIDES}
    assert list(stored_rounds.whole("browse", {"base": tmp_path / "x"})) == []


def test_written__each_side_has_the_run_s_tags_and_its_own() -> None:
    server = Server()
    found = written(server, a_round(1), a_round(2), a_round(1, "buy"))
    run = {"testid": "shop-7", "project": "shop"}
    assert server.written == [
        {**run, "ltlab_scenario": scenario, "ltlab_side": side, "ltlab_round": number}
        for scenario, number in (("a-b", "01"), ("a-b", "02"), ("buy", "01"))
        for side in SIDES
    ]
    assert found.findings == ()
    windows = {name: seconds(window) for name, window in found.windows.items()}
    assert windows == {"a b": (30, 70), "buy": (30, 40)}


def test_written__an_influxdb_that_goes_away_costs_a_warning_and_half_a_round() -> None:
    found = written(Server(most=3), a_round(1), a_round(2), a_round(3))
    [finding] = found.findings
    assert (finding.code, finding.effect, finding.remedy) == (
        *("rounds-not-stored", "warn"),
        "start it",
    )
    assert finding.message == (
        "InfluxDB is away; 2 of 3 rounds are not in InfluxDB; no verdict rests on that"
    )
    assert {name: seconds(window) for name, window in found.windows.items()} == {"a b": (30, 40)}


def test_written__who_has_had_enough_waits_for_no_further_round() -> None:
    server = Server()
    found = written(server, a_round(1), a_round(2), enough=lambda: len(server.written) == 2)
    [finding] = found.findings
    assert (finding.code, finding.effect) == ("rounds-not-stored", "warn")
    assert "1 of 2 rounds are not in InfluxDB" in finding.message
    assert len(server.written) == 2


def test_written__what_influxdb_lacks_is_told_once() -> None:
    found = written(Server(lacks={"head-1": 3, "base-2": 1}), a_round(1), a_round(2))
    [finding] = found.findings
    assert (finding.code, finding.effect) == ("rounds-not-stored", "warn")
    assert finding.message == (
        "InfluxDB holds 7 of 10 samples of http_reqs of head in round 1 of a b: too old; "
        "no verdict rests on that"
    )
    assert seconds(found.windows["a b"]) == (30, 70)
