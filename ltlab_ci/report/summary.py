"""summary.md: the result for a pull request, a job summary, a terminal.

Not here: what is shown (view.py), cutting to a forge's limit and the marker (publish/).
"""

from __future__ import annotations

from ltlab_ci import model
from ltlab_ci.report import assets, mermaid, view


def render(result: model.Result) -> str:
    """Return the summary in GitHub Flavored Markdown."""
    page = view.build(result, limits=view.SUMMARY)
    drawn = [mermaid.charts(scenario.series) for scenario in result.scenarios]
    parts = list(zip(page.sections, drawn, strict=True))
    return assets.markdown_template("summary.md.j2").render(view=page, parts=parts)
