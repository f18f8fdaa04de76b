"""summary.md: the result for a pull request, a job summary, a terminal.

Not here: what is shown (view.py), cutting to a forge's limit and the marker (publish/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltlab_ci import model
from ltlab_ci.report import assets, mermaid, view

if TYPE_CHECKING:
    import jinja2


def template() -> jinja2.Template:
    """Return what the summary is made with; it is compiled the first time."""
    return assets.markdown_template("summary.md.j2")


def render(result: model.Result) -> str:
    """Return the summary in GitHub Flavored Markdown."""
    page = view.build(result, limits=view.SUMMARY)
    drawn = [mermaid.charts(scenario.series) for scenario in result.scenarios]
    parts = list(zip(page.sections, drawn, strict=True))
    return template().render(view=page, parts=parts)
