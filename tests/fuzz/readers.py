"""What the fuzzers feed: each reader takes any bytes; only a LabError may come out of it.

Not here: how the bytes are found (fuzz.py).
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ltlab_ci import errors, load, model
from ltlab_ci.config import read
from ltlab_ci.load import artillery_samples, k6
from ltlab_ci.store import charts, duck

K6_HEADER = (
    b"metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,"
    b"name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata\n"
)
_TYPES = {name: metric.type for name, metric in model.BUILT_IN.items()}


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    memory = Path("/dev/shm")
    path = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def config(data: bytes) -> None:
    """Read an ltlab.yml."""
    with _folder() as folder:
        (folder / "ltlab.yml").write_bytes(data)
        (folder / "load.js").write_text("export default function () {}", encoding="utf-8")
        with contextlib.suppress(errors.LabError):
            read.load(cwd=folder, environ={}, flags={})


def threshold(data: bytes) -> None:
    """Read a threshold: its key in the first line, its text in the second, its window in a third."""
    key, text, over, *_ = (*data.decode("utf-8", "replace").split("\n"), "", "")
    with contextlib.suppress(errors.LabError):
        window = model.Span.parse(over) if over else None
        parsed = model.Threshold.parse(key, text, over=window)
        parsed.holds(1.0)
        model.misfit(parsed, model.MetricType.TREND, model.Unit.TIME)


def k6_csv(data: bytes) -> None:
    """Read what k6 wrote, with a header of its own or the usual one, and draw figures from it."""
    with _folder() as folder:
        whole = data if data.startswith(b"metric_name") else K6_HEADER + data
        (folder / k6.CSV).write_bytes(whole)
        _stored(folder, k6.reader(folder))


def artillery_ndjson(data: bytes) -> None:
    """Read what the plug-in recorded, and draw figures from it."""
    with _folder() as folder:
        (folder / "worker-1.ndjson").write_bytes(data)
        _stored(folder, artillery_samples.NdjsonReader(folder))
        with contextlib.suppress(errors.LabError):
            artillery_samples.recorded(folder)


def _stored(folder: Path, reader: load.Reader) -> None:
    with contextlib.suppress(errors.LabError):
        writer = duck.Writer(folder, "fuzz")
        for batch in reader.finish():
            writer.ingest(batch)
        writer.close()
    store = duck.Store(folder)
    try:
        with contextlib.suppress(errors.LabError):
            _shown(store)
    finally:
        store.close()


def _shown(store: duck.Store) -> None:
    reach = charts.extent(store, "fuzz")
    types = {name: kind for name, kind in _TYPES.items() if name in reach.metrics}
    charts.summaries(store, "fuzz", types, seconds=1.0)
    charts.endpoints(store, "fuzz", seconds=1.0)
    charts.series(store, "fuzz", reach)


READERS: Mapping[str, Callable[[bytes], None]] = {
    "artillery_ndjson": artillery_ndjson,
    "config": config,
    "k6_csv": k6_csv,
    "threshold": threshold,
}
