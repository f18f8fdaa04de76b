"""The service inside the test: the real application, called without a socket."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx

from toy_api import app, settings

DEADLINE_S = 5


@contextlib.asynccontextmanager
async def client(**options: float) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of a fresh service: waits shortened to a thousandth, /cpu without work."""
    values: dict[str, Any] = {"slowdown": 0.001, "cpu_ms": 0.0, **options}
    service = app.create(settings.Settings(**values))
    transport = httpx.ASGITransport(app=service)
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=transport, base_url="http://toy") as caller,
    ):
        yield caller


async def until(caller: httpx.AsyncClient, path: str, **expected: object) -> httpx.Response:
    """Ask again and again until the JSON answer holds what is expected; TimeoutError if never."""
    with anyio.fail_after(DEADLINE_S):
        while True:
            answer = await caller.get(path)
            if expected.items() <= answer.json().items():
                return answer
            await anyio.sleep(0.005)
