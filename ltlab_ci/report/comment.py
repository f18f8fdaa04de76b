"""What a reviewer reads in a pull request, in GitHub Flavored Markdown, without a marker.

Not here: figures and sentences (view.py, wording.py), where it is posted and how often (publish/).
"""

from __future__ import annotations

from ltlab_ci import model
from ltlab_ci.report import summary

LONGEST = 60_000
"""Characters, also counted in UTF-16: GitHub takes 65,536, and a marker is put on."""


def render(result: model.Result | None, around: model.Around) -> str:
    """Return the comment, at most LONGEST characters; no result means that nothing ran."""
    if result is None:
        return "## ⛔ Load test: nothing ran\n\nThere is no `ltlab.yml`.\n"
    label = "Reported by code that nobody reviewed.\n\n" if around.unreviewed else ""
    return label + summary.render(result)
