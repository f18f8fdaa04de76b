"""The endpoints with things in them: users to read, jobs to create and follow."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Response

from toy_api import jobs, users, world

ROUTER = APIRouter(tags=["records"])
NOT_FOUND: dict[int | str, dict[str, object]] = {404: {"description": "There is no such thing"}}
FULL: dict[int | str, dict[str, object]] = {503: {"description": "Too many unfinished jobs"}}


@ROUTER.get("/users")
async def list_users() -> list[users.User]:
    """List all fifty users."""
    return list(users.USERS.values())


@ROUTER.get("/users/{user_id}", responses=NOT_FOUND)
async def read_user(user_id: int) -> users.User:
    """Read one user, 1 to 50."""
    if user_id not in users.USERS:
        raise HTTPException(404, detail=f"there is no user {user_id}, only 1 to 50")
    return users.USERS[user_id]


@ROUTER.post("/jobs", status_code=202, responses=FULL)
async def create_job(here: world.Here, response: Response) -> jobs.Job:
    """Put up a job that takes 50 to 400 ms of a worker, and return at once."""
    try:
        job = here.board.add(work_ms=round(here.wait_ms("/jobs", 50, 400), 3))
    except jobs.BoardFull:
        raise HTTPException(
            503, detail="too many unfinished jobs", headers={"Retry-After": "1"}
        ) from None
    response.headers["Location"] = f"/jobs/{job.id}"
    return job


@ROUTER.get("/jobs/{job_id}", responses=NOT_FOUND)
async def read_job(here: world.Here, job_id: str) -> jobs.Job:
    """Say where a job stands; finished ones are forgotten in the end."""
    job = here.board.get(job_id)
    if job is None:
        raise HTTPException(404, detail=f"there is no job {job_id!r}, or it is forgotten")
    return job
