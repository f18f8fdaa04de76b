"""The endpoints that take time or fail: what a load test measures.

Waits are awaited, so many requests wait at once. The work of /cpu runs in the event loop, on
purpose: it keeps one core busy and everything else waiting, as in any service with one process.
So its capacity is known on every machine, a little under 1000 / cpu_ms requests a second, whereas
with threads it would depend on the number of cores and on the scheduler.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from toy_api import work, world

ROUTER = APIRouter(tags=["timing"])


@dataclass(frozen=True, kw_only=True)
class Note:
    """What there is to say, good or bad."""

    status: str


@dataclass(frozen=True, kw_only=True)
class Waited:
    """The wait that was drawn for this request, in ms; the real one is a little longer."""

    wait_ms: float


@dataclass(frozen=True, kw_only=True)
class Worked:
    """How many units of work were done, and their outcome."""

    units: int
    digest: str


@ROUTER.get("/health", responses={503: {"model": Note}})
async def health(here: world.Here) -> JSONResponse:
    """Say whether the service is ready."""
    if here.ready.is_set():
        return JSONResponse({"status": "ok"})
    return JSONResponse({"status": "starting"}, status_code=503)


@ROUTER.get("/fast")
async def fast(here: world.Here) -> Waited:
    """Answer at once, or after exactly the base latency that was set."""
    return await _wait(here.options.latency_ms * here.options.slowdown)


@ROUTER.get("/slow")
async def slow(here: world.Here) -> Waited:
    """Answer after 500 to 2500 ms."""
    return await _wait(here.wait_ms("/slow", 500, 2500))


@ROUTER.get("/io")
async def io(here: world.Here) -> Waited:
    """Answer after 300 to 1500 ms, like a service that asks another one."""
    return await _wait(here.wait_ms("/io", 300, 1500))


@ROUTER.get("/error", responses={500: {"model": Note}})
async def error(here: world.Here) -> JSONResponse:
    """Fail for the set share of the requests."""
    if here.chance.strikes("/error", here.options.error_rate):
        return JSONResponse({"status": "failed as it was told to"}, status_code=500)
    return JSONResponse({"status": "ok"})


@ROUTER.get("/cpu")
async def cpu(here: world.Here) -> Worked:
    """Hash for a fixed amount of work, in the event loop."""
    return Worked(units=here.cpu_units, digest=work.burn(here.cpu_units))


async def _wait(wait_ms: float) -> Waited:
    if wait_ms > 0:
        await asyncio.sleep(wait_ms / 1000)
    return Waited(wait_ms=round(wait_ms, 3))
