"""Add a scenario to the text of an ltlab.yml, with everything else in it left as it is written.

Not here: reading and writing the file (document.py, cli/generate.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

_PLAIN = re.compile(r"-{0,2}[A-Za-z][\w./-]*", re.ASCII)


def lines(name: str, script: str) -> tuple[str, ...]:
    """Return a scenario as it stands under `scenarios:`, without its indentation."""
    return (f"{scalar(name)}:", f"  script: {scalar(script)}")


def added(text: str, name: str, script: str) -> str | None:
    """Return a valid ltlab.yml with one more scenario, the last one.

    None where it cannot be put in as lines of its own, as in `scenarios: {...}`.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    whole = text if text.endswith("\n") else text + end
    block = _scenarios(yaml.compose(whole, Loader=yaml.SafeLoader))
    if block is None:
        return None
    indent = block.start_mark.column
    written = whole.split("\n")
    place = _last(written, block.end_mark.line, indent)
    new = [" " * indent + line + end.removesuffix("\n") for line in lines(name, script)]
    changed = "\n".join((*written[:place], *new, *written[place:]))
    return changed if _is_right(whole, changed, name, script) else None


def scalar(value: str) -> str:
    """Return a text as YAML: as it is where that is safe in a list too, else in quotes."""
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    dumped: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=float("inf"))
    return dumped.removesuffix("\n")


def _scenarios(root: yaml.Node | None) -> yaml.MappingNode | None:
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "scenarios" and isinstance(value, yaml.MappingNode):
            return None if value.flow_style else value
    return None


def _last(written: Sequence[str], line: int, indent: int) -> int:
    """Return where the block ends: what stands before the next key, but is not of it, comes after.

    PyYAML takes the blank lines and comments up to the next key for a part of the block.
    """
    while line:
        before = written[line - 1].rstrip()
        column = len(before) - len(before.lstrip())
        if before and not (before.lstrip().startswith("#") and column < indent):
            break
        line -= 1
    return line


def _is_right(before: str, after: str, name: str, script: str) -> bool:
    """Tell whether the change is the one that was meant: YAML has more ways than are known here."""
    try:
        old, new = yaml.safe_load(before), yaml.safe_load(after)
    except (yaml.YAMLError, ValueError):
        return False
    wanted = {**old, "scenarios": {**old["scenarios"], name: {"script": script}}}
    return bool(new == wanted) and list(new["scenarios"]) == list(wanted["scenarios"])
