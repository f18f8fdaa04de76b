"""The grammar of thresholds: k6's own, and what ltlab adds to it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ltlab_ci import errors, model
from tests import factories

MS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
SCALES = {**MS, "%": 0.01, "/s": 1.0, "": 1.0}
NUMBERS = st.one_of(
    st.integers(0, 10**9).map(str),
    st.decimals(0, 10**6, places=3).map(str),
    st.sampled_from(["0", ".5", "1.", "1e3", "2.5E-2", "+4", "-3"]),
)
SPACE = st.sampled_from(["", " ", "  ", "\t"])
STATS = st.one_of(
    st.sampled_from(["avg", "min", "med", "max", "count", "rate", "value"]),
    st.decimals(0, 100, places=2).map(lambda share: f"p({share})"),
)
WORDS = st.text("abcXYZ019_./ :-*&=ü☃", min_size=1, max_size=12).map(str.strip).filter(bool)
TAG_NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,10}", fullmatch=True)


@given(
    stat=STATS,
    op=st.sampled_from(["<", "<=", ">", ">=", "==", "===", "!="]),
    number=NUMBERS,
    unit=st.sampled_from(sorted(SCALES)),
    space=st.tuples(SPACE, SPACE, SPACE, SPACE, SPACE),
)
def test_parse__reads_what_the_grammar_allows(
    stat: str, op: str, number: str, unit: str, space: tuple[str, ...]
) -> None:
    text = f"{space[0]}{stat}{space[1]}{op}{space[2]}{number}{space[3]}{unit}{space[4]}"
    read = model.Threshold.parse("http_reqs", text)
    assert (read.stat, read.op) == (model.Stat.parse(stat), op)
    assert read.bound == pytest.approx(float(number) * SCALES[unit], rel=1e-15)
    assert read.unit == ("time" if unit in MS else unit)
    assert read.text == text.strip()


@given(tags=st.dictionaries(TAG_NAMES, WORDS, max_size=4), quote=st.sampled_from(["", '"', "'"]))
def test_parse_key__reads_tags_in_any_quotes_and_spaces(tags: dict[str, str], quote: str) -> None:
    inner = " , ".join(f"{name} : {quote}{value}{quote}" for name, value in tags.items())
    key = f" my_metric{{{inner}}} " if tags else "my_metric"
    assert model.parse_key(key) == ("my_metric", tuple(tags.items()))


@given(value=st.text("ab:,{} *", min_size=1, max_size=10), quote=st.sampled_from(['"', "'"]))
def test_parse_key__quotes_keep_everything(value: str, quote: str) -> None:
    read = model.parse_key(f"m{{name:{quote}{value}{quote},status:200}}")
    assert read == ("m", (("name", value), ("status", "200")))


@given(tags=st.dictionaries(TAG_NAMES, WORDS, max_size=3))
def test_key__says_again_what_was_written(tags: dict[str, str]) -> None:
    inner = ",".join(f"{name}:{value}" for name, value in tags.items())
    key = f"http_reqs{{{inner}}}" if tags else "http_reqs"
    threshold = model.Threshold.parse(key, "count > 1")
    assert model.Threshold.parse(threshold.key, "count > 1").tags == threshold.tags


def test_key__keeps_a_comma_inside_quotes() -> None:
    threshold = model.Threshold.parse('http_reqs{name:"a,b"}', "count > 1")
    assert model.parse_key(threshold.key) == ("http_reqs", (("name", "a,b"),))


@given(key=st.text(max_size=30), that=st.text(max_size=30))
@example(key="m", that="p(95) < 1e999")
@example(key="m{", that="count > 1")
@example(key="{}", that="count > 1")
@example(key="m", that="p(101) < 1")
@example(key="m", that="p(9)9) < 1")
@example(key="m{a:1,a:2}", that="count > 1")
def test_parse__arbitrary_text_is_read_or_refused_in_two_lines(key: str, that: str) -> None:
    for pair in ((key, "count > 1"), ("m", that)):
        try:
            model.Threshold.parse(*pair)
        except errors.ConfigError as error:
            factories.assert_two_lines(error)


@given(text=st.text("0123456789.msh ", max_size=12) | st.text(max_size=8))
def test_seconds_and_span__arbitrary_text_is_read_or_refused(text: str) -> None:
    for ask in (model.seconds, model.Span.parse, model.Stat.parse):
        try:
            ask(text)
        except errors.ConfigError as error:
            factories.assert_two_lines(error)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400])
def test_parse__refuses_a_bound_that_is_no_number(number: str) -> None:
    with pytest.raises(errors.ConfigError):
        model.Threshold.parse("http_req_duration", f"p(95) < {number}")


@pytest.mark.parametrize(
    "that",
    [
        "",
        "p(95)",
        "p(95) < ",
        "< 300",
        "count=1",
        "count=>1",
        "p95 < 1",
        "p(101) < 1",
        "p() < 1",
        "median < 1",
        "count > 1 2",
        "count > one",
        "count > 1 > 2",
        "rate < 1 percent",
        "p(95) < 300 h",
        "p(95) < 3 00ms",
        "count > 0x10",
        "count > 1_000",
        "p(95) < 300ms or avg < 1",
    ],
)
def test_parse__refuses_with_what_would_be_right(that: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        model.Threshold.parse("http_reqs", that)
    assert caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("that", "remedy"),
    [
        ("p95 < 1", "write p(95)"),
        ("P_99.9 < 1", "write p(99.9)"),
        ("median < 1", "write med"),
        ("mean < 1", "write avg"),
    ],
)
def test_parse__knows_what_was_meant(that: str, remedy: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        model.Threshold.parse("http_reqs", that)
    assert caught.value.remedy == remedy


# k6's own examples, from its documentation of thresholds and tried with k6 1.1.0 and 2.2.0.
@pytest.mark.parametrize(
    ("that", "expected"),
    [
        ("rate<0.01", ("rate", "<", 0.01)),
        ("p(95)<200", ("p(95)", "<", 200.0)),
        ("p(99.9) < 2000", ("p(99.9)", "<", 2000.0)),
        ("value<4000", ("value", "<", 4000.0)),
        ("count>0.5e1", ("count", ">", 5.0)),
        ("count > +1", ("count", ">", 1.0)),
        ("count>-1", ("count", ">", -1.0)),
        ("count>.5", ("count", ">", 0.5)),
        ("count>1.", ("count", ">", 1.0)),
        ("count !=1", ("count", "!=", 1.0)),
        (" p(95)===1 ", ("p(95)", "===", 1.0)),
        ("p(95)<1e3", ("p(95)", "<", 1000.0)),
    ],
)
def test_parse__agrees_with_k6(that: str, expected: tuple[str, str, float]) -> None:
    read = model.Threshold.parse("some_metric", that)
    assert (str(read.stat), read.op, read.bound) == expected


@pytest.mark.parametrize(
    ("key", "tags"),
    [
        ("http_reqs", ()),
        ("http_reqs{type:API}", (("type", "API"),)),
        ("http_reqs{ status : 200 }", (("status", "200"),)),
        ("http_reqs{status:200, method:GET}", (("status", "200"), ("method", "GET"))),
        ("http_reqs{name:http://shop.test/a?b=c}", (("name", "http://shop.test/a?b=c"),)),
        ("http_reqs{name:'a:b'}", (("name", "a:b"),)),
        ("http_reqs{name:a}b}", (("name", "a}b"),)),
        ("http_reqs{name:{a}}", (("name", "{a}"),)),
        ('http_reqs{"status":"200"}', (("status", "200"),)),
    ],
)
def test_parse_key__agrees_with_k6(key: str, tags: tuple[tuple[str, str], ...]) -> None:
    assert model.parse_key(key) == ("http_reqs", tags)


@pytest.mark.parametrize("key", ["m{", "m}", "m{}", "m{name}", "m{name:}", "m{a:1,}", "m{a,b:1}"])
def test_parse_key__refuses_what_k6_refuses(key: str) -> None:
    with pytest.raises(errors.ConfigError):
        model.parse_key(key)


def test_parse_key__an_apostrophe_quotes_nothing() -> None:
    read = model.parse_key("m{note:it's,group:that's}")
    assert read == ("m", (("note", "it's"), ("group", "that's")))


@pytest.mark.parametrize(
    "key", ["", "  ", "{a:b}", "m{a:1,a:2}", "m{a:1", "m{a:1}b", "m{:1}", "m{ :1}", 'm{"":1}']
)
def test_parse_key__refuses_with_a_remedy(key: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        model.parse_key(key)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("op", "below", "at", "above"),
    [
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
        ("==", False, True, False),
        ("===", False, True, False),
        ("!=", True, False, True),
    ],
)
def test_holds__at_the_bound_and_beside_it(op: str, below: bool, at: bool, above: bool) -> None:  # noqa: FBT001
    threshold = model.Threshold.parse("http_req_duration", f"p(95) {op} 300ms")
    assert [threshold.holds(value) for value in (299.9, 300.0, 300.1)] == [below, at, above]


@given(
    start=st.integers(0, 10**6).map(lambda ms: ms / 1000),
    length=st.integers(1, 10**6).map(lambda ms: ms / 1000),
)
def test_span__is_read_back_as_shown(start: float, length: float) -> None:
    span = model.Span(start_s=start, end_s=start + length)
    read = model.Span.parse(str(span))
    assert (read.start_s, read.end_s) == pytest.approx((span.start_s, span.end_s), rel=1e-9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10s..50s", (10.0, 50.0)), ("0..1m", (0.0, 60.0)), (" 500ms .. 1.5s ", (0.5, 1.5))],
)
def test_span__reads(text: str, expected: tuple[float, float]) -> None:
    span = model.Span.parse(text)
    assert (span.start_s, span.end_s) == expected


@pytest.mark.parametrize("text", ["10s", "10s-50s", "50s..10s", "10s..10s", "..10s", "10..50", ""])
def test_span__refuses(text: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        model.Span.parse(text)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500ms", 0.5), ("10s", 10.0), ("1.5m", 90.0), ("2h", 7200.0), ("0", 0.0), (" 3s ", 3.0)],
)
def test_seconds__reads(text: str, expected: float) -> None:
    assert model.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "10", "-1s", "1 s", "1d", "s", "1e3s", "1,5s", "1s2s"])
def test_seconds__refuses(text: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        model.seconds(text)
    assert caught.value.remedy


@given(share=st.integers(100, 10_000_000).map(lambda n: n / 100_000))
def test_stat__a_percentile_is_shown_as_it_is_judged(share: float) -> None:
    stat = model.Stat(name="p", percentile=share)
    assert model.Stat.parse(str(stat)) == stat


STATS_BY_TYPE = {
    model.MetricType.COUNTER: {"count", "rate"},
    model.MetricType.GAUGE: {"value", "min", "max"},
    model.MetricType.RATE: {"rate", "count"},
    model.MetricType.TREND: {"avg", "min", "med", "max", "p(95)", "count"},
}
UNITS = {"": "1", "%": "1%", "/s": "1/s", "time": "1ms"}


@pytest.mark.parametrize(
    ("kind", "stat", "unit"),
    list(
        itertools.product(
            model.MetricType,
            ["avg", "min", "med", "max", "p(95)", "count", "rate", "value"],
            UNITS,
        )
    ),
)
def test_misfit__every_type_stat_and_unit(kind: model.MetricType, stat: str, unit: str) -> None:
    threshold = model.Threshold.parse("some_metric", f"{stat} < {UNITS[unit]}")
    timed = kind in {model.MetricType.TREND, model.MetricType.GAUGE} and stat != "count"
    unit_fits = {
        "": True,
        "%": (kind, stat) == (model.MetricType.RATE, "rate"),
        "/s": (kind, stat) == (model.MetricType.COUNTER, "rate"),
        "time": timed,
    }[unit]
    fits = stat in STATS_BY_TYPE[kind] and unit_fits
    assert (model.misfit(threshold, kind, None) is None) == fits
    assert (model.misfit(threshold, kind, model.Unit.TIME) is None) == fits
    of_bytes = model.misfit(threshold, kind, model.Unit.DATA)
    assert (of_bytes is None) == (fits and unit != "time")


def test_misfit__names_what_the_metric_has() -> None:
    threshold = model.Threshold.parse("http_reqs", "p(95) < 1")
    assert model.misfit(threshold, model.MetricType.COUNTER, model.Unit.NONE) == (
        "http_reqs is a counter, which has no p(95); it has count, rate"
    )


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ((), None),
        ((("name", "a&b=c"),), None),
        ((("kind", "a"),), None),
        ((("kind", "a&b"),), "kind"),
        ((("name", "x"), ("kind", "a=b")), "kind"),
        ((("k=", "a"),), "k="),
    ],
)
def test_ambiguous_in_k6_csv__names_the_tag(
    tags: tuple[tuple[str, str], ...], expected: str | None
) -> None:
    assert model.ambiguous_in_k6_csv(tags) == expected


@pytest.mark.parametrize("text", ["9" * 400 + "s", "9" * 308 + "h", "1001h"])
def test_seconds__refuses_what_is_longer_than_any_run(text: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        model.seconds(text)
    assert "too long" in caught.value.message
