"""An OpenAPI 3.0 description that checks requests and answers, and makes answers of its shapes.

Not here: any API in particular (github.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

Json = dict[str, Any]
_TEXTS: Mapping[str | None, str] = {
    "date-time": "2026-01-02T03:04:05Z",
    "uri": "https://github.test/x",
    "email": "a@b.test",
}
_PLAIN: Mapping[str, object] = {"integer": 1, "number": 1, "boolean": False, "object": {}}


class Broken(Exception):
    """A request or an answer that the description does not allow."""


@dataclass(frozen=True)
class Operation:
    """One call of the API that is described, with the parameters of its path."""

    method: str
    template: str
    arguments: Mapping[str, str]
    described: Json


class Description:
    """A description read from a file."""

    def __init__(self, path: Path) -> None:
        self._whole: Json = json.loads(path.read_bytes())
        self._schemas = jsonschema.Draft202012Validator(_as_json_schema(self._whole))
        self._routes = [
            (_pattern(template), method, template, described)
            for template, methods in self._whole["paths"].items()
            for method, described in methods.items()
        ]
        self._known_good: set[tuple[str, int, str]] = set()

    def operation(self, method: str, path: str) -> Operation | None:
        """Return the operation that a request means, None for one that is not described."""
        for pattern, verb, template, described in self._routes:
            found = pattern.fullmatch(path)
            if found is not None and verb == method.lower():
                return Operation(method, template, found.groupdict(), described)
        return None

    def check_request(self, of: Operation, query: Mapping[str, str], body: Json | None) -> None:
        """Raise Broken for parameters or a body that are not as described."""
        known = {each["name"]: each for each in map(self._resolved, of.described["parameters"])}
        for name, text in {**query, **of.arguments}.items():
            if name not in known:
                raise Broken(f"{of.template} has no parameter {name}")
            schema = known[name]["schema"]
            value = int(text) if schema.get("type") == "integer" else text
            self._check(schema, value, f"parameter {name}")
        wanted = of.described.get("requestBody")
        if wanted is None and body is not None:
            raise Broken(f"{of.method} {of.template} takes no body")
        if wanted is not None:
            self._check(wanted["content"]["application/json"]["schema"], body, "the body")

    def check_answer(self, of: Operation, status: int, body: object) -> None:
        """Raise Broken for an answer that is not as described; errors are described in part."""
        responses = of.described["responses"]
        if str(status) not in responses:
            if status < 400:
                raise Broken(f"{of.method} {of.template} does not answer {status}")
            return
        content = self._resolved(responses[str(status)]).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        same = (f"{of.method} {of.template}", status, json.dumps(body, sort_keys=True))
        if schema is not None and same not in self._known_good:
            self._check(schema, body, f"the answer {status}")
            self._known_good.add(same)

    def made(self, name: str, /, **known: object) -> Json:
        """Return the smallest value of a schema, with what is `known` laid over it."""
        return self._over(self._smallest({"$ref": f"#/components/schemas/{name}"}), known)

    def _over(self, base: Json, known: Mapping[str, object]) -> Json:
        merged = dict(base)
        for key, value in known.items():
            old = merged.get(key)
            nested = isinstance(old, dict) and isinstance(value, dict)
            merged[key] = self._over(old, value) if nested else value  # type: ignore[arg-type]
        return merged

    def _smallest(self, schema: Json) -> Any:  # noqa: ANN401  (any JSON)
        schema = self._resolved(schema)
        for several in ("oneOf", "anyOf", "allOf"):
            if several in schema:
                return self._smallest(schema[several][0])
        if schema.get("nullable"):
            return None
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "object")
        if kind == "object":
            parts = schema.get("properties", {})
            return {name: self._smallest(parts[name]) for name in schema.get("required", ())}
        return [] if kind == "array" else _PLAIN.get(kind, _TEXTS.get(schema.get("format"), "x"))

    def _resolved(self, node: Json) -> Json:
        while "$ref" in node:
            found: Any = self._whole
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def _check(self, schema: Json, value: object, what: str) -> None:
        wanted = self._schemas.evolve(
            schema={**_as_json_schema(schema), "components": self._components()}
        )
        error = jsonschema.exceptions.best_match(wanted.iter_errors(value))
        if error is not None:
            raise Broken(f"{what}: {error.json_path}: {error.message[:300]}")

    def _components(self) -> Json:
        schema = self._schemas.schema
        assert isinstance(schema, dict)
        return dict(schema["components"])


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    text = "".join(
        re.escape(part) if index % 2 == 0 else f"(?P<{part}>{'.+' if part == 'path' else '[^/]+'})"
        for index, part in enumerate(parts)
    )
    return re.compile(text)


def _as_json_schema(node: Any) -> Any:  # noqa: ANN401
    """Turn OpenAPI's `nullable` into what JSON Schema says instead."""
    if isinstance(node, list):
        return [_as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _as_json_schema(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True:
        return {"anyOf": [plain, {"type": "null"}]}
    return plain
