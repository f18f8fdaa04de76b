"""Patterns of tag values: `*` stands for any text, `\\*` for a star; everybody reads them here.

Not here: how a store asks for them (store/sql.py, store/flux.py).
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


def matches(pattern: str, text: str) -> bool:
    """Say whether a pattern stands for a text, in a time that no pattern can make long."""
    literals = [""]
    for part in parts(pattern):
        if part is None:
            literals.append("")
        else:
            literals[-1] += part
    if len(literals) == 1:
        return text == literals[0]
    first, *middle, last = literals
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for literal in middle:
        found = text.find(literal, at, end)
        if found < 0:
            return False
        at = found + len(literal)
    return True


def regex(text: str) -> str:
    """Return a regular expression (RE2) that matches this text and nothing else."""
    return _SPECIAL.sub(r"\\\g<0>", text)
