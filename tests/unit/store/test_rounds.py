"""Recorded rounds read into arrays, in every format, and refused where they cannot be compared."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from ltlab_ci import errors, model
from ltlab_ci.store import duck, rounds
from tests import factories
from tests.factories import START_NS

HEADER = "metric_name,timestamp,metric_value,error_code,expected_response,group,method,name,status"


def k6_rows(*, unit_ns: int = 1, at_ns: int = START_NS) -> list[str]:
    """Return ten requests, the third of them failed, a second apart, and what surrounds them."""
    rows = [
        f"http_req_duration,{at_ns // unit_ns},5000.000000,,true,::setup,GET,/setup,200",
        f"dropped_iterations,{at_ns // unit_ns},2.000000,,,,,,",
        f"iteration_duration,{(at_ns + 10**9) // unit_ns},1000.000000,,,,,,",
    ]
    for number in range(10):
        end = (at_ns + (number + 1) * 10**9) // unit_ns
        bad = number == 2
        rest = f"{1500 if bad else ''},{'false' if bad else 'true'},,GET,/a,{500 if bad else 200}"
        rows += [f"http_reqs,{end},1.000000,{rest}", f"http_req_duration,{end},250.500000,{rest}"]
    return rows


def csv(path: Path, rows: Sequence[str], *, header: str = HEADER) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{line}\n" for line in (header, *rows))
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write a samples file as a run does."""
    writer = duck.Writer(path.parent, path.stem)
    k6 = [{name: str(value) for name, value in row.items()} for row in rows]
    writer.ingest(factories.a_batch(path.with_suffix(".rows"), k6))
    writer.close()
    path.with_suffix(".rows").unlink()
    return path


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "base", tmp_path / "head"


def read(sides: tuple[Path, Path]) -> model.Recording:
    return rounds.read(*sides, sides[0].parent / "spill")


def refusal(sides: tuple[Path, Path]) -> str:
    with pytest.raises(errors.ConfigError) as caught:
        read(sides)
    factories.assert_two_lines(caught.value)
    return f"{caught.value.message}; {caught.value.remedy}"


def check(side: model.Side) -> None:
    assert side.start_ns.tolist() == [
        START_NS + (number + 1) * 10**9 - 250_500_000 for number in range(10)
    ]
    assert side.ms.tolist() == [250.5] * 10
    assert side.ok.tolist() == [True, True, False, *[True] * 7]
    assert side.iterations_ns.tolist() == [START_NS]
    assert side.dropped == 2
    assert not side.endpoint.any()


@pytest.mark.parametrize("name", ["round.csv", "round.csv.gz"])
@pytest.mark.parametrize("unit_ns", [1, 1000])
def test_read__k6_csv_by_its_header(sides: tuple[Path, Path], name: str, unit_ns: int) -> None:
    for side in sides:
        csv(side / name, k6_rows(unit_ns=unit_ns))
    found = read(sides)
    assert found.endpoints == (("/a", "GET"),)
    check(found.rounds[0].base)
    check(found.rounds[0].head)


def test_read__iterations_that_the_end_may_have_cut_off_are_known(sides: tuple[Path, Path]) -> None:
    """The last end is at 13 s, and the longest took 4: whatever began before 9 s has ended."""
    more = [f"iteration_duration,{START_NS + 13 * 10**9},4000.000000,,,,,,"]
    csv(sides[0] / "round.csv", k6_rows() + more)
    csv(sides[1] / "round.csv", [row for row in k6_rows() if "iteration_" not in row])
    [one] = read(sides).rounds
    assert one.base.complete_ns == START_NS + 9 * 10**9
    assert one.head.complete_ns is None


def test_read__virtual_users_count_from_their_start_whether_or_not_they_failed(
    sides: tuple[Path, Path],
) -> None:
    """Artillery has no duration of a virtual user that failed: head would seem to get less load."""
    starts = [START_NS + number * 10**8 for number in range(20)]
    created = [f"vusers.created,{at},1.000000,,,,,," for at in starts]
    csv(sides[0] / "round.csv", k6_rows() + created)
    csv(sides[1] / "round.csv", [row for row in k6_rows() if "iteration_" not in row] + created)
    [one] = read(sides).rounds
    for side in (one.base, one.head):
        assert sorted(side.iterations_ns.tolist()) == starts
        assert side.complete_ns is None
        assert side.dropped == 2


