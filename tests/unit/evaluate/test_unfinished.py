"""Requests that never ended are found from what was begun and what ended; what did end is not among them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.evaluate import unfinished
from tests.factories import SECOND_NS, START_NS


def a_line(level: float, *, start_s: float = 0.0, end_s: float = 10.0) -> model.Ramp:
    return model.Ramp(start_s=start_s, end_s=end_s, from_per_s=level, to_per_s=level)


def vus(number: int, **parts: object) -> model.PlannedScenario:
    given: dict[str, object] = {
        "name": "browse",
        "opened": False,
        "ramps": (a_line(number),),
        "stop_s": 30.0,
    }
    return model.PlannedScenario(**{**given, **parts})  # type: ignore[arg-type]


def rate(per_s: float, **parts: object) -> model.PlannedScenario:
    return vus(0, **{"opened": True, "ramps": (a_line(per_s),), **parts})


def at(seconds: float) -> int:
    return START_NS + round(seconds * SECOND_NS)


def an_end(last_s: float, *, ended: bool = True, **parts: object) -> model.VuEnd:
    given: dict[str, object] = {"scenario": "browse", "last_ns": at(last_s), "ended": ended}
    return model.VuEnd(**{**given, **parts})  # type: ignore[arg-type]


def found(
    planned: model.PlannedScenario,
    *ends: model.VuEnd,
    begun_s: tuple[float, ...] = (),
    alive_s: float = 40.0,
    interrupted: float | None = None,
    pace: model.Pace | None = None,
) -> list[tuple[float, float, bool]]:
    """Return since when, for how long at the least, and whether each request hangs."""
    activity = model.Activity(
        ends=ends, begun_ns={planned.name: tuple(at(each) for each in begun_s)}
    )
    silent = unfinished.silences([planned], activity, START_NS, alive_s, interrupted)
    paces = {planned.name: pace or model.Pace(pause_s=0.0, request_s=0.1)}
    return [(one.since_s, one.least_s, one.hung) for one in unfinished.cut_off(silent, paces)]


def test_closed__a_vu_that_hangs_is_silent_until_it_is_cut_off() -> None:
    ends = [an_end(10.05), an_end(10.1), an_end(4.0, ended=False)]
    assert found(vus(3), *ends) == [(4.0, 36.0, True)]


def test_closed__a_vu_that_hangs_at_its_first_request_was_never_heard() -> None:
    assert found(vus(2), an_end(10.05)) == [(0.0, 40.0, True)]


def test_closed__a_hang_between_two_iterations_is_told_from_a_vu_that_is_done() -> None:
    # Both had just ended an iteration; one of them long before it was due to stop.
    assert found(vus(2), an_end(10.05), an_end(5.0)) == [(5.0, 35.0, True)]


def test_closed__the_engines_count_bounds_what_is_found() -> None:
    ends = [an_end(4.0, ended=False), an_end(6.0, ended=False)]
    assert len(found(vus(2), *ends)) == 2
    assert found(vus(2), *ends, interrupted=1.0) == [(4.0, 36.0, True)]
    assert found(vus(2), *ends, interrupted=0.0) == []


def test_closed__a_pause_at_the_end_is_no_request() -> None:
    pace = model.Pace(pause_s=3.0, request_s=0.1)
    ends = [an_end(8.0, ended=False), an_end(9.0, ended=False)]
    assert found(vus(2, stop_s=0.0), *ends, alive_s=10.0, pace=pace) == []


def test_closed__a_request_of_usual_length_is_shown_and_does_not_hang() -> None:
    pace = model.Pace(pause_s=0.0, request_s=2.0)
    [(since_s, least_s, hung)] = found(
        vus(1, stop_s=0.0), an_end(8.0), alive_s=10.0, interrupted=1.0, pace=pace
    )
    assert (since_s, least_s, hung) == (8.0, 2.0, False)


def test_closed__an_iteration_that_made_all_its_requests_is_at_rest() -> None:
    # It sleeps longer than any that was completed did.
    pace = model.Pace(pause_s=0.05, request_s=0.1, requests=1)
    ends = [an_end(2.0, ended=False, requests=1), an_end(3.0, ended=False, requests=0)]
    assert found(vus(2), *ends, pace=pace) == [(3.0, 36.9, True)]


def test_closed__work_that_is_no_request_is_left_alone() -> None:
    # It consumes a queue, say: a sample now and then, and no request.
    pace = model.Pace(protocol="")
    assert found(vus(1), an_end(2.0, ended=False), pace=pace) == []


def test_at_rest__is_a_scenario_whose_vus_all_pause() -> None:
    ends = (an_end(2.0, ended=False, requests=2), an_end(3.0, ended=False, requests=1))
    for requests, resting in ((1, {"browse"}), (2, set())):
        silent = unfinished.silences([vus(2)], model.Activity(ends=ends), START_NS, 40.0, None)
        paces = {"browse": model.Pace(requests=requests)}
        assert unfinished.at_rest(silent, paces) == resting


def test_closed__a_deadlock_of_the_last_second_hangs() -> None:
    pace = model.Pace(pause_s=0.1, request_s=0.003)
    ends = [an_end(9.2), an_end(9.3)]
    planned = vus(2, stop_s=0.0)
    hanging = found(planned, *ends, alive_s=10.0, interrupted=2.0, pace=pace)
    assert [hung for *_, hung in hanging] == [True, False]


def test_closed__a_session_that_stays_open_is_no_request() -> None:
    assert found(vus(1), an_end(2.0, ended=False, in_session=True)) == []


def test_closed__an_abort_cuts_everything_off_at_once() -> None:
    ends = [an_end(2.95, ended=False), an_end(2.9)]
    pace = model.Pace(pause_s=0.0, request_s=0.2)
    assert not any(hung for *_, hung in found(vus(2), *ends, alive_s=3.0, pace=pace))


RAMP = (
    model.Ramp(start_s=0.0, end_s=4.0, from_per_s=0, to_per_s=4),
    model.Ramp(start_s=4.0, end_s=8.0, from_per_s=4, to_per_s=0),
)


@pytest.mark.parametrize("ended", [True, False])
def test_closed__vus_that_were_ramped_down_are_done(ended: bool) -> None:  # noqa: FBT001
    planned = vus(0, ramps=RAMP, ramp_down_s=0.0, stop_s=0.0)
    # The last of four VUs stops at 4 s, the first at 7 s; each was heard just before.
    ends = [an_end(stop_s - 0.1, ended=ended) for stop_s in (4.0, 5.0, 6.0, 7.0)]
    assert not any(hung for *_, hung in found(planned, *ends, alive_s=8.0, interrupted=4.0))


def test_closed__one_that_hangs_while_others_ramp_down_is_found() -> None:
    planned = vus(0, ramps=RAMP, ramp_down_s=0.0, stop_s=0.0)
    ends = [an_end(stop_s - 0.1) for stop_s in (4.0, 5.0, 6.0)] + [an_end(1.0, ended=False)]
    [(since_s, least_s, hung)] = found(planned, *ends, alive_s=8.0, interrupted=1.0)
    assert (since_s, hung) == (1.0, True)
    assert least_s == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize(("interrupted", "number"), [(None, 0), (0.0, 0), (1.0, 1)])
def test_iterations__only_the_engine_knows_whether_a_vu_had_more_to_do(
    interrupted: float | None, number: int
) -> None:
    planned = vus(2, endless=True, ramps=(a_line(2, end_s=600.0),))
    ends = [an_end(3.0), an_end(39.9)]
    assert len([1 for *_, hung in found(planned, *ends, interrupted=interrupted) if hung]) == number


def test_open__what_is_missing_of_a_rate_never_ended() -> None:
    begun = tuple(n / 2 for n in range(20) if n not in {4, 11})
    assert found(rate(2), begun_s=begun) == [(2.0, 38.0, True), (5.5, 34.5, True)]


def test_open__starts_that_come_late_are_not_missing() -> None:
    begun = tuple(n / 2 + 0.3 for n in range(20))
    assert found(rate(2), begun_s=begun, interrupted=2.0) == []


def test_open__late_starts_make_no_request_in_flight_look_old() -> None:
    # 500 a second, each 7 ms late, of which the last five were still under way at the end.
    begun = tuple(n / 500 + 0.007 for n in range(4995))
    planned = rate(500, stop_s=0.0)
    hanging = found(planned, begun_s=begun, alive_s=10.0, interrupted=5.0)
    assert all(least_s <= 0.02 for _, least_s, _ in hanging)


def test_open__a_vu_that_had_begun_to_work_tells_since_when() -> None:
    begun = tuple(n / 2 for n in range(20) if n != 4)
    ends = [an_end(3.5, ended=False), an_end(9.6)]
    assert found(rate(2), *ends, begun_s=begun) == [(3.5, 36.5, True)]


def test_open__a_request_in_flight_at_the_end_does_not_hang() -> None:
    begun = tuple(n / 2 for n in range(19))
    [(_, least_s, hung)] = found(rate(2, stop_s=0.0), begun_s=begun, alive_s=10.0, interrupted=1.0)
    assert (least_s, hung) == (0.5, False)


@given(
    per_s=st.integers(1, 40),
    lost=st.sets(st.integers(0, 390)),
    late_s=st.floats(0, 0.01),
)
def test_open__finds_as_many_as_are_missing_and_never_blames_one_too_early(
    per_s: int, lost: set[int], late_s: float
) -> None:
    number = per_s * 10
    lost = {each for each in lost if each < number}
    begun = tuple(n / per_s + late_s for n in range(number) if n not in lost)
    hanging = found(rate(per_s), begun_s=begun, interrupted=float(len(lost)))
    assert len(hanging) == len(lost)
    for n, (since_s, *_) in zip(sorted(lost), hanging, strict=True):
        assert since_s >= n / per_s - 1e-3


def test_open__a_rate_that_rises_is_known_at_each_moment() -> None:
    line = model.Ramp(start_s=0.0, end_s=10.0, from_per_s=0, to_per_s=10)
    # By t seconds t²/2 iterations are due.
    begun = tuple(math.sqrt(2 * n) for n in range(50) if n != 20)
    [(since_s, least_s, hung)] = found(rate(1, ramps=(line,)), begun_s=begun)
    assert hung
    assert since_s == pytest.approx(math.sqrt(40), abs=1e-3)
    assert least_s == pytest.approx(40 - math.sqrt(40), abs=1e-3)
