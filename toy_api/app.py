"""The service as an ASGI application: endpoints, documents, start and end.

Not here: sockets and signals (server.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from toy_api import docs_page, records, settings, timing, world


def create(given: settings.Settings) -> FastAPI:
    """Make an application of its own: two of them share nothing."""
    app = FastAPI(
        title="Toy API",
        version="1",
        description="A service to put under load.",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.world = world.World.of(given)
    app.include_router(timing.ROUTER)
    app.include_router(records.ROUTER)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page.render(app.openapi()))

    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    here: world.World = app.state.world
    loop = asyncio.get_running_loop()
    if here.options.ready_after_s == 0:
        here.ready.set()
    else:
        loop.call_later(here.options.ready_after_s, here.ready.set)
    if here.options.die_after_s is not None:
        # Abrupt on purpose: a crash runs no handlers and answers nobody.
        loop.call_later(here.options.die_after_s, os._exit, 1)
    async with here.board.workers():
        yield
