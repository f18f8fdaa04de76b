"""Turn the plug-in's records into samples, by one table: Artillery's names to k6's.

The table is documented in docs/metrics.md, which a test compares with it.
Not here: what a request is (the plug-in knows), storing (store/).
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ltlab_ci import errors, model
from ltlab_ci.load import follow

PHASES: Mapping[str, tuple[str, ...]] = {
    "http_req_duration": ("request", "firstByte", "download"),
    "http_req_waiting": ("firstByte",),
    "http_req_sending": ("request",),
    "http_req_receiving": ("download",),
    "http_req_blocked": ("wait", "dns"),
    "http_req_connecting": ("tcp",),
    "http_req_tls_handshaking": ("tls",),
}
"""Which of Artillery's phases add up to which of k6's metrics."""

RENAMED: Mapping[str, str] = {
    "vusers.completed": "iterations",
    "vusers.failed": "iterations",
    "vusers.session_length": "iteration_duration",
    "vusers.skipped": "dropped_iterations",
}
"""Artillery's own metrics that have a name in k6; vusers.* are kept under their own name too."""

COLUMNS = (
    "metric_name",
    "timestamp",
    "metric_value",
    "check",
    "error",
    "expected_response",
    "method",
    "name",
    "scenario",
    "status",
    "url",
    "extra_tags",
)
_BAD_STATUS = 400
_KINDS = {
    "counter": model.MetricType.COUNTER,
    "rate": model.MetricType.COUNTER,
    "summary": model.MetricType.TREND,
}
_EXPECT = "plugins.expect."
_TAIL_BYTES = 4096
_DERIVED = frozenset({"http.downloaded_bytes"})  # each request's record has its own, exact bytes
_RECORDED = "recorded.json"


class Row(NamedTuple):
    """One sample: COLUMNS in order, the last one apart."""

    metric: str
    time_ns: int
    value: float
    check: str = ""
    error: str = ""
    expected_response: str = ""
    method: str = ""
    name: str = ""
    scenario: str = ""
    status: str = ""
    url: str = ""


class NdjsonReader:
    """Follows the plug-in's files, one a worker, and hands on their samples."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._followers: dict[Path, follow.Follower] = {}
        self._types: dict[str, model.MetricType] = {}
        self._vus = _Vus()
        self._requests: dict[str, int] = defaultdict(int)
        self._closed: dict[str, int] = {}
        self._exits: dict[str, int] = {}
        self._dropped: dict[str, int] = defaultdict(int)
        self._handed = follow.Handed(run_dir)

    def drain(self) -> Iterator[model.Batch]:
        """Yield what the workers recorded since the last call."""
        yield from self._batches(last=False)

    def finish(self) -> Iterator[model.Batch]:
        """Yield the rest; the records go when all of them were whole and were taken."""
        yield from self._batches(last=True)
        said = {
            "types": self._types,
            "requests": self._requests,
            "closed": self._closed,
            "exits": self._exits,
            "dropped": self._dropped,
        }
        (self._run_dir / _RECORDED).write_text(json.dumps(said), encoding="utf-8")
        for path, follower in self._followers.items():
            if self._handed.whole and not follower.unfinished:
                path.unlink()

    def _batches(self, *, last: bool) -> Iterator[model.Batch]:
        for path in sorted(self._run_dir.glob("worker-*.ndjson")):
            follower = self._followers.setdefault(path, follow.Follower(path, quoted=False))
            worker = path.stem.removeprefix("worker-")
            for piece in follower.pieces():
                yield from self._batch(self._rows(piece, worker), worker)
        yield from self._batch(self._vus.rows(last=last), "")

    def _rows(self, piece: bytes, worker: str) -> Iterator[Row]:
        for line in piece.splitlines():
            try:
                yield from self._samples(json.loads(line), worker)
            except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
                raise _unreadable(worker, line) from error
            except RecursionError as error:
                raise _unreadable(worker, line) from error

    def _samples(self, record: Mapping[str, Any], worker: str) -> Iterator[Row]:
        if record["k"] == "req":
            self._requests[worker] += 1
            yield from request(record)
        elif record["k"] == "close":
            self._closed[worker] = int(record["requests"])
            if "exit" in record:
                self._exits[worker] = int(record["exit"])
        elif record["k"] == "dropped":
            self._dropped[str(record["n"])] += 1
        elif record["k"] in _KINDS:
            self._vus.see(record)
            for row in metric(record):
                self._types.setdefault(row.metric, _type(row.metric, record["k"]))
                yield row

    def _batch(self, rows: Iterator[Row], worker: str) -> Iterator[model.Batch]:
        text = io.StringIO()
        # Every text in quotes: a lone carriage return in a name would end the row otherwise.
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        tag = f"worker={worker}" if worker else ""
        writer.writerows((*row, tag) for row in rows)
        if not text.tell():
            return
        # Half a surrogate pair is a string to JavaScript and no text to anybody else.
        piece = text.getvalue().encode(errors="replace")
        yield from self._handed.on(iter([piece]), COLUMNS)


class _Vus:
    """Counts virtual users at work, over all workers, once a second of their own time."""

    _SETTLED_S = 2
    _LONGEST_GAP_S = 3600

    def __init__(self) -> None:
        self._change: dict[int, int] = defaultdict(int)
        self._newest = 0
        self._now = 0
        self._next: int | None = None

    def see(self, record: Mapping[str, Any]) -> None:
        sign = {"vusers.created": 1, "vusers.completed": -1, "vusers.failed": -1}.get(record["n"])
        if sign is not None:
            second = record["t"] // 1_000_000_000 + 1
            self._change[second] += sign * int(record["v"])
            self._newest = max(self._newest, second)
            self._next = second if self._next is None else min(self._next, second)

    def rows(self, *, last: bool) -> Iterator[Row]:
        until = self._newest if last else self._newest - self._SETTLED_S
        while self._next is not None and self._next <= until:
            self._now += self._change.pop(self._next, 0)
            yield Row("vus", self._next * 1_000_000_000, float(self._now))
            self._next += 1
            ahead = min(self._change, default=self._next)
            if ahead - self._next > self._LONGEST_GAP_S:  # the clock was set: nobody waited so long
                self._next = ahead


def request(record: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the samples of one request: counted, failed or not, and the phases it went through."""
    ms: Mapping[str, float] = record["ms"]
    status = int(record["status"] or 0)
    failed = status == 0 or status >= _BAD_STATUS or bool(record["error"])
    url = record["url"] or ""
    tags = {
        "error": str(record["error"] or ""),
        "expected_response": "false" if failed else "true",
        "method": record["method"] or "",
        "name": record["name"] or _path(url) or url,
        "scenario": record["scenario"] or "",
        "status": str(status),
        "url": url,
    }
    yield Row("http_reqs", record["t"], 1.0, **tags)
    yield Row("http_req_failed", record["t"], float(failed), **tags)
    if record.get("bytes") is not None:
        yield Row("data_received", record["t"], float(record["bytes"]), **tags)
    for name, phases in PHASES.items():
        # A request that was never sent has no latency; one cut off counts with the time it took.
        if name == "http_req_duration" and "request" not in ms:
            continue
        if name in {"http_req_waiting", "http_req_receiving"} and not set(phases) <= set(ms):
            continue
        yield Row(name, record["t"], sum(ms.get(phase, 0.0) for phase in phases), **tags)


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:  # such as a bracket that is not closed: the request failed, and is told
        return url


