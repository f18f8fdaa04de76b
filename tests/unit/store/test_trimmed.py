"""Samples of a round, cut to what was measured."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ltlab_ci import errors
from ltlab_ci.store import trimmed

BASE = "http://127.0.0.1:81"
S = 1_000_000_000
ROW = tuple[str, float, float, str, str, str | None]


def written(path: Path, *rows: ROW) -> Path:
    """Write samples: metric, time in s of its end, value, name, url, group."""
    listed = [[metric, round(at * S), *rest] for metric, at, *rest in rows]
    with duckdb.connect() as db:
        db.execute(
            "CREATE TABLE samples (metric VARCHAR, time_ns BIGINT, value DOUBLE, name VARCHAR, "
            'url VARCHAR, "group" VARCHAR)'
        )
        db.executemany("INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?)", listed)
        db.execute(f"COPY samples TO '{path}' (FORMAT parquet)")
    return path


def request(at: float, ms: float, path: str = "/a", base: str = BASE, group: str = "") -> ROW:
    return ("http_req_duration", at + ms / 1000, ms, base + path, base + path, group)


def kept(path: Path) -> list[tuple[str, float, str]]:
    """Return metric, start in s and name of what is left, in order."""
    with duckdb.connect() as db:
        rows = db.execute(
            f"SELECT metric, time_ns / 1e9 - value / 1e3, name FROM '{path}' ORDER BY 2, 1"
        ).fetchall()
    return [(metric, round(start, 6), name) for metric, start, name in rows]


def test_cut__a_request_belongs_to_where_it_starts(tmp_path: Path) -> None:
    file = written(
        tmp_path / "round-01.parquet",
        request(0.5, 2000),  # begins in the warm-up, ends after it
        request(1.0, 10),
        request(2.9, 5000),
        request(3.0, 10),
    )
    trimmed.cut(file, [trimmed.Window(start_ns=S, end_ns=3 * S)], BASE)
    assert [start for _, start, _ in kept(file)] == [1.0, 2.9]
    assert [path.name for path in tmp_path.iterdir()] == ["round-01.parquet"]


def test_cut__samples_of_a_request_stay_together(tmp_path: Path) -> None:
    """All are stamped at its end; one that was never sent has no duration, and belongs there."""
    rows = [
        [("http_req_duration", end, ms, name, "", ""), ("http_req_failed", end, 1, name, "", "")]
        for end, ms, name in ((1.5, 1000, "warm-up"), (4.0, 1500, "inside"), (4.0, 500, "after"))
    ]
    refused: ROW = ("http_req_failed", 2.0, 1, "refused", "", "")
    file = written(tmp_path / "round.parquet", *rows[0], *rows[1], *rows[2], refused)
    trimmed.cut(file, [trimmed.Window(start_ns=S, end_ns=3 * S)], BASE)
    assert sorted((metric, name) for metric, _, name in kept(file)) == [
        ("http_req_duration", "inside"),
        ("http_req_failed", "inside"),
        ("http_req_failed", "refused"),
    ]


def test_cut__where_every_vu_hangs_the_load_that_is_dropped_tells_how_long(tmp_path: Path) -> None:
    rows: list[ROW] = []
    for number in range(10):
        rows.append(("ltlab_iterations_begun", 0.1 * number, 1, "", "", ""))
        if number < 7:
            rows.append(("iteration_duration", 0.1 * number + 0.1, 100, "", "", ""))
    rows += [("dropped_iterations", 1 + 0.1 * number, 1, "", "", "") for number in range(20)]
    file = written(tmp_path / "round.parquet", *rows)
    trimmed.cut(file, [trimmed.Window(start_ns=0, end_ns=4 * S)], BASE)
    with duckdb.connect() as db:
        found = db.execute(
            f"SELECT count(*) FROM '{file}' WHERE metric = 'ltlab_iterations_hung'"
        ).fetchall()
    assert found == [(3,)]


def test_cut__an_iteration_that_hangs_is_told_where_it_began(tmp_path: Path) -> None:
    """Of those at every 0.1 s that take as long the fifth hangs. So may the last, but the load ended.

    The first of the window began in the same moment as the window: k6 says so a little earlier than the script.
    """
    begins = [0.1 * number for number in range(40)]
    rows: list[ROW] = []
    for number, at in enumerate(begins):
        rows.append(("ltlab_iterations_begun", at + 2e-6, 1, "", "", ""))
        if number not in (15, 39):
            rows.append(("iteration_duration", at + 0.1, 100, "", "", ""))
    file = written(tmp_path / "round.parquet", *rows)
    windows = [trimmed.Window(start_ns=S + 1000, end_ns=4 * S, moved_ns=5 * S)]
    trimmed.cut(file, windows, BASE)
    with duckdb.connect() as db:
        found = db.execute(
            f"SELECT time_ns / 1e9 FROM '{file}' WHERE metric = 'ltlab_iterations_hung'"
        ).fetchall()
    assert [round(moment, 6) for (moment,) in found] == [6.500002]


def test_cut__turns_are_moved_together(tmp_path: Path) -> None:
    file = written(tmp_path / "round.parquet", *(request(each, 10) for each in (1, 3, 5, 7)))
    windows = [
        trimmed.Window(start_ns=S, end_ns=2 * S, moved_ns=0),
        trimmed.Window(start_ns=5 * S, end_ns=6 * S, moved_ns=-3 * S),
    ]
    trimmed.cut(file, windows, BASE)
    assert [start for _, start, _ in kept(file)] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("path", "name"),
    [("/a", "/a"), ("", "/"), ("?q=1", "?q=1"), ("/a?q", "/a?q"), ("0/a", f"{BASE}0/a")],
)
def test_cut__the_address_of_a_side_is_no_part_of_a_name(
    tmp_path: Path, path: str, name: str
) -> None:
    file = written(tmp_path / "round.parquet", request(1, 10, path))
    trimmed.cut(file, [trimmed.Window(start_ns=0, end_ns=9 * S)], BASE)
    assert [each for _, _, each in kept(file)] == [name]
    with duckdb.connect() as db:  # by its URL a name is known not to be the script's own
        assert db.execute(f"SELECT url FROM '{file}'").fetchall() == [(BASE + path,)]


def test_cut__says_what_was_used(tmp_path: Path) -> None:
    file = written(
        tmp_path / "round.parquet",
        request(1, 10),
        ("service_cpu", 0.5, 0.9, "", "", None),  # in the warm-up
        ("service_cpu", 1.5, 0.2, "", "", None),
        ("service_cpu", 2.5, 0.4, "", "", None),
    )
    used = trimmed.cut(file, [trimmed.Window(start_ns=S, end_ns=9 * S)], BASE)
    assert used.service_cpu == pytest.approx(0.3)
    assert used.machine_cpu is None


def test_look__the_load_begins_after_the_set_up(tmp_path: Path) -> None:
    rows = (request(1, 10, group="::setup"), request(5, 10), request(6, 10, group="::teardown"))
    file = written(tmp_path / "round.parquet", *rows)
    assert trimmed.look(file, BASE) == trimmed.Looked(first_ns=5 * S, addressed=True)


def test_look__requests_that_went_elsewhere_are_seen(tmp_path: Path) -> None:
    other = "http://shop.test"
    own = [request(second, 10) for second in (6, 7, 8)]
    for rows, share in (((), 1.0), (own, 0.25)):
        file = written(tmp_path / "round.parquet", request(5, 10, base=other), *rows)
        seen = trimmed.look(file, BASE)
        assert (seen.astray, seen.elsewhere) == (f"{other}/a", share)
    file = written(tmp_path / "round.parquet", *own)
    assert trimmed.look(file, BASE) == trimmed.Looked(first_ns=6 * S, addressed=True)


def test_look__a_template_of_an_address_tells_nothing(tmp_path: Path) -> None:
    file = written(tmp_path / "round.parquet", request(5, 10, base="${}", path="/a/${}"))
    seen = trimmed.look(file, BASE)
    assert (seen.astray, seen.addressed) == ("", False)


def test_look__a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(errors.StoreError):
        trimmed.look(tmp_path / "nothing.parquet", BASE)
