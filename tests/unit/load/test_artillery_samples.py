"""Artillery's records become samples by one table, whatever the moments at which one looks."""

from __future__ import annotations

import collections
import csv
import itertools
import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltlab_ci import errors, model
from ltlab_ci.load import artillery_samples
from ltlab_ci.store import duck
from tests import factories
from tests.factories import CAPTURED, SECOND_NS, START_NS

Record = dict[str, Any]
CAPTURES = CAPTURED / "artillery-2.0.34"
MS = {
    "wait": 1.0,
    "dns": 2.0,
    "tcp": 4.0,
    "tls": 8.0,
    "request": 16.0,
    "firstByte": 32.0,
    "download": 64.0,
    "total": 127.0,
}


def a_request(**parts: object) -> Record:
    given: Record = {
        "k": "req",
        "t": START_NS,
        "name": "GET /a",
        "method": "GET",
        "url": "http://shop.test/a?b=1",
        "status": 200,
        "error": None,
        "scenario": "browse",
        "bytes": 11,
        "ms": MS,
    }
    return {**given, **parts}


def a_metric(kind: str, name: str, value: float = 1.0, at_s: float = 0.0) -> Record:
    return {"k": kind, "t": START_NS + round(at_s * SECOND_NS), "n": name, "v": value}


def values(rows: Iterable[artillery_samples.Row]) -> dict[str, float]:
    return {row.metric: row.value for row in rows}


def write(path: Path, records: Iterable[Record]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def read(batches: Iterable[model.Batch]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for batch in batches:
        for path in batch.paths:
            with path.open(encoding="utf-8", newline="") as file:
                found.extend(csv.DictReader(file, fieldnames=batch.columns))
    return found


def handed_on(run_dir: Path) -> list[str]:
    batches = artillery_samples.NdjsonReader(run_dir).finish()
    return [path.read_text() for batch in batches for path in batch.paths]


def test_request__is_counted_and_timed_by_the_table() -> None:
    assert values(artillery_samples.request(a_request())) == {
        "http_reqs": 1.0,
        "http_req_failed": 0.0,
        "data_received": 11.0,
        "http_req_duration": 16.0 + 32.0 + 64.0,
        "http_req_waiting": 32.0,
        "http_req_sending": 16.0,
        "http_req_receiving": 64.0,
        "http_req_blocked": 1.0 + 2.0,
        "http_req_connecting": 4.0,
        "http_req_tls_handshaking": 8.0,
    }


def test_request__tags_are_those_of_k6() -> None:
    row = next(iter(artillery_samples.request(a_request())))
    assert row == artillery_samples.Row(
        metric="http_reqs",
        time_ns=START_NS,
        value=1.0,
        expected_response="true",
        method="GET",
        name="GET /a",
        scenario="browse",
        status="200",
        url="http://shop.test/a?b=1",
    )


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("GET /a", "http://shop.test/b", "GET /a"),
        (None, "http://shop.test/b?c=1", "/b"),
        (None, "http://shop.test", "http://shop.test"),
        ("", "http://shop.test/b", "/b"),
        (None, None, ""),
    ],
)
def test_request__without_a_name_is_called_by_its_path(
    name: str | None, url: str | None, expected: str
) -> None:
    row = next(iter(artillery_samples.request(a_request(name=name, url=url))))
    assert row.name == expected


@pytest.mark.parametrize(
    ("status", "error", "failed"),
    [
        (200, None, 0.0),
        (302, None, 0.0),
        (399, None, 0.0),
        (400, None, 1.0),
        (500, None, 1.0),
        (0, "ECONNREFUSED", 1.0),
        (None, "ETIMEDOUT", 1.0),
        (200, "ECONNRESET", 1.0),
    ],
)
def test_request__failed_or_not(status: int | None, error: str | None, failed: float) -> None:
    rows = list(artillery_samples.request(a_request(status=status, error=error)))
    assert values(rows)["http_req_failed"] == failed
    assert {row.expected_response for row in rows} == {"false" if failed else "true"}
    assert {row.error for row in rows} == {error or ""}


