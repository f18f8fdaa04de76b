"""Tar archives for containers: what goes in keeps its path, what comes out is not trusted."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

_LEFT_OUT = frozenset({".git", ".venv", "__pycache__", ".pytest_cache", ".mypy_cache", ".ltlab"})


def packed(source: Path, target: str, *, without: frozenset[Path] = frozenset()) -> bytes:
    """Return an archive that unpacks in `/` to `target`, readable for every user.

    A file or a whole folder, without version control, caches, and the paths in `without`.
    """

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        path = source / PurePosixPath("/" + entry.name).relative_to(target)
        if path.name in _LEFT_OUT or path in without or not _ordinary(entry):
            return None
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(source, arcname=target.lstrip("/"), filter=plain)
    return buffer.getvalue()


def _ordinary(entry: tarfile.TarInfo) -> bool:
    return entry.isfile() or entry.isdir() or entry.issym()


def unpacked(stream: Iterable[bytes], into: Path) -> None:
    """Write the files of an archive of one folder into a folder here: nothing else, nowhere else.

    A script under test may have made what is in it, so links and devices are left out.
    """
    with tarfile.open(fileobj=_Stream(stream), mode="r|") as archive:
        for entry in archive:
            parts = PurePosixPath(entry.name).parts[1:]
            content = archive.extractfile(entry) if entry.isfile() else None
            if content is None or not parts or ".." in parts:
                continue
            target = into.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                while piece := content.read(1 << 20):
                    file.write(piece)


class _Stream(io.RawIOBase):
    """Makes a file to read from of the pieces that the daemon sends."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._rest = iter(pieces), b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        cut = len(self._rest) if size < 0 else size
        found, self._rest = self._rest[:cut], self._rest[cut:]
        return found
