"""The embedded store: every sample in Parquet (zstd), written while a run goes on, asked by DuckDB.

`Writer` takes one scenario's batches; `Store` answers questions about finished scenarios.
Not here: what is asked (evaluate/), the SQL itself (sql.py), figures for charts (charts.py).
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltlab_ci import errors, lazy, model
from ltlab_ci.store import sql

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazy.module("duckdb")

PARQUET = "(FORMAT parquet, COMPRESSION zstd)"
FILE_SAMPLES = 200_000
_DIGITS = 12  # sums over threads differ in the last bits; twelve digits are the same every time


def connect(temp: Path) -> duckdb.DuckDBPyConnection:
    """Return a private in-memory DuckDB with bounded memory that spills into `temp`."""
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": "1GB",
            "temp_directory": str(temp),
            "preserve_insertion_order": "false",  # no answer depends on it
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )


def know_address(db: duckdb.DuckDBPyConnection, base_url: str) -> None:
    """Let `path(address)` in SQL take off where the service answers; "" takes off nothing."""
    db.execute("SET VARIABLE base = ?", [base_url or None])
    db.execute(sql.PATH)


def file_name(scenario: str) -> str:
    """Return the first samples file of a scenario: its name where it is safe, else with a hash."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", scenario).strip("-")[:60] or "scenario"
    if safe != scenario:
        safe += "-" + hashlib.sha256(scenario.encode()).hexdigest()[:8]
    return safe + ".parquet"


def stem(scenario: str) -> str:
    """Return a scenario's name as files and folders carry it."""
    return Path(file_name(scenario)).stem


