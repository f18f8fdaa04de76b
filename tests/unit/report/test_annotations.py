"""Annotations stand at the lines of what failed, the worst first, in plain text."""

from __future__ import annotations

from ltlab_ci import model
from ltlab_ci.report import annotations as remarks
from tests.unit.report import cases, comparisons, results


def at(line: int, file: str = "ltlab.yml") -> model.Place:
    return model.Place(file=file, line=line)


def of(*findings: model.Finding, **parts: object) -> tuple[model.Annotation, ...]:
    scenario = results.a_scenario(**{"verdicts": (), "place": at(7), **parts})
    return remarks.of(results.a_result(scenarios=(scenario,), findings=findings))


def test_of__a_crossed_threshold_is_annotated_at_its_line() -> None:
    [found] = of(verdicts=(results.crossed(place=at(12)), results.a_verdict(place=at(11))))
    assert found == model.Annotation(
        file="ltlab.yml",
        line=12,
        title="http_req_duration: p(95) < 500ms",
        message="browse: p(95) of http_req_duration is 612 ms, limit < 500 ms",
        level="error",
    )


def test_of__the_worst_comes_first_and_what_only_warns_is_a_warning() -> None:
    found = of(
        verdicts=(
            results.checks_warning(place=at(1)),
            results.without_data(place=at(2)),
            results.crossed(place=at(3), observed=510.0),
            results.crossed(place=at(4), observed=5100.0),
        )
    )
    assert [(one.line, one.level) for one in found] == [
        (4, "error"),
        (3, "error"),
        (2, "error"),
        (1, "warning"),
    ]


def test_of__a_threshold_of_the_script_is_annotated_where_its_scenario_stands() -> None:
    own = results.of_k6(status=model.Status.FAIL)
    [found] = of(verdicts=(own,))
    assert (found.line, found.title) == (7, "login_time: max<900")
    assert "threshold of the k6 script" in found.message


def test_of__a_scenario_that_was_not_judged_is_a_warning_where_it_stands() -> None:
    [found] = of(verdict="not judged")
    assert (found.line, found.title, found.level) == (7, "Load test: not judged", "warning")
    assert "no threshold is set" in found.message


def test_of__a_finding_that_blocks_comes_first_and_a_hint_not_at_all() -> None:
    hint = results.a_finding(effect="warn", scenario="browse")
    died = results.a_finding(scenario="browse")
    whole = results.a_finding(effect="store", message="disk full", remedy="make room")
    found = of(hint, died, whole, verdicts=(results.crossed(place=at(12)),))
    assert [one.line for one in found] == [7, 1, 12]
    assert found[1].title == "Load test: store of samples"
    assert found[1].message == "disk full. What to do: make room"


def test_of__what_could_not_be_judged_is_left_to_the_finding_that_says_why() -> None:
    verdicts = (results.without_data(), results.crossed(place=at(12)))
    found = of(results.a_finding(), complete=False, verdicts=verdicts)
    assert [one.line for one in found] == [1, 12]


def test_of__a_message_about_a_file_is_annotated_where_it_says() -> None:
    wrong = results.a_finding(
        code="ConfigError",
        effect="config",
        message="lab/ltlab.yml:12:7: unknown stat 'p95'",
        remedy="write p(95)",
    )
    result = results.a_result(verdict="error", scenarios=(), findings=(wrong,))
    [found] = remarks.of(result)
    assert (found.file, found.line) == ("lab/ltlab.yml", 12)
    assert found.message == "unknown stat 'p95'. What to do: write p(95)"


def test_of__an_older_report_and_a_run_without_scenarios_point_at_the_start() -> None:
    [old] = of(verdicts=(results.crossed(),), place=None)
    assert (old.file, old.line) == ("ltlab.yml", 1)
    [script] = of(results.a_finding(), place=at(1, "load/browse.js"))
    assert (script.file, script.line) == ("load/browse.js", 1)


def test_of__hostile_text_stays_on_one_line() -> None:
    result = cases.hostile()
    odd = at(3, file=results.HOSTILE)
    [scenario] = result.scenarios
    wrong = results.a_finding(effect="config", message="a\nb:1:1: wrong")
    found = remarks.of(
        result.model_copy(
            update={
                "scenarios": (scenario.model_copy(update={"place": odd}),),
                "findings": (*result.findings, wrong),
            }
        )
    )
    assert len(found) == 4
    for one in found:
        for text in (one.file, one.title, one.message):
            assert len(text.splitlines()) == 1
            assert "\x1b" not in text


def test_of__what_is_worse_on_head_is_annotated_and_only_that() -> None:
    found = remarks.of(comparisons.more_errors())
    assert [one.title for one in found][:2] == [
        "errors of POST /pay: more errors",
        "iterations: slower",
    ]
    assert {one.level for one in found} == {"error"}
    assert (found[0].file, found[0].line) == ("ltlab.yml", 1)
    assert found[0].message == "0.08 % on base, 31 % on head; change –"  # noqa: RUF001
    assert remarks.of(comparisons.inconclusive()) == ()
    slower = comparisons.slower()
    assert slower.comparison is not None
    never = slower.comparison.model_copy(update={"fail_on": ()})
    # A threshold that is crossed beside it does not make red what the user does not fail on.
    allowed = slower.model_copy(update={"comparison": never, "verdict": "fail"})
    assert {one.level for one in remarks.of(allowed)} == {"warning"}
