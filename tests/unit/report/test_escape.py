"""Hostile text reads as it is written, in every format, and does nothing."""

from __future__ import annotations

import html
import json
import re

import pytest
from defusedxml import ElementTree
from hypothesis import example, given
from hypothesis import strategies as st

from ltlab_ci.report import escape
from tests.unit.report import results

ANY_TEXT = st.text(max_size=300)
NASTY = st.text(alphabet="|`\\<>&@#*_[]()~$!-+=/:.;\r\n\t 1aé\x00\u2028\u202e", max_size=60)


@given(text=ANY_TEXT | NASTY | st.text(st.characters(categories=["Cc", "Cs", "Zl", "Zp"])))
@example(text=results.HOSTILE)
def test_visible__is_one_line_without_controls(text: str) -> None:
    line = escape.visible(text)
    assert len(line) <= 160
    assert len(line.splitlines()) <= 1
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", line)
    assert escape.visible(line) == line


def test_visible__cuts_with_a_sign() -> None:
    assert escape.visible("abcdef", longest=4) == "abc…"


@given(text=ANY_TEXT | NASTY)
@example(text=results.HOSTILE)
def test_markdown__reads_as_it_was(text: str) -> None:
    line = escape.visible(text)
    assert html.unescape(escape.markdown(line)).replace("\u200b", "") == line.replace("\u200b", "")


@given(text=ANY_TEXT | NASTY)
@example(text=results.HOSTILE)
def test_markdown__leaves_no_markup(text: str) -> None:
    marked = escape.markdown(escape.visible(text))
    bare = re.sub(r"&#\d+;", "\x01", marked)
    assert not set(bare) & set("|`\\*[]~$")
    assert not re.search(r"<[^\s\d=]|<$|&#|[@#!%]\w", bare)
    assert not re.match(r"[-+=#/:>]|\d+[.)](\s|$)", marked)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http_req_duration is 1.2 s, limit < 500 ms", None),
        ("a & b > c", None),
        ("@octocat", "&#64;&#8203;octocat"),
        ("see #12 and !7", "see &#35;&#8203;12 and &#33;&#8203;7"),
        ("/close", "&#47;close"),
        ("1. first", "1&#46; first"),
        ("_it_", "&#95;it&#95;"),
        ("GH-12", "GH&#45;&#8203;12"),
        ("https://a.example", "https&#58;//a.example"),
        ("www.a.example", "www&#46;a.example"),
    ],
)
def test_markdown__escapes_what_marks_up_and_no_more(text: str, expected: str | None) -> None:
    assert escape.markdown(text) == (expected or text)


def test_named_link__leads_to_http_only_and_ends_where_it_should() -> None:
    assert escape.named_link("run", "https://a.example/1") == "[run](<https://a.example/1>)"
    assert escape.named_link("run", "https://a>b c") == "[run](<https://a%3Eb%20c>)"
    assert escape.named_link("run", "javascript:alert(1)") == "`javascript:alert(1)`"


def test_unbroken__markdown_stays_markdown() -> None:
    assert escape.unbroken("1.2 s") == "1.2\u00a0s"
    assert isinstance(escape.unbroken(escape.Markdown("+1 %")), escape.Markdown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /items/*", "`GET /items/*`"),
        ("a|b", "<code>a&#124;b</code>"),
        ("a`b", "<code>a&#96;b</code>"),
        ("", "<code></code>"),
    ],
)
def test_code__is_a_code_span_where_that_is_safe(text: str, expected: str) -> None:
    assert escape.code(text) == expected


@given(text=NASTY)
def test_fenced__cannot_be_closed_from_inside(text: str) -> None:
    first, *_, last = escape.fenced(text).split("\n")
    assert first == f"{last}sh"
    assert last not in text


@given(text=ANY_TEXT | st.text(st.characters()))
@example(text="\x00\x0b\ufffe\uffff\ud800]]>")
def test_xml__parses_whatever_it_was(text: str) -> None:
    body = html.escape(escape.xml(text))
    assert ElementTree.fromstring(f"<a>{body}</a>").tag == "a"


@given(text=ANY_TEXT | NASTY)
@example(text="</script><!--\u2028")
def test_script_json__stays_inside_its_element(text: str) -> None:
    written = escape.script_json({"name": text})
    assert json.loads(written) == {"name": text}
    assert written.isascii()
    assert not set(written) & set("<>&")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://g.example/dashboard/snapshot/k_1", "<https://g.example/dashboard/snapshot/k_1>"),
        ("http://g/a b>\n<x", "<http://g/a%20b%3E%0A%3Cx>"),
        ("javascript:alert(1)", "`javascript:alert(1)`"),
    ],
)
def test_link__shows_an_http_address_and_cannot_be_left(url: str, shown: str) -> None:
    assert escape.link(url) == shown
