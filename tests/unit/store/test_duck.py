"""Whatever was measured, the store's answers are those of plain Python over the same samples."""

from __future__ import annotations

import functools
import itertools
import math
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ltlab_ci import errors, model
from ltlab_ci.store import duck
from tests import factories
from tests.factories import START_NS
from tests.samples import (
    Sample,
    every_question,
    filtered,
    reference,
    runs,
)


@contextmanager
def stored(
    batches: Sequence[Sequence[Sample]], columns: Sequence[str] = factories.K6_COLUMNS
) -> Iterator[duck.Store]:
    """Write batches the way a run does, and hand out the store over them."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        writer = duck.Writer(root / "samples", "browse")
        for index, batch in enumerate(batches):
            rows = [sample.row() for sample in batch]
            writer.ingest(factories.a_batch(root / f"{index}.csv", rows, columns))
        assert writer.close() == sum(len(batch) for batch in batches)
        store = duck.Store(root / "samples")
        try:
            yield store
        finally:
            store.close()


def cut_up(samples: Sequence[Sample], cuts: Sequence[int]) -> list[Sequence[Sample]]:
    """Cut samples into batches, empty ones included."""
    places = [0, *sorted(min(cut, len(samples)) for cut in cuts), len(samples)]
    return [samples[start:end] for start, end in itertools.pairwise(places)]


def check(store: duck.Store, samples: Sequence[Sample], questions: list[model.Question]) -> None:
    answers = store.ask(questions)
    assert set(answers) == set(questions)
    for question in questions:
        value, count = reference(samples, question)
        answer = answers[question]
        assert answer.count == count, question
        if value is None:
            assert answer.value is None, question
            continue
        # Answers have 12 digits; a sum of both signs loses what its parts cancel.
        size = math.fsum(abs(sample.value) for sample in samples)
        assert answer.value == pytest.approx(value, rel=1e-11, abs=1e-13 * size), question


@settings(max_examples=10)
@given(samples=runs(), cuts=st.lists(st.integers(0, 30), max_size=4), shares=st.data())
def test_ask__every_stat_of_every_type(
    samples: list[Sample], cuts: list[int], shares: st.DataObject
) -> None:
    percentiles = shares.draw(
        st.lists(st.floats(0, 100).map(lambda share: round(share, 6)), max_size=4)
    )
    questions = every_question() + [
        factories.a_question("my trend", f"p({share:f})") for share in percentiles
    ]
    with stored(cut_up(samples, cuts)) as store:
        check(store, samples, questions)


@settings(max_examples=12)
@given(samples=runs(), data=st.data())
def test_ask__filters_and_windows(samples: list[Sample], data: st.DataObject) -> None:
    with stored([samples]) as store:
        check(store, samples, data.draw(filtered(samples)))


PATTERNS = [
    ("GET /a", "GET /a"),
    ("GET /a", "GET /*"),
    ("GET /a", "*a"),
    ("GET /a", "*"),
    ("GET /a", "get /a"),
    ("GET /a", "GET /"),
    ("GET /a", "GET _a"),
    ("50%", "50%"),
    ("500", "50%"),
    ("500", "5%*"),
    ("a_b", "a_*"),
    ("axb", "a_*"),
    ("a*b", "a\\*b"),
    ("axb", "a\\*b"),
    ("a\\b", "a\\b"),
    ("a\\b", "a\\*"),
    ("a\\b", "a\\b*"),
    ("a\\\\b", "a\\\\b*"),
    ("a\\*", "a\\\\*"),
    ("a%", "a\\\\*"),
    ("two\nlines", "two*"),
    ("two\nlines", "*lines"),
    ("ü☃🎉", "ü*🎉"),
    ("a.b", "a.*"),
    ("axb", "a.b"),
    ("[x]", "[x]*"),
    ("x", "(x)*"),
    ("^a$", "^a$"),
    ("a|b", "a|b"),
    ("a", "a|b"),
    ("it's", "it's"),
    ('"', '"*'),
    (" lead", " *"),
]
"""Values of a tag, and a pattern tried on all of them."""


@pytest.mark.parametrize("tag", ["name", "kind"])
def test_ask__only_a_star_is_special(tag: str) -> None:
    there = [
        Sample(
            metric="http_reqs",
            time_ns=START_NS + index,
            value=1.0,
            **{"tags" if tag == "name" else "custom": {tag: value}},
        )
        for index, (value, _) in enumerate(PATTERNS)
    ]
    questions = [
        factories.a_question("http_reqs", "count", tags=((tag, pattern),))
        for _, pattern in PATTERNS
    ]
    with stored([there]) as store:
        check(store, there, list(dict.fromkeys(questions)))


def test_ask__a_custom_tag_is_told_from_others_that_end_or_start_like_it() -> None:
    tags = {"xkind": "a", "kin": "b", "kind": "c", "kindx": "d", "k.nd": "e"}
    there = Sample(metric="http_reqs", time_ns=START_NS, value=1.0, custom=tags)
    questions = [
        factories.a_question("http_reqs", "count", tags=((name, value),))
        for name, value in itertools.product([*tags, "other"], "abcde")
    ]
    with stored([[there]]) as store:
        check(store, [there], questions)


@settings(max_examples=5)
@given(
    samples=runs(), cuts=st.lists(st.lists(st.integers(0, 30), max_size=5), min_size=2, max_size=3)
)
def test_ask__the_same_samples_give_the_same_answers_however_and_in_whatever_order_they_came(
    samples: list[Sample], cuts: list[list[int]]
) -> None:
    questions = every_question()
    answers = []
    for places in cuts:
        for order in (samples, samples[::-1]):
            with stored(cut_up(order, places)) as store:
                answers.append(store.ask(questions))
    assert all(each == answers[0] for each in answers)


def test_ask__a_gauge_that_changed_twice_in_one_nanosecond_has_one_answer() -> None:
    twice = [Sample(metric="vus", time_ns=START_NS, value=value) for value in (3.0, 7.0)]
    question = factories.a_question("vus", "value")
    found = set()
    for batches in ([twice], [twice[:1], twice[1:]], [twice[1:], twice[:1]], [[], twice]):
        with stored(batches) as store:
            found.add(store.ask([question])[question])
    assert len(found) == 1


def test_ask__counts_are_exact_over_many_batches() -> None:
    batches = [
        [
            Sample(metric="http_reqs", time_ns=START_NS + 1000 * index + offset, value=1.0)
            for offset in range(97)
        ]
        for index in range(60)
    ]
    question = factories.a_question("http_reqs", "count")
    with stored(batches) as store:
        assert store.ask([question])[question] == model.Answer(value=5820.0, count=5820)


def test_ask__a_large_count_keeps_every_digit() -> None:
    bytes_sent = [1_234_567_890_123.0, 4.0]
    there = [
        Sample(metric="data_sent", time_ns=START_NS + index, value=value)
        for index, value in enumerate(bytes_sent)
    ]
    question = factories.a_question("data_sent", "count")
    with stored([there]) as store:
        assert store.ask([question])[question].value == sum(bytes_sent)


def test_ask__small_values_are_not_added_up_to_nothing() -> None:
    there = [
        Sample(metric="http_reqs", time_ns=START_NS + index, value=value)
        for index, value in enumerate([1e15, *[0.125] * 1000, -1e15])
    ]
    question = factories.a_question("http_reqs", "count")
    with stored([there]) as store:
        assert store.ask([question])[question].value == 125.0


@pytest.mark.parametrize("seconds", [0.0, 10.0])
def test_ask__a_counter_s_rate_needs_a_time(seconds: float) -> None:
    there = Sample(metric="http_reqs", time_ns=START_NS, value=5.0)
    question = factories.a_question("http_reqs", "rate", seconds=seconds)
    with stored([[there]]) as store:
        expected = model.Answer(value=0.5 if seconds else None, count=1)
        assert store.ask([question])[question] == expected


def test_ask__an_unknown_scenario_or_metric_has_no_answer() -> None:
    there = Sample(metric="http_reqs", time_ns=START_NS, value=5.0)
    nothing = model.Answer(value=None, count=0)
    with stored([[there]]) as store:
        for question in (
            factories.a_question("checks", "rate"),
            factories.a_question("http_reqs", "count", scenario="another"),
            factories.a_question("http_reqs", "count", tags=(("name", "*"),)),
            factories.a_question("http_reqs", "count", tags=(("kind", "*"),)),
            factories.a_question("http_reqs'; drop table x; --", "count"),
        ):
            assert store.ask([question]) == {question: nothing}


def test_ask__nothing_asked_nothing_answered() -> None:
    with stored([]) as store:
        assert store.ask([]) == {}


@pytest.mark.parametrize("value", ["+Inf", "-Inf"])
def test_ask__what_k6_writes_for_infinity_never_becomes_a_figure(
    value: str, tmp_path: Path
) -> None:
    # k6 lets a script add Infinity to a metric; result.json cannot hold it.
    rows = [
        {"metric_name": "my_trend", "timestamp": START_NS, "metric_value": value},
        {"metric_name": "my_trend", "timestamp": START_NS, "metric_value": "1.0"},
    ]
    writer = duck.Writer(tmp_path / "samples", "browse")
    writer.ingest(factories.a_batch(tmp_path / "rows.csv", rows))
    writer.close()
    store = duck.Store(tmp_path / "samples")
    questions = [factories.a_question("my_trend", stat) for stat in ("max", "min", "avg", "p(95)")]
    answers = store.ask(questions)
    store.close()
    assert all(a.value is None or math.isfinite(a.value) for a in answers.values())


@pytest.mark.parametrize(("metric", "stat"), [("http_reqs", "rate"), ("my_trend", "p(95)")])
def test_ask__samples_without_a_value_are_no_figure(metric: str, stat: str, tmp_path: Path) -> None:
    rows = [{"metric_name": metric, "timestamp": START_NS, "metric_value": ""}]
    writer = duck.Writer(tmp_path / "samples", "browse")
    writer.ingest(factories.a_batch(tmp_path / "rows.csv", rows))
    writer.close()
    store = duck.Store(tmp_path / "samples")
    question = factories.a_question(metric, stat, seconds=10.0)
    answer = store.ask([question])[question]
    store.close()
    assert answer == model.Answer(value=None, count=1)


@given(order=st.permutations(factories.K6_COLUMNS))
@settings(max_examples=4)
@example(order=["extra_tags", "metric_value", "metric_name", "timestamp"])
@example(order=["metric_value", "name", "timestamp", "metric_name"])
@example(order=["timestamp", "metric_name", "metric_value"])
def test_ingest__reads_columns_by_the_header(order: list[str]) -> None:
    present = {"name": "GET /"} if "name" in order else {}
    custom = {"kind": "a"} if "extra_tags" in order else {}
    there = Sample(metric="http_reqs", time_ns=START_NS, value=2.0, tags=present, custom=custom)
    questions = [
        factories.a_question("http_reqs", "count"),
        factories.a_question("http_reqs", "count", tags=(("name", "GET /"),)),
        factories.a_question("http_reqs", "count", tags=(("kind", "a"),)),
        factories.a_question("http_reqs", "count", tags=(("status", "*"),)),
    ]
    with stored([[there]], order) as store:
        check(store, [there], questions)


def pulse(tmp_path: Path, samples: Sequence[Sample]) -> model.Pulse:
    writer = duck.Writer(tmp_path / "samples", "browse")
    found = writer.ingest(
        factories.a_batch(tmp_path / "rows.csv", [sample.row() for sample in samples])
    )
    writer.close()
    return found


def test_ingest__says_what_is_in_a_batch(tmp_path: Path) -> None:
    at = functools.partial(Sample, time_ns=START_NS)
    rows = [
        *[at(metric="http_reqs", value=1.0)] * 4,
        *[at(metric="http_req_failed", value=value) for value in (0.0, 1.0, 0.0, 1.0)],
        *[at(metric="http_req_duration", value=float(value)) for value in range(101)],
        Sample(metric="vus", time_ns=START_NS + 2, value=5.0),
        Sample(metric="vus", time_ns=START_NS + 1, value=9.0),
        Sample(metric="vus_max", time_ns=START_NS + 1, value=7.0),
    ]
    expected = model.Pulse(
        samples=112, work=109, requests=4, failed=2, p95_ms=95.0, vus=5, vus_max=7
    )
    assert pulse(tmp_path, rows) == expected


def test_ingest__a_batch_of_other_metrics_has_no_pulse(tmp_path: Path) -> None:
    row = Sample(metric="my_metric", time_ns=START_NS, value=1.0)
    assert pulse(tmp_path, [row]) == model.Pulse(samples=1, work=1)


@pytest.mark.parametrize("value", ["+Inf", "-Inf"])
def test_ingest__a_pulse_is_made_of_numbers(tmp_path: Path, value: str) -> None:
    # A script may add Infinity to k6's own metrics: `new Counter('http_reqs')` is the one k6 counts.
    metrics = ("http_reqs", "http_req_failed", "http_req_duration", "vus")
    rows = [
        {"metric_name": metric, "timestamp": START_NS + index, "metric_value": each}
        for metric in metrics
        for index, each in enumerate(["1.0", value])
    ]
    writer = duck.Writer(tmp_path / "samples", "browse")
    found = writer.ingest(factories.a_batch(tmp_path / "rows.csv", rows))
    assert writer.close() == len(rows)
    assert found == model.Pulse(samples=8, work=6, requests=1, failed=1, p95_ms=1.0, vus=1)


def test_ingest__a_batch_of_several_files_is_stored_whole(tmp_path: Path) -> None:
    names = ("[x]", "two\nlines", "plain")
    parts = [
        factories.a_batch(
            tmp_path / f"{name[:3]}.csv",
            [Sample(metric="http_reqs", time_ns=START_NS, value=2.0, tags={"name": name}).row()],
        )
        for name in names
    ]
    writer = duck.Writer(tmp_path / "samples", "browse")
    paths = tuple(path for part in parts for path in part.paths)
    found = writer.ingest(model.Batch(paths=paths, columns=factories.K6_COLUMNS))
    assert (found.samples, found.requests, writer.close()) == (3, 6, 3)


ROW = "http_reqs,1,1.0,,,,,,,,,,,,,,,,\n"


@pytest.mark.parametrize(
    "bad",
    [
        b"http_reqs,1\n",
        b"http_reqs,soon,1.0,,,,,,,,,,,,,,,,\n",
        b"http_reqs,1,much,,,,,,,,,,,,,,,,\n",
        b"http_reqs,1,1.0,,,,,,,,,,,,,,,,,more,and more\n",
        b'http_reqs,1,1.0,"open,,,,,,,,,,,,,,,\n',
        b"http_reqs,1,1.0,\xff\xfe,,,,,,,,,,,,,,,\n",
    ],
)
def test_ingest__a_malformed_row_is_an_error_and_loses_nothing(tmp_path: Path, bad: bytes) -> None:
    columns = factories.K6_COLUMNS
    writer = duck.Writer(tmp_path / "samples", "browse")
    path = tmp_path / "rows.csv"
    path.write_bytes(ROW.encode() + bad + ROW.encode())
    with pytest.raises(errors.StoreError) as caught:
        writer.ingest(model.Batch(paths=(path,), columns=columns))
    assert "rows.csv" in caught.value.message
    assert caught.value.remedy
    assert path.read_bytes() == ROW.encode() + bad + ROW.encode()
    good = tmp_path / "good.csv"
    good.write_text(ROW * 3)
    writer.ingest(model.Batch(paths=(good,), columns=columns))
    assert writer.close() == 3
    store = duck.Store(tmp_path / "samples")
    question = factories.a_question("http_reqs", "count")
    assert store.ask([question])[question].count == 3
    store.close()


LINE_ENDS = ("two\nlines", "\r\n", "\n\n\n", 'a "quoted"\nword', "cr\ronly", "tail\n", "\rhead")


@pytest.mark.parametrize("names", [LINE_ENDS, LINE_ENDS * 50, *[(name,) for name in LINE_ENDS]])
def test_ingest__quoted_line_ends_stay_in_their_row(names: Sequence[str]) -> None:
    there = [
        Sample(metric="http_reqs", time_ns=START_NS + index, value=1.0, tags={"name": name})
        for index, name in enumerate(names)
    ]
    questions = [
        factories.a_question("http_reqs", "count", tags=(("name", name),)) for name in set(names)
    ]
    with stored([there]) as store:
        check(store, there, questions)


def test_close__an_empty_scenario_leaves_no_file(tmp_path: Path) -> None:
    writer = duck.Writer(tmp_path / "samples", "browse")
    assert writer.close() == 0
    assert list((tmp_path / "samples").iterdir()) == []
    store = duck.Store(tmp_path / "samples")
    assert store.source("browse") is None
    store.close()


def test_close__leaves_one_file_for_a_short_scenario(tmp_path: Path) -> None:
    for name in ("browse", "check out/now"):
        writer = duck.Writer(tmp_path / "samples", name)
        for index in range(3):
            writer.ingest(
                factories.a_batch(
                    tmp_path / f"{index}.csv",
                    [Sample(metric="http_reqs", time_ns=index, value=1.0).row()],
                )
            )
        writer.close()
    files = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert files == sorted([duck.file_name("browse"), duck.file_name("check out/now")])


def test_close__a_long_run_leaves_several_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duck, "FILE_SAMPLES", 5)
    writer, other = (duck.Writer(tmp_path / "samples", name) for name in ("browse", "browse-2"))
    sizes = (2, 2, 3, 5, 1, 0, 2, 9, 1)
    for size, start in zip(sizes, itertools.accumulate(sizes, initial=0), strict=False):
        rows = [
            Sample(metric="http_reqs", time_ns=START_NS + start + index, value=start + index).row()
            for index in range(size)
        ]
        writer.ingest(factories.a_batch(tmp_path / "rows.csv", rows))
    alone = Sample(metric="http_reqs", time_ns=START_NS, value=7.0).row()
    other.ingest(factories.a_batch(tmp_path / "rows.csv", [alone]))
    assert (writer.close(), other.close()) == (25, 1)
    files = sorted(path.name for path in (tmp_path / "samples").iterdir())
    numbered = [f"browse.{number}.parquet" for number in (2, 3, 4)]
    assert files == ["browse-2.parquet", *numbered, "browse.parquet"]
    store = duck.Store(tmp_path / "samples")
    question = factories.a_question("http_reqs", "count")
    assert store.ask([question])[question] == model.Answer(value=sum(range(25)), count=25)
    store.close()


def test_close__parts_that_could_not_be_joined_are_judged_as_well(tmp_path: Path) -> None:
    writer = duck.Writer(tmp_path / "samples", "browse")
    for value in (1.0, 2.0):
        row = Sample(metric="http_reqs", time_ns=START_NS, value=value).row()
        writer.ingest(factories.a_batch(tmp_path / "rows.csv", [row]))
    part = tmp_path / "samples" / "browse.parts" / "000001.parquet"
    whole = part.read_bytes()
    part.write_bytes(b"")  # as good as a disk that is full
    with pytest.raises(errors.StoreError, match="could not be joined"):
        writer.close()
    part.write_bytes(whole)
    store = duck.Store(tmp_path / "samples")
    question = factories.a_question("http_reqs", "count")
    assert store.ask([question])[question] == model.Answer(value=3.0, count=2)
    store.close()


def test_store__two_scenarios_do_not_mix(tmp_path: Path) -> None:
    for name, value in (("one", 1.0), ("two", 2.0)):
        writer = duck.Writer(tmp_path / "samples", name)
        row = Sample(metric="http_reqs", time_ns=START_NS, value=value).row()
        writer.ingest(factories.a_batch(tmp_path / "rows.csv", [row]))
        writer.close()
    store = duck.Store(tmp_path / "samples")
    asked = [factories.a_question("http_reqs", "count", scenario=name) for name in ("one", "two")]
    assert [store.ask(asked)[question].value for question in asked] == [1.0, 2.0]
    store.close()


def test_writer__works_in_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "it's 100% *odd* [x] ü"
    writer = duck.Writer(folder, "browse")
    for index in range(2):
        row = Sample(metric="http_reqs", time_ns=index, value=1.0).row()
        writer.ingest(factories.a_batch(folder / f"{index}.csv", [row]))
    assert writer.close() == 2
    store = duck.Store(folder)
    question = factories.a_question("http_reqs", "count")
    assert store.ask([question])[question].count == 2
    store.close()


@given(names=st.lists(st.text(min_size=1, max_size=80), min_size=2, max_size=5, unique=True))
@example(names=["a b", "a-b", "a/b", "../a", "a\x00b"])
@example(names=["x" * 61, "x" * 62, "x" * 60])
@example(names=["..", ".", "-", "___", "ü☃"])
def test_file_name__is_safe_and_of_one_scenario_only(names: list[str]) -> None:
    files = [duck.file_name(name) for name in names]
    assert len(set(files)) == len(names)
    for file in files:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}\.parquet", file)


@pytest.mark.parametrize("name", ["browse", "k6-mixed", "Check_out2"])
def test_file_name__a_plain_name_is_kept(name: str) -> None:
    assert duck.file_name(name) == f"{name}.parquet"


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_rounded__keeps_twelve_digits(value: float) -> None:
    assert duck.rounded(value) == pytest.approx(value, rel=1e-11)


def test_rounded__of_nothing_is_nothing() -> None:
    assert duck.rounded(None) is None
