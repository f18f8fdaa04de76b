"""The families of failure, their exit codes, and which code wins when several apply.

Not here: wording on the terminal (console.py) and the decision to exit (cli/).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to its caller; documented in docs/exit-codes.md."""

    OK = 0
    FAILED = 1
    CONFIG = 2
    LAB = 3
    ENGINE = 4
    STORE = 5
    PUBLISH = 6
    BUG = 70
    INTERRUPTED = 130


_PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.BUG,
    ExitCode.CONFIG,
    ExitCode.FAILED,
    ExitCode.LAB,
    ExitCode.ENGINE,
    ExitCode.STORE,
    ExitCode.PUBLISH,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that wins: an interrupt first, a failed publication last, 0 for none."""
    seen = frozenset(codes)
    return next((code for code in _PRECEDENCE if code in seen), ExitCode.OK)


class LabError(Exception):
    """Something foreseen went wrong: one line says what, one line says what to do."""

    exit_code = ExitCode.BUG

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class ConfigError(LabError):
    """The user's input cannot be used: configuration, option or script."""

    exit_code = ExitCode.CONFIG


class ConfigMissing(ConfigError):
    """There is no ltlab.yml where one was looked for."""


class LabNotReady(LabError):
    """The lab or the service under test did not come up, or died."""

    exit_code = ExitCode.LAB


class EngineError(LabError):
    """A load engine is missing, cannot be installed or failed."""

    exit_code = ExitCode.ENGINE


class StoreError(LabError):
    """Samples could not be stored or are incomplete."""

    exit_code = ExitCode.STORE


class PublishError(LabError):
    """A forge could not be told, for another reason than missing rights; the verdict stands."""

    exit_code = ExitCode.PUBLISH


class Interrupted(LabError):
    """The user or the runner ended the run."""

    exit_code = ExitCode.INTERRUPTED
