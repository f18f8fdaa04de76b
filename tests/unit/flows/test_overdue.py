"""An engine is overdue once its plan and its last sign of work lie far enough behind; never before."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import pytest

from ltlab_ci import load, model, process
from ltlab_ci.flows import overdue

SCRIPT = load.Script(ends_s=40.0, quiet_s=90.0)


class Clock:
    """A clock that is moved by hand."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def late_after(
    *signs: tuple[float, model.Pulse],
    at_s: float,
    script: load.Script = SCRIPT,
    known: bool = False,
    cpu_s: Sequence[float] = (),
) -> bool:
    """Say whether an engine is late at a time, after what was recorded at others.

    `cpu_s` is what one in a container used by each of `signs`, and by the end.
    """
    clock = Clock()
    watch = overdue.Watch(script, known=lambda: known, unseen=bool(cpu_s), now=clock)
    used = [*cpu_s] or [0.0] * (len(signs) + 1)
    ends = (at_s, signs[-1][1] if signs else model.Pulse())
    for (time_s, pulse), spent_s in zip([*signs, ends], used, strict=True):
        clock.now_s = 1000.0 + time_s
        usage = process.Usage(cpu_s=spent_s, memory_bytes=0)
        watch.look(pulse, functools.partial(dataclasses.replace, usage))
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


def test_watch__what_is_certain_to_be_over_takes_no_patience() -> None:
    sign = (12.0, model.Pulse(work=50))
    assert not late_after(sign, at_s=40.0 + 14.0, known=True)
    assert late_after(sign, at_s=40.0 + 12.0 + 16.0, known=True)
    an_hour = load.Script(ends_s=3600.0, quiet_s=90.0)
    assert not late_after(sign, at_s=3600.0, script=an_hour, known=True)


def test_watch__in_a_container_its_processor_time_is_all_that_is_seen() -> None:
    signs = [(second, model.Pulse()) for second in (0.0, 800.0)]
    busy, idle = [0.0, 50.0, 100.0], [0.0, 1.0, 2.0]
    assert not late_after(*signs, at_s=1600.0, cpu_s=busy)
    assert not late_after(*signs, at_s=900.0, cpu_s=idle)
    assert late_after(*signs, at_s=1100.0, cpu_s=idle)
