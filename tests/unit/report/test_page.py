"""report.html without a browser: one file, small, under its own policy. See also tests/surface."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import re
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltlab_ci.flows import logs as excerpts
from ltlab_ci.report import escape, page
from tests.unit.report import cases

ADDRESSES = ("src", "href", "action", "data", "poster", "srcset", "style")


class Elements(html.parser.HTMLParser):
    """Every element with its attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open = ""
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.open = tag
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  (the parser's own signature)
        self.open = ""

    def handle_data(self, data: str) -> None:
        if self.open in self.inside:
            self.inside[self.open][-1] += data


def test_render__is_small() -> None:
    assert len(page.render(cases.demo()).encode()) < 250_000


def test_render__an_hour_stays_under_a_megabyte() -> None:
    result, logs = cases.an_hour()
    # As much of the logs as flows/logs.py ever reads.
    assert sum(len(line) for log in logs for line in log.tail) > 0.8 * excerpts.ALL_BYTES / 2
    assert len(page.render(result, logs).encode()) < 1_000_000


def test_render__a_log_is_text() -> None:
    text = page.render(cases.explained(), cases.logs())
    assert "&lt;b&gt;pool is empty&lt;/b&gt;" in text
    assert "<b>pool" not in text


@pytest.mark.parametrize("case", cases.CASES)
def test_render__the_policy_allows_our_scripts_and_styles_and_nothing_else(case: str) -> None:
    elements = Elements(page.render(cases.CASES[case]()))
    policy = next(a["content"] or "" for _, a in elements.found if "http-equiv" in a)
    recorder, _data, *scripts = elements.inside["script"]  # data does not run
    ours = [recorder, *scripts, *elements.inside["style"]]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in ours]
    assert re.findall(r"sha256-([^']+)", policy) == hashes
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


@pytest.mark.parametrize("case", cases.CASES)
def test_render__points_nowhere(case: str) -> None:
    elements = Elements(page.render(cases.CASES[case]()))
    pointing = [
        (tag, name, value)
        for tag, attributes in elements.found
        for name, value in attributes.items()
        if name in ADDRESSES or name.startswith("on")
    ]
    assert pointing == [("link", "href", "data:,")]


def test_render__ids_are_unique() -> None:
    ids = [a["id"] for _, a in Elements(page.render(cases.demo())).found if "id" in a]
    assert len(ids) == len(set(ids))


@settings(max_examples=40, deadline=None)
@given(name=st.text("<>&'\"/!-ascript \u2028]", max_size=30).filter(escape.visible))
def test_render__no_name_changes_an_element(name: str) -> None:
    tame, hostile = (Elements(page.render(cases.hostile(one))) for one in ("tame", name))
    assert [tag for tag, _ in hostile.found] == [tag for tag, _ in tame.found]
    assert json.loads(hostile.inside["script"][1])[0]["t"][:2] == [0.0, 1.0]


def test_vendor__files_are_those_that_the_readme_names() -> None:
    folder = resources.files("ltlab_ci.report").joinpath("vendor/uplot")
    told = dict(
        re.findall(r"\| (\S+) \| ([0-9a-f]{64}) \|", folder.joinpath("README.md").read_text())
    )
    assert set(told) == {"LICENSE", "uPlot.iife.min.js", "uPlot.min.css"}
    for name, digest in told.items():
        assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == digest