@pytest.mark.parametrize(
    ("phases", "absent"),
    [
        ({"wait": 1.0}, {"http_req_duration", "http_req_waiting", "http_req_receiving"}),
        ({"wait": 1.0, "request": 2.0}, {"http_req_waiting", "http_req_receiving"}),
        ({"wait": 1.0, "request": 2.0, "firstByte": 3.0}, {"http_req_receiving"}),
        (MS, set()),
    ],
)
def test_request__what_did_not_happen_took_no_time(
    phases: dict[str, float], absent: set[str]
) -> None:
    found = values(artillery_samples.request(a_request(ms=phases, bytes=None)))
    timed = set(artillery_samples.PHASES)
    assert timed - set(found) == absent
    assert "data_received" not in found
    if "http_req_duration" in found:
        assert found["http_req_duration"] == sum(
            phases.get(phase, 0.0) for phase in ("request", "firstByte", "download")
        )


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (a_metric("counter", "vusers.created"), [("vusers.created", 1.0)]),
        (
            a_metric("counter", "vusers.completed"),
            [("iterations", 1.0), ("vusers.completed", 1.0)],
        ),
        (a_metric("counter", "vusers.failed", 2.0), [("iterations", 2.0), ("vusers.failed", 2.0)]),
        (
            a_metric("counter", "vusers.skipped"),
            [("dropped_iterations", 1.0), ("vusers.skipped", 1.0)],
        ),
        (
            a_metric("summary", "vusers.session_length", 12.5),
            [("iteration_duration", 12.5), ("vusers.session_length", 12.5)],
        ),
        (a_metric("counter", "my.tries", 3.0), [("my.tries", 3.0)]),
        ({"k": "rate", "t": START_NS, "n": "beat"}, [("beat", 1.0)]),
        (a_metric("counter", "http.downloaded_bytes", 11.0), []),
        (a_metric("counter", "plugins.expect.ok"), []),
        (a_metric("counter", "plugins.expect.failed"), []),
    ],
)
def test_metric__by_the_table(record: Record, expected: list[tuple[str, float]]) -> None:
    rows = artillery_samples.metric(record)
    assert [(row.metric, row.value) for row in rows] == expected


def test_metric__a_user_that_failed_belongs_to_where_it_began_if_that_is_known() -> None:
    record = {**a_metric("counter", "vusers.failed"), "ms": 2500.0}
    ended, failed = artillery_samples.metric(record)
    assert (ended.metric, ended.time_ns) == ("iterations", START_NS)
    assert (failed.metric, failed.time_ns) == ("vusers.failed", START_NS - 2_500_000_000)


def test_metric__errors_and_expectations_have_tags() -> None:
    [error] = artillery_samples.metric(a_metric("counter", "errors.ECONNREFUSED", 4.0))
    assert (error.metric, error.value, error.error) == ("errors", 4.0, "ECONNREFUSED")
    [held] = artillery_samples.metric(a_metric("counter", "plugins.expect.ok.statusCode"))
    [failed] = artillery_samples.metric(a_metric("counter", "plugins.expect.failed.contentType"))
    assert (held.metric, held.value, held.check) == ("checks", 1.0, "statusCode")
    assert (failed.metric, failed.value, failed.check) == ("checks", 0.0, "contentType")


def test_tables__name_metrics_that_are_known() -> None:
    for name in (*artillery_samples.PHASES, *artillery_samples.RENAMED.values()):
        assert name in model.BUILT_IN


def stepwise(run_dir: Path, lines: dict[str, bytes], steps: int) -> list[dict[str, str]]:
    """Let the files of several workers grow in steps, reading after each."""
    reader = artillery_samples.NdjsonReader(run_dir)
    found: list[dict[str, str]] = []
    for step in range(steps):
        for name, text in lines.items():
            start, end = len(text) * step // steps, len(text) * (step + 1) // steps
            with (run_dir / name).open("ab") as file:
                file.write(text[start:end])
        found += read(reader.drain())
    return [*found, *read(reader.finish())]


