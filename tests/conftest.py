"""How tests are spread over the workers of pytest-xdist (`-n`), which share the machine.

A test whose verdict needs a machine that is quiet is marked `quiet`, and runs alone, in a call of its own.
"""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


class _ByFixture(LoadScopeScheduling):
    """Gives each test to whoever is free, but all of a file that has a fixture for itself to one worker.

    So the fixture is made once, and its tests run in their order. (`loadgroup`, which is meant for this,
    does not see its marks under pytest 9.2.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if _has_a_fixture_of_its_own(self.config.rootpath / file) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _ByFixture(config, log)


@functools.cache
def _has_a_fixture_of_its_own(file: Path) -> bool:
    return 'scope="module"' in file.read_text(encoding="utf-8")
