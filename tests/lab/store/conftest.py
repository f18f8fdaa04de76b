"""One influxd for all tests that leave it running; samples are told apart by the run's id."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping

import pytest

from tests.flow.conftest import toy
from tests.lab.store import servers

__all__ = ["toy"]


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Influxd]:
    """Run a server with a bucket for raw samples."""
    with servers.influxd(tmp_path_factory.mktemp("influxd")) as one:
        yield one


@pytest.fixture
def tags() -> Mapping[str, str]:
    """Return tags that tell this test's samples from all others."""
    return {"testid": uuid.uuid4().hex, "project": "shop", "ltlab_scenario": "browse"}
