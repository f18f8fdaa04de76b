"""A comment without its figures, so that what two runs of a test posted can be held against each other.

Words, rows, signs and verdicts stay. What else hangs on chance goes: which machine it was and how busy,
whether a side got a request more than the other, how many VUs that took.
"""

from __future__ import annotations

import re

_RULES = (
    (r"\A<!-- .* -->\n", ""),
    (r"\b[0-9a-f]{10}\b", "SHA"),
    (r"(?m)^Linux .* · service: .* · ltlab ", "MACHINE · ltlab "),
    (r"(?m)^- 💡 .*processors were .* busy .*\n  What to do: .*\n", ""),
    (r"\n{3,}", "\n\n"),
    (r"\d[\d\u202f]*(?:\.\d+)?", "#"),
    (r"# requests on base, # on head", "# requests a side"),
    (r"# VUs?\b", "# VUs"),
)


def of(comment: str) -> str:
    """Return the comment with `#` for each figure."""
    for pattern, instead in _RULES:
        comment = re.sub(pattern, instead, comment)
    return comment
