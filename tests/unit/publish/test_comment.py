"""Which comment is ours, and what is done with it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.publish import comment, forge
from tests.unit.hub import HEAD, NEWER
from tests.unit.report import cases, comparisons, results

PULL = forge.Pull(number=3, is_open=True, head_sha=HEAD)
MARKER = comment.Marker(id="ltlab", sha=HEAD, run=(5, 1), state="abc")
US = "github-actions[bot]"


def there(marker: comment.Marker = MARKER, *, id: int = 7, author: str = US) -> forge.Comment:
    return forge.Comment(comment_id=id, author=author, body=f"{marker}\ntext")


def decided(
    *existing: forge.Comment,
    pull: forge.Pull = PULL,
    mode: model.CommentMode = "always",
    passed: bool = False,
) -> comment.Decision:
    return comment.decide(existing, pull, marker=MARKER, body="new", mode=mode, passed=passed)


def test_decide__creates_the_first_and_updates_it_from_then_on() -> None:
    assert decided() == comment.Create(body="new")
    assert decided(there()) == comment.Update(comment_id=7, body="new")


def test_decide__updates_an_older_commit_s() -> None:
    earlier = there(dataclasses.replace(MARKER, sha=NEWER, run=(9, 9)))
    assert decided(earlier) == comment.Update(comment_id=7, body="new")


@pytest.mark.parametrize("run", [(6, 1), (5, 2)])
def test_decide__leaves_a_newer_run_s_of_the_same_commit(run: tuple[int, int]) -> None:
    newer = there(dataclasses.replace(MARKER, run=run))
    assert decided(newer) == comment.Leave(
        why="a newer run of this commit has commented", comment=newer
    )


@pytest.mark.parametrize(
    ("pull", "why"),
    [
        (dataclasses.replace(PULL, head_sha=NEWER), "has a newer commit"),
        (dataclasses.replace(PULL, is_open=False), "was closed"),
    ],
)
@pytest.mark.parametrize("existing", [(), (there(),)])
def test_decide__leaves_what_is_not_the_head_any_more(
    pull: forge.Pull, why: str, existing: tuple[forge.Comment, ...]
) -> None:
    decision = decided(*existing, pull=pull)
    assert isinstance(decision, comment.Leave)
    assert why in decision.why


def test_decide__of_two_keeps_the_newest_run_s_and_of_equals_the_older() -> None:
    old = there(dataclasses.replace(MARKER, run=(4, 1)), id=8)
    twin = there(id=9)
    assert decided(old, twin, there()) == comment.Update(comment_id=7, body="new")


def test_ours__wants_marker_id_and_author() -> None:
    quoted = forge.Comment(comment_id=1, author=US, body=f"> {MARKER}")
    later = forge.Comment(comment_id=2, author=US, body=f"see\n{MARKER}")
    others = (
        quoted,
        later,
        there(author="mallory"),
        there(dataclasses.replace(MARKER, id="ltlab2")),
        forge.Comment(comment_id=3, author=US, body="<!-- ltlab id=ltlab -->"),
    )
    assert comment.ours((*others, there()), id="ltlab", author=US) == (there(),)


@given(id=st.text(min_size=1), run=st.tuples(st.integers(0), st.integers(0)))
def test_marker__of_any_id_is_one_line_that_nothing_ends(id: str, run: tuple[int, int]) -> None:
    marker = comment.Marker(id=id, sha=HEAD, run=run, state="0af")
    line = str(marker)
    assert "\n" not in line
    assert "--" not in line[4:-3]
    found = forge.Comment(comment_id=1, author=US, body=comment.marked(marker, "x", longest=999))
    assert comment.ours([found], id=id, author=US) == (found,)
    read = comment.marker_of(found.body)
    assert read is not None
    assert (read.sha, read.run, read.state) == (HEAD, run, "0af")


@given(st.text(min_size=1), st.text(min_size=1))
def test_marker__of_another_id_is_another(one: str, other: str) -> None:
    body = str(dataclasses.replace(MARKER, id=one))
    found = forge.Comment(comment_id=1, author=US, body=body)
    same = one.encode(errors="replace") == other.encode(errors="replace")
    assert bool(comment.ours([found], id=other, author=US)) is same


@given(st.text(max_size=3000) | st.text("a\n\U0001f389", min_size=900), st.integers(400, 1500))
def test_marked__fits_and_says_that_it_was_cut(text: str, longest: int) -> None:
    body = comment.marked(MARKER, text, longest=longest)
    assert len(body.encode("utf-16-le", errors="replace")) // 2 <= longest
    assert comment.marker_of(body) == MARKER
    whole = body == f"{MARKER}\n{text}"
    assert whole or body.endswith("Everything is in the report._\n")


def test_state__tells_verdict_and_failing_rows_and_no_figures() -> None:
    fails = cases.one_fails()
    [scenario] = fails.scenarios
    slower = tuple(
        each.model_copy(update={"observed": (each.observed or 0) + 1.0})
        for each in scenario.verdicts
    )
    again = fails.model_copy(
        update={"scenarios": (scenario.model_copy(update={"verdicts": slower}),)}
    )
    more = fails.model_copy(
        update={
            "scenarios": (
                scenario.model_copy(
                    update={"verdicts": (*slower, results.crossed(metric="checkout_ms"))}
                ),
            )
        }
    )
    assert comment.state(fails) == comment.state(again)
    assert len({comment.state(each) for each in (fails, more, cases.all_pass(), None)}) == 4
    assert comment.state(cases.compare_hostile()) != comment.state(cases.all_pass())


def test_state__knows_of_failures_and_work_that_a_comparison_found() -> None:
    worse = comparisons.errors(verdict="more errors")
    done = comparisons.work(verdict="slower")
    found = [
        comparisons.a_comparison(),
        comparisons.a_comparison(errors=worse),
        comparisons.a_comparison(errors_of=(worse.model_copy(update={"name": "/pay"}),)),
        comparisons.a_comparison(throughput=done),
        comparisons.a_comparison(verdict="more errors"),
    ]
    states = {comment.state(comparisons.a_result(each)) for each in found}
    assert len(states) == len(found)
