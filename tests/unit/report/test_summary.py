"""summary.md, compared whole, and read by GitHub's own renderer."""

from __future__ import annotations

import html.parser
import subprocess
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.report import escape, summary
from tests.unit.report import cases

NASTY = "|`\\<>&@#*_[]()~$!-+=/:.;\r\n\t 1a\x00"


class Tags(html.parser.HTMLParser):
    """Counts elements and the cells of every row."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()
        self.rows: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[f"{tag}{sorted(attrs)}"] += 1
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1


def rendered(result: model.Result) -> Tags:
    argv = ["cmark-gfm", "--unsafe", "-e", "table", "-e", "strikethrough", "-e", "tasklist"]
    text = summary.render(result).encode()
    done = subprocess.run(argv, input=text, capture_output=True, check=True, timeout=30)
    tags = Tags()
    tags.feed(done.stdout.decode())
    return tags


@pytest.mark.parametrize("case", cases.CASES)
def test_render__whole(case: str) -> None:
    golden = (cases.GOLDEN / f"{case}.summary.md").read_text(encoding="utf-8")
    assert summary.render(cases.CASES[case]()) == golden


@pytest.mark.processes
def test_render__a_hostile_name_changes_no_element_and_no_column() -> None:
    tame, hostile = rendered(cases.hostile("tame")), rendered(cases.hostile())
    assert hostile.seen == tame.seen
    assert hostile.rows == tame.rows == [7] * 7 + [10, 10]


@pytest.mark.processes
@settings(max_examples=60, deadline=None)
@given(name=st.text(NASTY, max_size=30).filter(escape.visible))
@example(name="- [ ] a")
@example(name="1. a")
@example(name="===")
def test_render__no_name_changes_an_element_or_a_column(name: str) -> None:
    tame, hostile = rendered(cases.hostile("tame")), rendered(cases.hostile(name))
    assert hostile.seen == tame.seen
    assert hostile.rows == tame.rows


def test_render__says_where_dashboards_are_kept_and_until_when() -> None:
    posted = model.Snapshot(
        uid="k6-pro",
        title="k6: pro: toy-7",
        url="https://g.example/dashboard/snapshot/k1",
        key="k1",
        expires="2026-12-01T00:00:00+00:00",
    )
    local = model.Snapshot(uid="k6-elite", title="k6: elite: toy-7", file="grafana/k6-elite.json")
    result = cases.all_pass().model_copy(update={"snapshots": (posted, local)})
    text = summary.render(result)
    assert (
        "### Dashboards\n\n- `k6: pro: toy-7`: <https://g.example/dashboard/snapshot/k1>, "
        "until 2026-12-01T00:00:00+00:00\n"
    ) in text
    assert "elite" not in text
