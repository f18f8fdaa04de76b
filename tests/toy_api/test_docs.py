"""The API describes itself, completely and without the network."""

from __future__ import annotations

import pytest

from tests.toy_api import serving
from toy_api import docs_page

OPERATIONS = {
    *("GET /health", "GET /fast", "GET /slow", "GET /error", "GET /cpu", "GET /io"),
    *("GET /users", "GET /users/{user_id}", "POST /jobs", "GET /jobs/{job_id}"),
}


@pytest.mark.anyio
async def test_openapi__lists_every_operation() -> None:
    async with serving.client() as caller:
        paths = (await caller.get("/openapi.json")).json()["paths"]
    assert {f"{method.upper()} {path}" for path in paths for method in paths[path]} == OPERATIONS


@pytest.mark.anyio
async def test_docs__lists_every_operation_and_loads_nothing() -> None:
    async with serving.client() as caller:
        page = await caller.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert all(f"<code>{operation}</code>" in page.text for operation in OPERATIONS)
    assert not any(word in page.text for word in ("<script", "src=", "http://", "https://"))


def test_render__escapes_every_text() -> None:
    nasty = "<b>&\"'"
    page = docs_page.render(
        {
            "info": {"title": nasty, "version": nasty, "description": nasty},
            "paths": {f"/{nasty}": {"get": {"description": nasty, "responses": {nasty: {}}}}},
        }
    )
    assert "<b>" not in page
    assert page.count("&lt;b&gt;&amp;&quot;&#x27;") == 7
