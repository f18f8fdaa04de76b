"""Whatever a service, a script or a log says: in a note it sets nothing off and calls nobody."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st

from ltlab_ci.publish import comment, gitlab
from ltlab_ci.report import comment as texts
from tests.fakes import gitlab_text
from tests.unit.report import comments

PIECES = (
    *("/close", "/merge", "/title x", "/label ~bug", "@all", "@ann", "@group/team", "`", "```"),
    *(
        "````",
        "~~~",
        ">>>",
        "<details>",
        "</details>",
        "<!--",
        "-->",
        "|",
        " ",
        "\n",
        "\r\n",
        "\n\n",
    ),
    *("\u2028", "\x0b", "\x85", "&#47;close", "&#64;all", "GET /items", "\\", "$`", "\u200b"),
)


def shown(name: str) -> str:
    """Return the note on a result in which every foreign text is `name`, the instance's id too."""
    marker = comment.Marker(id=name, sha="5ea1", run=(1, 1), state="0")
    text = texts.render(*comments.hostile(name))
    return comment.marked(marker, text, longest=gitlab.LONGEST_NOTE)


@hypothesis.given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join))
def test_note__fires_no_quick_action_and_mentions_nobody(name: str) -> None:
    text = shown(name)
    assert gitlab_text.quick_actions(text) == []
    assert gitlab_text.mentions(text) == []


@pytest.mark.parametrize("name", list(comments.CASES))
def test_note__of_every_case(name: str) -> None:
    text = texts.render(*comments.CASES[name]())
    assert (gitlab_text.quick_actions(text), gitlab_text.mentions(text)) == ([], [])


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("hello\n/close\nbye", ["close"]),
        ("/label ~bug\n/assign me", ["label", "assign"]),
        ("> /close", []),
        ("```\n/close\n```", []),
        ("```\n/close", ["close"]),  # a fence that nobody closes is none to older GitLabs
        ("&#47;close", []),
        (" /close", []),
        ("/closely watched", []),
    ],
)
def test_quick_actions__are_what_gitlab_reads(text: str, actions: list[str]) -> None:
    assert gitlab_text.quick_actions(text) == actions


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@ann and @group/team", ["ann", "group"]),
        ("`@ann` and <code>@ann</code>", []),
        ("&#64;ann", ["ann"]),
        ("&#64;&#8203;ann", []),
        ("ann@example.com", []),
    ],
)
def test_mentions__are_what_gitlab_reads(text: str, names: list[str]) -> None:
    assert gitlab_text.mentions(text) == names
