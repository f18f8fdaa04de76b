"""Recorded samples of base and head, read into arrays: one file a round, the same order on both sides.

Takes Parquet files as in a report's samples/ and k6's CSV, plain or gzipped, by its header. What
cannot be compared is refused here, before anything is judged. Not here: one file's columns and times
(samples_file.py), judging (evaluate/compare/).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from ltlab_ci import errors, model
from ltlab_ci.store import duck, iterations, samples_file

KINDS = (".parquet", ".csv", ".csv.gz")


def files(folder: Path) -> tuple[Path, ...]:
    """Return the samples files in a folder, by name. Raises ConfigError where there are none."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise errors.ConfigError(
            f"{folder} cannot be read: {error.strerror}",
            remedy="name a folder that holds one samples file a round",
        ) from error
    found = tuple(
        path for path in entries if path.name.endswith(KINDS) and not path.name.startswith(".")
    )
    if not found:
        inner = " or name its folder samples/" if (folder / "samples").is_dir() else ""
        raise errors.ConfigError(
            f"{folder} holds no samples file ({', '.join(KINDS)})",
            remedy=f"put one file a round there{inner}",
        )
    return found


def read(base: Path, head: Path, temp: Path) -> model.Recording:
    """Read both folders, paired in name order. Raises ConfigError for what cannot be compared.

    `temp` is a folder for what does not fit into memory; it goes afterwards.
    """
    sides = files(base), files(head)
    if len(sides[0]) != len(sides[1]):
        raise errors.ConfigError(
            f"{base} holds {len(sides[0])} samples files and {head} {len(sides[1])}",
            remedy="give both sides one file a round; files are paired in the order of their names",
        )
    reader = _Reader(temp)
    try:
        rounds = tuple(
            model.Round(base=reader.side(one), head=reader.side(other))
            for one, other in zip(*sides, strict=True)
        )
        recording = reader.finish(rounds)
    finally:
        reader.close()
    _refuse(recording, sides)
    return recording


