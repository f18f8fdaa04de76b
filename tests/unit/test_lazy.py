"""A library stands for itself until something of it is used; what others import is the same."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from ltlab_ci import lazy


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a library whose import leaves a trace; return where."""
    package = tmp_path / "standing_in"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import pathlib\npathlib.Path(__file__ + '.ran').touch()\n"
        "from standing_in import errors\nX = 1\n"
    )
    (package / "errors.py").write_text("class Wrong(Exception): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("standing_in", "standing_in.errors"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return package / "__init__.py.ran"


def test_module__is_imported_when_it_is_used(ran: Path) -> None:
    found = lazy.module("standing_in")
    assert not ran.exists()
    assert found.X == 1
    assert ran.exists()


def test_module__has_the_parts_that_others_import(ran: Path) -> None:
    found = lazy.module("standing_in")
    part = importlib.import_module("standing_in.errors")
    assert found.errors.Wrong is part.Wrong
    assert ran.exists()


def test_module__that_is_not_installed_is_an_import_error() -> None:
    with pytest.raises(ImportError, match="no_such_library"):
        _ = lazy.module("no_such_library").anything
