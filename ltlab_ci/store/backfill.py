"""Complete or said so: InfluxDB's number of samples against the samples file's, and what to add.

An engine's live writes may be lost: a restart, a refusal, a dead link. What is missing is written
from the samples file; a point that is there already is written over by its equal.
Not here: the points (points.py), judging what is still missing (flows/).
"""

from __future__ import annotations

import contextlib
import gzip
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import duckdb
from influxdb_client import InfluxDBClient, WriteService
from influxdb_client.rest import ApiException

from ltlab_ci import errors, model
from ltlab_ci.store import flux, influx
from ltlab_ci.store.points import SLICE_NS, Points, Slice

BATCH = 5_000
_WRITERS = 3
_REFUSED_LINES = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
"""The server stored the other lines of the request, and says what is wrong with these."""


@dataclass(frozen=True, kw_only=True)
class MetricCount:
    """One metric's samples: recorded, found in InfluxDB in the end, written by us, not to be stored.

    `unstorable` are no finite numbers, or have names that InfluxDB cannot hold.
    """

    expected: int
    found: int
    backfilled: int
    unstorable: int = 0

    @property
    def missing(self) -> int:
        """Return how many recorded samples InfluxDB does not have."""
        return max(0, self.expected - self.found)

    @property
    def complete(self) -> bool:
        """Say whether InfluxDB has these samples, all of them, and no others."""
        return self.expected == self.found


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What became of a scenario's samples; `refused` is what the server said against some."""

    metrics: Mapping[str, MetricCount]
    refused: tuple[str, ...]
    run: influx.Run

    @property
    def complete(self) -> bool:
        """Say whether every answer of InfluxDB is one over all samples."""
        return all(metric.complete for metric in self.metrics.values())


def complete(
    server: model.Influx,
    files: Sequence[Path],
    tags: Mapping[str, str],
    *,
    patience_s: float = influx.PATIENCE_S,
) -> Completion:
    """Write to InfluxDB what it lacks of a scenario's samples files, and count again.

    `tags` tell this scenario from all others: k6 was given them, other samples get them here.
    Raises StoreError when the server cannot be reached for `patience_s`, or refuses altogether, and for a
    file that cannot be read.
    """
    try:
        with contextlib.closing(Points(files, tags)) as points:
            return _completed(server, points, tags, patience_s)
    except duckdb.Error as error:
        raise errors.StoreError(
            f"{files[0].name} cannot be read for InfluxDB: {str(error).splitlines()[0]}",
            remedy="check that the disk has room, then run again",
        ) from error


def _completed(
    server: model.Influx, points: Points, tags: Mapping[str, str], patience_s: float
) -> Completion:
    reach = points.reach()
    run = influx.Run(tags=tags, window=reach)
    with influx.talking(server) as client:
        filler = _Filler(client, server, patience_s)
        expected = points.counts()
        found = filler.counts(run)
        short = {place for place, count in expected.items() if found.get(place, 0) < count}
        if short:
            filler.fill(points, short)
            found = filler.counts(run)
    return Completion(
        metrics=_by_metric(expected, found, short, points.unstorable()),
        refused=tuple(sorted(filler.refused)),
        run=run,
    )


class _Filler:
    """Counts and writes; a few requests are under way at a time."""

    def __init__(self, client: InfluxDBClient, server: model.Influx, patience_s: float) -> None:
        self._client, self._server, self._patience_s = client, server, patience_s
        self._service = WriteService(client.api_client)
        self.refused: set[str] = set()

    def counts(self, run: influx.Run) -> dict[Slice, int]:
        """Return the number of samples in InfluxDB in each slice."""
        if run.window is None:
            return {}
        script = flux.counts(self._server.bucket, run.window, run.tags, SLICE_NS)
        found = influx.rows(self._client, script, self._patience_s)
        return {
            # The end of a stretch names it, to the second: one before it lies inside.
            (row["_measurement"], (int(row["_time"].timestamp()) * 10**9 - 1) // SLICE_NS): int(
                row["_value"]
            )
            for row in found
        }

    def fill(self, points: Points, slices: Collection[Slice]) -> None:
        """Write all points of some slices."""
        with ThreadPoolExecutor(_WRITERS) as pool:
            under_way: set[Future[None]] = set()
            for lines in points.lines(slices, BATCH):
                under_way.add(pool.submit(self._write, lines))
                if len(under_way) > _WRITERS:
                    done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    for one in done:
                        one.result()
            for one in under_way:
                one.result()

    def _write(self, lines: Sequence[str]) -> None:
        packed = gzip.compress("\n".join(lines).encode(), compresslevel=1)
        try:
            influx.patiently(lambda: self._post(packed), self._patience_s)
        except ApiException as error:
            if error.status in _REFUSED_LINES:
                self.refused.add(influx.reason(error))
            elif error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(lines) > 1:
                self._write(lines[: len(lines) // 2])
                self._write(lines[len(lines) // 2 :])
            else:
                raise

    def _post(self, packed: bytes) -> None:
        self._service.post_write(
            org=self._server.org,
            bucket=self._server.bucket,
            body=packed,
            precision="ns",
            content_encoding="gzip",
            content_type="text/plain; charset=utf-8",
        )


def _by_metric(
    expected: Mapping[Slice, int],
    found: Mapping[Slice, int],
    short: Collection[Slice],
    unstorable: Mapping[str, int],
) -> dict[str, MetricCount]:
    def total(counts: Mapping[Slice, int]) -> Counter[str]:
        sums: Counter[str] = Counter()
        for (metric, _), count in counts.items():
            sums[metric] += count
        return sums

    recorded, there = total(expected), total(found)
    written = total({place: expected[place] for place in short})
    return {
        metric: MetricCount(
            expected=recorded[metric] + unstorable.get(metric, 0),
            found=there[metric],
            backfilled=written[metric],
            unstorable=unstorable.get(metric, 0),
        )
        for metric in sorted({*recorded, *there, *unstorable})
    }
