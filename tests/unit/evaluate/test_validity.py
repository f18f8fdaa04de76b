"""A run in which nothing happened, or everything failed, is never green."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from ltlab_ci import model
from ltlab_ci.evaluate import validity
from tests import factories

HTTP = frozenset({"http_reqs", "http_req_failed", "http_req_duration"})
EVERY_ITERATION = frozenset({"iterations", "iteration_duration", "data_sent", "data_received"})
RECORDED = HTTP | EVERY_ITERATION | {"vus"}
SOUND = {
    "iterations": 10.0,
    "dropped_iterations": None,
    "http_reqs": 50.0,
    "http_req_failed": 0.0,
    "machine_cpu": 0.5,
    "data_sent": 5000.0,
}
UNPLANNED = model.PlannedLoad()


def found(
    totals: Mapping[str, float] | None = None,
    *,
    recorded: frozenset[str] = RECORDED,
    planned: model.PlannedLoad = UNPLANNED,
    seconds: float = 60.0,
    said: tuple[model.Finding, ...] = (),
    known: Mapping[str, object] | None = None,
    **figures: float | None,
) -> list[model.Finding]:
    """Return the findings of a run that is sound but for these figures."""
    facts = factories.some_facts(recorded=recorded, seconds=seconds, **(known or {}))
    answers = {
        question: factories.an_answer({**SOUND, **figures}[question.metric])
        for question in validity.questions(facts)
    }
    outcome = model.Outcome(totals=dict(totals or {}), findings=said)
    return list(validity.findings(facts, planned, outcome, answers))


def codes(findings: list[model.Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_findings__a_sound_run_has_none() -> None:
    assert found({"iterations": 10.0, "http_reqs": 50.0, "threw": 3.0}) == []


@pytest.mark.parametrize("recorded", [frozenset(), model.USAGE])
def test_findings__nothing_recorded_says_only_that(recorded: frozenset[str]) -> None:
    findings = found(
        {"http_reqs": 5.0}, recorded=recorded, iterations=None, http_reqs=None, http_req_failed=None
    )
    assert codes(findings) == ["nothing-measured"]


@pytest.mark.parametrize("iterations", [None, 0.0])
def test_findings__no_iteration_was_completed(iterations: float | None) -> None:
    assert codes(found(iterations=iterations)) == ["no-iteration"]


@pytest.mark.parametrize(
    ("effect", "expected"), [("invalid", []), ("warn", ["no-iteration", "no-request"])]
)
def test_findings__what_the_engine_explained_is_not_told_again(
    effect: str, expected: list[str]
) -> None:
    threw = model.Finding.model_validate(
        {"code": "k6-exit-107", "effect": effect, "message": "no login", "remedy": "mend it"}
    )
    findings = found(
        recorded=frozenset({"vus", "data_sent"}),
        said=(threw,),
        iterations=None,
        http_reqs=None,
        http_req_failed=None,
        data_sent=0.0,
    )
    assert codes(findings) == expected


@pytest.mark.parametrize(("threw", "expected"), [(9, []), (10, ["every-iteration-threw"])])
def test_findings__every_iteration_threw(threw: int, expected: list[str]) -> None:
    assert codes(found({"threw": float(threw)})) == expected


@pytest.mark.parametrize(("failed", "expected"), [(0.98, []), (1.0, ["every-request-failed"])])
def test_findings__every_request_failed(failed: float, expected: list[str]) -> None:
    assert codes(found(http_req_failed=failed)) == expected


def test_findings__a_script_that_talks_to_nobody() -> None:
    # k6 writes data_sent and data_received after every iteration, of no bytes at all here.
    findings = found(recorded=RECORDED - HTTP, http_reqs=None, http_req_failed=None, data_sent=0.0)
    assert codes(findings) == ["no-request"]


@pytest.mark.parametrize(
    "metric", ["grpc_req_duration", "ws_sessions", "websocket.messages_sent", "socketio.emit"]
)
def test_findings__other_protocols_are_traffic_too(metric: str) -> None:
    recorded = (RECORDED - HTTP) | {metric}
    findings = found(recorded=recorded, http_reqs=None, http_req_failed=None, data_sent=None)
    assert findings == []


@pytest.mark.parametrize(
    ("totals", "message"),
    [
        ({"http_reqs": 51.0}, "the engine counted 51 http_reqs, the samples hold 50"),
        ({"http_reqs": 49.0}, "the engine counted 49 http_reqs, the samples hold 50"),
        ({"iterations": 12.0}, "the engine counted 12 iterations, the samples hold 10"),
        (
            {"http_reqs": math.inf},
            "the script made http_reqs infinite, so nothing says whether every sample was recorded",
        ),
    ],
)
def test_findings__a_lost_sample_is_named(totals: dict[str, float], message: str) -> None:
    [finding] = found(totals)
    assert (finding.code, finding.effect, finding.message) == (
        "samples-incomplete",
        "store",
        message,
    )


@pytest.mark.parametrize(
    ("dropped", "effect", "message"),
    [
        (1.0, "warn", "1 of 1000 iterations were dropped (0.1%)"),
        (10.0, "warn", "10 of 1009 iterations were dropped (1.0%)"),
        (11.0, "invalid", "11 of 1010 iterations were dropped (1.1%)"),
    ],
)
def test_findings__dropped_iterations_count_by_their_share(
    dropped: float, effect: str, message: str
) -> None:
    [finding] = found(iterations=999.0, dropped_iterations=dropped)
    assert (finding.code, finding.effect, finding.message) == (
        "iterations-dropped",
        effect,
        message,
    )


@pytest.mark.parametrize(("iterations", "expected"), [(980.0, []), (979.0, ["rate-not-achieved"])])
def test_findings__a_rate_that_was_not_achieved(iterations: float, expected: list[str]) -> None:
    planned = model.PlannedLoad(model="open", iterations=1000.0)
    findings = found(planned=planned, iterations=iterations)
    assert codes(findings) == expected
    assert {finding.effect for finding in findings} <= {"warn"}


@pytest.mark.parametrize(
    ("planned_s", "seconds", "expected"),
    [
        (60.0, 60.0, []),
        (60.0, 54.0, []),
        (60.0, 53.9, ["ended-early"]),
        (5.0, 3.0, []),
        (5.0, 2.9, ["ended-early"]),
        (60.0, 80.0, []),
        (None, 1.0, []),
    ],
)
def test_findings__a_load_that_ended_early(
    planned_s: float | None, seconds: float, expected: list[str]
) -> None:
    planned = model.PlannedLoad(model="closed", duration_s=planned_s)
    assert codes(found(planned=planned, seconds=seconds)) == expected


@pytest.mark.parametrize(("busy", "expected"), [(None, []), (0.95, []), (0.96, ["machine-busy"])])
def test_findings__a_machine_too_busy_to_measure_on(
    busy: float | None, expected: list[str]
) -> None:
    findings = found(machine_cpu=busy)
    assert codes(findings) == expected
    assert {finding.effect for finding in findings} <= {"warn"}


def test_findings__several_at_once() -> None:
    findings = found({"threw": 10.0, "http_reqs": 51.0}, http_req_failed=1.0)
    assert codes(findings) == [
        "every-iteration-threw",
        "every-request-failed",
        "samples-incomplete",
    ]
    assert {finding.scenario for finding in findings} == {"browse"}
    assert all(finding.remedy for finding in findings)


def test_questions__are_about_the_whole_run() -> None:
    asked = validity.questions(factories.some_facts())
    assert {"iterations", "http_reqs", "http_req_failed"} <= {each.metric for each in asked}
    assert all(question.window is None and not question.tags for question in asked)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"clock_step_s": 3600.0}, "set by +3600.0 s"),
        ({"clock_step_s": -2.0, "elapsed_s": 61.0}, "set by -2.0 s"),
        ({"elapsed_s": 58.0}, "the samples span 60.0 s, but the engine ran for 58.0 s"),
    ],
)
def test_findings__a_clock_that_was_set_makes_the_run_invalid(
    known: Mapping[str, object], words: str
) -> None:
    [finding] = found(known=known)
    assert (finding.code, finding.effect) == ("clock-step", "invalid")
    assert words in finding.message


@pytest.mark.parametrize(
    "known",
    [{"clock_step_s": 0.9}, {"clock_step_s": -0.9}, {"elapsed_s": 59.5}, {"elapsed_s": 99.0}],
)
def test_findings__a_clock_that_is_nearly_right_is_right(known: Mapping[str, object]) -> None:
    assert found(known=known) == []


def test_findings__too_many_names_say_what_to_do() -> None:
    [finding] = found(known={"names": 200, "names_left_out": 9800})
    assert (finding.code, finding.effect) == ("too-many-names", "warn")
    assert finding.message.startswith("there are 10000 different request names; the 200 busiest")
    assert found(known={"names": 200}) == []
