"""The page at /docs: the operations of an OpenAPI document as plain HTML, readable offline.

FastAPI's own page loads its scripts from a public host, which a closed network does not reach.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 1rem/1.5 sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
td, th {{ padding: .3rem 1rem .3rem 0; text-align: left; vertical-align: top }}
</style></head>
<body>
<h1>{title} {version}</h1>
<p>{description} The same as data: <a href="openapi.json">openapi.json</a>.</p>
<table>
<tr><th>Operation</th><th>What it does</th><th>Answers</th></tr>
{rows}
</table>
</body>
</html>
"""
ROW = "<tr><td><code>{operation}</code></td><td>{says}</td><td>{answers}</td></tr>"


def render(openapi: Mapping[str, Any]) -> str:
    """Return the page for an OpenAPI document; every text in it is escaped."""
    info = {key: html.escape(str(openapi["info"].get(key, ""))) for key in ("title", "version")}
    description = html.escape(str(openapi["info"].get("description", "")))
    return PAGE.format(**info, description=description, rows="\n".join(_rows(openapi)))


def _rows(openapi: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            yield ROW.format(
                operation=html.escape(f"{method.upper()} {path}"),
                says=html.escape(operation.get("description", "")),
                answers=html.escape(", ".join(operation["responses"])),
            )
