"""SQL for DuckDB over samples files: pure text builders, every value bound or escaped.

Not here: running it (duck.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from ltlab_ci import model

_COLUMNS = {name: f'"{name}"' for name in model.SYSTEM_TAGS}


def read_batch(columns: Sequence[str]) -> str:
    """Return a SELECT that reads one batch (parameter: its path) into the shape of a samples file.

    Columns out: metric, time_ns, value, one per system tag, tags (MAP), metadata. Extra tags that
    k6 wrote without escaping and that can be read in two ways go under the key '?' as they are.
    """
    types = {"timestamp": "BIGINT", "metric_value": "DOUBLE"}
    declared = ", ".join(f"'{name}': '{types.get(name, 'VARCHAR')}'" for name in columns)
    present = frozenset(columns)
    tags = ", ".join(
        f"{column} AS {column}" if name in present else f"NULL::VARCHAR AS {column}"
        for name, column in _COLUMNS.items()
    )
    extra = _EXTRA_TAGS if "extra_tags" in present else "MAP {}::MAP(VARCHAR, VARCHAR)"
    metadata = "metadata" if "metadata" in present else "NULL::VARCHAR"
    return (
        "SELECT metric_name AS metric, timestamp AS time_ns, metric_value AS value, "
        f"{tags}, {extra} AS tags, {metadata} AS metadata "
        "FROM read_csv(?, header = false, auto_detect = false, delim = ',', quote = '\"', "
        "escape = '\"', nullstr = '', strict_mode = true, max_line_size = 16777216, "
        f"columns = {{{declared}}})"
    )


_EXTRA_TAGS = (
    "CASE WHEN extra_tags IS NULL THEN MAP {}::MAP(VARCHAR, VARCHAR) "
    r"WHEN NOT regexp_full_match(extra_tags, '[^&=]+=[^&=]*(&[^&=]+=[^&=]*)*') "
    "OR len(list_distinct(list_transform(string_split(extra_tags, '&'), "
    "lambda part: split_part(part, '=', 1)))) < len(string_split(extra_tags, '&')) "
    "THEN MAP {'?': extra_tags} "
    "ELSE map_from_entries(list_transform(string_split(extra_tags, '&'), "
    "lambda part: struct_pack(k := split_part(part, '=', 1), v := split_part(part, '=', 2)))) END"
)


def where(
    metric: str, tags: Sequence[tuple[str, str]], window: model.Window | None
) -> tuple[str, list[object]]:
    """Return a condition and its parameters for the samples that a question is about."""
    terms, values = ["metric = ?"], [metric]
    parameters: list[object] = list(values)
    for name, pattern in tags:
        column = _COLUMNS.get(name)
        if column is None:
            column = "tags[?]"
            parameters.append(name)
        text, wild = _like(pattern)
        terms.append(f"{column} LIKE ? ESCAPE '\\'" if wild else f"{column} = ?")
        parameters.append(text)
    if window is not None:
        terms.append("time_ns >= ? AND time_ns < ?")
        parameters += [window.start_ns, window.end_ns]
    return " AND ".join(terms), parameters


def figures(percentiles: Sequence[float]) -> str:
    """Return the list of aggregates that answer every stat at once.

    Order: count, sum, mean, min, max, last value, share of non-zero values, then a list with the
    percentiles (linear interpolation between closest ranks, as in k6 and numpy).
    """
    shares = ", ".join(repr(percentile / 100) for percentile in percentiles)
    quantiles = f"quantile_cont(value, [{shares}])" if percentiles else "NULL"
    return (
        "count(*), fsum(value), favg(value), min(value), max(value), "
        f"arg_max(value, time_ns), favg((value <> 0)::DOUBLE), {quantiles}"
    )


def _like(pattern: str) -> tuple[str, bool]:
    """Turn `*` into SQL's `%`; a backslash before `*` makes it an ordinary star."""
    wild, text, escaped = False, "", False
    for char in pattern:
        if escaped:
            text += char if char == "*" else "\\\\" + _literal(char)
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "*":
            text, wild = text + "%", True
        else:
            text += _literal(char)
    text += "\\\\" if escaped else ""
    if wild:
        return text, True
    return _plain(pattern), False


def _literal(char: str) -> str:
    return "\\" + char if char in "%_" else char


def _plain(pattern: str) -> str:
    return pattern.replace("\\*", "*")
