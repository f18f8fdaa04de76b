"""The report folder: made fresh for a run, read again later, never at somebody else's cost."""

from __future__ import annotations

import contextlib
import fcntl
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

import pydantic

from ltlab_ci import errors, model

MARKER = ".ltlab"
RESULT = "result.json"
_RESERVE = ".room-for-the-report"
_RESERVE_BYTES = 4_000_000
_OURS = "a report of ltlab; the next run replaces it\n"
_UNFINISHED = re.compile(r"^unfinished run: ([\w-]+)$", re.MULTILINE)


@contextlib.contextmanager
def fresh(folder: Path, run: str, *, settle: Callable[[str], None]) -> Iterator[None]:
    """Empty a report folder of ours, or make a new one, and keep other runs out of it meanwhile.

    `run` is noted in the folder for as long as the block lasts. A mark that is still there was left
    by a run that was killed: `settle` gets it first, and may refuse. Raises ConfigError for a folder
    that holds anything else, is in use, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file():
            raise errors.ConfigError(
                f"{folder} holds files that ltlab did not write",
                remedy="choose another folder with --report-dir, or empty it yourself",
            )
        folder.mkdir(parents=True, exist_ok=True)
        marker = (folder / MARKER).open("a+", encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error
    with marker:
        if not _locked(marker):
            raise errors.ConfigError(
                f"another run of ltlab is writing to {folder}",
                remedy="wait for its end, or choose another folder with --report-dir",
            )
        earlier = _mark(marker)
        if earlier:
            settle(earlier)
        _empty(folder)
        _prepare(folder, marker, run)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # a full disk: the mark finds nothing any more
                _write(marker, _OURS)


def add(folder: Path, name: str, text: str) -> None:
    """Write one more file into a report; a folder that is not there yet becomes ours.

    Raises StoreError.
    """
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            (folder / MARKER).write_text(_OURS, encoding="utf-8")
    except OSError as error:
        raise errors.StoreError(
            f"{folder} cannot be made: {error.strerror}", remedy="give a folder that can be written"
        ) from error
    write(folder, {name: text.encode()})


def unfinished(folder: Path) -> str:
    """Return the mark of a run that was killed while it wrote to this folder, "" for none."""
    try:
        with (folder / MARKER).open("r+", encoding="utf-8") as marker:
            return _mark(marker) if _locked(marker) else ""
    except (OSError, ValueError):
        return ""


def _locked(marker: TextIO) -> bool:
    try:
        fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _mark(marker: TextIO) -> str:
    marker.seek(0)
    found = _UNFINISHED.search(marker.read(1000))
    return found[1] if found else ""


def _write(marker: TextIO, text: str) -> None:
    marker.truncate(0)
    marker.write(text)
    marker.flush()


def _prepare(folder: Path, marker: TextIO, run: str) -> None:
    """Note the run, and keep room for its report, should samples and logs fill the disk."""
    try:
        _write(marker, f"{_OURS}unfinished run: {run}\n")
        (folder / _RESERVE).write_bytes(bytes(_RESERVE_BYTES))
    except OSError as error:
        raise _unwritable(folder, error) from error


def _empty(folder: Path) -> None:
    try:
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != MARKER:
                entry.unlink()
    except OSError as error:
        raise _unwritable(folder, error) from error


def read(folder: Path) -> model.Result:
    """Return the result that a report folder holds. Raises ConfigError when there is none."""
    try:
        return model.Result.model_validate_json((folder / RESULT).read_bytes())
    except OSError as error:
        raise errors.ConfigError(
            f"no {RESULT} in {folder}", remedy="name the report folder of an earlier run"
        ) from error
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise errors.ConfigError(
            f"{folder / RESULT} is not a result of this version: {where}: {first['msg']}",
            remedy="read it with the ltlab that wrote it, or run again",
        ) from error


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the rendered files of a report, each one whole or not at all. Raises StoreError."""
    new = folder
    try:
        (folder / _RESERVE).unlink(missing_ok=True)
        for name, content in files.items():
            new = folder / f".{name}.new"
            new.write_bytes(content)
            new.replace(folder / name)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        raise errors.StoreError(
            f"the report could not be written to {folder}: {error.strerror}",
            remedy="make room on the disk, or choose another folder with --report-dir; run again",
        ) from error


def write_instead(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace the files of a report that could not be written whole: what does not fit goes."""
    for name in files:
        with contextlib.suppress(OSError):
            (folder / name).unlink(missing_ok=True)
    for name, content in files.items():
        with contextlib.suppress(errors.StoreError):
            write(folder, {name: content})


def _unwritable(folder: Path, error: OSError) -> errors.ConfigError:
    return errors.ConfigError(
        f"cannot write the report to {folder}: {error.strerror}",
        remedy="choose a writable folder with --report-dir",
    )