class Writer:
    """Streams one scenario's batches to disk: a part a batch, a file for every FILE_SAMPLES.

    So the end of a long run costs no more than that of a short one, and nothing large is ever
    written twice: a batch of that size becomes a file as it is. `whole` keeps all in one file.
    """

    def __init__(self, folder: Path, scenario: str, *, whole: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / file_name(scenario)
        self._parts = self._file.with_suffix(".parts")
        self._parts.mkdir()
        self._db = connect(folder / ".spill")
        self._files = self._loose = 0
        self._whole = whole
        self.samples = 0

    def ingest(self, batch: model.Batch) -> model.Pulse:
        """Store a batch and say what is in it. Raises StoreError; the batch's files are kept then."""
        part = self._parts / f"{len(list(self._parts.iterdir())):06d}.parquet"
        try:
            self._db.execute(
                f"COPY ({sql.read_batch(batch.columns)}) TO '{quoted(part)}' {PARQUET}",
                [[str(path) for path in batch.paths]],
            )
            pulse = self._pulse(part)
        except duckdb.Error as error:
            part.unlink(missing_ok=True)  # it may be half written
            raise errors.StoreError(
                f"samples in {batch} could not be stored: {_first_line(error)}",
                remedy="check that the disk has room; the raw rows are kept in logs/",
            ) from error
        self.samples += pulse.samples
        self._loose += pulse.samples
        if self._loose >= FILE_SAMPLES and not self._whole:
            self._join()
        return pulse

    def close(self) -> int:
        """Make a file of the parts that are left; return the number of samples in all files."""
        try:
            self._join()
        finally:
            self._db.close()
        shutil.rmtree(self._parts)
        shutil.rmtree(self._parts.parent / ".spill", ignore_errors=True)
        return self.samples

    def _join(self) -> None:
        parts = sorted(self._parts.iterdir())
        number = f".{self._files + 1}" if self._files else ""
        target = self._file.with_suffix(f"{number}.parquet")
        try:
            if len(parts) == 1:
                parts[0].replace(target)
            elif parts:
                self._db.execute(
                    f"COPY (SELECT * FROM read_parquet('{exactly(self._parts)}/*.parquet')) "
                    f"TO '{quoted(target)}' {PARQUET}"
                )
        except duckdb.Error as error:
            target.unlink(missing_ok=True)
            raise errors.StoreError(
                f"samples could not be joined: {_first_line(error)}",
                remedy=f"make room on the disk; the parts are kept in {self._parts.name}",
            ) from error
        for part in parts:
            part.unlink(missing_ok=True)
        self._files += bool(parts)
        self._loose = 0

    def _pulse(self, part: Path) -> model.Pulse:
        row = self._db.execute(
            "SELECT count(*), count(*) FILTER (metric NOT IN ('vus', 'vus_max')), "
            "coalesce(sum(value) FILTER (metric = 'http_reqs'), 0), "
            "coalesce(sum(value) FILTER (metric = 'http_req_failed'), 0), "
            "quantile_cont(value, 0.95) FILTER (metric = 'http_req_duration'), "
            "arg_max(value, time_ns) FILTER (metric = 'vus'), "
            "arg_max(value, time_ns) FILTER (metric = 'vus_max') "
            # A script can add Infinity to k6's own metrics: counted as a sample, no figure.
            "FROM (SELECT metric, time_ns, CASE WHEN isfinite(value) THEN value END AS value "
            f"FROM read_parquet('{exactly(part)}'))"
        ).fetchone()
        assert row is not None  # an aggregate without GROUP BY always has one row
        samples, work, requests, failed, p95, vus, vus_max = row
        return model.Pulse(
            samples=samples,
            work=work,
            requests=int(rounded(requests) or 0),
            failed=int(rounded(failed) or 0),
            p95_ms=p95,
            vus=None if vus is None else int(vus),
            vus_max=None if vus_max is None else int(vus_max),
        )


class Store:
    """Answers questions over the samples files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.db = connect(folder / ".spill")

    def close(self) -> None:
        """Let go of the database; the files stay."""
        self.db.close()
        shutil.rmtree(self._folder / ".spill", ignore_errors=True)

    def ask(self, questions: Iterable[model.Question]) -> dict[model.Question, model.Answer]:
        """Answer every question; one pass over the samples for those that differ in stat alone."""
        answers: dict[model.Question, model.Answer] = {}
        for group in grouped(questions):
            answers.update(self._answer(group))
        return answers

    def source(self, scenario: str) -> str | None:
        """Return the SQL table expression of a scenario's samples, None when it has none."""
        files = recorded(self._folder, scenario)
        return reading(files) if files else None

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return what a query over the samples finds. Raises StoreError."""
        try:
            return self.db.execute(query, parameters).fetchall()
        except duckdb.Error as error:
            raise errors.StoreError(
                f"samples could not be read: {_first_line(error)}",
                remedy="check that the disk has room, then `ltlab judge` the report folder again",
            ) from error

    def _answer(self, group: list[model.Question]) -> dict[model.Question, model.Answer]:
        first = group[0]
        source = self.source(first.scenario)
        if source is None:
            return {question: model.Answer(value=None, count=0) for question in group}
        shares = sorted({share for q in group if (share := percentile(q.stat)) is not None})
        condition, parameters = sql.where(first.metric, first.tags, first.window)
        [row] = self.rows(
            f"SELECT {sql.figures(shares)} FROM {source} WHERE {condition}", parameters
        )
        quantiles = dict(zip(shares, row[7] or (), strict=False))
        return {q: pick(q, row[:7], quantiles) for q in group}


def recorded(folder: Path, scenario: str) -> list[Path]:
    """Return the samples files of a scenario; parts that could not be joined are as good."""
    name = stem(scenario)
    found = (folder.glob(f"{name}{more}parquet") for more in (".", ".*.", ".parts/*."))
    return sorted(itertools.chain.from_iterable(found))


def reading(files: Sequence[Path]) -> str:
    """Return the SQL table expression of samples files, at least one."""
    return f"read_parquet([{_listed(files)}])"


def grouped(questions: Iterable[model.Question]) -> list[list[model.Question]]:
    """Return the questions, those together that differ in stat alone."""
    groups: dict[model.Question, list[model.Question]] = defaultdict(list)
    for question in questions:
        groups[without_stat(question)].append(question)
    return list(groups.values())


def percentile(stat: model.Stat) -> float | None:
    """Return the percentile that a stat asks for, 0 to 100, None for other stats."""
    return 50.0 if stat.name == "med" else stat.percentile if stat.name == "p" else None


def rounded(value: float | None) -> float | None:
    """Cut a figure to the digits that every run over the same samples agrees on.

    Whole numbers keep every digit; what is no finite number is no figure.
    """
    if value is None or not math.isfinite(value):
        return None
    return float(value) if value == int(value) else float(f"{value:.{_DIGITS}g}")


def without_stat(question: model.Question) -> model.Question:
    """Return the same question about the number of samples: equal for those that differ in stat."""
    return model.Question(
        scenario=question.scenario,
        metric=question.metric,
        type=question.type,
        stat=model.Stat(name="count"),
        tags=question.tags,
        window=question.window,
        seconds=question.seconds,
    )


def pick(
    question: model.Question, row: tuple[float, ...], quantiles: dict[float, float]
) -> model.Answer:
    """Answer a question from one row of `sql.figures`."""
    count, total, mean, low, high, last, share = row
    counter = question.type is model.MetricType.COUNTER
    if not count or total is None:  # samples without a value are none to judge by
        return model.Answer(value=None, count=int(count))
    asked = percentile(question.stat)
    value = {
        "count": total if counter else count,
        "rate": (total / question.seconds if question.seconds else None) if counter else share,
        "avg": mean,
        "min": low,
        "max": high,
        "value": last,
    }.get(question.stat.name)
    if asked is not None:
        value = quantiles[asked]
    return model.Answer(value=rounded(value), count=int(count))


def quoted(path: Path) -> str:
    """Return a path as it stands between quotes of SQL."""
    return str(path).replace("'", "''")


def _listed(files: Iterable[Path]) -> str:
    return ", ".join(f"'{exactly(file)}'" for file in files)


def exactly(path: Path) -> str:
    """Return a path to read from, in which no character is a wildcard."""
    return re.sub(r"[*?\[]", r"[\g<0>]", quoted(path))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
