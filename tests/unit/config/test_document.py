"""Errors in ltlab.yml point at the place that is wrong, and nothing else is ever raised."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ltlab_ci import errors, model
from ltlab_ci.config import document
from tests import factories

START = """\
version: 1
service:
  url: http://127.0.0.1:5000
scenarios:
  browse:
    script: browse.js
"""


def checked(tmp_path: Path, text: str | bytes) -> model.LabFile:
    path = tmp_path / "ltlab.yml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return document.check(document.load(path))


def refusal(tmp_path: Path, text: str | bytes) -> errors.ConfigError:
    with pytest.raises(errors.ConfigError) as caught:
        checked(tmp_path, text)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        ("    scirpt: b.js\n", "7:5", "unknown key 'scirpt' (did you mean 'script'?)"),
        ("treshold: {}\n", "7:1", "unknown key 'treshold' (did you mean 'thresholds'?)"),
        ("zebra: 1\n", "7:1", "unknown key 'zebra'"),
        ("engines:\n  artilery: {path: a}\n", "8:3", "(did you mean 'artillery'?)"),
        ("engines:\n  k6: {pth: a}\n", "8:8", "unknown key 'pth' (did you mean 'path'?)"),
        ("    env:\n      RATE: 50\n", "8:7", "RATE: 50 is no text"),
        ("    args: [a, 2]\n", "7:15", "1: 2 is no text"),
        ("    args:\n      - a\n      - 2\n", "9:9", "1: 2 is no text"),
        ("    engine: jmeter\n", "7:5", "engine: 'jmeter' is not 'k6' or 'artillery'"),
        ("steady_state:\n  skip_end: 5\n", "8:3", "skip_end: 5 is no text"),
        ("steady_state:\n  skip_end: 5 s\n", "8:3", "'5 s' is no duration"),
        ("thresholds:\n  http_reqs:\n    - count > 1\n    - p95 < 1\n", "10:7", "'p95'"),
        ("thresholds:\n  http_reqs: p95 < 1\n", "8:3", "unknown stat 'p95'"),
        ("thresholds:\n  http_reqs{a: count > 1\n", "8:3", "cannot be read"),
        (
            "thresholds:\n  checks:\n    - that: rate > 1\n      sevrity: warn\n",
            "10:7",
            "unknown key 'sevrity' (did you mean 'severity'?)",
        ),
        ("    env: {}\n    env: {}\n", "8:5", "'env' stands here twice"),
        ("version: 1\n", "7:1", "'version' stands here twice"),
        ("    env: {A: a, A: b}\n", "7:17", "'A' stands here twice"),
        ("  checkout: {}\n", "7:3", "'script' is missing"),
    ],
)
def test_check__points_at_the_place(tmp_path: Path, more: str, place: str, words: str) -> None:
    error = refusal(tmp_path, START + more)
    assert error.message.startswith(f"ltlab.yml:{place}: ")
    assert words in error.message


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("thresholds:\n  checks:\n    that: rate > 1\n    sevrity: warn\n", "10:5"),
        ("thresholds:\n  checks:\n    severity: warn\n    that: p95 < 1\n", "10:5"),
    ],
)
def test_check__points_into_the_short_form_of_one_threshold(
    tmp_path: Path, more: str, place: str
) -> None:
    assert refusal(tmp_path, START + more).message.startswith(f"ltlab.yml:{place}: ")


def test_check__points_at_a_key_that_is_no_text(tmp_path: Path) -> None:
    error = refusal(tmp_path, START + "  7:\n    script: a.js\n")
    assert error.message.startswith("ltlab.yml:7:3: ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version: 1\n  service: {\n", "2:10"),
        ("version: [1\nservice: 2\n", "2:8"),
        ("\tversion: 1\n", "1:1"),
        ('version: "1\n', "2:1"),
        ("version: *unknown\n", "1:10"),
        ("version: !python/object:os.system {}\n", "1:10"),
        ("a: 1\n---\nb: 2\n", "2:1"),
    ],
)
def test_load__points_at_what_is_no_yaml(tmp_path: Path, text: str, place: str) -> None:
    error = refusal(tmp_path, text)
    assert error.message.startswith(f"ltlab.yml:{place}: not valid YAML: ")


@pytest.mark.parametrize("text", ["", "# only a comment\n", "[1, 2]", "text", "42", "null"])
def test_load__refuses_what_holds_no_settings(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text).message == "ltlab.yml:1:1: holds no settings"


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe",
        b"version: 1\nname: \x00\n",
        b"version: 1\n\x07: 1\n",
        b"version: 2001-99-99\n",
        b"version: 0001-01-01T00:00:00+23:59\n",
        b"a: &a [*a]\n",
        b"&a {a: *a}\n",
        b"version: " + b"9" * 5000 + b"\n",
        b"? [a, b]\n: 1\n",
        b"? {a: b}\n: 1\n",
        b"{[a]: b}\n",
        b"[" * 1500,
    ],
)
def test_load__refuses_what_yaml_cannot_hold(tmp_path: Path, text: bytes) -> None:
    assert refusal(tmp_path, text).message.startswith("ltlab.yml")


def test_load__a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        document.load(tmp_path / "ltlab.yml")
    assert caught.value.message == f"no ltlab.yml in {tmp_path}"
    assert "ltlab k6 -s SCRIPT" in caught.value.remedy


def test_load__a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError, match=r"cannot be read"):
        document.load(tmp_path)


@given(text=st.binary(max_size=80))
@example(text=b"{[a]: b}")
@example(text=b"%")
@example(text=b"\xef\xbb\xbfversion: 1")
def test_check__arbitrary_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    read_or_refused(tmp_path_factory, text)
    read_or_refused(tmp_path_factory, START.encode() + text)


KEYS = st.sampled_from(
    [
        "version",
        "service",
        "scenarios",
        "browse",
        "script",
        "thresholds",
        "http_reqs",
        "that",
        "url",
    ]
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            KEYS | st.text(max_size=3) | st.integers() | st.booleans(), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(max_examples=50)
@given(tree=st.dictionaries(KEYS, TREES, max_size=4))
def test_check__arbitrary_settings_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, object]
) -> None:
    read_or_refused(tmp_path_factory, yaml.safe_dump(tree, allow_unicode=False).encode())
    valid = {"version": 1, "scenarios": {"browse": {"script": "a.js"}}}
    read_or_refused(tmp_path_factory, yaml.safe_dump({**valid, **tree}).encode())


def read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "arbitrary.yml"
    path.write_bytes(text)
    try:
        document.check(document.load(path))
    except errors.ConfigError as error:
        factories.assert_two_lines(error)


@pytest.mark.parametrize(
    ("word", "expected"), [("http_req", " (did you mean 'http_reqs'?)"), ("banana", "")]
)
def test_suggestion__only_where_a_word_is_near(word: str, expected: str) -> None:
    assert document.suggestion(word, ["http_reqs", "checks"]) == expected


@pytest.mark.parametrize(
    ("loc", "some"),
    [
        (
            (),
            {
                "version",
                "service",
                "scenarios",
                "thresholds",
                "steady_state",
                "exclude_setup",
                "names",
                "engines",
                "lab",
                "grafana",
                "compare",
            },
        ),
        (("lab",), {"runtime", "store"}),
        (("lab", "store"), {"raw_retention", "minute_retention"}),
        (("grafana",), {"dashboards", "snapshots", "expires"}),
        (
            ("service",),
            {"command", "image", "compose", "port", "url", "build", "ready", "env"},
        ),
        (("service", "compose"), {"file", "service"}),
        (("service", "ready"), {"get", "command", "timeout"}),
        (
            ("scenarios", "any"),
            {
                "engine",
                "script",
                "env",
                "args",
                "thresholds",
                "steady_state",
                "exclude_setup",
                "names",
            },
        ),
        (("scenarios", "any", "steady_state"), {"skip_start", "skip_end"}),
        (("thresholds", "any", 0), {"that", "over", "severity", "absent"}),
        (("engines", "k6"), {"path", "version"}),
    ],
)
def test_keys_at__are_those_of_the_schema(loc: document.Loc, some: set[str]) -> None:
    assert set(document.keys_at(loc)) == some


def test_load__aliases_of_aliases_do_not_take_for_ever(tmp_path: Path) -> None:
    # Each level repeats the one before nine times: read one by one, 9 ** 30 values.
    levels = ["a0: &a0 [x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pytest.raises(errors.ConfigError) as caught:
        checked(tmp_path, "version: 1\n" + "\n".join(levels) + "\n")
    assert "unknown key 'a0'" in caught.value.message


def test_place__is_the_line_of_each_threshold_however_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "ltlab.yml"
    path.write_text(
        "thresholds:\n"
        "  http_reqs:\n"
        "    - count > 1\n"
        "    - that: count > 2\n"
        "      severity: warn\n"
        "  checks: rate > 99%\n",
        encoding="utf-8",
    )
    doc = document.load(path)
    places = [("http_reqs", 0, 3), ("http_reqs", 1, 4), ("checks", 0, 6)]
    for key, index, line in places:
        assert doc.place(("thresholds", key, index)) == model.Place(file="ltlab.yml", line=line)
    assert doc.place(("nowhere",)).line == 1
