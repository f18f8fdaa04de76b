"""What a run left running, one that was killed above all: found by a mark in its environment, and ended.

Every program of a run, and whatever it forks, inherits the mark; so no process id is kept that
somebody else could have by now. Not here: ending one's own children (process.py).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psutil

VARIABLE = "RUN_BY_LTLAB"
"""Carries the run's name as the mark. LTLAB_* variables do not reach children, so it is none."""

Programs = tuple[psutil.Process, ...]

_PATIENCE_S = 5.0
_ROUNDS = 3  # what is ended may just be starting something


def find(run: str) -> Programs:
    """Return the programs that carry the mark of a run, oldest first; none for no mark."""
    found = []
    for each in psutil.process_iter() if run else ():
        # What ends meanwhile, and what belongs to others, cannot be looked into.
        with contextlib.suppress(psutil.Error, OSError):
            if each.pid != os.getpid() and each.environ().get(VARIABLE) == run:
                found.append(each)
    return tuple(sorted(found, key=lambda each: each.create_time()))


def told(found: Programs) -> str:
    """Name programs by what they are, without arguments: those may hold secrets."""
    names = [f"{_name(each)} (process {each.pid})" for each in found[:_ROUNDS]]
    more = len(found) - len(names)
    return ", ".join([*names, f"{more} more"] if more else names)


def stop(run: str) -> Programs:
    """End what carries the mark of a run, in bounded steps; return what could not be ended.

    The temporary folders of the run go too.
    """
    left = end(run)
    folders = f"{folder_prefix({VARIABLE: run})}*"
    for folder in Path(tempfile.gettempdir()).glob(folders) if run else ():
        shutil.rmtree(folder, ignore_errors=True)
    return left


def end(run: str) -> Programs:
    """End what carries the mark of a run, in bounded steps; return what could not be ended."""
    for _ in range(_ROUNDS):
        left = find(run)
        if not left:
            return ()
        _end(left)
    return find(run)


def folder_prefix(environ: Mapping[str, str]) -> str:
    """Return how the names of a run's temporary folders begin, by the mark in its environment."""
    return f"ltlab-env-{environ.get(VARIABLE, 'none')}-"


def _end(found: Programs) -> None:
    # psutil compares the time of start first, so a number that went to another program is safe.
    for each in found:
        with contextlib.suppress(psutil.Error):
            each.terminate()
    for each in psutil.wait_procs(found, timeout=_PATIENCE_S)[1]:
        with contextlib.suppress(psutil.Error):
            each.kill()
    psutil.wait_procs(found, timeout=_PATIENCE_S)


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return "a program"
