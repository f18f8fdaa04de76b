"""The ledger of long tests, and the tenth that a commit draws."""

from __future__ import annotations

from pathlib import Path

from tests.long import ledger

TESTS = {"tests/long/a.py::one": True, "tests/long/a.py::two": False, "tests/long/b.py::one": True}


def test_tenth__commits_draw_each_and_always_the_same() -> None:
    commits = [f"{number:040x}" for number in range(300)]
    drawn = [ledger.tenth_of(commit) for commit in commits]
    assert set(drawn) == set(range(ledger.TENTHS))
    assert max(map(drawn.count, range(ledger.TENTHS))) < 60
    assert ledger.tenth_of("tests/long/a.py::one") == 1  # whatever the process


def test_entries__count_by_file() -> None:
    a, b = ledger.entries(TESTS, date="2026-11-29", commit="0123456789abcdef", tenth="all")
    assert (a.part, a.cases, a.passed, a.failed) == ("tests/long/a.py", 2, 1, 1)
    assert (b.part, b.cases, b.passed, b.failed) == ("tests/long/b.py", 1, 1, 0)
    assert a.commit == "0123456789"


def test_append__leaves_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "ledger.csv"
    for date in ("2026-11-29", "2026-11-30"):
        ledger.append(file, ledger.entries(TESTS, date=date, commit="0" * 40, tenth="3"))
    assert file.read_text(encoding="utf-8").splitlines() == [
        "date,commit,part,tenth,cases,passed,failed",
        "2026-11-29,0000000000,tests/long/a.py,3,2,1,1",
        "2026-11-29,0000000000,tests/long/b.py,3,1,1,0",
        "2026-11-30,0000000000,tests/long/a.py,3,2,1,1",
        "2026-11-30,0000000000,tests/long/b.py,3,1,1,0",
    ]
