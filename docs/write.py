"""Write what the docs take from the code: schemas, tables of keys, options, metrics, stats.

`make docs` runs it; a test fails when a committed file differs from what this writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ltlab_ci import model, report
from ltlab_ci.config import options
from ltlab_ci.load import artillery_samples

HERE = Path(__file__).parent


def files() -> dict[str, str]:
    """Return the text of every file that is written, by its path from this folder."""
    config = json.dumps(model.json_schema(), indent=2, ensure_ascii=False)
    return {
        "schema/ltlab.schema.json": f"{config}\n",
        "schema/result.schema.json": report.json_schema(),
        "configuration.md": _filled("configuration.md", keys=_keys(), options=_options()),
        "gitlab.md": _filled("gitlab.md", inputs=_gitlab_inputs()),
        "metrics.md": _filled("metrics.md", built_in=_built_in(), artillery=_artillery()),
        "github.md": _filled(
            "github.md",
            inputs=_inputs("action.yml"),
            outputs=_outputs("action.yml"),
            publish=_inputs("publish/action.yml"),
        ),
        "thresholds.md": _filled("thresholds.md", stats=_stats()),
    }


def _filled(name: str, **parts: Iterator[str]) -> str:
    """Put each part between its markers `<!-- part -->` and `<!-- end -->`."""
    text = (HERE / name).read_text(encoding="utf-8")
    for part, lines in parts.items():
        block = f"<!-- {part} -->\n" + "\n".join(lines) + "\n<!-- end -->"
        before, rest = text.split(f"<!-- {part} -->\n", 1)
        text = before + block + rest.split("<!-- end -->", 1)[1]
    return text


def _keys() -> Iterator[str]:
    schema = model.LabFile.model_json_schema()
    yield from ("| key | value | default | meaning |", "| --- | --- | --- | --- |")
    yield from _rows(schema, schema, "")


def _rows(schema: dict[str, Any], node: dict[str, Any], prefix: str) -> Iterator[str]:
    required = node.get("required", ())
    for name, value in node.get("properties", {}).items():
        key = f"{prefix}{name}"
        inner = _inner(schema, value)
        default = "required" if name in required else _default(value)
        meaning = value.get("description") or inner.get("description", "")
        yield f"| `{key}` | {_kind(schema, value)} | {default} | {meaning} |"
        if "properties" in inner:
            yield from _rows(schema, inner, f"{key}.")
        elif "additionalProperties" in inner and isinstance(inner["additionalProperties"], dict):
            each = _inner(schema, inner["additionalProperties"])
            if "properties" in each:
                yield from _rows(schema, each, f"{key}.NAME.")


def _inner(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for branch in node.get("anyOf", ()):
        if branch.get("type") != "null":
            return _inner(schema, branch)
    if "$ref" in node:
        definition: dict[str, Any] = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        return definition
    return node


def _kind(schema: dict[str, Any], node: dict[str, Any]) -> str:
    inner = _inner(schema, node)
    choices = inner.get("enum") or ([inner["const"]] if "const" in inner else [])
    if choices:
        return " or ".join(f"`{choice}`" for choice in choices)
    if "additionalProperties" in inner and inner.get("type") == "object":
        return "mapping"
    return {"string": "text", "array": "list", "object": "mapping"}.get(
        str(inner.get("type")), str(inner.get("type"))
    )


def _default(node: dict[str, Any]) -> str:
    value = node.get("default")
    return f"`{value}`" if isinstance(value, str) and value else ""


def _options() -> Iterator[str]:
    yield from ("| flag | variable | default | meaning |", "| --- | --- | --- | --- |")
    for option in options.OPTIONS:
        default = f"`{option.default}`" if option.default else ""
        yield f"| `{option.flag}` | `{option.variable}` | {default} | {option.help} |"


def _action(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE.parent / name).read_text(encoding="utf-8"))
    return found


def _inputs(action: str) -> Iterator[str]:
    yield from ("| input | default | meaning |", "| --- | --- | --- |")
    for name, each in _action(action)["inputs"].items():
        default = f"`{each['default']}`" if each["default"] else ""
        yield f"| `{name}` | {default} | {each['description']} |"


def _outputs(action: str) -> Iterator[str]:
    yield from ("| output | meaning |", "| --- | --- |")
    for name, each in _action(action)["outputs"].items():
        yield f"| `{name}` | {each['description']} |"


def _gitlab_inputs() -> Iterator[str]:
    text = (HERE.parent / "templates" / "ltlab.yml").read_text(encoding="utf-8")
    header = yaml.safe_load(text.split("\n---\n")[0])
    yield from ("| input | default | meaning |", "| --- | --- | --- |")
    for name, given in header["spec"]["inputs"].items():
        default = given["default"]
        shown = f"`{default}`" if isinstance(default, str) and default else ""
        shown = "merge requests, and the default branch" if name == "rules" else shown
        among = ", ".join(f"`{each}`" for each in given.get("options", ()))
        yield f"| `{name}` | {shown} | {given['description']}{f' One of {among}.' if among else ''} |"


def _built_in() -> Iterator[str]:
    yield from ("| metric | type | unit |", "| --- | --- | --- |")
    for name, metric in model.BUILT_IN.items():
        yield f"| `{name}` | {metric.type} | {metric.unit} |"


def _artillery() -> Iterator[str]:
    yield from ("| metric | from Artillery |", "| --- | --- |")
    for name, phases in artillery_samples.PHASES.items():
        yield f"| `{name}` | {' + '.join(f'`{phase}`' for phase in phases)} of a request |"
    for theirs, ours in artillery_samples.RENAMED.items():
        yield f"| `{ours}` | `{theirs}` |"


def _stats() -> Iterator[str]:
    yield from ("| type of metric | stats |", "| --- | --- |")
    for kind, stats in model.STATS_OF.items():
        shown = ", ".join("`p(95)`, any percentile" if s == "p" else f"`{s}`" for s in stats)
        yield f"| {kind} | {shown} |"


if __name__ == "__main__":
    for name, text in files().items():
        (HERE / name).write_text(text, encoding="utf-8")
