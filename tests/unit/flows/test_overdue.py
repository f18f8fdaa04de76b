"""An engine is overdue once its plan and its last sign of work lie far enough behind; never before."""

from __future__ import annotations

import pytest

from ltlab_ci import load, model
from ltlab_ci.flows import overdue

SCRIPT = load.Script(ends_s=40.0, quiet_s=90.0)


class Clock:
    """A clock that is moved by hand."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def late_after(
    *signs: tuple[float, model.Pulse], at_s: float, script: load.Script = SCRIPT
) -> bool:
    """Say whether an engine is late at a time, after what was recorded at others."""
    clock = Clock()
    watch = overdue.Watch(script, now=clock)
    for time_s, pulse in signs:
        clock.now_s = 1000.0 + time_s
        watch.look(pulse)
    clock.now_s = 1000.0 + at_s
    return bool(watch.late)


def test_watch__silence_inside_the_plan_is_no_business_of_ours() -> None:
    an_hour = load.Script(ends_s=3600.0, quiet_s=90.0)
    assert not late_after((1.0, model.Pulse(work=1)), at_s=3600.0, script=an_hour)


def test_watch__the_plan_is_over_and_all_silent() -> None:
    signs = (0.0, model.Pulse(work=1)), (12.0, model.Pulse(work=50))
    assert not late_after(*signs, at_s=40.0 + 89.0)
    assert late_after(*signs, at_s=40.0 + 91.0)


def test_watch__what_goes_on_working_is_left_alone() -> None:
    """Artillery's virtual users work on when all phases are over, for as long as they like."""
    signs = [(float(second), model.Pulse(work=second)) for second in range(0, 3600, 60)]
    assert not late_after(*signs, at_s=3600.0)


def test_watch__the_same_gauges_again_are_no_work() -> None:
    """As k6 writes them by the second while it is paused or lingers."""
    same = [(float(second), model.Pulse(vus=0, vus_max=1)) for second in range(200)]
    assert late_after(*same, at_s=200.0)


def test_watch__making_virtual_users_is_work_and_not_yet_load() -> None:
    made = [(60.0 * number, model.Pulse(vus=0, vus_max=number)) for number in range(1, 11)]
    begun = (660.0, model.Pulse(vus=10, vus_max=10))
    assert not late_after(*made, at_s=600.0 + 80.0)
    assert not late_after(*made, begun, at_s=660.0 + 40.0 + 89.0)
    assert late_after(*made, begun, at_s=660.0 + 40.0 + 91.0)


@pytest.mark.parametrize(("silent_s", "late"), [(300.0, False), (900.0, False), (1000.0, True)])
def test_watch__a_script_that_plans_no_end_may_be_silent_for_long(
    silent_s: float, *, late: bool
) -> None:
    endless = load.Script(ends_s=None, quiet_s=60.0)
    signs = (7200.0, model.Pulse(work=1))
    assert late_after(signs, at_s=7200.0 + silent_s, script=endless) == late


def test_finding__a_held_engine_is_named_before_what_its_log_says() -> None:
    found = overdue.finding("it is late", "it lingers", stopped=True, scenario="browse")
    assert (found.code, found.effect, found.scenario) == ("engine-overdue", "engine", "browse")
    assert found.message == (
        "the engine did not end by itself: it is late; it was stopped by a signal (SIGSTOP)"
    )
