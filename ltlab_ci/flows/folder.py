"""The report folder: made fresh for a run, read again later, never at somebody else's cost."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

import pydantic

from ltlab_ci import errors, model

MARKER = ".ltlab"
RESULT = "result.json"


@contextlib.contextmanager
def fresh(folder: Path) -> Iterator[None]:
    """Empty a report folder of ours, or make a new one, and keep other runs out of it meanwhile.

    Raises ConfigError for a folder that holds anything else, is in use, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file():
            raise errors.ConfigError(
                f"{folder} holds files that ltlab did not write",
                remedy="choose another folder with --report-dir, or empty it yourself",
            )
        folder.mkdir(parents=True, exist_ok=True)
        marker = (folder / MARKER).open("w", encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error
    with marker:
        _lock(marker, folder)
        marker.write("a report of ltlab; the next run replaces it\n")
        marker.flush()
        _empty(folder)
        yield


def _lock(marker: TextIO, folder: Path) -> None:
    try:
        fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise errors.ConfigError(
            f"another run of ltlab is writing to {folder}",
            remedy="wait for its end, or choose another folder with --report-dir",
        ) from error


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
    """Write the rendered files of a report."""
    try:
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> errors.ConfigError:
    return errors.ConfigError(
        f"cannot write the report to {folder}: {error.strerror}",
        remedy="choose a writable folder with --report-dir",
    )
