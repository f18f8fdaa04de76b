"""Thresholds held against what is known before a run: metrics, stats, units, tags, what a figure can be.

A custom metric or tag cannot be known before the run; what looks like a misspelt built-in one is
refused, unless the script itself holds that very name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ltlab_ci import errors, model
from ltlab_ci.config import document, sources
from ltlab_ci.model import patterns

_VALUES: Final[dict[str, tuple[str, ...]]] = {
    "status": ("0", *map(str, range(100, 1000))),
    "expected_response": ("true", "false"),
    "error_code": tuple(map(str, range(1000, 2000))),
}
"""All that these tags of HTTP requests can be."""

_METHOD: Final = re.compile(r"[A-Z-]*")
_OF_ARTILLERY: Final = (
    "errors.",
    "http.",
    "vusers.",
    "plugins.",
    "websocket.",
    "socketio.",
    "browser.",
)
"""How metrics begin that Artillery or a plug-in of its own makes, without a word in the script."""


def thresholds(
    doc: document.Document,
    where: document.Loc,
    block: model.Thresholds,
    script: Path,
    others: Sequence[Path] = (),
) -> None:
    """Raise ConfigError for the first threshold of a block that can never be judged, or decides nothing.

    `others` are the scripts of other scenarios that the block is for.
    """
    source = sources.text([script]) if block else ""
    for key in block:
        loc = (*where, key)
        metric, tags = model.parse_key(key)
        _known(doc, loc, metric, list(model.BUILT_IN), source, what="metric")
        for tag, _ in tags:
            _known(doc, loc, tag, model.SYSTEM_TAGS, source, what="tag")
        built_in = model.BUILT_IN.get(metric)
        kind = built_in.type if built_in else sources.declared(metric, source)
        for index, threshold in enumerate(model.thresholds({key: block[key]})):
            wrong = model.misfit(threshold, built_in.type, built_in.unit) if built_in else None
            if wrong is None and threshold.formula is not None:
                wrong = model.misfit_of_base(threshold)
            if wrong is not None:
                raise errors.ConfigError(
                    f"{doc.at((*loc, index))}: {wrong}",
                    remedy="docs/thresholds.md lists the stats and units of each metric",
                )
            futile = model.futile(threshold, kind)
            if futile is not None:
                raise errors.ConfigError(
                    f"{doc.at((*loc, index))}: {threshold.text!r} {futile.why}",
                    remedy=futile.instead,
                )
            if threshold.absent_is_zero and (
                threshold.stat.name not in {"count", "rate"}
                or (built_in is not None and built_in.type not in model.COUNTING)
            ):
                raise errors.ConfigError(
                    f"{doc.at((*loc, index))}: absent: zero is for counters and rates only",
                    remedy="remove it; a metric without samples must not pass",
                )
            if threshold.absent_is_zero:
                _can_be(doc, (*loc, index), threshold, sources.text([script, *others]))


def _can_be(
    doc: document.Document, loc: document.Loc, threshold: model.Threshold, source: str
) -> None:
    """Refuse "none is 0" of what can never be there: with a typing error it would hold for ever."""
    metric = threshold.metric
    if (
        metric not in model.BUILT_IN
        and not metric.startswith(_OF_ARTILLERY)
        and not sources.named(metric, source)
    ):
        near = document.suggestion(metric, list(model.BUILT_IN))
        raise errors.ConfigError(
            f"{doc.at(loc)}: absent: zero of {metric!r}, which the script does not name{near}",
            remedy="mend the name; where the script puts it together, name it there in a comment",
        )
    for tag, pattern in threshold.tags:
        if metric.startswith("http_req") and not _possible(tag, pattern, source):
            raise errors.ConfigError(
                f"{doc.at(loc)}: absent: zero of {tag}:{pattern}, which no request can have",
                remedy=_EXAMPLES[tag],
            )


_EXAMPLES: Final = {
    "status": "write a status like 503, or 5* for all of a class",
    "method": "write the method as it is sent, like GET",
    "expected_response": "write true or false",
    "error_code": "write one of k6's codes, like 1050, or 1* for any",
}


def _possible(tag: str, pattern: str, source: str) -> bool:
    if tag == "method":
        fits = all(part is None or _METHOD.fullmatch(part) for part in patterns.parts(pattern))
        return fits or sources.named(pattern, source)
    known = _VALUES.get(tag)
    return known is None or any(patterns.matches(pattern, value) for value in known)


def _known(
    doc: document.Document,
    loc: document.Loc,
    word: str,
    known: Sequence[str],
    source: str,
    *,
    what: str,
) -> None:
    near = document.suggestion(word, known)
    if word in known or not near or sources.named(word, source):
        return
    raise errors.ConfigError(
        f"{doc.at(loc)}: unknown {what} {word!r}{near}",
        remedy=f"mend the name; a custom {what} must stand in the script under this very name",
    )
