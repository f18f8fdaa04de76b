"""What judges the recorded launches: each rule on services whose truth is known, and the files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bench import compare_sim
from bench.replay import corpus, replay, rules

LAUNCHES = 8
ABOUT = corpus.About(
    condition="made",
    recorded="2026-11-25",
    cpus=2,
    kernel="6.1",
    k6="v1.1.0",
    rate=80,
    seconds=20,
    paths=("/a",),
    neighbour=False,
)


def recorded(folder: Path) -> corpus.Condition:
    """Write simulated launches as the recorder writes real ones, and read them back."""
    service = compare_sim.Service(rounds=1)
    about = ABOUT
    for launch in range(LAUNCHES):
        sides = []
        for slowdown in corpus.SIDES.values():
            rng = np.random.default_rng(launch)  # what disturbs one side disturbs all
            changed = replace(service, change=slowdown - 1)
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


def test_habit__takes_ten_per_cent_and_nothing_less() -> None:
    service = compare_sim.Service(rounds=3)
    base = [one.base for one in compare_sim.recording(service, np.random.default_rng(1)).rounds]
    for factor, alarm in ((1.09, False), (1.11, True)):
        head = [replace(side, ms=side.ms * factor) for side in base]
        assert rules.habit(base, head, 1) == rules.Said(alarm=alarm, slower=alarm)
