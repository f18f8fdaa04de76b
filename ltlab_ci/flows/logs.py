"""What the report quotes of the logs: the end of each, and the first line that looks like an error.

Not here: writing them (measure.py, lab/), showing them (report/). However long a log is, reading it
takes bounded time and memory.
"""

from __future__ import annotations

import re
from pathlib import Path

from ltlab_ci import model

MAX_LOGS = 8
MAX_LINES = 200
MAX_BYTES = 64_000
ALL_BYTES = 200_000
"""Of all logs together: they share the room that a page of less than 1 MB leaves."""
SEARCHED_BYTES = 16_000_000
_LINE_BYTES = 2_000
_CHUNK = 1 << 20

_ERROR = re.compile(
    rb"(?<![\w.=/-])(?:error|fatal|panic|critical|exception|traceback|segmentation fault"
    rb"|out of memory|address already in use)(?![\w/=-])"
    rb"|level=(?:error|fatal|panic)|\"level\": ?\"(?:error|fatal|panic)\"|\b[a-z]{2,}(?:error:|exception\b)",
    re.IGNORECASE,
)
_NO_ERROR = re.compile(
    rb"\b(?:no|0|without) errors?\b|\berrors?\b\W{0,3}(?:0|none|null|false)\b", re.IGNORECASE
)


def excerpts(report_dir: Path) -> tuple[model.Excerpt, ...]:
    """Read the logs of a report folder, by name; one that cannot be read is left out."""
    folder = report_dir / "logs"
    # What engines said in each round of a comparison comes last: there is a lot of it.
    every = sorted(folder.rglob("*.log"), key=lambda path: ("rounds" in path.parts, path))
    paths = [path for path in every if path.is_file()][:MAX_LOGS]
    most = min(MAX_BYTES, ALL_BYTES // max(1, len(paths)))
    found = []
    for path in paths:
        try:
            found.append(_excerpt(path, path.relative_to(report_dir).as_posix(), most))
        except OSError:
            continue
    return tuple(found)


def _excerpt(path: Path, name: str, most: int) -> model.Excerpt:
    size = path.stat().st_size
    with path.open("rb") as file:
        lines, ends_whole = 0, True
        while chunk := file.read(_CHUNK):
            lines += chunk.count(b"\n")
            ends_whole = chunk.endswith(b"\n")
        file.seek(max(0, size - most))
        tail = file.read(most).split(b"\n")
    if ends_whole:
        tail.pop()
    if size > most and len(tail) > 1:
        tail.pop(0)  # it begins in the middle of a line
    return model.Excerpt(
        name=name,
        total_lines=lines + (not ends_whole),
        tail=tuple(_text(line) for line in tail[-MAX_LINES:]),
        error=_first_error(path),
        searched=size <= SEARCHED_BYTES,
    )


def _first_error(path: Path) -> tuple[int, str] | None:
    read, number = 0, 0
    with path.open("rb") as file:
        while read < SEARCHED_BYTES and (line := file.readline(_CHUNK)):
            read += len(line)
            number += line.endswith(b"\n")
            head = line[:_LINE_BYTES]
            if _ERROR.search(head) and not _NO_ERROR.search(head):
                return number + (not line.endswith(b"\n")), _text(line.rstrip(b"\r\n"))
    return None


def _text(line: bytes) -> str:
    return line[:_LINE_BYTES].decode(errors="replace")
