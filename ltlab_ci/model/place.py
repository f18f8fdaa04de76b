"""Where something is stated: a line of ltlab.yml or of a script, for annotations.

Not here: places while a file is read (config/document.py).
"""

from __future__ import annotations

from ltlab_ci.model.series import Shown


class Place(Shown):
    """A line of a file; `file` is relative to the folder of ltlab.yml, `line` counts from 1."""

    file: str
    line: int
