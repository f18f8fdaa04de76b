"""Jobs worked in the background: a bounded board and a few workers.

Not here: HTTP (records.py), and how long a job takes (its creator says so).
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import enum
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

WORKERS = 8
KEPT = 1000


class BoardFull(Exception):
    """As many jobs as the board keeps are still unfinished."""


class State(enum.StrEnum):
    """Where a job stands."""

    QUEUED = enum.auto()
    RUNNING = enum.auto()
    DONE = enum.auto()


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job; `work_ms` is the time a worker spends on it."""

    id: str
    state: State
    work_ms: float


class Board:
    """Keep at most `keep` jobs: the one that finished first is forgotten first."""

    def __init__(self, *, keep: int = KEPT) -> None:
        self._keep = keep
        self._created = 0
        self._jobs: dict[str, Job] = {}
        self._finished: deque[str] = deque()
        self._queue: asyncio.Queue[str] = asyncio.Queue()

    def add(self, *, work_ms: float) -> Job:
        """Put up a job; BoardFull if no finished one can make room."""
        if len(self._jobs) >= self._keep:
            if not self._finished:
                raise BoardFull
            del self._jobs[self._finished.popleft()]
        self._created += 1
        job = Job(id=f"job-{self._created}", state=State.QUEUED, work_ms=work_ms)
        self._jobs[job.id] = job
        self._queue.put_nowait(job.id)
        return job

    def get(self, job_id: str) -> Job | None:
        """Return the job, or None if it never was or is forgotten."""
        return self._jobs.get(job_id)

    @contextlib.asynccontextmanager
    async def workers(self, count: int = WORKERS) -> AsyncIterator[None]:
        """Work the queue while the context is open; what is unfinished then stays so."""
        tasks = [asyncio.create_task(self._work()) for _ in range(count)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            job = self._jobs[await self._queue.get()]
            self._jobs[job.id] = dataclasses.replace(job, state=State.RUNNING)
            await asyncio.sleep(job.work_ms / 1000)
            self._jobs[job.id] = dataclasses.replace(job, state=State.DONE)
            self._finished.append(job.id)