def test_read__checks_sizes_and_what_hangs(sides: tuple[Path, Path]) -> None:
    at = START_NS + 10**9
    header = "metric_name,timestamp,metric_value,check,expected_response,method,name,status"
    checks = [f"checks,{at},1,status is 200,,,,", f"checks,{at + 1},0,has items,,,,"]
    rest = [
        *(f"http_req_duration,{at + n},1,,true,GET,/{'ab'[n % 2]},200" for n in range(4)),
        f"http_req_duration,{at + 4},1,,true,GET,/a,429",
        f"data_received,{at},100,,,GET,/b,",
        f"data_received,{at},50,,,GET,/b,",
        f"data_received,{at},7,,,,,",
        f"ltlab_iterations_hung,{at + 2},1,,,,,",
        f"dropped_iterations,{at + 9},1,,,,,",
        f"vus,{at + 99},0,,,,,",
    ]
    csv(sides[0] / "round.csv", [*checks, *rest], header=header)
    csv(sides[1] / "round.csv", rest, header=header)
    found = read(sides)
    [one] = found.rounds
    assert one.head.checks is None
    assert one.base.checks is not None
    names = [found.checks[code] for code in one.base.checks.check]
    told = zip(names, one.base.checks.time_ns.tolist(), one.base.checks.ok.tolist(), strict=True)
    assert sorted(told) == [("has items", at + 1, False), ("status is 200", at, True)]
    assert found.endpoints == (("/a", "GET"), ("/b", "GET"))
    assert one.base.refused == 1
    assert one.base.ok.all()
    assert one.base.received == {-1: 7.0, 1: 150.0}
    assert one.base.hung_ns is not None
    assert (one.base.hung_ns.tolist(), one.base.last_ns) == ([at + 2], at + 9)
    assert one.base.dropped_ns is not None
    assert (one.base.dropped, one.base.dropped_ns.tolist()) == (1, [at + 9])


@pytest.mark.parametrize("metric", ["ltlab_iterations_failed", "vusers.failed"])
def test_read__iterations_that_failed(sides: tuple[Path, Path], metric: str) -> None:
    csv(sides[0] / "round.csv", k6_rows())
    csv(sides[1] / "round.csv", [*k6_rows(), f"{metric},{START_NS + 7},1.000000,,,,,,"])
    [one] = read(sides).rounds
    assert one.base.failed_ns is None
    assert one.head.failed_ns is not None
    assert one.head.failed_ns.tolist() == [START_NS + 7]


def test_read__iterations_count_from_where_they_began(sides: tuple[Path, Path]) -> None:
    begun = [f"ltlab_iterations_begun,{START_NS + at},1.000000,,,,,," for at in (1, 2, 3)]
    for side in sides:
        csv(side / "round.csv", [*k6_rows(), *begun])
    [one] = read(sides).rounds
    assert sorted(one.base.iterations_ns.tolist()) == [START_NS + at for at in (1, 2, 3)]
    assert (one.base.complete_ns, one.base.failed_ns) == (None, None)


def test_read__times_in_rfc3339_of_any_zone(sides: tuple[Path, Path]) -> None:
    utc = np.datetime64(START_NS + 10**9 + 123_456_789, "ns")
    for side, time in zip(sides, (f"{utc}Z", f"{utc + np.timedelta64(2, 'h')}+02:00"), strict=True):
        rows = [f"http_req_duration,{time},250.500000,/a"]
        rows += [f"http_req_duration,{utc + np.timedelta64(1, 's')}Z,250.500000,/a"]
        csv(side / "a.csv", rows, header="metric_name,timestamp,metric_value,name")
    [one] = read(sides).rounds
    expected = START_NS + 10**9 + 123_456_789 - 250_500_000
    assert one.base.start_ns.min() == expected
    assert one.head.start_ns.min() == expected


def test_read__csv_whose_lines_end_as_a_spreadsheet_writes_them(sides: tuple[Path, Path]) -> None:
    for side in sides:
        path = csv(side / "round.csv", k6_rows())
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    [one] = read(sides).rounds
    assert one.base.ms.tolist() == [250.5] * 10
    assert one.head.ok.tolist() == [True, True, False, *[True] * 7]


def test_read__parquet_of_a_report_beside_csv(sides: tuple[Path, Path]) -> None:
    names = HEADER.split(",")
    rows = [dict(zip(names, row.split(","), strict=True)) for row in k6_rows()]
    parquet(sides[0] / "browse.parquet", rows)
    csv(sides[1] / "browse.csv", k6_rows())
    check(read(sides).rounds[0].base)


