"""The recorded launches as files: one Parquet file a condition, and what is known of it beside.

A launch holds five sides that ran at the same time: `base`, the same code once more (`same`), and
the code made slower by 5, 10 and 20 %. Launches with an odd number are held out: rules may be tuned
on the even ones, what is published comes from the odd ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from ltlab_ci import model

FOLDER = Path(__file__).parent / "recordings"
SIDES: Mapping[str, float] = {
    "base": 0.0,
    "same": 0.0,
    "plus5": 0.05,
    "plus10": 0.1,
    "plus20": 0.2,
}
"""Side to the change that its latency is to have."""

_EPOCH_NS = 1_795_000_000_000_000_000
_COLUMNS = (
    "launch USMALLINT, side UTINYINT, endpoint UTINYINT, start_us UINTEGER, us UINTEGER, ok BOOLEAN"
)


@dataclass(frozen=True, kw_only=True)
class About:
    """How a condition was recorded.

    `dropped` counts iterations by launch and side; `busy` is the machine's busy share in each launch.
    """

    condition: str
    recorded: str
    cpus: int
    kernel: str
    engine: str
    rate: int
    seconds: int
    paths: tuple[str, ...]
    neighbour: bool
    dropped: tuple[tuple[int, ...], ...] = ()
    busy: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Requests:
    """One side of one launch: equally long arrays; times from the start of the launch."""

    endpoint: NDArray[np.int32]
    start_us: NDArray[np.int64]
    us: NDArray[np.int64]
    ok: NDArray[np.bool_]


def path(condition: str, folder: Path = FOLDER) -> Path:
    """Return the file of a condition."""
    return folder / f"{condition}.parquet"


def append(about: About, launch: int, sides: Sequence[Requests], folder: Path = FOLDER) -> None:
    """Add a launch to its condition's file."""
    folder.mkdir(exist_ok=True)
    file = path(about.condition, folder)
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE kept ({_COLUMNS})")
        if file.exists():
            db.execute(f"INSERT INTO kept FROM read_parquet('{file}')")
        for number, side in enumerate(sides):
            given = {
                "endpoint": side.endpoint,
                "start_us": side.start_us,
                "us": side.us,
                "ok": side.ok,
            }
            db.execute(
                f"INSERT INTO kept SELECT {launch}, {number}, endpoint, start_us, us, ok FROM given"
            )
            del given
        db.execute(
            f"COPY (FROM kept ORDER BY launch, side, endpoint, start_us) TO '{file}.new' "
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 12, PARQUET_VERSION v2)"
        )
    Path(f"{file}.new").replace(file)
    file.with_suffix(".json").write_text(
        f"{json.dumps(asdict(about), indent=1)}\n", encoding="utf-8"
    )


def conditions() -> tuple[str, ...]:
    """Return what has been recorded."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.parquet")))


class Condition:
    """A recorded condition, in memory."""

    def __init__(self, name: str, folder: Path = FOLDER) -> None:
        self.about = about(name, folder)
        with duckdb.connect() as db:
            self._all = db.execute(
                f"FROM read_parquet('{path(name, folder)}') ORDER BY launch, side"
            ).fetchnumpy()

    @cached_property
    def launches(self) -> tuple[int, ...]:
        """Return the numbers of the launches."""
        return tuple(int(one) for one in np.unique(self._all["launch"]))

    @cached_property
    def _places(self) -> dict[tuple[int, int], slice]:
        key = self._all["launch"].astype(np.int64) * len(SIDES) + self._all["side"]
        found = {}
        for one in np.unique(key):
            first, end = np.searchsorted(key, [one, one + 1])
            found[int(one) // len(SIDES), int(one) % len(SIDES)] = slice(int(first), int(end))
        return found

    def side(self, launch: int, name: str, place: int) -> model.Side:
        """Return one side of a launch, as the round that stands at a place of a recording."""
        number = list(SIDES).index(name)
        at = self._places[launch, number]
        start_ns = _EPOCH_NS + place * 60_000_000_000
        return model.Side(
            file=f"{self.about.condition} {launch} {name}",
            endpoint=self._all["endpoint"][at].astype(np.int32),
            start_ns=start_ns + self._all["start_us"][at].astype(np.int64) * 1000,
            ms=self._all["us"][at] / 1000,
            ok=self._all["ok"][at],
            iterations_ns=np.array([], dtype=np.int64),
            dropped=self.about.dropped[launch][number],
        )

    def recording(self, rounds: Sequence[tuple[int, str, str]]) -> model.Recording:
        """Return a recording of rounds: launch, its side that is base, its side that is head."""
        return model.Recording(
            endpoints=tuple((name, "GET") for name in self.about.paths),
            rounds=tuple(
                model.Round(
                    base=self.side(launch, base, place), head=self.side(launch, head, place)
                )
                for place, (launch, base, head) in enumerate(rounds)
            ),
        )


def about(condition: str, folder: Path = FOLDER) -> About:
    """Return how a condition was recorded."""
    found = json.loads(path(condition, folder).with_suffix(".json").read_text(encoding="utf-8"))
    lists = {name: value for name, value in found.items() if isinstance(value, list)}
    found |= {name: tuple(value) for name, value in lists.items() if name != "dropped"}
    return About(**{**found, "dropped": tuple(tuple(one) for one in found["dropped"])})
