"""InfluxDB's line protocol, exactly as k6's own output writes a sample: pure text.

A point is the same point only if its measurement, its whole tag set and its nanosecond are the
same; so what k6 wrote and what is written later must agree to the letter. Measurement: the metric's
name. Tags: all tags of the sample. Fields: `value`, and the tags named in FIELDS.
Escaping: docs.influxdata.com/influxdb/v2, "Line protocol", and `models/points.go` of its source.
Not here: which samples there are (points.py), sending them (backfill.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

FIELDS = frozenset({"iter", "url", "vu"})
"""Tags that k6 writes as fields (K6_INFLUXDB_TAGS_AS_FIELDS): each request may have another."""

RESERVED = frozenset({"_field", "_measurement", "_start", "_stop", "_time", "_value", "time"})
"""Names that InfluxDB or Flux gives a meaning of their own: no tag can have them."""

_LONGEST_KEY = 65_000  # bytes; the server's limit is 65,535 with what it adds itself


@dataclass(frozen=True, kw_only=True)
class Series:
    """What all points of a series begin with: its key, and the fields that its tags became."""

    key: str
    fields: str


def series(metric: str, tags: Mapping[str, str]) -> Series | None:
    """Return the series of a sample, None where line protocol cannot carry its names.

    Empty tags are left out, as k6 leaves them out.
    """
    there = {name: value for name, value in tags.items() if value}
    key = _measurement(metric) + "".join(
        f",{_tag(name)}={_tag(there[name])}" for name in sorted(there) if name not in FIELDS
    )
    fields = "".join(f"{name}={string(there[name])}," for name in sorted(FIELDS & set(there)))
    indexed = [text for pair in there.items() if pair[0] not in FIELDS for text in pair]
    return Series(key=key, fields=fields) if _writable(metric, indexed, key) else None


def string(text: str) -> str:
    """Return a text as a string field."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def custom_tags(joined: str | None) -> dict[str, str]:
    """Read tags as k6 joins them, `k=v&k=v`."""
    pairs = [part.partition("=") for part in (joined or "").split("&")]
    return {name: value for name, equals, value in pairs if equals}


def _writable(metric: str, texts: list[str], key: str) -> bool:
    """Say whether the server reads a key back as it was meant.

    A line end cuts the line, and a backslash at the end of a name hides the sign that ends it.
    """
    return not (
        not metric
        or metric[0] in "#\t\0"
        or "" in texts
        or any("\n" in text or text.endswith("\\") for text in [metric, *texts])
        or RESERVED.intersection(texts[::2])
        or not _one_line(key)
        or len(key.encode()) > _LONGEST_KEY
    )


def _one_line(key: str) -> bool:
    """Say whether the server finds the end of a line with this key, as its `scanLine` looks for it.

    It takes a blank after two backslashes for the end of the key, and then minds quotes.
    """
    if "\\\\ " not in key:
        return True
    text = f'{key} url="\n",value=1\n'
    fields = quoted = False
    equals = commas = place = 0
    while text[place] != "\n" or quoted:
        sign = text[place]
        fields = fields or sign == " "
        if fields and not quoted:
            equals += sign == "="
            commas += sign == ","
        if fields and sign == '"' and equals > commas:
            quoted = not quoted
        place += 2 if sign == "\\" else 1
        if place >= len(text):
            return False
    return place == len(text) - 1


def _measurement(text: str) -> str:
    return re.sub(r"[, ]", r"\\\g<0>", text)


def _tag(text: str) -> str:
    return re.sub(r"[,= ]", r"\\\g<0>", text)
