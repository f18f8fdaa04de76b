"""What a script consists of on disk: its own text and that of the files it names, followed by path.

A metric or tag that stands nowhere in it is hardly one that the script makes. Packages and addresses are
not followed. Not here: what is concluded from it (checks.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ltlab_ci import model

_FILES, _BYTES = 200, 1024 * 1024
_NAMED = re.compile(
    r"""['"`](?P<quoted>(?:file://)?\.{0,2}/?[^'"`\n:]{1,200})['"`]"""
    r"""|(?<![\w'"`])(?P<bare>[\w@./-]{1,200}\.(?:[cm]?[jt]s|json|ya?ml))\b"""
)
_SUFFIXES = ("", ".js", ".ts", ".mjs", ".cjs", ".mts", ".json", "/index.js", "/index.ts")
_READ = frozenset({".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".json", ".yml", ".yaml"})
_DECLARED = r"\bnew\s+(?:\w+\.)?(Counter|Gauge|Rate|Trend)\(\s*['\"`]{}['\"`]"


def text(scripts: Sequence[Path]) -> str:
    """Return what stands in these scripts and in the files that they name, each once."""
    seen: dict[Path, str] = {}
    ahead = [script.resolve() for script in reversed(scripts)]
    while ahead and len(seen) < _FILES:
        path = ahead.pop()
        if path not in seen:
            seen[path] = _read(path)
            # Data may be long, and what it names is not part of the script.
            ahead += _files(seen[path], path.parent) if path.suffix != ".json" else ()
    return "\n".join(seen.values())


def named(word: str, source: str) -> bool:
    """Say whether a name stands in a source, by itself."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", source) is not None


def declared(metric: str, source: str) -> model.MetricType | None:
    """Return the type that a k6 script gives a metric, None where it does not say so in one place."""
    found = set(re.findall(_DECLARED.format(re.escape(metric)), source))
    return model.MetricType(found.pop().lower()) if len(found) == 1 else None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""


def _files(source: str, folder: Path) -> Iterator[Path]:
    for found in _NAMED.finditer(source):
        word = (found["quoted"] or found["bare"]).removeprefix("file://")
        for suffix in _SUFFIXES if found["quoted"] and "/" in word else ("",):
            path = folder / f"{word}{suffix}"
            if path.suffix in _READ and path.is_file():
                yield path.resolve()
                break