class _Reader:
    """Reads file after file; an endpoint has the same number in all of them."""

    def __init__(self, temp: Path) -> None:
        self._db = duck.connect(temp)
        self._db.execute("SET threads = 2")
        self._db.execute("CREATE TABLE known (code INTEGER, name VARCHAR, method VARCHAR)")
        self._codes: dict[tuple[str, str], int] = {}
        self._checks: dict[str, int] = {}

    def close(self) -> None:
        self._db.close()

    def side(self, path: Path) -> model.Side:
        """Read one file."""
        try:
            self._db.execute(
                f"CREATE OR REPLACE TEMP TABLE samples AS {samples_file.select(self._db, path)}"
            )
            self._number()
            found = self._requests()
            of_iterations = self._iterations()
            checks, received = self._checked(), self._received()
            used = self._cpu()
        except duckdb.Error as error:
            raise samples_file.unreadable(path, str(error).splitlines()[0]) from error
        if not len(found["code"]):
            raise errors.ConfigError(
                f"{path} holds no samples of http_req_duration",
                remedy="name files of a run that made HTTP requests",
            )
        return model.Side(
            file=path.name,
            endpoint=found["code"].astype(np.int32),
            start_ns=found["start_ns"].astype(np.int64),
            ms=found["ms"].astype(np.float64),
            ok=found["ok"].astype(np.bool_),
            refused=int(found["refused"].sum()),
            checks=checks,
            received=received,
            cpu_ns=used["time_ns"].astype(np.int64) if len(used["cpu"]) else None,
            cpu=used["cpu"].astype(np.float64) if len(used["cpu"]) else None,
            **of_iterations,
        )

    def finish(self, rounds: tuple[model.Round, ...]) -> model.Recording:
        """Number endpoints by name, whatever the order in which they were met."""
        names = sorted(self._codes)
        final = np.zeros(len(names), dtype=np.int32)
        for place, name in enumerate(names):
            final[self._codes[name]] = place
        for one in rounds:
            for side in (one.base, one.head):
                side.endpoint[:] = final[side.endpoint]
        return model.Recording(
            endpoints=tuple(names),
            rounds=tuple(
                model.Round(base=_numbered(one.base, final), head=_numbered(one.head, final))
                for one in rounds
            ),
            checks=tuple(self._checks),
        )

    def _number(self) -> None:
        rows = self._db.execute(
            "SELECT DISTINCT name, method FROM samples "
            "WHERE metric IN ('http_req_duration', 'http_req_failed') ORDER BY ALL"
        ).fetchall()
        new = [row for row in rows if row not in self._codes]
        for row in new:
            self._codes[row] = len(self._codes)
        if new:
            self._db.executemany(
                "INSERT INTO known VALUES (?, ?, ?)", [[self._codes[row], *row] for row in new]
            )

    def _requests(self) -> Mapping[str, np.ndarray]:
        """Return every request; one that was never sent, its connection refused, failed in no time."""
        found: Mapping[str, np.ndarray] = self._db.execute(
            "SELECT code, time_ns - CAST(value * 1e6 AS BIGINT) AS start_ns, value AS ms, ok, "
            "ok AND refused AS refused "
            "FROM samples JOIN known USING (name, method) WHERE metric = 'http_req_duration' "
            "UNION ALL SELECT code, time_ns, 0.0, false, false "
            "FROM samples AS failed JOIN known USING (name, method) "
            "WHERE metric = 'http_req_failed' AND NOT EXISTS (FROM samples AS sent "
            "WHERE sent.metric = 'http_req_duration' AND sent.time_ns = failed.time_ns "
            "AND sent.name = failed.name AND sent.method = failed.method)"
        ).fetchnumpy()
        return found

    def _iterations(self) -> dict[str, Any]:
        """Return what a Side says of its iterations.

        k6 itself tells of an iteration at its end alone; in our rounds, and with Artillery, starts are told of.
        """
        found = self._db.execute(
            "SELECT metric, time_ns, value FROM samples WHERE metric IN "
            "('iteration_duration', 'dropped_iterations', 'ltlab_iterations_begun', "
            "'ltlab_iterations_failed', 'ltlab_iterations_hung', 'vusers.created', 'vusers.failed') "
            "OR metric = 'vus' AND value > 0"
        ).fetchnumpy()

        def of(metric: str, column: str = "time_ns") -> np.ndarray:
            return np.asarray(found[column][found["metric"] == metric])

        ended = of("iteration_duration"), of("iteration_duration", "value")
        began_ns = np.concatenate([of("ltlab_iterations_begun"), of("vusers.created")])
        failed_ns = np.concatenate([of("ltlab_iterations_failed"), of("vusers.failed")])
        hung_ns, dropped_ns = of("ltlab_iterations_hung"), of("dropped_iterations")
        signs_ns = np.concatenate([began_ns, dropped_ns, of("vus")])
        return {
            "iterations_ns": began_ns if len(began_ns) else iterations.starts_ns(*ended),
            "complete_ns": None if len(began_ns) else iterations.complete_ns(*ended),
            "failed_ns": failed_ns if len(failed_ns) else None,
            "hung_ns": hung_ns if len(hung_ns) else None,
            "last_ns": int(signs_ns.max()) if len(hung_ns) else None,
            "dropped": int(of("dropped_iterations", "value").sum()),
            "dropped_ns": dropped_ns if len(dropped_ns) else None,
        }

    def _checked(self) -> model.Checks | None:
        found = self._db.execute(
            "SELECT checked, time_ns, value FROM samples WHERE metric = 'checks' AND checked != ''"
        ).fetchnumpy()
        names, which = np.unique(found["checked"].astype(str), return_inverse=True)
        if not len(names):
            return None
        codes = [self._checks.setdefault(str(name), len(self._checks)) for name in names]
        return model.Checks(
            check=np.array(codes, dtype=np.int32)[which],
            time_ns=found["time_ns"].astype(np.int64),
            ok=found["value"] > 0,
        )

    def _received(self) -> dict[int, float] | None:
        """Return the bytes received by endpoint; -1 where the engine does not tell of which one."""
        found = self._db.execute(
            "SELECT coalesce(code, -1), sum(value) FROM samples LEFT JOIN known USING (name, method) "
            "WHERE metric = 'data_received' GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        return dict(found) or None

    def _cpu(self) -> Mapping[str, np.ndarray]:
        found: Mapping[str, np.ndarray] = self._db.execute(
            "SELECT time_ns, value AS cpu FROM samples WHERE metric = 'service_cpu'"
        ).fetchnumpy()
        return found


def _numbered(side: model.Side, final: np.ndarray) -> model.Side:
    """Return a side whose bytes are by the final numbers of endpoints."""
    if side.received is None:
        return side
    of = side.received.items()
    return replace(side, received={int(final[at]) if at >= 0 else at: n for at, n in of})


def _refuse(recording: model.Recording, sides: tuple[tuple[Path, ...], ...]) -> None:
    for one, paths in zip(recording.rounds, zip(*sides, strict=True), strict=True):
        first = max(one.base.start_ns.min(), one.head.start_ns.min())
        last = min(one.base.start_ns.max(), one.head.start_ns.max())
        if last <= first:
            raise errors.ConfigError(
                f"{paths[0]} and {paths[1]} were not recorded at the same time",
                remedy="run base and head at once; noise cancels only where both sides meet it",
            )
    met = [set(each) for each in _endpoints(recording)]
    if not met[0] & met[1]:
        names = [recording.endpoints[min(each)][0] for each in met]
        raise errors.ConfigError(
            f"no endpoint was requested on both sides: base has {names[0]!r}, head {names[1]!r}",
            remedy="give requests the same name on both sides (in k6: tags: {name: ...})",
        )


def _endpoints(recording: model.Recording) -> Iterator[np.ndarray]:
    for side in ("base", "head"):
        yield np.unique(
            np.concatenate([np.unique(getattr(one, side).endpoint) for one in recording.rounds])
        )
