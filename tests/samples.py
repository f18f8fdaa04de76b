"""Samples as an engine may measure them, questions on them, and the answers of plain Python.

Every store is held against these. Not here: the tests themselves.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.model import MetricType
from ltlab_ci.store import duck
from tests import factories
from tests.factories import SECOND_NS, START_NS

TYPES = {
    "http_req_duration": MetricType.TREND,
    "http_reqs": MetricType.COUNTER,
    "http_req_failed": MetricType.RATE,
    "vus": MetricType.GAUGE,
    "my trend": MetricType.TREND,
}
STATS = {
    MetricType.COUNTER: ("count", "rate"),
    MetricType.GAUGE: ("value", "min", "max"),
    MetricType.RATE: ("rate", "count"),
    MetricType.TREND: ("avg", "min", "med", "max", "count", "p(0)", "p(90)", "p(99.9)", "p(100)"),
}
HOSTILE = "aA1 %_*\\\"',;:|<>(){}[].+?^$#~/\n\r\tüß☃🎉\u2028\u0000"
SECONDS = 12.5


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One measured value, with system tags and custom ones."""

    metric: str
    time_ns: int
    value: float
    tags: Mapping[str, str] = field(default_factory=dict)
    custom: Mapping[str, str] = field(default_factory=dict)

    def row(self) -> dict[str, object]:
        """Return it as a row of k6's CSV."""
        return {
            "metric_name": self.metric,
            "timestamp": self.time_ns,
            "metric_value": repr(self.value),
            "extra_tags": "&".join(f"{name}={value}" for name, value in self.custom.items()),
            **self.tags,
        }


def recorded(folder: Path, samples: Sequence[Sample]) -> Path:
    """Write samples the way a run does; return their samples file."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = duck.Writer(folder, "browse")
    writer.ingest(factories.a_batch(folder / "rows.csv", [sample.row() for sample in samples]))
    assert writer.close() == len(samples)
    return folder / duck.file_name("browse")


def reference(samples: Sequence[Sample], question: model.Question) -> tuple[float | None, int]:
    """Answer a question in plain Python and numpy."""
    found = [sample for sample in samples if matches(sample, question)]
    values = [sample.value for sample in found]
    if not values:
        return None, 0
    last = max(found, key=lambda sample: sample.time_ns).value
    stats: dict[str, Callable[[], float | None]] = {
        "avg": lambda: math.fsum(values) / len(values),
        "min": lambda: min(values),
        "max": lambda: max(values),
        "med": lambda: float(np.percentile(values, 50)),
        "value": lambda: last,
        "count": lambda: len(values),
        "rate": lambda: sum(value != 0 for value in values) / len(values),
        "p": lambda: float(np.percentile(values, question.stat.percentile)),
    }
    if question.type is MetricType.COUNTER:
        total = math.fsum(values)
        stats["count"] = lambda: total
        stats["rate"] = lambda: total / question.seconds if question.seconds else None
    return stats[question.stat.name](), len(values)


def matches(sample: Sample, question: model.Question) -> bool:
    """Say whether a sample is one that a question is about."""
    window = question.window
    everything = {**sample.tags, **sample.custom}
    return (
        sample.metric == question.metric
        and (window is None or window.start_ns <= sample.time_ns < window.end_ns)
        and all(
            everything.get(name, "") != "" and like(everything[name], pattern)
            for name, pattern in question.tags
        )
    )


def like(text: str, pattern: str) -> bool:
    """Say whether a text matches a pattern in which only `*` is special, unless escaped."""
    parts = re.split(r"(\\\*|\*)", pattern)
    known = {"*": ".*", "\\*": re.escape("*")}
    regex = "".join(known.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(regex, text, re.DOTALL) is not None


TEXTS = st.text(HOSTILE, min_size=1, max_size=6)
CUSTOM_TEXTS = st.text(HOSTILE + "ö", min_size=1, max_size=6)
VALUES = st.integers(-(10**9), 10**12).map(lambda micros: micros / 1e6)


@st.composite
def runs(draw: st.DrawFn) -> list[Sample]:
    """Draw samples of several metrics, at times that are unique, in any order."""
    size = draw(st.integers(0, 30))
    times = draw(
        st.lists(st.integers(0, 60 * SECOND_NS), min_size=size, max_size=size, unique=True)
    )
    names = draw(st.lists(TEXTS, min_size=1, max_size=3))
    kinds = draw(st.lists(CUSTOM_TEXTS, max_size=3))
    found = []
    for time_ns in times:
        metric = draw(st.sampled_from(list(TYPES)))
        value = draw(st.sampled_from([0.0, 1.0]) if TYPES[metric] is MetricType.RATE else VALUES)
        tags = {"name": draw(st.sampled_from(names))} if draw(st.booleans()) else {}
        kind = draw(st.sampled_from(["", *kinds]))
        custom = {"kind": kind, "b": "x"} if kind else {}
        found.append(
            Sample(metric=metric, time_ns=START_NS + time_ns, value=value, tags=tags, custom=custom)
        )
    return found


def every_question(**parts: object) -> list[model.Question]:
    """Ask for every stat of every metric."""
    return [
        factories.a_question(metric, stat, type=kind, seconds=SECONDS, **parts)
        for metric, kind in TYPES.items()
        for stat in STATS[kind]
    ]


@st.composite
def patterns(draw: st.DrawFn, texts: Sequence[str]) -> str:
    """Draw a pattern that has a chance to match: a text with parts of it starred or escaped."""
    text = draw(st.sampled_from([*texts, "other"]))
    form = draw(st.sampled_from(["as it is", "starred", "star at the end", "wild", "escaped"]))
    place = draw(st.integers(0, len(text)))
    return {
        "as it is": text,
        "starred": text[:place] + "*" + text[place + 1 :],
        "star at the end": text[:place] + "*",
        "wild": "*" + text[place : place + 1] + "*",
        "escaped": text.replace("*", "\\*"),
    }[form]


@st.composite
def filtered(draw: st.DrawFn, samples: Sequence[Sample]) -> list[model.Question]:
    """Draw questions with filters and windows that have a chance to match."""
    questions = []
    for _ in range(draw(st.integers(1, 4))):
        tags = []
        for name, values in (
            ("name", [sample.tags.get("name", "") for sample in samples]),
            ("kind", [sample.custom.get("kind", "") for sample in samples]),
        ):
            if draw(st.booleans()):
                tags.append((name, draw(patterns([text for text in values if text]))))
        window = None
        if draw(st.booleans()):
            start, end = sorted(draw(st.tuples(*[st.integers(0, 61 * SECOND_NS)] * 2)))
            window = model.Window(start_ns=START_NS + start, end_ns=START_NS + end)
        questions += every_question(tags=tuple(tags), window=window)
    return list(dict.fromkeys(questions))
