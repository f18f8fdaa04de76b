"""Follow a file that another program is still writing, and hand its whole rows on as batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from ltlab_ci import model

PIECE_BYTES = 8 * 1024 * 1024
PIECES = 8
"""How many pieces make a batch at most, each a file that a processor can read beside the others."""


class Follower:
    """Reads a growing text file from where it stopped; knows about quoted line ends in CSV."""

    def __init__(self, path: Path, *, quoted: bool) -> None:
        self._path = path
        self._quoted = quoted
        self._offset = 0
        self._rest = b""

    @property
    def unfinished(self) -> bytes:
        """Return the start of a row whose end was not written yet."""
        return self._rest

    def pieces(self) -> Iterator[bytes]:
        """Yield the whole rows written since the last call, at most PIECE_BYTES at a time."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            size = PIECE_BYTES
            file.seek(self._offset)
            while text := file.read(size):
                end = _row_end(text, quoted=self._quoted)
                self._offset += end
                self._rest = text[end:]
                if end:
                    yield text[:end]
                elif len(text) < size:
                    break
                else:
                    size *= 2  # a single row is longer
                # What is left of a row is read again: cheaper than joining it to large pieces.
                file.seek(self._offset)


class Handed:
    """Hands rows on, in files of their own that go when their batch was taken."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._begun = self._taken = 0

    @property
    def whole(self) -> bool:
        """Say whether everything was taken; else the engine's own file is all there is of it."""
        return self._begun == self._taken

    def on(self, pieces: Iterator[bytes], columns: tuple[str, ...]) -> Iterator[model.Batch]:
        """Yield pieces of whole rows as batches, PIECES of them in one.

        A batch counts as taken when the next one is asked for.
        """
        while paths := tuple(map(self._written, itertools.islice(pieces, PIECES))):
            yield model.Batch(paths=paths, columns=columns)
            for path in paths:
                path.unlink()
            self._taken += len(paths)

    def _written(self, rows: bytes) -> Path:
        self._begun += 1
        path = self._run_dir / f"rows-{self._begun:06d}.csv"
        try:
            path.write_bytes(rows)
        except OSError:
            path.unlink(missing_ok=True)  # half written, and a full disk can use the room
            raise
        return path


def _row_end(text: bytes, *, quoted: bool) -> int:
    """Return the position after the last line end that ends a row, 0 if there is none.

    A line end ends a row where the quotes before it are even in number.
    """
    end = text.rfind(b"\n")
    if not quoted:
        return end + 1
    quotes = text.count(b'"', 0, end + 1)
    while end >= 0 and quotes % 2:
        previous = text.rfind(b"\n", 0, end)
        quotes -= text.count(b'"', previous + 1, end + 1)
        end = previous
    return end + 1
