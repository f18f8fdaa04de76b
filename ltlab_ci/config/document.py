"""A YAML file with the place of every key and value, so that errors can point at them.

Not here: what the file means (read.py).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
import yaml

from ltlab_ci import errors, model

Loc = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A parsed file: plain values, and (line, column) of each, both from 1."""

    path: Path
    values: Any
    places: dict[Loc, tuple[int, int]]

    def at(self, loc: Loc) -> str:
        """Return `file:line:column` of a value, or of the nearest one that is written."""
        line, column = self._nearest(loc)
        return f"{self.path.name}:{line}:{column}"

    def place(self, loc: Loc) -> model.Place:
        """Return the line of a value, or of the nearest one that is written."""
        return model.Place(file=self.path.name, line=self._nearest(loc)[0])

    def _nearest(self, loc: Loc) -> tuple[int, int]:
        line, column = 1, 1
        here: Loc = ()
        for part in loc:
            # Where one item was written instead of a list of them, its index is not in the file.
            step = (*here, part if isinstance(part, int) else str(part))
            if step not in self.places and (*here, str(part)) in self.places:
                step = (*here, str(part))
            if step in self.places:
                here = step
                line, column = self.places[here]
        return line, column


def load(path: Path) -> Document:
    """Read a YAML file. Raises ConfigError when it is missing, unreadable or no mapping."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise errors.ConfigMissing(
            f"no {path.name} in {path.parent}",
            remedy="write one (docs/configuration.md has ten lines to start with), "
            "or try `ltlab k6 -s SCRIPT` without one",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise errors.ConfigError(
            f"{path.name} cannot be read: {error}", remedy="make it a readable UTF-8 text file"
        ) from error
    return parse(text, path)


def parse(text: str, path: Path, *, aliases: bool = True) -> Document:
    """Read YAML that stands, or stood, at `path`. Raises ConfigError.

    Without `aliases` there may be none: a few lines of them can stand for a billion values, which is
    a stranger's way to keep us busy.
    """
    try:
        if not aliases and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise errors.ConfigError(
                f"{path.name} repeats itself by aliases", remedy="write it out to have it compared"
            )
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        places = dict(_places(node, (), set())) if node is not None else {}
        values = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path.name}:{mark.line + 1}:{mark.column + 1}" if mark else path.name
        raise errors.ConfigError(
            f"{where}: not valid YAML: {error.problem or error}",
            remedy="check indentation, quotes and colons at that place",
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise errors.ConfigError(
            f"{path.name}: not valid YAML: {str(error).splitlines()[0]}",
            remedy="remove the characters or values that YAML cannot hold",
        ) from error
    if not isinstance(values, dict):
        raise errors.ConfigError(
            f"{path.name}:1:1: holds no settings", remedy="start it with `version: 1`"
        )
    return Document(path=path, values=values, places=places)


def check(document: Document) -> model.LabFile:
    """Return the file as a frozen value. Raises ConfigError for the first thing wrong with it."""
    try:
        return model.LabFile.model_validate(_tuples(document.values, {}))
    except RecursionError as error:
        raise errors.ConfigError(
            f"{document.path.name}:1:1: an alias repeats itself without end",
            remedy="remove the alias that stands inside its own anchor",
        ) from error
    except pydantic.ValidationError as error:
        raise _explained(document, error) from error


def suggestion(word: str, known: Sequence[str]) -> str:
    """Return ` (did you mean X?)` where a known word is near, else nothing."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.7)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _explained(document: Document, error: pydantic.ValidationError) -> errors.ConfigError:
    # A misspelt key is why another one is missing: it comes first.
    first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    loc = tuple(part for part in first["loc"] if part != "[key]")
    name = str(loc[-1]) if loc else ""
    kind, message = first["type"], first["msg"]
    remedy = str(first.get("ctx", {}).get("remedy", "see docs/configuration.md"))
    if kind == "extra_forbidden":
        known = keys_at(loc[:-1])
        message = f"unknown key {name!r}{suggestion(name, known)}"
        remedy = f"use one of {', '.join(known)}"
    elif kind == "missing":
        message, remedy = f"{name!r} is missing", f"add `{name}: ...` here"
    elif kind == "string_type":
        message = f"{name}: {first['input']!r} is no text"
        remedy = f'write it in quotes: "{first["input"]}"'
    elif kind == "literal_error":
        message = f"{name}: {first['input']!r} is not {first['ctx']['expected']}"
        remedy = f"write {first['ctx']['expected']}"
    elif kind != "ltlab":
        message = f"{name or 'the file'}: {message}"
    return errors.ConfigError(f"{document.at(loc)}: {message}", remedy=remedy)


def keys_at(loc: Loc) -> list[str]:
    """Return the keys that ltlab.yml may have at a place, from its schema."""
    schema = model.LabFile.model_json_schema()
    node: dict[str, Any] = schema
    for part in loc:
        node = _resolved(schema, node)
        if isinstance(part, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(part) or node.get("additionalProperties", {})
    return list(_resolved(schema, node).get("properties", {}))


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for branch in node.get("anyOf", ()):
        if branch.get("type") != "null":
            return _resolved(schema, branch)
    if "$ref" in node:
        definition: dict[str, Any] = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        return definition
    return node


def _places(node: yaml.Node, loc: Loc, seen: set[int]) -> Iterator[tuple[Loc, tuple[int, int]]]:
    """Yield the place of every key (for a mapping) and item (for a list), duplicates refused.

    What an alias repeats is looked at once: aliases of aliases would take for ever.
    """
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key must be a text", problem_mark=key.start_mark
                )
            if key.value in keys:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value!r} stands here twice", problem_mark=key.start_mark
                )
            keys.add(key.value)
            yield (*loc, key.value), _place(key)
            yield from _places(value, (*loc, key.value), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*loc, index), _place(item)
            yield from _places(item, (*loc, index), seen)


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _tuples(value: Any, known: dict[int, Any]) -> Any:  # noqa: ANN401  (whatever YAML holds)
    if id(value) not in known:
        if isinstance(value, list):
            known[id(value)] = tuple(_tuples(item, known) for item in value)
        elif isinstance(value, dict):
            known[id(value)] = {key: _tuples(item, known) for key, item in value.items()}
        else:
            return value
    return known[id(value)]