def test_read__a_request_that_was_never_sent_has_failed(sides: tuple[Path, Path]) -> None:
    """Artillery leaves no latency of a refused connection; k6 has one of every failure."""
    for side in sides:
        side.mkdir()
    duckdb.connect().execute(
        "COPY (FROM (VALUES ('http_req_duration', 5.0, '/a', 1000000, 'true'), "
        "('http_req_failed', 0.0, '/a', 1000000, 'true'), "
        "('http_req_duration', 7.0, '/a', 2000000, 'false'), "
        "('http_req_failed', 1.0, '/a', 2000000, 'false'), "
        "('http_req_failed', 1.0, '/a', 3000000, 'false'), "
        "('http_req_failed', 1.0, '/gone', 3000000, 'false')) "
        "AS rows(metric, value, name, at_ns, expected_response) "
        f"SELECT *, {START_NS} + at_ns AS time_ns) TO '{sides[0]}/x.parquet'"
    )
    shutil.copy(sides[0] / "x.parquet", sides[1])
    found = read(sides)
    base = found.rounds[0].base
    seen = zip(
        base.endpoint.tolist(), (base.start_ns - START_NS).tolist(), base.ok.tolist(), strict=True
    )
    assert found.endpoints == (("/a", ""), ("/gone", ""))
    assert sorted(seen) == [
        (0, -5_000_000, False),
        (0, -4_000_000, True),
        (0, 3_000_000, False),
        (1, 3_000_000, False),
    ]


def test_read__parquet_with_the_least_columns(sides: tuple[Path, Path]) -> None:
    for side in sides:
        side.mkdir()
        duckdb.connect().execute(
            "COPY (SELECT 'http_req_duration' AS metric, 1795000000000000000 + i * 1000000 AS time_ns, "
            f"1.5::DOUBLE AS value, '/a' AS name FROM range(5) AS r(i)) TO '{side}/x.parquet'"
        )
    [one] = read(sides).rounds
    assert one.base.ok.all()
    assert read(sides).endpoints == (("/a", ""),)


def test_read__status_and_error_code_where_nothing_says_what_was_expected(
    sides: tuple[Path, Path],
) -> None:
    header = "metric_name,timestamp,metric_value,error_code,name,status"
    bad = ("1000,/a,0", "1404,/a,404", ",/a,500")
    rows = [
        f"http_req_duration,{START_NS + n},1.0,{rest}"
        for n, rest in enumerate((*bad, ",/a,200", ",/a,304"))
    ]
    for side in sides:
        csv(side / "a.csv", rows, header=header)
    [one] = read(sides).rounds
    assert one.head.ok.sum() == 2


def test_read__pairs_files_by_name_and_numbers_endpoints_the_same_everywhere(
    sides: tuple[Path, Path],
) -> None:
    header = "metric_name,timestamp,metric_value,name"
    for side, names in zip(sides, (("b", "c"), ("c", "a")), strict=True):
        for number, name in enumerate(names):
            at = START_NS + number * 10**10
            rows = [f"http_req_duration,{at + n * 10**6},1.0,{name}" for n in range(5)]
            csv(side / f"round-{number}.csv", rows, header=header)
    found = read(sides)
    assert [name for name, _ in found.endpoints] == ["a", "b", "c"]
    codes = [[set(s.endpoint.tolist()) for s in (one.base, one.head)] for one in found.rounds]
    assert codes == [[{1}, {2}], [{2}, {0}]]


def named(names: Sequence[str], urls: Sequence[str]) -> list[str]:
    """Return a request a second to each name, with the URL that its engine tells."""
    return [
        f"http_req_duration,{START_NS + (number + 1) * 10**9},5.0,GET,{name},{url}"
        for number, (name, url) in enumerate(zip(names, urls, strict=True))
    ]


NAMED = "metric_name,timestamp,metric_value,method,name,url"


def test_read__ids_are_learned_from_both_sides_together(sides: tuple[Path, Path]) -> None:
    """One id a side is no reason to merge, and two are; a name that a script gave stays as it is."""
    for side, number in zip(sides, (7, 8), strict=True):
        names = [f"/items/{number}", "/about", "GET /items/7"]
        urls = [f"http://127.0.0.1:81/items/{number}", "http://127.0.0.1:81/about", "GET /items/7"]
        csv(side / "round-1.csv", named(names, urls), header=NAMED)
    found = read(sides)
    assert [name for name, _ in found.endpoints] == ["/about", "/items/:id", "GET /items/7"]
    assert [name for name, _ in found.names] == ["/about", "/items/7", "/items/8", "GET /items/7"]
    assert [each.model_dump() for each in found.grouped] == [
        {"scenario": "", "name": "/items/:id", "method": "GET", "names": 2, "example": "/items/7"}
    ]
    [one] = found.rounds
    assert one.base.name is not None
    assert sorted(found.names[place][0] for place in one.base.name) == [
        "/about",
        "/items/7",
        "GET /items/7",
    ]
    assert sorted(found.endpoints[place][0] for place in one.base.endpoint) == [
        "/about",
        "/items/:id",
        "GET /items/7",
    ]


