"""Fixtures shared by the tests of the toy service."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutine tests on asyncio, as uvicorn does."""
    return "asyncio"
