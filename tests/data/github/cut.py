"""Cut GitHub's official OpenAPI description down to what ltlab calls, for the fake of its API.

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
    python -m tests.data.github.cut package/generated/api.github.com.json

Only prose, examples and what is not called are left out; MIT, see the package's LICENSE.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CALLED = {
    "/user": ("get",),
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": ("get", "post"),
    "/repos/{owner}/{repo}/issues/comments/{comment_id}": ("patch", "delete"),
    "/repos/{owner}/{repo}/pulls": ("get",),
    "/repos/{owner}/{repo}/pulls/{pull_number}": ("get",),
    "/repos/{owner}/{repo}/contents/{path}": ("get",),
    "/repos/{owner}/{repo}/actions/artifacts": ("get",),
    "/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts": ("get",),
    "/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}": ("get",),
    "/repos/{owner}/{repo}/check-runs": ("post",),
    "/repos/{owner}/{repo}/check-runs/{check_run_id}": ("patch",),
}
_PROSE = frozenset({"description", "examples", "example", "externalDocs", "tags", "title"})


def cut(whole: dict[str, Any]) -> dict[str, Any]:
    """Return the description of CALLED alone, with every part that it refers to."""
    paths = {
        path: {method: _bare(whole["paths"][path][method]) for method in methods}
        for path, methods in CALLED.items()
    }
    components: dict[str, dict[str, Any]] = {}
    waiting = sorted(_references(paths))
    while waiting:
        _, _, kind, name = waiting.pop().split("/")
        if name not in components.setdefault(kind, {}):
            components[kind][name] = _bare(whole["components"][kind][name])
            waiting += sorted(_references(components[kind][name]))
    return {
        "openapi": whole["openapi"],
        "info": {key: whole["info"][key] for key in ("version", "title", "license")},
        "paths": paths,
        "components": {kind: dict(sorted(parts.items())) for kind, parts in components.items()},
    }


def _bare(node: Any, *, names: bool = False) -> Any:  # noqa: ANN401  (whatever JSON holds)
    """Drop prose; below `properties` keys are names of the API's own."""
    if isinstance(node, list):
        return [_bare(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _bare(value, names=key == "properties")
        for key, value in node.items()
        if names or (key not in _PROSE and not key.startswith("x-"))
    }


def _references(node: Any) -> set[str]:  # noqa: ANN401
    if isinstance(node, list):
        return set().union(*(_references(each) for each in node))
    if not isinstance(node, dict):
        return set()
    found = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return found.union(*(_references(each) for each in node.values()))


if __name__ == "__main__":
    described = cut(json.loads(Path(sys.argv[1]).read_bytes()))
    target = Path(__file__).with_name("openapi.json")
    target.write_text(f"{json.dumps(described, indent=1)}\n", encoding="utf-8")
