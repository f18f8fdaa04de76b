"""A GitHub of the tests' own, and a clock that nobody waits for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ltlab_ci import model
from ltlab_ci.publish import forge
from tests.fakes import github as fake
from tests.fakes import github_server

HEAD = "a" * 40
NEWER = "c" * 40


@dataclass
class Clock:
    """Time that passes when somebody waits."""

    now: float = 1_000.0
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now

    def patience(self) -> forge.Patience:
        return forge.Patience(sleep=self.sleep, monotonic=self.monotonic)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub() -> fake.GitHub:
    """Return a GitHub with one open pull request, number 3."""
    return fake.GitHub(pulls=[fake.Pull(number=3, head_sha=HEAD)])


@pytest.fixture
def server(hub: fake.GitHub) -> Iterator[github_server.Server]:
    """Serve it; at the end nothing may have been asked that GitHub would not take."""
    server = github_server.Server(hub)
    with server.serving():
        yield server


@pytest.fixture
def context(server: github_server.Server) -> model.CiContext:
    """Return what a job of the pull request knows."""
    return a_context(f"http://127.0.0.1:{server.server_port}")


def a_context(url: str, **parts: object) -> model.CiContext:
    known: dict[str, object] = {
        "forge": model.Forge.GITHUB,
        "event": "pull_request",
        "repository": "octo/shop",
        "repository_id": 7,
        "pull_request": 3,
        "head_sha": HEAD,
        "head_branch": "feature",
        "base_ref": "main",
        "base_sha": "b" * 40,
        "run_id": 90,
        "run_number": 5,
        "run_url": "https://github.test/octo/shop/actions/runs/90",
        "api_url": url,
        "graphql_url": f"{url}/graphql",
        "server_url": "https://github.test",
        "token": "ghs_sentinel",
    }
    return model.CiContext(**{**known, **parts})  # type: ignore[arg-type]
