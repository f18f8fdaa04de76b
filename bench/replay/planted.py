"""Faults that no recorded launch has, planted into launches of the same code, and what is said of them.

A launch holds the requests of the same code twice. Into one of the two goes what people break: a tail, requests
that hang, a rare endpoint that is slow, checks that fail. What is planted is drawn with a fixed seed and lies
on head; everything else is as it was recorded. Comments are drawn as in replay.py, from the launches held out.

`python -m bench.replay.planted` prints, `--write` writes docs/statistics.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench import looks, table
from bench.replay import corpus
from ltlab_ci import model
from ltlab_ci.evaluate.compare import overall

BUDGET_S = 60
_SEED = 20_261_129
_VUS = 20  # a request that hangs keeps one to itself until the round ends
_RARE = 25  # requests a side in a whole comparison

Plant = Callable[[model.Side, np.random.Generator], model.Side]


def tail(side: model.Side, rng: np.random.Generator) -> model.Side:
    """Let 3 % of the requests take 500 ms longer."""
    return replace(side, ms=side.ms + 500.0 * (rng.uniform(size=len(side.ms)) < 0.03))  # noqa: PLR2004


def stall(side: model.Side, _rng: np.random.Generator) -> model.Side:
    """Let every hundredth request take 300 ms longer."""
    order = np.argsort(np.argsort(side.start_ns, kind="stable"), kind="stable")
    return replace(side, ms=side.ms + 300.0 * (order % 100 == 99))  # noqa: PLR2004


def hang(side: model.Side, rng: np.random.Generator) -> model.Side:
    """Let 2 % of the requests never end; once they have all VUs, the rest is dropped."""
    side = iterating(side, rng)
    hung = rng.uniform(size=len(side.ms)) < 0.02  # noqa: PLR2004
    at = np.sort(side.start_ns[hung])
    end = at[_VUS - 1] if len(at) >= _VUS else side.start_ns.max() + 1
    ran = side.start_ns <= end
    kept = ran & ~hung
    return replace(
        side,
        endpoint=side.endpoint[kept],
        start_ns=side.start_ns[kept],
        ms=side.ms[kept],
        ok=side.ok[kept],
        iterations_ns=side.start_ns[ran],
        hung_ns=side.start_ns[ran & hung],
        last_ns=int(side.start_ns.max()),
        dropped=side.dropped + int((~ran).sum()),
        dropped_ns=side.start_ns[~ran],
    )


def iterating(side: model.Side, _rng: np.random.Generator) -> model.Side:
    """Let each request be an iteration."""
    return replace(side, iterations_ns=side.start_ns)


def seldom(times: float) -> Plant:
    """Return what makes some of the requests those of a rare endpoint, so many times slower."""

    def planted(side: model.Side, rng: np.random.Generator) -> model.Side:
        seconds = (int(side.start_ns.max()) - int(side.start_ns.min())) / 1e9
        number = round(_RARE * seconds / BUDGET_S)
        some = rng.permutation(len(side.ms))[:number]
        endpoint, ms = side.endpoint.copy(), side.ms.copy()
        endpoint[some] = endpoint.max() + 1
        ms[some] *= times
        return replace(side, endpoint=endpoint, ms=ms)

    return planted


def checked(failing: float, *, times: float = 1.0) -> Plant:
    """Return what gives each request a check, of which a share fails, and makes it so many times slower."""

    def planted(side: model.Side, rng: np.random.Generator) -> model.Side:
        checks = model.Checks(
            check=np.zeros(len(side.ms), dtype=np.int32),
            time_ns=side.start_ns,
            ok=rng.uniform(size=len(side.ms)) >= failing,
        )
        return replace(side, ms=side.ms * times, checks=checks)

    return planted


FAULTS: Mapping[str, tuple[Plant, Plant]] = {
    "nothing; a rare endpoint, of 25 requests a side, on both sides": (seldom(1.0), seldom(1.0)),
    "nothing; 2 % of the checks fail on both sides": (checked(0.02), checked(0.02)),
    "3 % of head's requests take 500 ms longer": (iterating, tail),
    "every 100th request of head takes 300 ms longer": (iterating, stall),
    "2 % of head's requests never end": (iterating, hang),
    "a rare endpoint, of 25 requests a side, 20 times slower": (seldom(1.0), seldom(20.0)),
    "head answers ten times as fast, all its checks fail": (checked(0.0), checked(1.0, times=0.1)),
    "head answers ten times as fast, 2 % of its checks fail": (
        *(checked(0.0), checked(0.02, times=0.1)),
    ),
}
"""What is planted on base and on head."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How often comments said what."""

    comments: int
    alarms: int
    found: int
    faster: int
    invalid: int


def count(condition: corpus.Condition, fault: str, comments: int) -> Counted:
    """Judge so many comments with a fault planted."""
    held_out = [one for one in condition.launches if one % 2]
    rounds = BUDGET_S // condition.about.seconds
    rng = np.random.default_rng([_SEED, list(FAULTS).index(fault)])
    said = []
    for _ in range(comments):
        drawn = rng.permutation(held_out)[:rounds]
        recording = condition.recording([(one, "same", "base") for one in drawn])
        said.append(looks.judged(_planted(recording, FAULTS[fault], rng), condition.about.seconds))
    return Counted(
        comments=comments,
        alarms=sum(overall.alarmed(each) for each in said),
        found=sum(each.verdict in ("slower", "more errors") for each in said),
        faster=sum(any(row.verdict == "faster" for row in each.rows) for each in said),
        invalid=sum(each.verdict == "invalid" for each in said),
    )


def _planted(
    recording: model.Recording, plants: tuple[Plant, Plant], rng: np.random.Generator
) -> model.Recording:
    rounds = tuple(
        model.Round(base=plants[0](one.base, rng), head=plants[1](one.head, rng))
        for one in recording.rounds
    )
    both = [side for one in rounds for side in (one.base, one.head)]
    rare = any(int(side.endpoint.max()) >= len(recording.endpoints) for side in both)
    checks = any(side.checks is not None for side in both)
    return model.Recording(
        endpoints=(*recording.endpoints, *((("/rare", "GET"),) if rare else ())),
        rounds=rounds,
        checks=("answers",) if checks else (),
    )


def lines(conditions: Sequence[str], comments: int) -> Iterator[str]:
    """Yield the table: a row for each fault, over all conditions."""
    yield "| planted | comments | *slower* or *more errors* | any row *faster* | any alarm | invalid |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for fault in FAULTS:
        each = [count(corpus.Condition(name), fault, comments) for name in conditions]
        total = sum(one.comments for one in each)
        figures = [
            f"{sum(getattr(one, what) for one in each) / total:.1%}"
            for what in ("found", "faster", "alarms", "invalid")
        ]
        yield f"| {fault} | {total} | {' | '.join(figures)} |"


def main() -> None:
    """Plant, judge, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=50, help="For each condition.")
    parser.add_argument("--only", default="", help="Conditions whose name holds this text.")
    parser.add_argument("--write", action="store_true", help="Write docs/statistics.md.")
    given = parser.parse_args()
    usable = [
        name
        for name in corpus.conditions()
        if name != "in-step" and given.only in name and not BUDGET_S % corpus.about(name).seconds
    ]
    table.told("planted", lines(usable, given.comments), write=given.write)


if __name__ == "__main__":
    main()
