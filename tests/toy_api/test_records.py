"""Users are fifty and fixed; jobs are queued, run, done, and in the end forgotten."""

from __future__ import annotations

import anyio
import pytest

from tests.toy_api import serving
from toy_api import jobs

pytestmark = pytest.mark.anyio


async def test_users__the_same_fifty_for_every_seed() -> None:
    async with serving.client(seed=1) as first, serving.client(seed=2) as second:
        listed = (await first.get("/users")).json()
        assert listed == (await second.get("/users")).json()
        assert [user["id"] for user in listed] == list(range(1, 51))
        assert len({user["email"] for user in listed}) == 50
        assert (await first.get("/users/50")).json() == listed[49]


@pytest.mark.parametrize(("path", "code"), [("0", 404), ("51", 404), ("-1", 404), ("ada", 422)])
async def test_users__only_1_to_50(path: str, code: int) -> None:
    async with serving.client() as caller:
        assert (await caller.get(f"/users/{path}")).status_code == code


async def test_jobs__run_in_the_background_until_done() -> None:
    async with serving.client(slowdown=1) as caller:
        created = await caller.post("/jobs")
        assert created.status_code == 202
        assert created.json()["state"] == "queued"
        assert 50 <= created.json()["work_ms"] <= 400
        where = created.headers["location"]
        assert where == f"/jobs/{created.json()['id']}"
        await serving.until(caller, where, state="running")
        await serving.until(caller, where, state="done")


async def test_jobs__same_seed_same_work() -> None:
    async with serving.client(seed=5) as first, serving.client(seed=5) as second:
        work = [
            [(await c.post("/jobs")).json()["work_ms"] for _ in range(5)] for c in (first, second)
        ]
    assert work[0] == work[1]


async def test_jobs__an_unknown_one_is_404() -> None:
    async with serving.client() as caller:
        assert (await caller.get("/jobs/job-1")).status_code == 404


async def test_jobs__503_when_nothing_can_be_forgotten() -> None:
    async with serving.client(slowdown=1000) as caller:
        codes = [(await caller.post("/jobs")).status_code for _ in range(jobs.KEPT + 1)]
        refused = await caller.post("/jobs")
    assert set(codes[:-1]) == {202}
    assert (codes[-1], refused.headers["retry-after"]) == (503, "1")


async def test_board__forgets_the_one_that_finished_first() -> None:
    board = jobs.Board(keep=2)
    slow, quick = board.add(work_ms=30), board.add(work_ms=0)
    with pytest.raises(jobs.BoardFull):
        board.add(work_ms=0)
    async with board.workers():
        with anyio.fail_after(serving.DEADLINE_S):
            while board.get(slow.id) != jobs.Job(id=slow.id, state=jobs.State.DONE, work_ms=30):
                await anyio.sleep(0.005)
        third = board.add(work_ms=0)
    assert board.get(quick.id) is None
    assert board.get(slow.id) is not None
    assert third.id == "job-3"
