"""Waits and errors are those that were set, and repeat with the seed."""

from __future__ import annotations

import itertools
import time

import anyio
import httpx
import pytest

from tests.toy_api import serving
from toy_api import work

pytestmark = pytest.mark.anyio


async def _waits(caller: httpx.AsyncClient, path: str, count: int) -> list[float]:
    return [(await caller.get(path)).json()["wait_ms"] for _ in range(count)]


@pytest.mark.parametrize(("path", "low", "high"), [("/slow", 0.5, 2.5), ("/io", 0.3, 1.5)])
async def test_waits__spread_over_their_range(path: str, low: float, high: float) -> None:
    async with serving.client() as caller:
        waits = await _waits(caller, path, 60)
    assert low <= min(waits) < low + (high - low) / 4
    assert high - (high - low) / 4 < max(waits) <= high


async def test_waits__same_seed_same_sequence_whatever_else_is_asked() -> None:
    async with serving.client(seed=7) as first, serving.client(seed=7) as second:
        alone = await _waits(first, "/slow", 5)
        mixed = []
        for _ in range(5):
            await second.get("/io")
            mixed += await _waits(second, "/slow", 1)
    async with serving.client(seed=8) as third:
        other = await _waits(third, "/slow", 5)
    assert alone == mixed
    assert alone != other


async def test_fast__waits_the_base_latency_times_the_slowdown() -> None:
    async with serving.client(latency_ms=20, slowdown=2) as caller:
        start = time.monotonic()
        answer = await caller.get("/fast")
        took_ms = (time.monotonic() - start) * 1000
    assert answer.json() == {"wait_ms": 40}
    assert took_ms >= 40


async def test_waits__many_requests_wait_at_once() -> None:
    async with serving.client(latency_ms=200, slowdown=1) as caller:
        start = time.monotonic()
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(caller.get, "/fast")
        assert time.monotonic() - start < 2  # one after the other: 4 s


@pytest.mark.parametrize(("rate", "low", "high"), [(0, 0, 0), (0.3, 240, 360), (1, 1000, 1000)])
async def test_error__fails_as_often_as_set(rate: float, low: int, high: int) -> None:
    async with serving.client(error_rate=rate) as caller:
        answers = [await caller.get("/error") for _ in range(1000)]
    failed = [answer for answer in answers if answer.status_code == 500]
    assert low <= len(failed) <= high
    assert all("failed" in answer.json()["status"] for answer in failed)


async def test_error__same_seed_fails_at_the_same_places() -> None:
    async with serving.client(seed=3) as first, serving.client(seed=3) as second:
        codes = [
            [(await caller.get("/error")).status_code for _ in range(50)]
            for caller in (first, second)
        ]
    assert codes[0] == codes[1]


async def test_cpu__does_the_calibrated_work() -> None:
    async with serving.client(cpu_ms=2, slowdown=1) as caller:
        first, second = [(await caller.get("/cpu")).json() for _ in range(2)]
    assert first == second
    assert first["digest"] == work.burn(first["units"])


async def test_cpu__exactly_the_units_that_were_set_times_the_slowdown() -> None:
    async with serving.client(cpu_units=300, cpu_ms=20, slowdown=1.1) as caller:
        assert (await caller.get("/cpu")).json() == {"units": 330, "digest": work.burn(330)}


def test_calibrate__finds_the_units_that_take_the_time() -> None:
    units = work.calibrate(20)
    start = time.thread_time()
    work.burn(units)
    took_ms = (time.thread_time() - start) * 1000
    assert 10 < took_ms < 100  # never much faster; slower where neighbours are busy


def test_calibrate__twice_the_cost_is_twice_the_units() -> None:
    ticks = itertools.count()
    steady = [work.calibrate(cost, clock=lambda: float(next(ticks))) for cost in (5000, 10_000)]
    assert steady == [5 * work.PROBE_UNITS, 10 * work.PROBE_UNITS]
    assert work.calibrate(0) == 0


async def test_health__is_503_until_ready() -> None:
    async with serving.client(ready_after_s=0.1) as caller:
        early = await caller.get("/health")
        assert (early.status_code, early.json()) == (503, {"status": "starting"})
        assert (await caller.get("/fast")).status_code == 200
        assert (await serving.until(caller, "/health", status="ok")).status_code == 200
