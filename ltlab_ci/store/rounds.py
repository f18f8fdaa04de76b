"""Recorded samples of base and head, read into arrays: one file a round, the same order on both sides.

Takes Parquet files as in a report's samples/ and k6's CSV, plain or gzipped, by its header. What
cannot be compared is refused here, before anything is judged. Not here: one file's columns and times
(samples_file.py), judging (evaluate/compare/).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from ltlab_ci import errors, model
from ltlab_ci.store import duck, iterations, samples_file

_ADDRESS = re.compile(r"https?://[^/?#]*")
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


def read(base: Path, head: Path, temp: Path, naming: model.Naming | None = None) -> model.Recording:
    """Read both folders, paired in name order. Raises ConfigError for what cannot be compared.

    `temp` is a folder for what does not fit into memory; it goes afterwards. `naming` says which names
    are one endpoint; what of that is learned is learned from both sides together.
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
        recording = reader.finish(rounds, naming or model.Naming())
    finally:
        reader.close()
    _refuse(recording, sides)
    return recording


_Known = tuple[str, str, bool]  # name, method, and whether the name is the URL


class _Reader:
    """Reads file after file; a name has the same number in all of them."""

    def __init__(self, temp: Path) -> None:
        self._db = duck.connect(temp)
        self._db.execute("SET threads = 2")
        self._db.execute(
            "CREATE TABLE known (code INTEGER, name VARCHAR, method VARCHAR, is_url BOOLEAN)"
        )
        self._codes: dict[_Known, int] = {}
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

    def finish(self, rounds: tuple[model.Round, ...], naming: model.Naming) -> model.Recording:
        """Number names and endpoints in their own order, whatever that in which they were met."""
        known = list(self._codes)
        counts: Counter[_Known] = Counter()
        called: list[list[_Known]] = []
        for one in rounds:
            sides = (one.base, one.head)
            number = [np.bincount(side.endpoint, minlength=len(known)) for side in sides]
            own = _addresses([[known[code] for code in np.flatnonzero(each)] for each in number])
            for each, address in zip(number, own, strict=True):
                bare = [_without(address, name) for name in known]
                called.append(bare)
                for code in np.flatnonzero(each):
                    counts[bare[code]] += int(each[code])
        routes = model.Routes.learned(
            lambda: ((name, is_url, count) for (name, _, is_url), count in counts.items()), naming
        )
        names = sorted(counts)
        of = {each: (routes.of(each[0], is_url=each[2]), each[1]) for each in names}
        endpoints = sorted(set(of.values()))
        place = {each: number for number, each in enumerate(endpoints)}
        at = {each: number for number, each in enumerate(names)}
        every = [side for one in rounds for side in (one.base, one.head)]
        route = np.array([place[of[each]] for each in names], dtype=np.int32)
        numbered = []
        for side, bare in zip(every, called, strict=True):
            name = np.array([at.get(each, 0) for each in bare], dtype=np.int32)[side.endpoint]
            received = _received(side, [route[at[each]] if each in at else -1 for each in bare])
            numbered.append(replace(side, name=name, endpoint=route[name], received=received))
        return model.Recording(
            endpoints=tuple(endpoints),
            rounds=tuple(
                model.Round(base=base, head=head)
                for base, head in zip(numbered[::2], numbered[1::2], strict=True)
            ),
            names=tuple((name, method) for name, method, _ in names),
            grouped=_grouped(of),
            checks=tuple(self._checks),
        )

    def _number(self) -> None:
        rows = self._db.execute(
            "SELECT DISTINCT name, method, is_url FROM samples "
            "WHERE metric IN ('http_req_duration', 'http_req_failed') ORDER BY ALL"
        ).fetchall()
        new = [row for row in rows if row not in self._codes]
        for row in new:
            self._codes[row] = len(self._codes)
        if new:
            names, methods, urls = (list(column) for column in zip(*new, strict=True))
            self._db.execute(
                "INSERT INTO known SELECT unnest(?::INTEGER[]), unnest(?::VARCHAR[]), "
                "unnest(?::VARCHAR[]), unnest(?::BOOLEAN[])",
                [[self._codes[row] for row in new], names, methods, urls],
            )

    def _requests(self) -> Mapping[str, np.ndarray]:
        """Return every request; one that was never sent, its connection refused, failed in no time."""
        found: Mapping[str, np.ndarray] = self._db.execute(
            "SELECT code, time_ns - CAST(value * 1e6 AS BIGINT) AS start_ns, value AS ms, ok, "
            "ok AND refused AS refused "
            "FROM samples JOIN known USING (name, method, is_url) WHERE metric = 'http_req_duration' "
            "UNION ALL SELECT code, time_ns, 0.0, false, false "
            "FROM samples AS failed JOIN known USING (name, method, is_url) "
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
            "SELECT coalesce(code, -1), sum(value) FROM samples LEFT JOIN known USING (name, method, is_url) "
            "WHERE metric = 'data_received' GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        return dict(found) or None

    def _cpu(self) -> Mapping[str, np.ndarray]:
        found: Mapping[str, np.ndarray] = self._db.execute(
            "SELECT time_ns, value AS cpu FROM samples WHERE metric = 'service_cpu'"
        ).fetchnumpy()
        return found


def _received(side: model.Side, final: Sequence[int]) -> Mapping[int, float] | None:
    """Return a side's bytes by the final numbers of endpoints."""
    if side.received is None:
        return None
    found: Counter[int] = Counter()
    for at, bytes_of in side.received.items():
        found[int(final[at]) if at >= 0 else at] += bytes_of  # type: ignore[assignment]
    return dict(found)


def _addresses(seen: Sequence[Sequence[_Known]]) -> list[str]:
    """Return the address of each side's service, "" where it is taken off already or cannot be told.

    Recorded by hand, each side's URLs have its service's address: one each, and not the same one.
    """
    found = []
    for names in seen:
        urls = [name for name, _, is_url in names if is_url]
        addresses = {match[0] if (match := _ADDRESS.match(url)) else "" for url in urls}
        found.append(addresses.pop() if len(addresses) == 1 else "")
    return found if all(found) and found[0] != found[1] else ["", ""]


def _without(address: str, name: _Known) -> _Known:
    if not address or not name[2]:
        return name
    return (name[0][len(address) :] or "/", name[1], name[2])


def _grouped(of: Mapping[_Known, tuple[str, str]]) -> tuple[model.Grouped, ...]:
    """Return the endpoints that stand for several names."""
    members: dict[tuple[str, str], list[str]] = {}
    for (name, _, _), endpoint in of.items():
        members.setdefault(endpoint, []).append(name)
    return tuple(
        model.Grouped(name=name, method=method, names=len(each), example=min(each))
        for (name, method), each in sorted(members.items())
        if set(each) != {name}
    )


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
