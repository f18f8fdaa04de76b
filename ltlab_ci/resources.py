"""Find the files that ltlab carries besides its code, in a wheel and in a checkout alike."""

from __future__ import annotations

from pathlib import Path

from ltlab_ci import errors

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return a carried folder, such as `toy_api` or `examples/toy`.

    A wheel holds it under `ltlab_ci/data`; a checkout beside the package.
    """
    for candidate in (_PACKAGE / "data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise errors.LabError(
        f"this installation of ltlab lacks {name}", remedy="install ltlab-ci again from its wheel"
    )


def inside(name: str) -> Path:
    """Return a file or folder that lies in the package itself."""
    return _PACKAGE / name


def file(name: str) -> Path:
    """Return a carried file or folder by its path from the top, such as `stack/setup.sh`."""
    top, _, rest = name.partition("/")
    return folder(top) / rest
