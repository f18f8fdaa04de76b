"""ltlab.yml is read strictly, and its JSON Schema says the same as its reader."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import jsonschema
import pydantic
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ltlab_ci import errors, model
from ltlab_ci.config import document
from tests import factories

SCHEMA = jsonschema.Draft202012Validator(model.json_schema())

FULL: dict[str, Any] = {
    "version": 1,
    "service": {
        "command": ["python", "-m", "shop", "--port", "{port}"],
        "build": "make",
        "ready": {"get": "/health", "timeout": "30s"},
        "env": {"DATABASE": "{env}/app.db"},
    },
    "scenarios": {
        "browse": {
            "engine": "k6",
            "script": "browse.js",
            "env": {"RATE": "50"},
            "args": ["--quiet"],
            "thresholds": {
                "http_req_duration": ["p(95) < 300ms", {"that": "p(99) < 1s", "severity": "warn"}],
                "http_reqs": "count > 100",
                "checks": {"that": "rate > 99%", "over": "10s..50s"},
                "my_errors": [{"that": "count < 1", "absent": "zero"}],
            },
            "steady_state": {"skip_start": "5s"},
        },
        "checkout": {"script": "checkout.yml"},
    },
    "thresholds": {"http_req_failed": "rate < 1%"},
    "steady_state": {"skip_start": "5s", "skip_end": "1s"},
    "engines": {"k6": {"path": "./k6"}, "artillery": {"path": "node_modules/.bin/artillery"}},
}


def accepted_by_reader(written: object) -> bool:
    doc = document.Document(path=factories.ROOT / "ltlab.yml", values=written, places={})
    try:
        document.check(doc)
    except errors.ConfigError as error:
        factories.assert_two_lines(error)
        return False
    return True


def accepted_by_schema(written: object) -> bool:
    return bool(SCHEMA.is_valid(written))


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """Return the full document with one value put in; `...` takes the key away."""
    written: Any = copy.deepcopy(FULL)
    node = written
    for part in path[:-1]:
        node = node[part]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    document: dict[str, Any] = written
    return document


BROWSE = ("scenarios", "browse")
REFUSED_BY_BOTH: list[tuple[tuple[str | int, ...], object]] = [
    (("version",), ...),
    (("version",), 2),
    (("version",), "1"),
    (("version",), True),
    (("version",), None),
    (("scenarios",), ...),
    (("scenarios",), {}),
    (("scenarios",), []),
    (("scenarios",), None),
    (("scenarios", ""), {"script": "a.js"}),
    (("scenarios", "browse"), "browse.js"),
    ((*BROWSE, "script"), ...),
    ((*BROWSE, "script"), ""),
    ((*BROWSE, "script"), 5),
    ((*BROWSE, "engine"), "jmeter"),
    ((*BROWSE, "engine"), "K6"),
    ((*BROWSE, "env"), {"RATE": 50}),
    ((*BROWSE, "env"), {"DEBUG": True}),
    ((*BROWSE, "env"), {"EMPTY": None}),
    ((*BROWSE, "env"), ["RATE=50"]),
    ((*BROWSE, "args"), "--quiet"),
    ((*BROWSE, "args"), [1]),
    ((*BROWSE, "treshold"), {}),
    ((*BROWSE, "thresholds"), ["count > 1"]),
    ((*BROWSE, "thresholds", "http_reqs"), 5),
    ((*BROWSE, "thresholds", "http_reqs"), None),
    ((*BROWSE, "thresholds", "http_reqs"), [["count > 1"]]),
    ((*BROWSE, "thresholds", "http_reqs"), {"severity": "warn"}),
    ((*BROWSE, "thresholds", "http_reqs"), {"that": "count > 1", "severity": "error"}),
    ((*BROWSE, "thresholds", "http_reqs"), {"that": "count > 1", "absent": 0}),
    ((*BROWSE, "thresholds", "http_reqs"), {"that": "count > 1", "over": 10}),
    ((*BROWSE, "thresholds", "http_reqs"), {"that": "count > 1", "what": "else"}),
    ((*BROWSE, "steady_state"), "5s"),
    (("steady_state", "skip_start"), 5),
    (("steady_state",), None),
    (("thresholds",), None),
    (("engines", "k6"), "./k6"),
    (("engines", "k6", "path"), ""),
    (("engines", "jmeter"), {"path": "x"}),
    (("service", "command"), []),
    (("service", "command"), "python -m shop"),
    (("service", "command"), ["python", ""]),
    (("service", "command"), ["python", 5]),
    (("service", "build"), ""),
    (("service", "build"), ["make"]),
    (("service", "env", "PORT"), 80),
    (("service", "ready", "get"), "health"),
    (("service", "ready", "timeout"), 30),
    (("service", "ready", "command"), []),
    (("service", "compose"), "compose.yml"),
    (("service", "port"), "5000"),
    (("lab",), {"runtime": "kubernetes"}),
    (("lab",), {"store": {"raw_retention": "14"}}),
    (("compare",), {"agianst": "merge-base"}),
    (("compare",), {"mode": "both"}),
    (("service",), {"url": "shop.test"}),
    (("service",), {"url": "ftp://shop.test"}),
]
ACCEPTED_BY_BOTH: list[tuple[tuple[str | int, ...], object]] = [
    (("version",), 1),
    (("service",), ...),
    (("service",), None),
    (("service",), {"url": "http://127.0.0.1:5000"}),
    (("service",), {"url": "https://shop.test/api", "ready": {"get": "/"}}),
    (("service",), {"command": ["./shop"]}),
    (("service", "build"), None),
    (("service", "ready"), {"command": ["curl", "-f", "localhost"]}),
    (("service", "ready"), {}),
    ((*BROWSE, "engine"), None),
    ((*BROWSE, "args"), []),
    ((*BROWSE, "thresholds"), {}),
    ((*BROWSE, "thresholds", "http_reqs"), []),
    ((*BROWSE, "thresholds", "http_reqs"), "count > 1"),
    ((*BROWSE, "thresholds", "http_reqs"), {"that": "count > 1"}),
    ((*BROWSE, "thresholds", "http_reqs"), ["count > 1", {"that": "count > 1", "over": None}]),
    ((*BROWSE, "steady_state"), {}),
    ((*BROWSE, "steady_state"), None),
    (("engines",), {}),
    (("engines",), {"k6": None}),
    (("steady_state",), {}),
]
SERVICE_OF_NO_ONE_KIND: list[object] = [
    {},
    {"command": ["x"], "url": "http://shop.test"},
    {"url": "http://shop.test", "build": "make"},
    {"url": "http://shop.test", "env": {"A": "b"}},
    {"command": ["x"], "ready": {"get": "/", "command": ["true"]}},
]


def test_lab_file__the_whole_document_is_accepted() -> None:
    assert accepted_by_reader(FULL)
    assert accepted_by_schema(FULL)


@pytest.mark.parametrize(("path", "value"), REFUSED_BY_BOTH)
def test_lab_file__reader_and_schema_refuse_the_same(
    path: tuple[str | int, ...], value: object
) -> None:
    written = changed(path, value)
    assert (accepted_by_reader(written), accepted_by_schema(written)) == (False, False)


@pytest.mark.parametrize(("path", "value"), ACCEPTED_BY_BOTH)
def test_lab_file__reader_and_schema_accept_the_same(
    path: tuple[str | int, ...], value: object
) -> None:
    written = changed(path, value)
    assert (accepted_by_reader(written), accepted_by_schema(written)) == (True, True)


@pytest.mark.parametrize("service", SERVICE_OF_NO_ONE_KIND)
def test_service__needs_exactly_one_kind_and_what_belongs_to_it(service: object) -> None:
    assert not accepted_by_reader(changed(("service",), service))


def places(node: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every key and item of the document."""
    found: list[tuple[str | int, ...]] = []
    pairs: list[tuple[str | int, object]] = []
    if isinstance(node, dict):
        pairs = list(node.items())
    elif isinstance(node, list):
        pairs = list(enumerate(node))
    for key, value in pairs:
        found += [(*path, key), *places(value, (*path, key))]
    return found


