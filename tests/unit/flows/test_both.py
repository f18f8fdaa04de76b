"""Both services of a round start and end at one time, and trouble is told by its side."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ltlab_ci import errors, model
from ltlab_ci.flows import both
from ltlab_ci.lab import embedded, service

pytestmark = [pytest.mark.processes, pytest.mark.loopback]

ENVIRON = {"PATH": "/usr/bin:/bin"}
STAYS = "while :; do sleep 0.01; done"
BOTH_UP = ("/bin/sh", "-c", "test -e base.up && test -e head.up")
LOCKED = f"mkdir lock || {{ echo database is locked; exit 1; }}; touch up.{{port}}; {STAYS}"
ORDERS = pytest.mark.parametrize("order", [("base", "head"), ("head", "base")])


def spec(line: str, *ready: str) -> model.Service:
    """Return a service that is a line for the shell."""
    check = ready or ("/bin/sh", "-c", "test -e up.${BASE_URL##*:}")
    return model.Service(
        command=("/bin/sh", "-c", line), ready=model.Ready(command=check, timeout="10s")
    )


def started(
    folder: Path, order: tuple[str, ...], **sides: model.Service
) -> AbstractContextManager[both.Both]:
    versions = {
        side: service.Version(spec=each, root=folder, side=side, built=True)
        for side, each in sides.items()
    }
    return both.started(
        embedded.bench(folder, ENVIRON),
        versions,
        {side: place for place, side in enumerate(order)},
        logs=folder / "logs",
        number=3,
    )


def failure(folder: Path, order: tuple[str, ...], **sides: model.Service) -> errors.LabNotReady:
    with (
        pytest.raises(errors.LabNotReady) as caught,
        started(folder, order, **sides) as services,
    ):
        services.awaited()
    return caught.value


@ORDERS
def test_started__neither_is_awaited_before_the_other_has_started(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    waits = spec(f"touch {{side}}.up; {STAYS}", *BOTH_UP)
    with started(tmp_path, order, base=waits, head=waits) as services:
        running = services.awaited()
        assert tuple(running) == order
        assert len({each.base_url for each in running.values()}) == 2
        assert [each.death() for each in running.values()] == [None, None]


@ORDERS
def test_started__both_are_asked_to_end_before_either_has_ended(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    asked = "until test -e base.asked && test -e head.asked; do sleep 0.01; done"
    ends = f"touch {{side}}.asked; {asked}; touch {{side}}.ended; exit"
    line = f"trap '{ends}' TERM; touch {{side}}.up; {STAYS}"
    with started(tmp_path, order, base=spec(line, *BOTH_UP), head=spec(line, *BOTH_UP)) as services:
        services.awaited()
    assert (tmp_path / "base.ended").exists()
    assert (tmp_path / "head.ended").exists()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_started__both_are_stopped_on_every_way_out(
    tmp_path: Path, error: type[BaseException]
) -> None:
    seen: list[both.Both] = []

    def run() -> None:
        with started(tmp_path, ("base", "head"), base=spec(STAYS), head=spec(STAYS)) as services:
            seen.append(services)
            assert all(each.lives() for each in services.starting.values())
            raise error

    with pytest.raises(error):
        run()
    assert not any(each.lives() for each in seen[0].starting.values())


@ORDERS
def test_started__one_that_cannot_be_started_is_told_by_its_side(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    missing = spec(STAYS).model_copy(update={"command": ("/nowhere/shop",)})
    error = failure(tmp_path, order, base=spec(STAYS), head=missing)
    assert error.message.startswith("head, in round 3: cannot start /nowhere/shop")


@ORDERS
def test_awaited__where_only_one_can_run_it_says_how_both_could(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    """Which of them it is depends on who was first, not on whose turn it is to be awaited."""
    error = failure(tmp_path, order, base=spec(LOCKED), head=spec(LOCKED))
    assert "in round 3: the service exited with 1" in error.message
    assert "database is locked" in error.message
    loser, winner = sorted(order, key=lambda side: f"{side} ran" in error.message)
    assert error.message.startswith(f"{loser}, ")
    assert error.message.endswith(f"(while {winner} ran)")
    assert f"logs/service-{loser}.log" in error.remedy
    assert all(word in error.remedy for word in ("{port}", "{env}", "{side}", "mode: alternate"))


def test_awaited__where_both_die_it_is_no_matter_of_two_at_once(tmp_path: Path) -> None:
    gone = "test -e pid && grep -q '^State:.Z' /proc/$(cat pid)/status"
    last = spec(f"until {gone}; do sleep 0.01; done; exit 4")
    first = spec("echo $$ > new; mv new pid; exit 5")
    error = failure(tmp_path, ("base", "head"), base=last, head=first)
    assert error.message == "base, in round 3: the service exited with 4 before it was ready"
    assert "alternate" not in error.remedy
    assert "logs/service-base.log" in error.remedy


@ORDERS
def test_awaited__an_address_that_is_not_ready_has_no_log_and_no_other_beside_it(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    never = model.Ready(command=("/bin/false",), timeout="100ms")
    elsewhere = model.Service(url="http://127.0.0.1:9", ready=never)
    error = failure(tmp_path, order, base=elsewhere, head=spec(f"touch up.{{port}}; {STAYS}"))
    assert error.message.startswith("base, in round 3: the service was not ready after 0.2 s")
    assert "ran)" not in error.message
    assert "look at what answers at http://127.0.0.1:9" in error.remedy
    assert "log" not in error.remedy


def test_awaited__beside_what_is_not_ours_it_is_no_matter_of_two_at_once(tmp_path: Path) -> None:
    elsewhere = model.Service(url="http://127.0.0.1:9", ready=model.Ready(command=("/bin/true",)))
    error = failure(tmp_path, ("base", "head"), base=elsewhere, head=spec("exit 3"))
    assert error.message.startswith("head, in round 3: the service exited with 3")
    assert "ran)" not in error.message
