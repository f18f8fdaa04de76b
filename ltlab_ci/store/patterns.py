"""Patterns of tag values: `*` stands for any text, `\\*` for a star; every store reads them here.

Not here: where a pattern is put to use (sql.py, flux.py).
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def parts(pattern: str) -> list[str | None]:
    """Split a pattern at its stars (None); a backslash before a star makes it an ordinary one."""
    found: list[str | None] = []
    for part in re.split(r"(\\\*|\*)", pattern):
        found.append(None if part == "*" else "*" if part == "\\*" else part)
    return found


def plain(pattern: str) -> str | None:
    """Return the one text that a pattern stands for, None where it has a star."""
    found = parts(pattern)
    return None if None in found else "".join(part for part in found if part is not None)


def any_text(pattern: str) -> bool:
    """Say whether a pattern is nothing but stars: any text, as long as the tag is there."""
    return all(not part for part in parts(pattern)) and None in parts(pattern)


def regex(text: str) -> str:
    """Return a regular expression (RE2) that matches this text and nothing else."""
    return _SPECIAL.sub(r"\\\g<0>", text)
