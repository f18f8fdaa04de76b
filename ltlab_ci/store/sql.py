"""SQL for DuckDB over samples files: pure text builders, every value bound or escaped.

Not here: running it (duck.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ltlab_ci import model
from ltlab_ci.model import patterns

_LIKE = re.compile(r"[%_\\]")
_READ = {
    *("metric_name", "timestamp", "metric_value", "extra_tags", "metadata"),
    *model.SYSTEM_TAGS,
}
_COLUMNS = {name: f'"{name}"' for name in model.SYSTEM_TAGS}


def read_batch(columns: Sequence[str]) -> str:
    """Return a SELECT that reads one batch (parameter: its paths) into the shape of a samples file.

    Columns out: metric, time_ns, value, one per system tag, tags (`k=v&k=v`, as k6 joins custom
    ones: kept as written, so nothing is lost and nothing is parsed twice), metadata.
    """
    types = {"timestamp": "BIGINT", "metric_value": "DOUBLE"}
    declared = ", ".join(f"'{name}': '{types.get(name, 'VARCHAR')}'" for name in columns)
    present = frozenset(columns)
    tags = ", ".join(
        f"{column} AS {column}" if name in present else f"NULL::VARCHAR AS {column}"
        for name, column in _COLUMNS.items()
    )
    # k6 has more tags than it writes by default, such as `ip`: they count as custom ones.
    others = [f"'{name}=' || \"{name}\"" for name in columns if name not in _READ]
    custom = [*(["extra_tags"] if "extra_tags" in present else []), *others]
    extra = f"nullif(concat_ws('&', {', '.join(custom)}), '')" if custom else "NULL::VARCHAR"
    metadata = "metadata" if "metadata" in present else "NULL::VARCHAR"
    return (
        "SELECT metric_name AS metric, timestamp AS time_ns, metric_value AS value, "
        f"{tags}, {extra} AS tags, {metadata} AS metadata "
        "FROM read_csv(?, header = false, auto_detect = false, delim = ',', quote = '\"', "
        "escape = '\"', nullstr = '', new_line = '\\n', strict_mode = true, max_line_size = 16777216, "
        f"columns = {{{declared}}})"
    )


PATH = (
    "CREATE OR REPLACE TEMP MACRO bare(address) AS CASE WHEN contains(address, '@') "
    "THEN regexp_replace(address, '^(https?://)[^/?#@]*@', '\\1') ELSE address END; "
    "CREATE OR REPLACE TEMP MACRO path(address) AS "
    "CASE WHEN bare(address) = getvariable('base') THEN '/' "
    "WHEN starts_with(bare(address), getvariable('base') || '/') "
    "OR starts_with(bare(address), getvariable('base') || '?') "
    "THEN substr(bare(address), length(getvariable('base')) + 1) ELSE address END"
)
"""Makes `path(address)`, which takes the service's own address off: the variable `base`, which may be ''."""

IS_URL = (
    "coalesce(regexp_matches(name, '^(https?://|(https?://)?\\$\\{\\})'), false) "
    "OR coalesce(regexp_matches(name, '^[/?]') AND regexp_matches(url, '^https?://') "
    "AND (ends_with(url, name) OR ends_with(split_part(url, '?', 1), name)), name IS NULL)"
)
"""A condition: the name of a request is its URL, or the URL's path, and not what a script calls it."""


AMBIGUOUS_TAGS = (
    r"NOT regexp_full_match(tags, '[^&=]+=[^&=]*(&[^&=]+=[^&=]*)*') "
    "OR len(list_distinct(list_transform(string_split(tags, '&'), "
    "lambda part: split_part(part, '=', 1)))) < len(string_split(tags, '&'))"
)
"""A condition on `tags`: they can be read in two ways, since k6 joins them without escaping."""


def tag_column(name: str) -> tuple[str, list[object]]:
    """Return an expression for the value of a tag, NULL where it is absent, and its parameters."""
    if name in _COLUMNS:
        return _COLUMNS[name], []
    pattern = f"(?s)(?:^|&){patterns.regex(name)}=([^&]*)"
    return "CASE WHEN regexp_matches(tags, ?) THEN regexp_extract(tags, ?, 1) END", [
        pattern,
        pattern,
    ]


def where(
    metric: str, tags: Sequence[tuple[str, str]], window: model.Window | None
) -> tuple[str, list[object]]:
    """Return a condition and its parameters for the samples that a question is about."""
    terms = ["metric = ?"]
    parameters: list[object] = [metric]
    for name, pattern in tags:
        column = _COLUMNS.get(name)
        if column is not None:
            text, wild = _like(pattern)
            terms.append(f"{column} LIKE ? ESCAPE '\\'" if wild else f"{column} = ?")
            parameters.append(text)
        elif not pattern:
            terms.append("false")
        else:
            value = _value_regex(pattern)
            terms.append("regexp_matches(tags, ?)")
            parameters.append(f"(?s)(?:^|&){patterns.regex(name)}={value}(?:&|$)")
    if window is not None:
        terms.append("time_ns >= ? AND time_ns < ?")
        parameters += [window.start_ns, window.end_ns]
    return " AND ".join(terms), parameters


def figures(percentiles: Sequence[float]) -> str:
    """Return the list of aggregates that answer every stat at once.

    Order: count, sum, mean, min, max, last value (the largest of those in the last nanosecond, so
    that the order of rows does not matter), share of non-zero values, then a list with the
    percentiles (linear interpolation between closest ranks, as in k6 and numpy).
    """
    shares = ", ".join(repr(percentile / 100) for percentile in percentiles)
    quantiles = f"quantile_cont(value, [{shares}])" if percentiles else "NULL"
    return (
        "count(*), fsum(value), favg(value), min(value), max(value), "
        f"arg_max(value, (time_ns, value)), favg((value <> 0)::DOUBLE), {quantiles}"
    )


def _value_regex(pattern: str) -> str:
    """Return what matches a custom tag's value; a tag without a value is no tag."""
    if patterns.any_text(pattern):
        return "[^&]+"
    return "".join(
        "[^&]*" if part is None else patterns.regex(part) for part in patterns.parts(pattern)
    )


def _like(pattern: str) -> tuple[str, bool]:
    """Return the pattern for SQL's LIKE, or the plain text where it has no wildcard."""
    text = patterns.plain(pattern)
    if text is not None:
        return text, False
    parts = patterns.parts(pattern)
    return "".join("%" if part is None else _LIKE.sub(r"\\\g<0>", part) for part in parts), True
