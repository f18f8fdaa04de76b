"""Thresholds held against what is known before a run: metrics, stats, units, tag names.

A custom metric or tag cannot be known before the run; what looks like a misspelt built-in one is
refused, unless the script itself holds that very name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ltlab_ci import errors, model
from ltlab_ci.config import document


def thresholds(
    doc: document.Document, where: document.Loc, block: model.Thresholds, script: Path
) -> None:
    """Raise ConfigError for the first threshold of a block that can never be judged."""
    text = script.read_text(encoding="utf-8", errors="replace")
    for key in block:
        loc = (*where, key)
        metric, tags = model.parse_key(key)
        _known(doc, loc, metric, list(model.BUILT_IN), text, what="metric")
        for tag, _ in tags:
            _known(doc, loc, tag, model.SYSTEM_TAGS, text, what="tag")
        built_in = model.BUILT_IN.get(metric)
        for index, threshold in enumerate(model.thresholds({key: block[key]})):
            wrong = model.misfit(threshold, built_in.type, built_in.unit) if built_in else None
            if wrong is None and threshold.formula is not None:
                wrong = model.misfit_of_base(threshold)
            if wrong is not None:
                raise errors.ConfigError(
                    f"{doc.at((*loc, index))}: {wrong}",
                    remedy="docs/thresholds.md lists the stats and units of each metric",
                )
            if threshold.absent_is_zero and (
                threshold.stat.name not in {"count", "rate"}
                or (built_in is not None and built_in.type is not model.MetricType.COUNTER)
            ):
                raise errors.ConfigError(
                    f"{doc.at((*loc, index))}: absent: zero is for counters only",
                    remedy="remove it; a metric without samples must not pass",
                )


def _known(
    doc: document.Document,
    loc: document.Loc,
    word: str,
    known: Sequence[str],
    script: str,
    *,
    what: str,
) -> None:
    near = document.suggestion(word, known)
    if word in known or not near or re.search(rf"(?<!\w){re.escape(word)}(?!\w)", script):
        return
    raise errors.ConfigError(
        f"{doc.at(loc)}: unknown {what} {word!r}{near}",
        remedy=f"mend the name; a custom {what} must stand in the script under this very name",
    )