def without_vus(rows: Iterable[dict[str, str]]) -> list[tuple[str, ...]]:
    return sorted(tuple(row.values()) for row in rows if row["metric_name"] != "vus")


@pytest.mark.parametrize(
    "case", ["holds", "expect_fails", "refused", "ensure_fails", "interrupted"]
)
@pytest.mark.parametrize("steps", [1, 5, 33])
def test_reader__every_record_of_a_real_run_is_handed_on(
    run_dir: Path, case: str, steps: int
) -> None:
    text = (CAPTURES / case / "worker-1.ndjson").read_bytes()
    records = [json.loads(line) for line in text.splitlines()]
    found = stepwise(run_dir, {"worker-1.ndjson": text}, steps)
    counts = collections.Counter(row["metric_name"] for row in found)
    requests = [record for record in records if record["k"] == "req"]
    ended = [r for r in records if r.get("n") in {"vusers.completed", "vusers.failed"}]
    assert counts["http_reqs"] == counts["http_req_failed"] == len(requests)
    assert counts["iterations"] == len(ended)
    assert {row["extra_tags"] for row in found} <= {"worker=1", ""}
    once = artillery_samples.request(requests[0])
    assert [row.time_ns for row in once] == [requests[0]["t"]] * len(
        list(artillery_samples.request(requests[0]))
    )
    types, missing, *_ = artillery_samples.recorded(run_dir)
    assert missing == ""
    assert types["iterations"] == types["vusers.created"] == "counter"
    assert not list(run_dir.glob("*.ndjson"))
    assert not list(run_dir.glob("*.csv"))


@pytest.mark.parametrize("case", ["holds", "refused"])
def test_reader__the_moments_of_looking_do_not_matter(tmp_path: Path, case: str) -> None:
    text = (CAPTURES / case / "worker-1.ndjson").read_bytes()
    found = []
    for steps in (1, 7, 50):
        folder = tmp_path / str(steps)
        folder.mkdir()
        found.append(without_vus(stepwise(folder, {"worker-1.ndjson": text}, steps)))
    assert found[0] == found[1] == found[2]


USERS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 8000), st.integers(0, 8000), st.booleans()),
    max_size=20,
)


def lives(users: Sequence[tuple[int, int, int, bool]]) -> dict[int, list[Record]]:
    """Return the records of virtual users: worker, start, length in ms, and whether they failed."""
    found: dict[int, list[Record]] = {0: [], 1: [], 2: []}
    for worker, start_ms, length_ms, failed in users:
        start_s, end_s = start_ms / 1000, (start_ms + length_ms) / 1000
        found[worker].append(a_metric("counter", "vusers.created", 1, start_s))
        ended = "vusers.failed" if failed else "vusers.completed"
        found[worker].append(a_metric("counter", ended, 1, end_s))
    for records in found.values():
        records.sort(key=lambda record: record["t"])
    return found


def at_work(users: Sequence[tuple[int, int, int, bool]], second: int) -> int:
    moment_ms = second * 1000
    return sum(start < moment_ms for _, start, _, _ in users) - sum(
        start + length < moment_ms for _, start, length, _ in users
    )


