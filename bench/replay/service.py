"""The service that is recorded: five endpoints that work and wait, slower by a factor if told so.

Each request burns processor time in the event loop, then waits a log-normal time; a change is a factor
on both, chosen so that latency as an engine sees it, with what HTTP costs, changes by so much. So +10 % is
more work, not a recording that was stretched afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from toy_api import work

SPREAD = 0.35
ENDPOINTS = {
    "/a": (1.0, 12.0),
    "/b": (0.75, 6.0),
    "/c": (1.25, 20.0),
    "/d": (0.5, 9.0),
    "/e": (1.5, 30.0),
}
"""Path to processor time and median wait, both in ms."""

_HTTP_MS = 3.5  # of client and server, on two processors that do it all

Message = MutableMapping[str, Any]


def application(
    units_per_ms: float, change: float, seed: int | None
) -> Callable[..., Awaitable[None]]:
    """Return an ASGI application."""
    chance = random.Random(seed)

    async def app(
        scope: Message,
        receive: Callable[[], Awaitable[Message]],  # noqa: ARG001  (ASGI's shape)
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        cpu_ms, wait_ms = ENDPOINTS.get(scope["path"], (0.0, 0.0))
        if cpu_ms:
            own_ms = cpu_ms + wait_ms
            factor = 1 + change * (own_ms + _HTTP_MS) / own_ms
            work.burn(round(cpu_ms * units_per_ms * factor))
            waited = wait_ms * math.exp(chance.gauss(0, SPREAD)) * factor
            await asyncio.sleep(waited / 1000)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    return app


def main() -> None:
    """Serve until terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--units-per-ms", type=float, required=True)
    parser.add_argument("--change", type=float, default=0.0)
    parser.add_argument("--seed", type=int, help="Of the waits; drawn when it is not given.")
    given = parser.parse_args()
    uvicorn.run(
        application(given.units_per_ms, given.change, given.seed),
        port=given.port,
        lifespan="off",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
