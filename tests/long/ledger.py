"""A tenth of the long tests, and the ledger of what they came to: pytest's options --tenth and --ledger.

A tenth is drawn by a commit: each test belongs to one for good, by its name, so commit after commit runs
every one of them. The ledger has a line for each part, which is a file of tests, of each run that names
a ledger; a line never changes.
"""

from __future__ import annotations

import csv
import subprocess
import time
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pytest

TENTHS = 10


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What one part came to: `tenth` is which of them was run, or `all`."""

    date: str
    commit: str
    part: str
    tenth: str
    cases: int
    passed: int
    failed: int


def tenth_of(commit: str) -> int:
    """Return which tenth a commit draws, from 0."""
    return zlib.crc32(commit.encode()) % TENTHS


def entries(
    outcomes: Mapping[str, bool], *, date: str, commit: str, tenth: str
) -> tuple[Entry, ...]:
    """Count the outcomes of tests by their file; True is passed."""
    cases = Counter(_part(test) for test in outcomes)
    passed = Counter(_part(test) for test, well in outcomes.items() if well)
    return tuple(
        Entry(
            date=date,
            commit=commit[:10],
            part=part,
            tenth=tenth,
            cases=cases[part],
            passed=passed[part],
            failed=cases[part] - passed[part],
        )
        for part in sorted(cases)
    )


def append(file: Path, lines: tuple[Entry, ...]) -> None:
    """Write lines behind those that are there."""
    fresh = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as sink:
        writer = csv.DictWriter(sink, [each.name for each in fields(Entry)], lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerows(map(asdict, lines))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("long tests")
    group.addoption("--tenth", metavar="COMMIT", help="run the tenth that this commit draws")
    group.addoption("--ledger", metavar="FILE", type=Path, help="append what each part came to")


def pytest_configure(config: pytest.Config) -> None:
    # Workers of pytest-xdist have this attribute, and report to the process that has not.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Outcomes(config))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what belongs to another tenth."""
    commit = config.getoption("tenth")
    if not commit:
        return
    drawn = tenth_of(commit)
    mine = [item for item in items if tenth_of(item.nodeid) == drawn]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(mine)])
    items[:] = mine


class _Outcomes:
    """Keeps what each test came to, and writes the ledger at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._passed: dict[str, bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._passed[report.nodeid] = self._passed.get(report.nodeid, True) and report.passed

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        commit: str | None = self._config.getoption("tenth")
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            # A tenth, or the quiet ones of it, may be empty.
            session.exitstatus = pytest.ExitCode.OK
        file: Path | None = self._config.getoption("ledger")
        if file and exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            found = entries(
                self._passed,
                date=time.strftime("%Y-%m-%d", time.gmtime()),
                commit=_commit(self._config.rootpath),
                tenth=str(tenth_of(commit)) if commit else "all",
            )
            append(file, found)


def _part(test: str) -> str:
    return test.partition("::")[0]


def _commit(folder: Path) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
