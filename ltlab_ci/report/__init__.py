"""The report of a run, as bytes: docs/architecture.md lists its files.

Pure: the same result gives the same bytes. Not here: verdicts (evaluate/), writing files and
telling a forge (publish/), progress on the terminal (console.py).
"""

# No `from __future__ import annotations` here: it would hide the module annotations.py.
import json
from collections.abc import Sequence

from ltlab_ci import model
from ltlab_ci.report import gitlab, junit, openmetrics, page, summary


def get_ready() -> None:
    """Compile the templates: a quarter of a second that can pass beside other work."""
    page.template()
    summary.template()


def render(result: model.Result, logs: Sequence[model.Excerpt] = ()) -> dict[str, bytes]:
    """Return every file of the report folder that is made from the result, by file name.

    Only report.html quotes the logs.
    """
    texts = {
        "result.json": result_json(result),
        "summary.md": summary.render(result),
        "junit.xml": junit.render(result),
        "report.html": page.render(result, logs),
        "metrics.txt": openmetrics.render(result),
        "load-performance.json": gitlab.load_performance(result),
    }
    return {name: text.encode() for name, text in texts.items()}


def result_json(result: model.Result) -> str:
    """Return a result as result.json holds it, ending in a newline."""
    return f"{result.model_dump_json(indent=2)}\n"


def json_schema() -> str:
    """Return the JSON Schema of result.json, ending in a newline."""
    schema = model.Result.model_json_schema(mode="serialization")
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return f"{json.dumps(dialect | schema, indent=2)}\n"