def metric(record: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the samples of one metric that Artillery or a processor counted."""
    name, time_ns, value = str(record["n"]), record["t"], float(record.get("v", 1))
    if name in _DERIVED:
        return
    if name.startswith(_EXPECT):
        outcome, _, kind = name.removeprefix(_EXPECT).partition(".")
        if kind:  # the sum over all kinds is the same checks again
            yield Row("checks", time_ns, float(outcome == "ok"), check=kind)
        return
    if name.startswith("errors."):
        yield Row("errors", time_ns, value, error=name.removeprefix("errors."))
        return
    known = RENAMED.get(name)
    if known is not None:
        yield Row(known, time_ns, value)
    if known is None or name.startswith("vusers."):
        # A virtual user that failed belongs to where it began, if that was recorded: a comparison counts
        # it among those that began.
        yield Row(name, time_ns - round(record.get("ms", 0.0) * 1e6), value)


class Recorded(NamedTuple):
    """What a run recorded: types of all metrics, what is missing, values that were no numbers.

    `exits`: the exit codes of workers that ended without being told to. `began`: there were workers.
    """

    types: dict[str, model.MetricType]
    missing: str
    dropped: dict[str, int]
    exits: dict[str, int]
    began: bool


def recorded(run_dir: Path) -> Recorded:
    """Return what is known of a run's records besides the samples."""
    try:
        said = json.loads((run_dir / _RECORDED).read_bytes())
    except (OSError, ValueError):
        return Recorded({}, "the recording plug-in left nothing", {}, {}, began=False)
    return Recorded(
        types={name: model.MetricType(kind) for name, kind in said["types"].items()},
        missing=_missing(run_dir, said["requests"], said["closed"]),
        dropped=said["dropped"],
        exits=said["exits"],
        began=bool(said["closed"] or said["requests"] or said["types"]),
    )


def departed(run_dir: Path) -> dict[str, int]:
    """Return the workers of a run under way that their own code has ended, with their exit codes.

    Artillery waits for such a worker for ever. One that was told to stop is not among them.
    """
    found = {}
    for path in sorted(run_dir.glob("worker-*.ndjson")):
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, io.SEEK_END) - _TAIL_BYTES))
            last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
        try:
            record = json.loads(last)
        except ValueError:  # a line that is only half there
            continue
        if record["k"] == "close" and "exit" in record:
            found[path.stem.removeprefix("worker-")] = int(record["exit"])
    return found


def _missing(run_dir: Path, requests: Mapping[str, int], closed: Mapping[str, int]) -> str:
    if any(run_dir.glob("worker-*.failed")):
        return "the recording plug-in could not write its samples"
    open_ended = [worker for worker in requests if worker not in closed]
    if open_ended or not closed:
        return f"worker {', '.join(open_ended) or '1'} ended without closing its records"
    lost = sum(closed.values()) - sum(requests.values())
    return f"{lost} recorded requests were not read" if lost else ""


def _unreadable(worker: str, line: bytes) -> errors.StoreError:
    return errors.StoreError(
        f"a record of Artillery's worker {worker} cannot be read: {line[:60]!r}",
        remedy="see logs/ for a full disk or a crash; run again",
    )


def _type(name: str, kind: str) -> model.MetricType:
    known = model.BUILT_IN.get(name)
    return known.type if known is not None else _KINDS[kind]