@settings(max_examples=25)
@given(users=USERS, steps=st.sampled_from([1, 2, 9]))
def test_reader__virtual_users_are_counted_over_all_workers(
    users: list[tuple[int, int, int, bool]], steps: int
) -> None:
    records = [record for worker in lives(users).values() for record in worker]
    newest = max((record["t"] for record in records), default=0)
    with tempfile.TemporaryDirectory() as folder:
        run_dir = Path(folder)
        reader = artillery_samples.NdjsonReader(run_dir)
        found: list[dict[str, str]] = []
        for step in range(steps):
            until = START_NS + (newest - START_NS) * (step + 1) // steps
            for worker, all_records in lives(users).items():
                due = [r for r in all_records if r["t"] <= until]
                before = [
                    r
                    for r in all_records
                    if r["t"] <= START_NS + (newest - START_NS) * step // steps and step
                ]
                write(run_dir / f"worker-{worker}.ndjson", due[len(before) :])
            found += read(reader.drain())
        found += read(reader.finish())
    seen = {
        (int(row["timestamp"]) - START_NS) // SECOND_NS: float(row["metric_value"])
        for row in found
        if row["metric_name"] == "vus"
    }
    assert seen == {second: at_work(users, second) for second in seen}
    if users:
        assert max(seen) == (newest - START_NS) // SECOND_NS + 1
        assert len([row for row in found if row["metric_name"] == "vus"]) == len(seen)


def test_reader__workers_that_report_late_do_not_spoil_the_count(run_dir: Path) -> None:
    reader = artillery_samples.NdjsonReader(run_dir)
    write(
        run_dir / "worker-1.ndjson", [a_metric("counter", "vusers.created", 1, s) for s in (0, 9)]
    )
    early = read(reader.drain())
    write(run_dir / "worker-2.ndjson", [a_metric("counter", "vusers.created", 1, 1)])
    late = read(reader.finish())
    [last] = [row for row in late if row["metric_name"] == "vus"][-1:]
    assert float(last["metric_value"]) == 3.0
    assert [row["metric_name"] for row in early].count("vus") == 8


REQUESTS = st.lists(
    st.builds(
        a_request,
        name=st.none() | st.text(max_size=5),
        url=st.none() | st.sampled_from(["http://shop.test/a", "http://shop.test", "/x"]),
        status=st.none() | st.integers(0, 599),
        error=st.none() | st.sampled_from(["ECONNRESET", 'a "b"\r\nc']),
        scenario=st.none() | st.text(max_size=3),
        bytes=st.none() | st.integers(0, 10**9),
        ms=st.dictionaries(st.sampled_from(sorted(MS)), st.floats(0, 1e5)),
    ),
    max_size=12,
)


@settings(max_examples=10)
@given(requests=REQUESTS, cuts=st.lists(st.integers(0, 12), max_size=3))
def test_reader__as_many_http_reqs_as_requests_arrive_in_the_store(
    requests: list[Record], cuts: list[int]
) -> None:
    places = [0, *sorted(min(cut, len(requests)) for cut in cuts), len(requests)]
    with tempfile.TemporaryDirectory() as folder:
        run_dir = Path(folder)
        reader = artillery_samples.NdjsonReader(run_dir)
        writer = duck.Writer(run_dir / "samples", "browse")
        for start, end in itertools.pairwise(places):
            write(run_dir / "worker-1.ndjson", requests[start:end])
            for batch in reader.drain():
                writer.ingest(batch)
        for batch in reader.finish():
            writer.ingest(batch)
        writer.close()
        store = duck.Store(run_dir / "samples")
        question = factories.a_question("http_reqs", "count")
        answer = store.ask([question])[question]
        store.close()
    assert answer.count == len(requests)


@pytest.mark.parametrize("name", ["two\nlines", "cr\ronly", '"quoted"', " lead", "ü☃\u2028", "a,b"])
def test_reader__hostile_names_arrive_in_the_store(run_dir: Path, name: str) -> None:
    write(run_dir / "worker-1.ndjson", [a_request(name=name)] * 3)
    writer = duck.Writer(run_dir / "samples", "browse")
    for batch in artillery_samples.NdjsonReader(run_dir).finish():
        writer.ingest(batch)
    writer.close()
    store = duck.Store(run_dir / "samples")
    question = factories.a_question("http_reqs", "count", tags=(("name", name),))
    assert store.ask([question])[question].count == 3
    store.close()