def test_read__stated_names_are_endpoints(sides: tuple[Path, Path]) -> None:
    for side in sides:
        csv(side / "1.csv", named(["/a/1", "/a/2"], ["http://x/a/1", "http://x/a/2"]), header=NAMED)
    naming = model.Naming(patterns=("/a/1",), learn=False)
    found = rounds.read(*sides, sides[0].parent / "temp", naming)
    assert [name for name, _ in found.endpoints] == ["/a/1", "/a/2"]
    assert found.grouped == ()


def test_read__addresses_that_differ_by_side_are_the_services(sides: tuple[Path, Path]) -> None:
    """As k6 records it where nobody takes them off."""
    for side, port in zip(sides, (8001, 8002), strict=True):
        urls = [f"http://127.0.0.1:{port}{path}" for path in ("/a", "")]
        csv(side / "round-1.csv", named(urls, urls), header=NAMED)
    assert [name for name, _ in read(sides).endpoints] == ["/", "/a"]


def test_read__coarse_time_is_refused_with_the_fix(sides: tuple[Path, Path]) -> None:
    for unit_ns in (10**9, 10**6):
        for side in sides:
            csv(side / "a.csv", k6_rows(unit_ns=unit_ns))
        assert "K6_CSV_TIME_FORMAT=unix_nano" in refusal(sides)
    for side in sides:
        csv(side / "a.csv", ["http_req_duration,2026-11-24T02:00:00Z,1.0,,true,,GET,/a,200"])
    assert "too coarse (2026-11-24T02:00:00Z)" in refusal(sides)


def test_read__what_cannot_be_paired_is_refused(sides: tuple[Path, Path]) -> None:
    assert "cannot be read" in refusal(sides)
    for side in sides:
        side.mkdir()
    assert "holds no samples file" in refusal(sides)
    (sides[0] / "samples").mkdir()
    assert "its folder samples/" in refusal(sides)
    csv(sides[0] / "a.csv", k6_rows())
    csv(sides[0] / "b.csv", k6_rows())
    csv(sides[1] / "a.csv", k6_rows())
    assert "holds 2 samples files" in refusal(sides)
    assert "and" in refusal(sides)
    csv(sides[1] / "b.csv", k6_rows(at_ns=START_NS + 10**12))
    assert "not recorded at the same time" in refusal(sides)


def test_read__no_common_endpoint_is_refused(sides: tuple[Path, Path]) -> None:
    csv(sides[0] / "a.csv", k6_rows())
    csv(sides[1] / "a.csv", [row.replace("/a", "/b") for row in k6_rows()])
    assert "no endpoint was requested on both sides: base has '/a', head '/b'" in refusal(sides)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no column metric, time_ns, value"),
        (b"a,b\n1,2\n", "has no column metric, time_ns, value"),
        (HEADER.encode() + b"\n", "holds no samples"),
        (HEADER.encode() + b"\nhttp_reqs," + b"1" * 19 + b",1,,,,,,\n", "no samples of http_req"),
        (HEADER.encode() + b"\nhttp_req_duration," + b"1" * 19 + b",x,,,,,,\n", "cannot be read"),
        (HEADER.encode() + b"\nhttp_req_dura", "cannot be read"),
        (b"\xff\xfe\n", "cannot be read"),
    ],
)
def test_read__broken_csv_is_refused(sides: tuple[Path, Path], content: bytes, said: str) -> None:
    for side in sides:
        csv(side / "a.csv", k6_rows())
    (sides[1] / "a.csv").write_bytes(content)
    assert said in refusal(sides)
    assert str(sides[1] / "a.csv") in refusal(sides)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.parquet"])
def test_read__broken_files_are_refused(sides: tuple[Path, Path], name: str) -> None:
    for side in sides:
        csv(side / "a.csv.gz", k6_rows())
    whole = (sides[1] / "a.csv.gz").read_bytes()
    (sides[1] / "a.csv.gz").unlink()
    (sides[1] / name).write_bytes(whole[: len(whole) // 2])
    assert "cannot be read" in refusal(sides)


def test_read__takes_the_processors_that_a_service_used(sides: tuple[Path, Path]) -> None:
    used = [f"service_cpu,{START_NS + n * 10**9},0.5,,,,,," for n in range(3)]
    csv(sides[0] / "a.csv", [*k6_rows(), *used])
    csv(sides[1] / "a.csv", k6_rows())
    [one] = rounds.read(*sides, sides[0].parent / "spill").rounds
    assert one.base.cpu is not None
    assert one.base.cpu_ns is not None
    assert one.base.cpu.tolist() == [0.5] * 3
    assert one.base.cpu_ns.min() == START_NS
    assert (one.head.cpu, one.head.cpu_ns) == (None, None)
