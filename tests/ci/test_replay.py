"""What judges the recorded launches: each rule on services whose truth is known, and the files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench import compare_sim
from bench.live import ledger
from bench.replay import corpus, planted, replay, rules

LAUNCHES = 8
ABOUT = corpus.About(
    condition="made",
    recorded="2026-11-25",
    cpus=2,
    kernel="6.1",
    engine="k6 1.1.0",
    rate=80,
    seconds=20,
    paths=("/a",),
    neighbour=False,
)

ENTRY = ledger.Entry(
    date="2026-11-25",
    commit="0123456789",
    cpus="2",
    kernel="6.1",
    budget="60s",
    neighbour="no",
    truth="0",
    verdict="no change",
    rows="10",
    slower="0",
    faster="0",
    errors="no change",
    p95_slower="no",
    spread="0.01",
    seconds="85",
)


def recorded(folder: Path) -> corpus.Condition:
    """Write simulated launches as the recorder writes real ones, and read them back."""
    service = compare_sim.Service(rounds=1)
    about = ABOUT
    for launch in range(LAUNCHES):
        sides = []
        for change in corpus.SIDES.values():
            rng = np.random.default_rng(launch)  # what disturbs one side disturbs all
            changed = replace(service, change=change)
            head = compare_sim.recording(changed, rng).rounds[0].head
            sides.append(
                corpus.Requests(
                    endpoint=head.endpoint,
                    start_us=(head.start_ns - head.start_ns.min()) // 1000,
                    us=np.rint(head.ms * 1000).astype(np.int64),
                    ok=head.ok,
                )
            )
        about = replace(about, dropped=(*about.dropped, (0,) * len(sides)))
        corpus.append(about, launch, sides, folder)
    return corpus.Condition("made", folder)


def test_condition__is_read_as_it_was_written(tmp_path: Path) -> None:
    condition = recorded(tmp_path)
    assert condition.launches == tuple(range(LAUNCHES))
    [one] = condition.recording([(3, "base", "plus20")]).rounds
    assert len(one.base.ms) == len(one.head.ms) == ABOUT.rate * ABOUT.seconds
    ratio = np.median(one.head.ms) / np.median(one.base.ms)
    assert abs(ratio - 1.2) < 0.01


def test_cells__use_held_out_launches_alone_and_find_what_is_there(tmp_path: Path) -> None:
    found = list(replay.cells(recorded(tmp_path), 6, budgets=["60 s"], beside=True))
    assert {launch % 2 for cell in found for each in cell.drawn for launch in each} == {1}
    slower = {
        (cell.rule, cell.side): cell.rate("slower")[0] for cell in found if cell.side != "same"
    }
    assert slower["ltlab", "plus20"] == 1.0
    assert slower["Mann-Whitney, requests", "plus20"] == 1.0
    table = list(replay.lines(found))
    assert len(table) == 2 + len({cell.rule for cell in found})


@pytest.mark.parametrize("name", [one for one in corpus.conditions() if one != "in-step"])
def test_gate__the_rule_keeps_its_word_on_the_recorded_launches(name: str) -> None:
    """The same draws every time, so what fails here was changed, and is no chance."""
    condition = corpus.Condition(name)
    budget = "60 s" if condition.about.seconds <= 20 else "120 s"
    found = replay.cells(condition, 40, budgets=[budget], beside=False)
    by = {cell.side: cell for cell in found}
    assert by["same"].rate("alarm")[0] <= 0.05
    # Artillery's is a miss, which docs/statistics.md states: this holds it where it is.
    assert by["plus5"].rate("slower")[0] >= (0.4 if name == "artillery" else 0.7)
    assert by["plus10"].rate("slower")[0] >= 0.95
    assert by["plus20"].rate("slower")[0] == 1.0
    assert by["same"].coverage >= 0.93


def test_gate__loads_in_step_are_why_starts_are_put_off() -> None:
    in_step = corpus.Condition("in-step")
    same = next(replay.cells(in_step, 40, budgets=["60 s"], beside=False))
    assert same.rate("alarm")[0] > 0.1


@pytest.mark.parametrize("fault", planted.FAULTS)
@pytest.mark.parametrize("name", ["noisy-5", "saturated"])
def test_gate__planted_faults_are_found_and_their_absence_is_not(name: str, fault: str) -> None:
    counted = planted.count(corpus.Condition(name), fault, 8)
    expected = 0 if fault.startswith("nothing") else counted.comments
    assert counted.found == counted.alarms == expected
    assert counted.faster == counted.invalid == 0


def test_bootstrap__ranks_stand_for_samples_that_are_drawn() -> None:
    times = np.sort(np.random.default_rng(1).lognormal(3, 0.4, 400))
    drawn = rules._drawn(times, np.random.default_rng(2))
    rng = np.random.default_rng(3)
    rank = int(np.ceil(0.95 * len(times))) - 1
    slow = [np.sort(rng.choice(times, len(times)))[rank] for _ in range(2000)]
    for share in (0.05, 0.5, 0.95):
        assert np.quantile(drawn, share) == pytest.approx(np.quantile(slow, share), rel=0.02)


def test_ledger__counts_what_was_said_by_truth(tmp_path: Path) -> None:
    for truth, slower, verdict in (("0", 0, "no change"), ("0", 1, "slower"), ("0.1", 4, "slower")):
        ledger.append(
            replace(ENTRY, truth=truth, slower=str(slower), verdict=verdict), tmp_path / "l.csv"
        )
    ledger.append(replace(ENTRY, truth="0.1", verdict="invalid"), tmp_path / "l.csv")
    unsure = {"errors": "inconclusive", "verdict": "inconclusive"}
    ledger.append(replace(ENTRY, truth="0.1", **unsure), tmp_path / "l.csv")
    none = {"verdict": ledger.NOT_COMPARED, "errors": "", "rows": "0", "spread": ""}
    ledger.append(replace(ENTRY, truth="0.1", **none), tmp_path / "l.csv")
    entries = ledger.read(tmp_path / "l.csv")
    assert [each.alarm for each in entries] == [False, True, True, False, False, False]
    same, slow = list(ledger.lines(entries))[2:]
    assert same.startswith("| 60s | same code | 2 | 0 | 1 of 2 (1.3% to 98.7%) | 1 of 2")
    assert slow.startswith("| 60s | +10 % | 4 | 2 | 1 of 2 (1.3% to 98.7%) | 1 of 2")


def test_habit__takes_ten_per_cent_and_nothing_less() -> None:
    service = compare_sim.Service(rounds=3)
    base = [one.base for one in compare_sim.recording(service, np.random.default_rng(1)).rounds]
    for factor, alarm in ((1.09, False), (1.11, True)):
        head = [replace(side, ms=side.ms * factor) for side in base]
        assert rules.habit(base, head, 1) == rules.Said(alarm=alarm, slower=alarm)
