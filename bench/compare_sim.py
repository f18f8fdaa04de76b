"""What the comparison of base and head does on simulated services whose truth is known.

Prints how often A/A comments raise an alarm, how often +5 % and +10 % are found, and how often the
95 % intervals hold the truth, each with its exact binomial (Clopper-Pearson) interval. Simulated, so
it checks the statistics and not the world: noise is shared by both sides and autocorrelated, times are
heavy-tailed, and launches of the same code differ. Budgets above 60 s have their look at half. Real
recordings: bench/replay.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench import looks, table
from ltlab_ci import model
from ltlab_ci.evaluate.compare import binomial, overall

START_NS = 1_795_000_000_000_000_000
SLOW_SHARE = 0.08  # of requests, with a heavy tail
MIX = (0.3, 0.25, 0.2, 0.15, 0.1)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A simulated experiment: `change` is head's slowdown, `spread` that between launches (SDs of
    log-times, common to a launch's endpoints and own to each)."""

    rounds: int = 3
    seconds: float = 20.0
    rate: float = 80.0
    endpoints: int = 1
    change: float = 0.0
    spread: float = 0.0
    own_spread: float = 0.0
    shared_noise: float = 0.15
    own_noise: float = 0.02
    failing: float = 0.0


def recording(service: Service, rng: np.random.Generator) -> model.Recording:
    """Simulate both sides of every round."""
    rounds = []
    for number in range(service.rounds):
        start = START_NS + int(number * (service.seconds + 10) * 1e9)
        shared = _wander(rng, service.seconds, service.shared_noise, kept=0.98)
        sides = [
            _side(service, rng, start, shared, change=change) for change in (0.0, service.change)
        ]
        rounds.append(model.Round(base=sides[0], head=sides[1]))
    names = tuple((f"GET /{number}", "GET") for number in range(service.endpoints))
    return model.Recording(endpoints=names, rounds=tuple(rounds))


def _wander(
    rng: np.random.Generator, seconds: float, size: float, *, kept: float
) -> NDArray[np.float64]:
    """Return log-noise per tenth of a second: over seconds where much is kept, as a busy neighbour
    makes it, or over half a second, as a program itself does."""
    steps = int(seconds * 10) + 1
    found = np.empty(steps)
    found[0] = rng.normal(0, size)
    for step in range(1, steps):
        found[step] = kept * found[step - 1] + rng.normal(0, size * math.sqrt(1 - kept**2))
    return found


def _side(
    service: Service,
    rng: np.random.Generator,
    start: int,
    shared: NDArray[np.float64],
    *,
    change: float,
) -> model.Side:
    count = int(service.seconds * service.rate)
    at_s = (np.arange(count) + rng.uniform(0, 1)) / service.rate
    weights = np.array(MIX[: service.endpoints]) / sum(MIX[: service.endpoints])
    endpoint = rng.choice(service.endpoints, size=count, p=weights).astype(np.int32)
    launch = rng.normal(0, service.spread) + rng.normal(0, service.own_spread, service.endpoints)
    noise = shared + _wander(rng, service.seconds, service.own_noise, kept=0.8)
    slow = rng.uniform(size=count) < SLOW_SHARE
    body = rng.lognormal(0.0, 0.35, count) + slow * (rng.pareto(2.5, count) + 0.5)
    log = launch[endpoint] + math.log1p(change) + noise[(at_s * 10).astype(int)]
    return model.Side(
        file="simulated",
        endpoint=endpoint,
        start_ns=start + (at_s * 1e9).astype(np.int64),
        ms=20.0 * body * np.exp(log),
        ok=rng.uniform(size=count) >= service.failing,
        iterations_ns=np.array([], dtype=np.int64),
    )


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What comments of one kind came to."""

    times: int
    alarms: int
    slower: int
    held: int
    intervals: int


def run(service: Service, times: int, seed: int) -> Counted:
    """Judge so many comments; seeds follow one another."""
    alarms = slower = held = intervals = 0
    for number in range(times):
        rng = np.random.default_rng([seed, number])
        found = looks.judged(recording(service, rng), service.seconds)
        alarms += overall.alarmed(found)
        slower += found.verdict == "slower"
        for row in found.rows:
            assert row.interval is not None  # rows of latency always have one
            held += row.interval[0] <= service.change <= row.interval[1]
            intervals += 1
    return Counted(times=times, alarms=alarms, slower=slower, held=held, intervals=intervals)


def cases() -> Iterator[tuple[str, Service, float]]:
    """Yield what is simulated: budget, service, how far launches differ."""
    budgets = {"60 s as 3 x 20 s": (3, 20.0), "60 s as 6 x 10 s": (6, 10.0), "120 s": (6, 20.0)}
    for budget, (rounds, seconds) in budgets.items():
        one = Service(rounds=rounds, seconds=seconds)
        for service in (one, replace(one, endpoints=5, rate=200.0)):
            for spread in (0.0, 0.01, 0.02):
                # The spread of the ratio of two launches is that of one, times the root of two.
                yield budget, replace(service, spread=spread / math.sqrt(2)), spread


def lines(times: int, seed: int, only: str) -> Iterator[str]:
    """Yield the table."""
    yield (
        "| budget | endpoints | launches differ by | A/A: any alarm | +5 % found | +10 % found "
        "| A/A: 95 % intervals that hold 0 |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for budget, service, spread in cases():
        start = f"| {budget} | {service.endpoints} | {spread:.0%} |"
        if only not in start:
            continue
        same = run(service, times, seed)
        found = [run(replace(service, change=change), times, seed) for change in (0.05, 0.1)]
        told = [_share(same.alarms, times), *(_share(each.slower, times) for each in found)]
        yield f"{start} {' | '.join(told)} | {same.held / max(1, same.intervals):.1%} |"


def _share(hits: int, of: int) -> str:
    low, high = binomial.interval(hits, of)
    return f"{hits / of:.1%} ({low:.1%} to {high:.1%})"


def main() -> None:
    """Simulate, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="Rows that begin with this text: `| 120 s | 5`.")
    parser.add_argument("--write", action="store_true", help="Write docs/statistics.md.")
    given = parser.parse_args()
    table.told("simulated", lines(given.times, given.seed, given.only), write=given.write)


if __name__ == "__main__":
    main()
