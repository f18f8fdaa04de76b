"""Judge comments drawn from the recorded launches; write what came of it into docs/statistics.md.

A comment is made of whole launches, drawn without replacement from the half of them that nothing was
tuned on; single requests are never drawn. Comments share launches, so they are not independent: each
rate stands with the number of launches, and with a jackknife over launches (Efron and Stein, Annals of
Statistics 9 (1981), 586-596) for its interval.

`python -m bench.replay.replay` prints, `--write` writes; tests/ci/test_replay.py is the short check of every change.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench import table
from bench.replay import corpus, rules

BUDGETS = {"60 s": 60, "120 s": 120}
_SEED = 20_261_125


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Comments of one condition, side and budget: what a rule said of each, and which launches it had."""

    condition: str
    budget: str
    side: str
    rule: str
    launches: int
    drawn: tuple[tuple[int, ...], ...]
    said: tuple[rules.Said, ...]

    def rate(self, of: str) -> tuple[float, float]:
        """Return a rate and the half-width of its 95 % interval, by the jackknife over launches."""
        hits = np.array([getattr(one, of) for one in self.said], dtype=float)
        known = sorted({one for each in self.drawn for one in each})
        left_out = []
        for launch in known:
            without = np.array([launch not in each for each in self.drawn])
            if without.any():
                left_out.append(hits[without].mean())
        n = len(left_out)
        spread = np.var(left_out) * (n - 1) if n > 1 else 0.0
        return float(hits.mean()), 1.96 * math.sqrt(spread)

    @property
    def coverage(self) -> float:
        """Return the share of intervals that hold the truth."""
        return sum(one.held for one in self.said) / max(1, sum(one.intervals for one in self.said))


def cells(
    condition: corpus.Condition, comments: int, *, budgets: Sequence[str], beside: bool
) -> Iterator[Cell]:
    """Yield what each rule says, by budget and side; `beside`: the other rules too."""
    held_out = [one for one in condition.launches if one % 2]
    for budget, side in itertools.product(budgets, list(corpus.SIDES)[1:]):
        rounds, rest = divmod(BUDGETS[budget], condition.about.seconds)
        if rest:  # this engine has longer rounds
            continue
        rng = np.random.default_rng([_SEED, rounds, list(corpus.SIDES).index(side)])
        drawn = [tuple(rng.permutation(held_out)[: 2 * rounds]) for _ in range(comments)]
        turned = rng.uniform(size=(comments, rounds)) < 0.5  # noqa: PLR2004  (base and head: a coin)
        said: dict[str, list[rules.Said]] = {}
        all_of = condition.recording([(one, "base", side) for one in condition.launches])
        truth = {} if side == "same" else rules.truths(all_of)
        for launches, coins in zip(drawn, turned, strict=True):
            pairs = [
                (launch, *(("same", "base") if side == "same" and coin else ("base", side)))
                for launch, coin in zip(launches[:rounds], coins, strict=True)
            ]
            recording = condition.recording(pairs)
            said.setdefault("ltlab", []).append(
                rules.ltlab(recording, truth, condition.about.seconds)
            )
            if beside:
                later = [condition.side(one, side, 0) for one in launches[rounds:]]
                before = [one.base for one in recording.rounds]
                said.setdefault("base, then head, 10 %", []).append(
                    rules.habit(before, later, len(recording.endpoints))
                )
                said.setdefault("Mann-Whitney, requests", []).append(rules.mann_whitney(recording))
                said.setdefault("bootstrap of p95, requests", []).append(
                    rules.bootstrap(recording, rng)
                )
        for rule, each in said.items():
            used = [one[:rounds] if rule == "ltlab" else one for one in drawn]
            yield Cell(
                condition=condition.about.condition,
                budget=budget,
                side=side,
                rule=rule,
                launches=len(held_out),
                drawn=tuple(used),
                said=tuple(each),
            )


def lines(found: Sequence[Cell]) -> Iterator[str]:
    """Yield the table."""
    yield (
        "| condition | launches | budget | rule | A/A: any alarm | +5 % | +10 % | +10 %: p95 row "
        "| +20 % | intervals that hold |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for key, group in itertools.groupby(found, key=lambda one: (one.condition, one.budget)):
        of = list(group)
        for rule in dict.fromkeys(one.rule for one in of):
            by = {one.side: one for one in of if one.rule == rule}
            own = rule == "ltlab"
            figures = [
                _share(by["same"].rate("alarm")),
                *(_share(by[side].rate("slower")) for side in ("plus5", "plus10")),
                _share(by["plus10"].rate("p95")) if own else "",
                _share(by["plus20"].rate("slower")),
                f"{np.mean([one.coverage for one in by.values()]):.1%}" if own else "",
            ]
            launches = by["same"].launches
            yield f"| {key[0]} | {launches} | {key[1]} | {rule} | {' | '.join(figures)} |"


def _share(rate: tuple[float, float]) -> str:
    # Where every comment says the same, leaving launches out tells nothing of the spread.
    return f"{rate[0]:.1%} ± {rate[1]:.1%}" if 0 < rate[0] < 1 else f"{rate[0]:.0%}"


def main() -> None:
    """Replay, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=300)
    parser.add_argument("--write", action="store_true", help="Write docs/statistics.md.")
    given = parser.parse_args()
    found: list[Cell] = []
    for name in corpus.conditions():
        condition = corpus.Condition(name)
        found += cells(condition, given.comments, budgets=list(BUDGETS), beside=True)
    table.told("replay", lines(found), write=given.write)


if __name__ == "__main__":
    main()