SHORT = st.text("ab p(95)<1:{}./", max_size=8)
ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(0, 2) | SHORT,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            SHORT | st.sampled_from(["that", "path", "get", "url"]), inner, max_size=2
        )
    ),
    max_leaves=4,
)


@given(path=st.sampled_from(places(FULL)), value=ANY_VALUE)
@example(path=("version",), value=1.0)
@example(path=("version",), value=True)
def test_lab_file__the_schema_accepts_what_the_reader_accepts(
    path: tuple[str | int, ...], value: object
) -> None:
    written = changed(path, value)
    if accepted_by_reader(written):
        SCHEMA.validate(written)


@given(value=ANY_VALUE, keys=st.lists(st.sampled_from([*FULL, "else"]), max_size=3))
def test_lab_file__any_value_is_read_or_refused(value: object, keys: list[str]) -> None:
    written = {**FULL, **dict.fromkeys(keys, value)}
    if accepted_by_reader(written):
        SCHEMA.validate(written)


@pytest.mark.parametrize(
    "change",
    [
        lambda file: setattr(file, "version", 2),
        lambda file: setattr(file.service, "build", "make"),
        lambda file: setattr(file.scenarios["browse"], "script", "other.js"),
        lambda file: setattr(file.steady_state, "skip_end", "9s"),
    ],
)
def test_lab_file__is_frozen(change: Callable[[model.LabFile], None]) -> None:
    doc = document.Document(path=factories.ROOT / "ltlab.yml", values=FULL, places={})
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        change(document.check(doc))


def test_thresholds__are_parsed_in_the_order_written() -> None:
    doc = document.Document(path=factories.ROOT / "ltlab.yml", values=FULL, places={})
    block = document.check(doc).scenarios["browse"].thresholds
    read = model.thresholds(block)
    assert [(each.metric, each.text) for each in read] == [
        ("http_req_duration", "p(95) < 300ms"),
        ("http_req_duration", "p(99) < 1s"),
        ("http_reqs", "count > 100"),
        ("checks", "rate > 99%"),
        ("my_errors", "count < 1"),
    ]
    assert [each.severity for each in read] == ["fail", "warn", "fail", "fail", "fail"]
    assert [str(each.over) for each in read] == ["None", "None", "None", "10s..50s", "None"]
    assert [each.absent_is_zero for each in read] == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ((*BROWSE, "thresholds", "http_reqs"), "p95 < 1", "unknown stat 'p95'"),
        ((*BROWSE, "thresholds", "http_reqs{a:b"), "count > 1", "metric 'http_reqs{a:b'"),
        ((*BROWSE, "thresholds", "http_reqs"), "{count} > 1", "unknown stat '{count}'"),
        (("steady_state", "skip_start"), "5", "'5' is no duration"),
    ],
)
def test_lab_file__errors_say_what_was_written(
    path: tuple[str | int, ...], value: object, words: str
) -> None:
    doc = document.Document(
        path=factories.ROOT / "ltlab.yml", values=changed(path, value), places={}
    )
    with pytest.raises(errors.ConfigError) as caught:
        document.check(doc)
    assert words in caught.value.message
    assert caught.value.remedy


def test_json_schema__is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(model.json_schema())
    assert model.json_schema()["$schema"].endswith("2020-12/schema")
