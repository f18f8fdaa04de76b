"""The comment, compared whole, read by GitHub's own renderer, and never too long."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.report import comment, escape, figures
from tests.unit.report import cases, comments, comparisons, results, test_summary

HUGE = ("@a" * 90, "\N{PARTY POPPER}" * 200, "|`<&" * 60)
EXTENSIONS = ("table", "strikethrough", "tasklist", "autolink")


def rendered(said: comments.Said) -> test_summary.Tags:
    text = comment.render(*said).encode()
    argv = ["cmark-gfm", "--unsafe", *(part for name in EXTENSIONS for part in ("-e", name))]
    done = subprocess.run(argv, input=text, capture_output=True, check=True, timeout=30)
    tags = test_summary.Tags()
    tags.feed(done.stdout.decode())
    return tags


@pytest.mark.parametrize("case", comments.CASES)
def test_render__whole(case: str) -> None:
    golden = (cases.GOLDEN / f"{case}.comment.md").read_text(encoding="utf-8")
    assert comment.render(*comments.CASES[case]()) == golden


@pytest.mark.processes
@settings(max_examples=40, deadline=None)
@given(name=st.text(test_summary.NASTY, min_size=1, max_size=30).filter(escape.visible))
@example(name=results.HOSTILE)
@example(name="http://evil.example/x www.evil.example")
@example(name="- [ ] a")
@example(name="a@b.example @octocat octo/shop#1 GH-1")
def test_render__no_name_changes_an_element_or_a_column(name: str) -> None:
    tame, hostile = rendered(comments.hostile("tame")), rendered(comments.hostile(name))
    assert hostile.seen == tame.seen
    assert hostile.rows == tame.rows


def test_render__the_worst_is_first_in_words_and_in_the_table_and_five_rows_are_open() -> None:
    text = comment.render(*comments.many())
    opened, folded = text.split("<details>", 1)
    assert "Worst, in `browse`: p(95) of http_req_duration{name:GET /items/77} is 2.20 s" in opened
    rows = [line for line in opened.splitlines() if "http_req_duration{" in line and "| `" in line]
    named = [row.split("name:GET ")[1].split("`")[0] for row in rows[:3]]
    assert named == ["/items/77}", "/items/9}", "/items/30}"]
    assert len(rows) == 5
    assert folded.count("| ✅ pass |") == 195
    assert "More thresholds (195)" in folded


def test_render__a_run_of_nobody_knows_whose_code_says_so_and_links_nowhere() -> None:
    text = comment.render(*comments.unreviewed())
    first = text.splitlines()[0]
    assert first == "## ✅ Load test passed, says code that nobody has reviewed"
    assert "evil" not in text


def test_render__says_nothing_of_changed_thresholds_where_they_are_not_known() -> None:
    known = comment.render(cases.all_pass(), comments.around())
    unknown = comment.render(cases.all_pass(), comments.around(changed=None))
    assert "changes no threshold" in known
    assert "changes no threshold" not in unknown


def test_render__calls_a_merge_request_by_its_name() -> None:
    changed = (comments.loosened(),)
    around = comments.around(request="merge request", changed=changed)
    text = comment.render(cases.all_pass(), around)
    assert "This merge request loosens 1 threshold" in text
    assert "pull request" not in text


def covered(*tags: dict[str, str], **parts: Any) -> str:  # noqa: ANN401
    """Return what a comment says is not covered, of endpoints GET /a and POST /b/1."""
    endpoints = (
        results.an_endpoint(name="/a"),
        results.an_endpoint(name="/b/1", method="POST"),
    )
    verdicts = tuple(results.a_verdict(tags=each) for each in tags)
    scenario = results.a_scenario(verdicts=verdicts, **{"endpoints": endpoints, **parts})
    text = comment.render(results.a_result(scenarios=(scenario,)), comments.around())
    _, _, rest = text.partition("### Not covered\n\n")
    return rest.partition("\n")[0]


def test_render__names_the_endpoints_that_no_threshold_names() -> None:
    said = "- `browse`: no threshold names 1 of 2 endpoints: POST /b/1"
    assert covered({"name": "/a"}) == said
    assert covered({"name": "*", "method": "GET"}) == said
    assert covered({"name": "/a"}, {"name": "/b/*"}) == ""
    assert covered({"name": "/a"}, {"name": r"/b/\*"}) == said
    assert covered({}, {"status": "200"}) == ""
    assert covered({"name": "/a"}, {"url": "http://a/b/1"}) == ""
    assert covered({"name": "/a"}, endpoints_left_out=3) == ""
    assert covered() == "- `browse`: has no threshold: its figures are shown, not judged"


def test_render__an_earlier_figure_is_found_although_the_limit_has_moved() -> None:
    earlier = cases.all_pass()
    strict = results.a_verdict(observed=401.0, bound=450.0, threshold="p(95) < 450ms")
    before = earlier.model_copy(update={"scenarios": (results.a_scenario(verdicts=(strict,)),)})
    text = comment.render(cases.all_pass(), comments.around(earlier=before)).replace("\u00a0", " ")
    assert "| ✅ pass | p(95) of `http_req_duration` | 312 ms | < 500 ms | 401 ms |" in text
    assert f"| ✅ pass | rate of `http_req_failed` | 0.82 % | < 1 % | {figures.NOTHING} |" in text
    assert "a trend that is not judged" in text


def huge(name: str, number: int) -> comments.Said:
    """As much as a result may hold of everything, under one name."""
    verdict = results.crossed(
        metric=name, tags={name: name}, threshold=name, stat=name, over=name, reason=name * 5
    )
    scenario = results.a_scenario(
        name=name, engine_version=name, verdicts=(verdict,) * number, complete=False
    )
    change = comments.loosened(scenario=name, key=name, before=name, after=name)
    rows = (comparisons.unsure(name=name, method=name, reason=name),) * number
    left = model.LeftOut(name=name, method=name, base_requests=1, head_requests=0, reason=name)
    shown = model.Unjudged(
        name=name, method=name, base_requests=1, head_requests=1, base_p99=1.0, head_p99=None
    )
    wrong = comparisons.errors(name=name, method=name, head=0.5, verdict="more errors")
    parts: dict[str, Any] = {
        "scenarios": (scenario,) * min(number, 4),
        "findings": (
            results.a_finding(code=name, message=name * 9, remedy=name * 9, scenario=name),
        )
        * number,
        "headline": name * 9,
        "reproduce": name * 20,
        "snapshots": (model.Snapshot(uid="k", title=name, url=f"https://{name}", key="1"),)
        * number,
        "environment": model.Environment(
            **dict.fromkeys(("ltlab", "python", "os", "lab", "service"), name), cpus=4, memory_mb=1
        ),
        "comparison": comparisons.a_comparison(
            rows=rows,
            errors_of=(wrong,) * number,
            endpoints=(shown,) * number,
            left_out=(left,) * 9,
        ),
    }
    result = results.a_result(**parts)
    said = comments.around(
        id=name, earlier=result, earlier_sha=name, head_sha=name, changed=(change,) * number
    )
    return result, said


@pytest.mark.parametrize("name", HUGE)
@pytest.mark.parametrize("number", [1, 6, 60])
def test_render__is_never_too_long(name: str, number: int) -> None:
    text = comment.render(*huge(name, number))
    assert comment.length(text) <= comment.LONGEST
    assert text.count("<details>") == text.count("</details>")
    assert text.endswith("\n")


@settings(max_examples=15, deadline=None)
@given(
    name=st.text(min_size=1, max_size=400) | st.text(test_summary.NASTY, min_size=1, max_size=400),
    number=st.integers(0, 12),
    times=st.integers(1, 50),
)
def test_render__whatever_it_holds_it_fits_and_is_the_same_again(
    name: str, number: int, times: int
) -> None:
    said = huge(name * times, number)
    text = comment.render(*said)
    assert comment.length(text) <= comment.LONGEST
    assert comment.render(*said) == text


@settings(max_examples=40, deadline=None)
@given(
    value=st.floats(allow_nan=False, allow_infinity=False),
    bound=st.floats(allow_nan=False, allow_infinity=False),
    op=st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "nonsense"]),
    unit=st.sampled_from(["ms", "share", "per s", "B", ""]),
    count=st.integers(-(2**63), 2**63),
)
def test_render__no_figure_is_too_absurd(
    value: float, bound: float, op: str, unit: str, count: int
) -> None:
    verdict = results.crossed(observed=value, bound=bound, op=op, unit=unit, count=count)
    scenario = results.a_scenario(verdicts=(verdict, results.a_verdict()), duration_s=abs(value))
    result = results.a_result(scenarios=(scenario,))
    text = comment.render(result, comments.around(earlier=result))
    assert "### Thresholds" in text
    assert comment.length(text) < 10_000
