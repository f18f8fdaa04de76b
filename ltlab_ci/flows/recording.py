"""Keep every sample of a running scenario, and show its progress.

Not here: running it (measure.py), reading an engine's files (load/), Parquet (store/).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from ltlab_ci import console, errors, load, model
from ltlab_ci.flows import clock, usage
from ltlab_ci.store import duck


class Recorder:
    """Moves samples from the engine's files into the store; `look` is called while it runs."""

    def __init__(
        self,
        ticking: clock.Clock,
        writer: duck.Writer,
        reader: load.Reader,
        gauge: usage.Gauge,
        progress: console.Progress,
    ) -> None:
        self._writer, self._reader, self._gauge = writer, reader, gauge
        self._progress = progress
        self.clock = ticking
        self._pulse = model.Pulse()

    @property
    def pulse(self) -> model.Pulse:
        """Return what was recorded so far, in sums; the figures are of the newest samples."""
        return self._pulse

    @property
    def samples(self) -> int:
        """Return how many samples were stored."""
        return self._writer.samples

    @property
    def requests(self) -> int:
        """Return how many requests are among them."""
        return self._pulse.requests

    def look(self) -> None:
        """Store what was written since the last time. Raises StoreError."""
        self._gauge.look()
        self.clock.look()
        with _told():
            self._take(self._reader.drain())

    def finish(self) -> None:
        """Store the rest once the engine has ended, and close the store. Raises StoreError.

        What was stored before something failed is closed as well.
        """
        self.clock.look()
        with _told(), contextlib.closing(self._writer):
            self._take(self._reader.finish())
            self._take(self._gauge.batches())

    def _take(self, batches: Iterable[model.Batch]) -> None:
        for batch in batches:
            fresh, last = self._writer.ingest(batch), self._pulse
            self._pulse = model.Pulse(
                work=last.work + fresh.work,
                requests=last.requests + fresh.requests,
                failed=last.failed + fresh.failed,
                p95_ms=fresh.p95_ms if fresh.p95_ms is not None else last.p95_ms,
                vus=fresh.vus if fresh.vus is not None else last.vus,
                vus_max=fresh.vus_max if fresh.vus_max is not None else last.vus_max,
            )
        self._progress.tick(self._pulse)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise errors.StoreError(
            f"samples could not be stored: {error.strerror or error}",
            remedy="make room on the disk, or move --report-dir; what was stored is in the report",
        ) from error
