"""A library stands for itself until something of it is used, and one that is missing is missed at once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ltlab_ci import lazy


def test_module__is_imported_when_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "standing_in.py").write_text(
        "import pathlib\npathlib.Path(__file__ + '.ran').touch()\nX = 1\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    ran = tmp_path / "standing_in.py.ran"
    found = lazy.module("standing_in")
    assert lazy.module("standing_in") is found
    assert not ran.exists()
    assert found.X == 1
    assert ran.exists()
    del sys.modules["standing_in"]


def test_module__that_is_not_installed_is_an_import_error() -> None:
    with pytest.raises(ImportError, match="no_such_library"):
        lazy.module("no_such_library")
