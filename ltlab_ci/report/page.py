"""report.html: one file that works offline, with charts, under a strict content policy.

Not here: what is shown (view.py, charts.py) and how it looks (templates/).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import markupsafe

from ltlab_ci import model
from ltlab_ci.report import assets, charts, escape, forest, quotes, sections, sides, view

if TYPE_CHECKING:
    import jinja2

_STYLES = ("vendor/uplot/uPlot.min.css", "templates/report.css")
_FIRST = ("templates/errors.js",)  # in the head, so that nothing goes wrong before it listens
_LAST = ("vendor/uplot/uPlot.iife.min.js", "templates/report.js", "templates/tables.js")


def template() -> jinja2.Template:
    """Return what the page is made with; it is compiled the first time."""
    return assets.html_template("report.html.j2")


def render(result: model.Result, logs: Sequence[model.Excerpt] = ()) -> str:
    """Return the page. Its policy names the hash of every style and script: nothing else runs."""
    styles = ["\n".join(assets.text(name) for name in _STYLES)]
    first, last = ([assets.text(name) for name in names] for names in (_FIRST, _LAST))
    return template().render(
        view=view.build(result, limits=view.PAGE),
        plot=forest.of(result.comparison) if result.comparison else None,
        pictures=sides.of(result.comparison) if result.comparison else (),
        logs=quotes.of(logs),
        columns=sections.ENDPOINT_COLUMNS,
        policy=_policy(styles, [*first, *last]),
        # Our own files and escaped JSON go in as they are; every other value is escaped.
        styles=[markupsafe.Markup(style) for style in styles],
        first_scripts=[markupsafe.Markup(script) for script in first],
        last_scripts=[markupsafe.Markup(script) for script in last],
        data=markupsafe.Markup(escape.script_json(charts.data(result.scenarios))),
    )


def _policy(styles: list[str], scripts: list[str]) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(_hash(script) for script in scripts)}",
            f"style-src {' '.join(_hash(style) for style in styles)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
