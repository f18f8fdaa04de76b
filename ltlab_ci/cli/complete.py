"""What the shell completes by itself: names of scenarios. Completing never fails, it only offers."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ltlab_ci import errors
from ltlab_ci.config import document


def scenarios(context: click.Context, _argument: click.Parameter, typed: str) -> list[str]:
    """Return the scenarios of ltlab.yml that begin with what was typed and do not stand there."""
    given = context.params.get("config") or os.environ.get("LTLAB_CONFIG") or "ltlab.yml"
    try:
        values = document.load(Path.cwd() / given).values
    except (errors.LabError, OSError):
        return []
    names = values.get("scenarios")
    there = context.params.get("scenarios") or ()
    found = [str(name) for name in names] if isinstance(names, dict) else []
    return [name for name in found if name.startswith(typed) and name not in there]
