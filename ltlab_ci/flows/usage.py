"""CPU and memory of service, engine and machine while a scenario runs, as samples like any other.

Not here: reading the figures (process.py), what too much of it means (evaluate/validity.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from ltlab_ci import machine, model
from ltlab_ci.lab.program import Program

_COLUMNS = ("metric_name", "timestamp", "metric_value")
_EVERY_S = 0.9


class Gauge:
    """Takes figures about once a second; CPU is what was used since the last time."""

    def __init__(self, engine: Program, service: Program | None, folder: Path) -> None:
        self._folder = folder
        self._children = {"engine": engine, **({"service": service} if service else {})}
        self._rows: list[str] = []
        self._at_s = time.monotonic()
        self._cpu_s = {name: child.usage().cpu_s for name, child in self._children.items()}
        self._machine_s = machine.cpu_s()

    def look(self) -> None:
        """Take the figures if it is time to."""
        now_s = time.monotonic()
        elapsed_s = now_s - self._at_s
        if elapsed_s < _EVERY_S:
            return
        self._at_s = now_s
        for name, child in self._children.items():
            used = child.usage()
            # A helper process that ended takes its share away: never less than nothing.
            spent_s = max(0.0, used.cpu_s - self._cpu_s[name])
            self._cpu_s[name] = used.cpu_s
            self._add(f"{name}_cpu", spent_s / elapsed_s)
            self._add(f"{name}_memory", used.memory_bytes)
        (busy_s, whole_s), last = machine.cpu_s(), self._machine_s
        self._add("machine_cpu", (busy_s - last[0]) / max(whole_s - last[1], 1e-9))
        self._machine_s = busy_s, whole_s

    def batches(self) -> Iterator[model.Batch]:
        """Yield everything taken, as one batch of samples."""
        if not self._rows:
            return
        path = self._folder / "usage.csv"
        path.write_text("".join(self._rows), encoding="utf-8")
        yield model.Batch(paths=(path,), columns=_COLUMNS)
        path.unlink()

    def _add(self, metric: str, value: float) -> None:
        self._rows.append(f"{metric},{time.time_ns()},{value!r}\n")
