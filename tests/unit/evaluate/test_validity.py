"""A run in which nothing happened, or everything failed, is never green."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ltlab_ci import model
from ltlab_ci.evaluate import validity
from tests import factories

HTTP = frozenset({"http_reqs", "http_req_failed", "http_req_duration"})
EVERY_ITERATION = frozenset({"iterations", "iteration_duration", "data_sent", "data_received"})
RECORDED = HTTP | EVERY_ITERATION | {"vus"}
SOUND = {"iterations": 10.0, "dropped_iterations": None, "http_reqs": 50.0, "machine_cpu": 0.5}
LAST_NS = factories.START_NS + 60 * factories.SECOND_NS
TALLY = model.Tally(
    name="default",
    requests=50,
    judged=50,
    iterations=10,
    bytes_sent=5000.0,
    others=400,
    first_ns=factories.START_NS,
    last_ns=LAST_NS,
    quiet_s=1.0,
)
UNPLANNED = model.PlannedLoad()


def found(
    totals: Mapping[str, float] | None = None,
    *,
    recorded: frozenset[str] = RECORDED,
    planned: model.PlannedLoad = UNPLANNED,
    seconds: float = 60.0,
    said: tuple[model.Finding, ...] = (),
    known: Mapping[str, object] | None = None,
    tallies: tuple[model.Tally, ...] = (TALLY,),
    threw: Mapping[str, int] | None = None,
    covered: frozenset[str] = frozenset(),
    errors: Mapping[str, float] | None = None,
    heard: Mapping[str, Any] | None = None,
    **figures: float | None,
) -> list[model.Finding]:
    """Return the findings of a run that is sound but for these figures."""
    facts = factories.some_facts(
        recorded=recorded, seconds=seconds, **{"tallies": tallies, **(known or {})}
    )
    answers = {
        question: factories.an_answer({**SOUND, **figures}[question.metric])
        for question in validity.questions(facts)
    }
    outcome = model.Outcome(
        totals=dict(totals or {}),
        findings=said,
        threw=dict(threw or {}),
        errors=dict(errors or {}),
        **(heard or {}),
    )
    return list(validity.findings(facts, planned, outcome, answers, covered))


def codes(findings: list[model.Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_findings__a_sound_run_has_none() -> None:
    assert found({"iterations": 10.0, "http_reqs": 50.0, "threw": 3.0}) == []


@pytest.mark.parametrize("recorded", [frozenset(), model.USAGE])
def test_findings__nothing_recorded_says_only_that(recorded: frozenset[str]) -> None:
    findings = found({"http_reqs": 5.0}, recorded=recorded, iterations=None, http_reqs=None)
    assert codes(findings) == ["nothing-measured"]


def planned_scenario(name: str, *, vus: int = 2, **parts: object) -> model.PlannedScenario:
    line = model.Ramp(start_s=0.0, end_s=60.0, from_per_s=vus, to_per_s=vus)
    return model.PlannedScenario(name=name, opened=False, ramps=(line,), **parts)  # type: ignore[arg-type]


BOTH = model.PlannedLoad(
    model="closed", scenarios=(planned_scenario("login"), planned_scenario("browse"))
)
LOGIN, BROWSE = replace(TALLY, name="login"), replace(TALLY, name="browse")


def test_findings__no_iteration_was_completed() -> None:
    assert codes(found(tallies=(replace(TALLY, iterations=0),), iterations=0.0)) == ["no-iteration"]


def test_findings__one_scenario_of_the_script_completed_no_iteration() -> None:
    [finding] = found(planned=BOTH, tallies=(LOGIN, replace(BROWSE, iterations=0)))
    assert (finding.code, finding.effect) == ("no-iteration", "invalid")
    assert finding.message == "scenario browse of the script: no iteration was completed"


def test_findings__a_session_that_lives_as_long_as_the_load_is_no_fault() -> None:
    lives = replace(BROWSE, iterations=0, requests=0, judged=0, sessions=2)
    assert found(planned=BOTH, tallies=(LOGIN, lives)) == []


@pytest.mark.parametrize(
    ("effect", "expected"), [("invalid", []), ("warn", ["no-iteration", "no-request"])]
)
def test_findings__what_the_engine_explained_is_not_told_again(
    effect: str, expected: list[str]
) -> None:
    threw = model.Finding.model_validate(
        {"code": "k6-exit-107", "effect": effect, "message": "no login", "remedy": "mend it"}
    )
    idle = model.Tally(name="default", bytes_sent=0.0)
    findings = found(
        recorded=frozenset({"vus", "data_sent"}),
        said=(threw,),
        tallies=(idle,),
        iterations=None,
        http_reqs=None,
    )
    assert codes(findings) == expected


@pytest.mark.parametrize(
    ("threw", "expected"),
    [(5, []), (6, ["most-iterations-threw"]), (10, ["every-iteration-threw"])],
)
def test_findings__iterations_that_threw(threw: int, expected: list[str]) -> None:
    assert codes(found({"threw": float(threw)})) == expected


def test_findings__every_iteration_of_one_scenario_threw() -> None:
    [finding] = found({"threw": 10.0}, planned=BOTH, tallies=(LOGIN, BROWSE), threw={"login": 10})
    assert finding.code == "every-iteration-threw"
    assert finding.message == "scenario login of the script: every one of 10 iterations threw"


@pytest.mark.parametrize(
    ("failed", "expected", "effect"),
    [
        (2, [], ""),
        (3, ["requests-failed"], "warn"),
        (25, ["requests-failed"], "warn"),
        (26, ["most-requests-failed"], "invalid"),
        (50, ["every-request-failed"], "invalid"),
    ],
)
def test_findings__failed_requests_by_their_share(
    failed: int, expected: list[str], effect: str
) -> None:
    findings = found(tallies=(replace(TALLY, failed=failed),))
    assert codes(findings) == expected
    assert {finding.effect for finding in findings} <= {effect}


def test_findings__a_threshold_on_failures_says_how_many_may() -> None:
    covered = frozenset({"http_req_failed"})
    assert found(tallies=(replace(TALLY, failed=49),), covered=covered) == []
    # That nothing at all came back is no measurement all the same.
    [finding] = found(tallies=(replace(TALLY, failed=50),), covered=covered)
    assert finding.code == "every-request-failed"


def test_findings__every_request_of_one_scenario_failed() -> None:
    [finding] = found(planned=BOTH, tallies=(LOGIN, replace(BROWSE, failed=50)))
    assert finding.message == "scenario browse of the script: every one of 50 requests failed"


@pytest.mark.parametrize(
    "parts",
    [
        {"judged": 0, "bad": 50},  # http.setResponseCallback(null): nothing says what failed
        {"refused": 50},  # no answer, and the script calls that a success
    ],
)
def test_findings__no_answer_is_never_a_success(parts: dict[str, Any]) -> None:
    assert codes(found(tallies=(replace(TALLY, **parts),))) == ["every-request-failed"]


def test_findings__a_script_that_accepts_every_status_says_nothing_of_them() -> None:
    errors = (replace(TALLY, bad=50),)
    assert codes(found(tallies=errors, known={"any_status": True})) == ["every-request-failed"]
    assert found(tallies=errors) == []  # it names 503, and means it


@pytest.mark.parametrize(
    ("kind", "noun"),
    [
        ("calls", "gRPC calls"),
        ("sessions", "WebSocket sessions"),
        ("pages", "requests of the browser"),
    ],
)
def test_findings__each_protocol_has_its_own_failures(kind: str, noun: str) -> None:
    parts: dict[str, Any] = {kind: 20, f"{kind}_failed": 20, "requests": 0, "judged": 0}
    [finding] = found(tallies=(replace(TALLY, **parts),))
    assert (finding.code, finding.message) == (
        "every-request-failed",
        f"every one of 20 {noun} failed",
    )


@pytest.mark.parametrize(
    ("covered", "expected"),
    [("grpc_req_duration", ["most-requests-failed"]), ("grpc_req_duration{status}", [])],
)
def test_findings__a_limit_on_latency_does_not_cover_failures(
    covered: str, expected: list[str]
) -> None:
    tally = replace(TALLY, requests=0, judged=0, calls=20, calls_failed=16)
    assert codes(found(tallies=(tally,), covered=frozenset({covered}))) == expected


@pytest.mark.parametrize(
    ("failed", "covered", "expected"),
    [
        (1, (), []),
        (2, (), ["checks-failed"]),
        (11, (), ["most-checks-failed"]),
        (20, (), ["most-checks-failed"]),
        (20, ("checks",), []),
    ],
)
def test_findings__failed_checks_by_their_share(
    failed: int, covered: tuple[str, ...], expected: list[str]
) -> None:
    tally = replace(TALLY, checks=20, checks_failed=failed)
    assert codes(found(tallies=(tally,), covered=frozenset(covered))) == expected


ARTILLERY = {"engine": "artillery"}
REFUSED = {"ECONNREFUSED": 8.0, "Failed capture or match": 2.0}


def test_findings__users_of_artillery_fail_and_its_errors_are_named() -> None:
    failed = (replace(TALLY, failed=50),)
    requests, users = found({"threw": 10.0}, tallies=failed, known=ARTILLERY, errors=REFUSED)
    assert (users.code, users.effect) == ("every-iteration-threw", "invalid")
    assert users.message == (
        "every one of 10 virtual users failed: ECONNREFUSED (8), Failed capture or match (2)"
    )
    assert requests.message.startswith("every one of 50 requests failed: ECONNREFUSED (8), ")


@pytest.mark.parametrize(
    ("threw", "covered", "expected"),
    [
        (5, "", []),
        (6, "", ["most-iterations-threw"]),
        (6, "vusers.failed", []),
        (6, "errors", []),
        (10, "vusers.failed", ["every-iteration-threw"]),
    ],
)
def test_findings__most_users_failed_unless_a_threshold_covers_them(
    threw: float, covered: str, expected: list[str]
) -> None:
    findings = found(
        {"threw": threw}, known=ARTILLERY, errors=REFUSED, covered=frozenset({covered})
    )
    assert codes(findings) == expected
    assert {finding.effect for finding in findings} <= {"invalid"}


def test_findings__a_limit_of_ensure_covers_users_that_fail() -> None:
    own = (model.OwnThreshold(metric="ensure", expression="maxErrorRate < 90", crossed=False),)
    assert found({"threw": 6.0}, known={**ARTILLERY, "own": own}) == []


def test_findings__a_script_that_talks_to_nobody() -> None:
    # k6 writes data_sent and data_received after every iteration, of no bytes at all here.
    idle = replace(TALLY, requests=0, judged=0, bytes_sent=0.0)
    findings = found(recorded=RECORDED - HTTP, tallies=(idle,), http_reqs=None)
    assert codes(findings) == ["no-request"]


def test_findings__one_scenario_of_the_script_talks_to_nobody() -> None:
    idle = replace(BROWSE, requests=0, judged=0, bytes_sent=0.0)
    [finding] = found(planned=BOTH, tallies=(LOGIN, idle))
    assert finding.message == "scenario browse of the script: no request was made"


@pytest.mark.parametrize(
    "parts", [{"calls": 5}, {"sessions": 5}, {"pages": 5}, {"bytes_sent": 300.0}]
)
def test_findings__other_protocols_are_traffic_too(parts: dict[str, float]) -> None:
    talked = replace(TALLY, **{"requests": 0, "judged": 0, "bytes_sent": None, **parts})  # type: ignore[arg-type]
    assert found(recorded=RECORDED - HTTP, tallies=(talked,), http_reqs=None) == []


@pytest.mark.parametrize(
    "metric", ["websocket.messages_sent", "socketio.emit", "browser.http_requests"]
)
def test_findings__protocols_of_artillery_are_traffic_too(metric: str) -> None:
    talked = replace(TALLY, requests=0, judged=0, bytes_sent=None)
    recorded = (RECORDED - HTTP) | {metric}
    assert found(recorded=recorded, tallies=(talked,), http_reqs=None) == []


def test_findings__a_scenario_that_completed_nothing_is_named() -> None:
    [finding] = found(planned=BOTH, tallies=(LOGIN,))
    assert (finding.code, finding.effect) == ("scenario-silent", "invalid")
    assert finding.message == "scenario browse of the script completed nothing in 60.0 s"


@pytest.mark.parametrize(
    ("last_s", "quiet_s", "expected"),
    [
        (30, 1.0, ["scenario-silent"]),
        (56, 1.0, ["scenario-silent"]),
        (58, 1.0, []),
        (50, 5.0, []),  # it was as quiet before
    ],
)
def test_findings__a_scenario_that_falls_silent_says_when(
    last_s: int, quiet_s: float, expected: list[str]
) -> None:
    last_ns = factories.START_NS + last_s * factories.SECOND_NS
    tally = replace(BROWSE, last_ns=last_ns, quiet_s=quiet_s)
    findings = found(planned=BOTH, tallies=(LOGIN, tally))
    assert codes(findings) == expected
    assert all(f"from {last_s}.0 s until its end at 60.0 s" in each.message for each in findings)


def test_findings__a_scenario_whose_requests_take_long_is_not_silent() -> None:
    # One request of 20 s ended, and the next one was cut off.
    ended_ns = factories.START_NS + 20 * factories.SECOND_NS
    tally = replace(BROWSE, first_ns=ended_ns, last_ns=ended_ns, quiet_s=0.0)
    assert found(planned=BOTH, tallies=(LOGIN, tally)) == []


def test_findings__a_stream_that_lives_as_long_as_the_load_is_no_fault() -> None:
    last_ns = factories.START_NS + factories.SECOND_NS
    lives = replace(BROWSE, iterations=0, requests=0, judged=0, streams=2, last_ns=last_ns)
    assert found(planned=BOTH, tallies=(LOGIN, lives)) == []


def test_findings__a_scenario_whose_vus_pause_is_not_silent() -> None:
    tally = replace(BROWSE, last_ns=factories.START_NS + 10 * factories.SECOND_NS)
    assert found(planned=BOTH, tallies=(LOGIN, tally), known={"at_rest": {"browse"}}) == []


def test_findings__say_with_which_status_most_failed() -> None:
    [finding] = found(tallies=(replace(TALLY, failed=49, failed_as="429"),))
    assert finding.message == "49 of 50 requests failed (98.0%): most with HTTP 429"


def test_findings__what_ended_early_is_not_silent() -> None:
    last_ns = factories.START_NS + 10 * factories.SECOND_NS
    ended = tuple(replace(each, last_ns=last_ns) for each in (LOGIN, BROWSE))
    assert found(planned=BOTH, tallies=ended, seconds=10.0, known={"alive_s": 10.0}) == []


@pytest.mark.parametrize(
    ("least_s", "effect"), [(6.0, "warn"), (6.1, "invalid")], ids=["5 %", "above"]
)
def test_findings__requests_that_never_ended(least_s: float, effect: str) -> None:
    hung = model.CutOff(
        scenario="default", after="GET /cart", since_s=12.25, least_s=least_s, hung=True
    )
    shown = hung.model_copy(update={"least_s": 0.4, "hung": False})
    [finding] = found(known={"cut_off": (hung, shown), "vu_time_s": 120.0})
    assert (finding.code, finding.effect) == ("requests-cut-off", effect)
    assert finding.message.startswith(
        f"1 request never ended: begun after GET /cart from 12.2 s on, and cut off after {least_s} s"
    )


def test_findings__traffic_that_cannot_be_seen_is_a_warning() -> None:
    [finding] = found(
        recorded=frozenset({"iterations", "vusers.completed", "my.calls"}),
        planned=model.PlannedLoad(unseen=True),
        known=ARTILLERY,
        tallies=(replace(TALLY, requests=0, judged=0, bytes_sent=None),),
        http_reqs=None,
    )
    assert (finding.code, finding.effect) == ("traffic-unseen", "warn")


def test_findings__a_before_section_that_failed_explains_that_nothing_was_measured() -> None:
    failed = factories.a_finding("invalid", code="artillery-before")
    assert found(recorded=frozenset(), said=(failed,)) == []


@pytest.mark.parametrize(
    ("skipped", "covered", "effect"),
    [(1.0, "", "warn"), (35.0, "", "invalid"), (35.0, "vusers.skipped", "warn")],
)
def test_findings__users_kept_out_by_maxvusers_are_told_in_artillerys_words(
    skipped: float, covered: str, effect: str
) -> None:
    [finding] = found(
        iterations=100.0,
        dropped_iterations=skipped,
        known=ARTILLERY,
        covered=frozenset({covered}),
    )
    assert (finding.code, finding.effect) == ("iterations-dropped", effect)
    assert finding.message.startswith(
        f"{skipped:g} of {100 + skipped:g} virtual users were skipped"
    )
    assert "maxVusers" in finding.message
    assert f"vusers.skipped: count <= {skipped:g}" in finding.remedy


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


def test_findings__what_a_threshold_ended_by_abortonfail_is_not_blamed_on_anything_else() -> None:
    for planned in (
        model.PlannedLoad(model="open", duration_s=22.0, iterations=860.0),
        model.PlannedLoad(model="closed"),
    ):
        heard = {"aborted_by": "http_req_failed"}
        [finding] = found(
            planned=planned,
            seconds=3.2,
            heard=heard,
            iterations=None,
            dropped_iterations=9.0 if planned.model == "closed" else None,
        )
        assert (finding.code, finding.effect) == ("ended-early", "warn")
        assert "threshold on http_req_failed with abortOnFail ended it" in finding.message


def test_findings__a_load_that_ended_early_blames_no_threshold_that_is_not_there() -> None:
    planned = model.PlannedLoad(model="closed", duration_s=60.0)
    [finding] = found(planned=planned, seconds=30.0)
    assert "abortOnFail" not in finding.message + finding.remedy


def test_findings__what_maxduration_cut_off_is_said_to_be_so() -> None:
    planned = model.PlannedLoad(model="closed")
    [finding] = found(planned=planned, iterations=18.0, dropped_iterations=42.0)
    assert (finding.code, finding.effect) == ("iterations-dropped", "invalid")
    assert finding.message == "maxDuration ended the load with 42 of 60 iterations not started"
    assert "maxDuration" in finding.remedy


def test_findings__why_every_request_failed_is_in_the_first_line() -> None:
    heard = {"unanswered": "ECONNREFUSED 127.0.0.1:8; the service under test is at 127.0.0.1:9"}
    failed = (replace(TALLY, failed=50),)
    findings = found({"threw": 10.0}, tallies=failed, heard={**heard, "thrown": "the body is null"})
    assert codes(findings) == ["every-request-failed", "every-iteration-threw"]
    assert all(finding.message.endswith(f": {heard['unanswered']}") for finding in findings)
    [finding] = found({"threw": 10.0}, heard={"thrown": "the body is null"})
    assert finding.message == "every one of 10 iterations threw: the body is null"


@pytest.mark.parametrize(("busy", "expected"), [(None, []), (0.95, []), (0.96, ["machine-busy"])])
def test_findings__a_machine_too_busy_to_measure_on(
    busy: float | None, expected: list[str]
) -> None:
    findings = found(machine_cpu=busy)
    assert codes(findings) == expected
    assert {finding.effect for finding in findings} <= {"warn"}


def test_findings__several_at_once() -> None:
    findings = found({"threw": 10.0, "http_reqs": 51.0}, tallies=(replace(TALLY, failed=50),))
    assert codes(findings) == [
        "every-request-failed",
        "every-iteration-threw",
        "samples-incomplete",
    ]
    assert {finding.scenario for finding in findings} == {"browse"}
    assert all(finding.remedy for finding in findings)


def test_questions__are_about_the_whole_run() -> None:
    asked = validity.questions(factories.some_facts())
    assert {"iterations", "http_reqs"} <= {each.metric for each in asked}
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
    assert finding.message.startswith("there are 10000 different request names, ids in URLs ")
    assert found(known={"names": 200}) == []
