"""The ledger of live comparisons, misses included, and the table of it in docs/statistics.md.

A row is written when its comparison has ended, whatever it said, and never changed. Rates stand with
the exact interval of Clopper and Pearson, since the runs are independent of one another.
`python -m bench.live.ledger --write` writes the table.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from bench import table
from ltlab_ci.evaluate.compare import binomial

NOT_COMPARED = "not compared"
FILE = Path(__file__).with_name("ledger.csv")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One comparison: where, under what, the truth, and what was said; all of it text or figures as text.

    `truth` is the change of head's latency; `neighbour` whether another program took turns on
    the processors. `verdict` is the comment's, or says that there was none; `rows` says how many rows it
    had, `slower` and `faster` how many of them got that verdict; `p95_slower` whether a p95 row did. `seconds` is wall time, without
    the run of head alone.
    """

    date: str
    commit: str
    cpus: str
    kernel: str
    budget: str
    neighbour: str
    truth: str
    verdict: str
    rows: str
    slower: str
    faster: str
    errors: str
    p95_slower: str
    spread: str
    seconds: str

    @property
    def alarm(self) -> bool:
        """Say whether anything was found, whichever way."""
        found = {self.verdict, self.errors} & {"slower", "faster", "more errors", "fewer errors"}
        return bool(int(self.slower) or int(self.faster) or found)

    @property
    def valid(self) -> bool:
        """Say whether it was a measurement."""
        return self.verdict not in ("invalid", NOT_COMPARED)


def read(file: Path = FILE) -> tuple[Entry, ...]:
    """Return every entry, the oldest first."""
    if not file.exists():
        return ()
    with file.open(encoding="utf-8", newline="") as opened:
        return tuple(Entry(**row) for row in csv.DictReader(opened))


def append(entry: Entry, file: Path = FILE) -> None:
    """Add an entry at the end."""
    new = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, [each.name for each in fields(Entry)], lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(asdict(entry))


def lines(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the table: a row for each budget and truth."""
    yield "| budget | truth | comparisons | invalid | any alarm | comment *slower* | a p95 row *slower* |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for budget, truth in sorted({(each.budget, each.truth) for each in entries}):
        of = [each for each in entries if (each.budget, each.truth) == (budget, truth)]
        valid = [each for each in of if each.valid]
        told = (
            _share(sum(each.alarm for each in valid), len(valid)),
            _share(sum(each.verdict == "slower" for each in valid), len(valid)),
            _share(sum(each.p95_slower == "yes" for each in valid), len(valid)),
        )
        named = f"+{float(truth) * 100:.0f} %" if float(truth) else "same code"
        invalid = len(of) - len(valid)
        yield f"| {budget} | {named} | {len(of)} | {invalid} | {' | '.join(told)} |"


def _share(hits: int, of: int) -> str:
    if not of:
        return "none"
    low, high = binomial.interval(hits, of)
    return f"{hits} of {of} ({low:.1%} to {high:.1%})"


def main() -> None:
    """Print the table, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="Write docs/statistics.md.")
    table.told("live", lines(read()), write=parser.parse_args().write)


if __name__ == "__main__":
    main()
