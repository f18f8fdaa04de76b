"""The report folder: made fresh for a run, never at the cost of somebody else's files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from ltlab_ci import errors

MARKER = ".ltlab"


def fresh(folder: Path) -> None:
    """Empty a report folder of ours, or make a new one.

    Raises ConfigError for a folder that holds anything else, or that cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / MARKER).is_file():
                raise errors.ConfigError(
                    f"{folder} holds files that ltlab did not write",
                    remedy="choose another folder with --report-dir, or empty it yourself",
                )
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).write_text("a report of ltlab; the next run replaces it\n")
    except OSError as error:
        raise errors.ConfigError(
            f"cannot write the report to {folder}: {error.strerror}",
            remedy="choose a writable folder with --report-dir",
        ) from error


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the rendered files of a report."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