def test_reader__a_last_line_that_was_cut_off_is_left_where_it_is(run_dir: Path) -> None:
    path = run_dir / "worker-1.ndjson"
    write(path, [a_request()])
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    found = read(artillery_samples.NdjsonReader(run_dir).finish())
    assert [row["metric_name"] for row in found].count("http_reqs") == 1
    assert path.is_file()


def test_reader__without_any_file_there_is_nothing(run_dir: Path) -> None:
    assert list(artillery_samples.NdjsonReader(run_dir).finish()) == []
    assert artillery_samples.recorded(run_dir).missing


def test_recorded__knows_the_types_of_custom_metrics(run_dir: Path) -> None:
    text = (CAPTURES / "holds" / "worker-1.ndjson").read_bytes()
    stepwise(run_dir, {"worker-1.ndjson": text}, 3)
    types = artillery_samples.recorded(run_dir).types
    assert {name: types[name] for name in ("tries", "depth", "beat", "iteration_duration")} == {
        "tries": "counter",
        "depth": "trend",
        "beat": "counter",
        "iteration_duration": "trend",
    }


@pytest.mark.parametrize(
    ("records", "files", "words"),
    [
        ([a_request()], [], "without closing its records"),
        (
            [a_request(), {"k": "close", "t": 1, "requests": 3, "rows": 4}],
            [],
            "2 recorded requests were not read",
        ),
        (
            [a_request(), {"k": "close", "t": 1, "requests": 1, "rows": 2}],
            ["worker-1.ndjson.failed"],
            "could not write its samples",
        ),
        ([], [], "without closing its records"),
    ],
)
def test_recorded__names_what_is_missing(
    run_dir: Path, records: list[Record], files: list[str], words: str
) -> None:
    write(run_dir / "worker-1.ndjson", records)
    list(artillery_samples.NdjsonReader(run_dir).finish())
    for name in files:
        (run_dir / name).touch()
    assert words in artillery_samples.recorded(run_dir).missing


@pytest.mark.parametrize(
    "record",
    [
        b"\xff",
        b"[]",
        b"3",
        b"{}",
        b'{"k": "req"}',
        b'{"k": "close"}',
        b'{"k": "close", "requests": "x"}',
        b'{"k": "counter", "n": "a", "t": 1, "v": "many"}',
        b'{"k": "counter", "n": "vusers.created", "t": "soon", "v": 1}',
        b'{"k": "counter", "n": "vusers.created", "t": 1, "v": 1e999}',
        b"[" * 100_000,
    ],
)
def test_reader__a_record_that_is_none_is_an_error(run_dir: Path, record: bytes) -> None:
    (run_dir / "worker-1.ndjson").write_bytes(record + b"\n")
    with pytest.raises(errors.StoreError) as caught:
        list(artillery_samples.NdjsonReader(run_dir).finish())
    factories.assert_two_lines(caught.value)


def test_reader__a_name_with_half_a_surrogate_pair_and_a_url_that_is_none(run_dir: Path) -> None:
    record = a_request(name=None, url="http://[::1/\ud800")
    (run_dir / "worker-1.ndjson").write_text(json.dumps(record) + "\n")
    texts = handed_on(run_dir)
    assert '"http://[::1/?"' in "".join(texts)


def test_reader__a_clock_that_was_set_fills_no_years_with_samples(run_dir: Path) -> None:
    times = [0, 1_795_000_000, 1_795_000_001]
    records = [
        {"k": "counter", "n": "vusers.created", "t": second * 1_000_000_000, "v": 1}
        for second in times
    ]
    (run_dir / "worker-1.ndjson").write_text("".join(json.dumps(r) + "\n" for r in records))
    texts = handed_on(run_dir)
    vus = [line for line in "".join(texts).splitlines() if line.startswith('"vus"')]
    assert [line.split(",")[2] for line in vus][-1] == "3.0"
    assert len(vus) < 10
