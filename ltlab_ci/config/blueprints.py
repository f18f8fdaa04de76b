"""Load scripts made from a few numbers: the blueprints, and the script of one for either engine.

Pure. Whatever a user gives goes into a script as a JSON text, which JavaScript and YAML both read.
Not here: asking, files, ltlab.yml (cli/generate.py, amend.py).
"""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import resources
from urllib.parse import quote

import jinja2
from jinja2 import sandbox

from ltlab_ci import errors
from ltlab_ci.model import EngineName, seconds

SHORTEST_S, LONGEST_S = 5, 24 * 3600
"""Every phase of a blueprint lasts at least one second, and the most there are is five."""

_LEGAL = "-._~!$&'()*+,;=:@/?%"  # in a path with a query: RFC 3986, sections 3.3 and 3.4
_TEMPLATES = {EngineName.K6: "k6.js.j2", EngineName.ARTILLERY: "artillery.yml.j2"}


class Shape(StrEnum):
    """The blueprints."""

    STEADY = "steady"
    RAMP_UP_DOWN = "ramp-up-down"
    SPIKE = "spike"
    VARIABLE = "variable"
    THINK_TIME = "think-time"


SAYS = {
    Shape.STEADY: "One rate from the start to the end: is the service fast enough under usual load?",
    Shape.RAMP_UP_DOWN: "Up to a peak, hold, down again: from which rate on does it become slow?",
    Shape.SPIKE: "A sudden jump and back: does the service survive it, and recover?",
    Shape.VARIABLE: "Rates that change by steps: does it follow a load that is never the same?",
    Shape.THINK_TIME: "A fixed number of users who pause between their visits: a closed model.",
}


class Method(StrEnum):
    """The methods that both engines know."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"

    @property
    def has_body(self) -> bool:
        """Tell whether a request of this method carries something."""
        return self in {Method.POST, Method.PUT, Method.PATCH}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A method and a path with its query, percent-encoded: ASCII without quotes or braces."""

    method: Method
    path: str

    @property
    def name(self) -> str:
        """Return what its samples are grouped by: without the query, of which there may be many."""
        return f"{self.method} {self.path.partition('?')[0]}"

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `/items` or `POST:/items?all=1`. What a URL cannot hold is percent-encoded."""
        found = re.fullmatch(r"(?:([A-Za-z]+):)?(/.*)", text, re.DOTALL)
        if found is None:
            raise errors.ConfigError(
                f"{text!a} is no path",
                remedy="write /items or POST:/items; the address comes later, by --url",
            )
        method = (found[1] or "GET").upper()
        if method not in set(Method):
            raise errors.ConfigError(
                f"{text!a}: unknown method {method}", remedy=f"use one of {', '.join(Method)}"
            )
        try:
            path = quote(found[2], safe=_LEGAL, errors="surrogateescape")
        except UnicodeEncodeError as error:
            raise errors.ConfigError(
                f"{text!a} is no UTF-8", remedy="write the path percent-encoded"
            ) from error
        return cls(method=Method(method), path=re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", path))


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A part of the load: whole seconds, and the rate (iterations/s) at its start and its end."""

    name: str
    duration_s: int
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Blueprint:
    """A script to be written. Rates are iterations/s; an iteration requests every endpoint once.

    `rate` and `peak` are of the open shapes, `users` and `think_s` of think-time.
    """

    shape: Shape
    engine: EngineName
    endpoints: tuple[Endpoint, ...]
    duration_s: int
    rate: int = 10
    peak: int = 40
    users: int = 10
    think_s: float = 1.0

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the parts of the load, none for think-time."""
        parts = _parts(self.shape, self.rate, self.peak)
        total = sum(part.duration_s for part in parts) or 1
        ends = itertools.accumulate((part.duration_s for part in parts), initial=0)
        marks = itertools.pairwise(round(self.duration_s * end / total) for end in ends)
        return tuple(
            replace(part, duration_s=after - before)
            for part, (before, after) in zip(parts, marks, strict=True)
        )

    @property
    def vus(self) -> tuple[int, int]:
        """Return the VUs to begin with and the most there may be: answers of 0.2 s, and of 2 s."""
        requests_per_s = len(self.endpoints) * max((phase.end for phase in self.phases), default=0)
        return max(10, requests_per_s // 5), max(50, requests_per_s * 2)

    @property
    def loops(self) -> int:
        """Return how often one user of think-time goes through all in `duration_s`, pauses alone."""
        return max(1, round(self.duration_s / self.think_s))


def whole_seconds(text: str) -> int:
    """Read the duration of a load, such as `30s` or `2m`. Raises ConfigError out of bounds."""
    value = seconds(text)
    if value != int(value) or not SHORTEST_S <= value <= LONGEST_S:
        raise errors.ConfigError(
            f"a load of {text!r} cannot be written",
            remedy=f"give whole seconds, from {SHORTEST_S}s to {LONGEST_S // 3600}h",
        )
    return int(value)


def think_seconds(text: str) -> float:
    """Read a think time, such as `500ms` or `2s`. Raises ConfigError out of bounds."""
    value = seconds(text)
    if not 0.01 <= value <= 3600:  # noqa: PLR2004  (said right below)
        raise errors.ConfigError(
            f"nobody thinks for {text!r}", remedy="give a think time from 10ms to 1h"
        )
    return value


def script(blueprint: Blueprint) -> str:
    """Return the script."""
    environment = sandbox.ImmutableSandboxedEnvironment(
        loader=jinja2.FunctionLoader(_template),
        finalize=_literal,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # neither language is HTML: _literal escapes
    )
    environment.filters["ours"] = _Ours
    template = environment.get_template(_TEMPLATES[blueprint.engine])
    return template.render(blueprint=blueprint, says=_Ours(SAYS[blueprint.shape]))


class _Ours(str):
    """A text of this module, which goes in as it is."""

    __slots__ = ()


def _literal(value: object) -> object:
    """Return a value as a literal of JavaScript and YAML; what code chose goes in as it is."""
    return value if isinstance(value, _Ours | StrEnum) else json.dumps(value)


def _template(name: str) -> str:
    folder = resources.files("ltlab_ci.config").joinpath("templates")
    return folder.joinpath(name).read_text(encoding="utf-8")


def _parts(shape: Shape, rate: int, peak: int) -> tuple[Phase, ...]:
    """Return the phases; their durations are shares of the whole, not seconds yet."""
    if shape is Shape.THINK_TIME:
        return ()
    middle = (rate + peak) // 2
    parts = {
        Shape.STEADY: (("steady", 1, rate, rate),),
        Shape.RAMP_UP_DOWN: (
            ("up", 2, rate, peak),
            ("hold", 1, peak, peak),
            ("down", 2, peak, rate),
        ),
        Shape.SPIKE: (
            ("before", 2, rate, rate),
            ("spike", 1, peak, peak),
            ("after", 2, rate, rate),
        ),
        Shape.VARIABLE: tuple(
            (f"step {number}", 1, level, level)
            for number, level in enumerate((rate, middle, rate, peak, middle), start=1)
        ),
    }
    return tuple(
        Phase(name=name, duration_s=share, start=start, end=end)
        for name, share, start, end in parts[shape]
    )
