"""The shape of ltlab.yml, and the settings that come from outside it; all frozen.

`LabFile` is what a user writes: the JSON Schema is made from it. `Config` is what the flows get:
paths absolute, thresholds parsed, the cascade resolved.
Not here: reading files, line numbers, the environment (config/read.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import pydantic
from pydantic_core import PydanticCustomError

from ltlab_ci import errors
from ltlab_ci.model.thresholds import Severity, Span, Threshold, parse_key, seconds


class EngineName(StrEnum):
    """The load engines."""

    K6 = "k6"
    ARTILLERY = "artillery"


T = TypeVar("T")


def _or_invalid(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Turn our own errors into pydantic's, which then know where in the file they belong."""

    def checked(text: str) -> T:
        try:
            return parse(text)
        except errors.LabError as error:
            # A message is a template to pydantic; handed over as a value, its braces stay.
            said = {"said": error.message, "remedy": error.remedy}
            raise PydanticCustomError("ltlab", "{said}", said) from error

    return checked


def _keep(parse: Callable[[str], object]) -> pydantic.AfterValidator:
    def kept(text: str) -> str:
        _or_invalid(parse)(text)
        return text

    return pydantic.AfterValidator(kept)


def _whole_number(written: object) -> object:
    # To Python `true` and 1.0 are 1; to a reader of the file they are not.
    return written if type(written) is int else str(written)


def _address(text: str) -> None:
    parts = urlsplit(text)
    try:
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise errors.ConfigError(
            f"{text!r} is no address", remedy="write it like http://127.0.0.1:5000"
        )


Duration = Annotated[str, _keep(seconds), pydantic.Field(examples=["30s", "1.5m"])]
MetricKey = Annotated[str, _keep(parse_key)]
That = Annotated[str, _keep(lambda text: Threshold.parse("metric", text))]
Text = Annotated[str, pydantic.Field(min_length=1)]
Words = Annotated[tuple[Text, ...], pydantic.Field(min_length=1)]


class Frozen(pydantic.BaseModel):
    """A part of ltlab.yml: nothing unknown, nothing converted behind the user's back."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)


class ThresholdSpec(Frozen):
    """A threshold with more to say than its limit."""

    that: That = pydantic.Field(description="The limit, in k6's syntax: `p(95) < 300ms`.")
    over: Annotated[str, _keep(Span.parse)] | None = pydantic.Field(
        default=None, description="Judge only this part of the run, from its start: `10s..50s`."
    )
    severity: Literal["fail", "warn"] = pydantic.Field(
        default="fail", description="`warn` shows a crossed threshold without failing the run."
    )
    absent: Literal["zero", "no data"] = pydantic.Field(
        default="no data",
        description="`zero`: a counter without any sample counts as 0 instead of failing.",
    )

    @pydantic.model_validator(mode="before")
    @classmethod
    def _from_text(cls, written: object) -> object:
        return {"that": written} if isinstance(written, str) else written


def _listed(written: object) -> object:
    return written if isinstance(written, tuple) else (written,)


Thresholds = dict[
    MetricKey, Annotated[tuple[ThresholdSpec, ...], pydantic.BeforeValidator(_listed)]
]


class SteadyState(Frozen):
    """What to leave out of judging at both ends of a run; off unless given."""

    skip_start: Duration = pydantic.Field(default="0", description="Left out at the start.")
    skip_end: Duration = pydantic.Field(default="0", description="Left out at the end.")


class Ready(Frozen):
    """When the service counts as ready; without `get` or `command`, when its port answers."""

    get: Annotated[str, pydantic.Field(pattern="^/")] | None = pydantic.Field(
        default=None, description="A path that must answer with a status below 400."
    )
    command: Words | None = pydantic.Field(
        default=None, description="A command that must exit with 0."
    )
    timeout: Duration = pydantic.Field(default="30s", description="How long to wait for it.")

    @pydantic.model_validator(mode="after")
    def _one_way(self) -> Ready:
        if self.get is not None and self.command is not None:
            raise PydanticCustomError(
                "ltlab", "ready has both get and command", {"remedy": "keep one of them"}
            )
        return self


class Service(Frozen):
    """What is tested: a command that ltlab starts, or a URL where it runs already."""

    command: Words | None = pydantic.Field(
        default=None, description="Starts the service; {port} and {env} expand."
    )
    url: Annotated[str, _keep(_address)] | None = pydantic.Field(
        default=None,
        json_schema_extra={"pattern": "^https?://[^/]+"},
        description="Where a running service answers; ltlab does not start it.",
    )
    build: Text | None = pydantic.Field(
        default=None, description="A shell line, run once in a fresh {env} before the command."
    )
    ready: Ready = Ready()
    env: dict[str, str] = pydantic.Field(
        default={}, description="Environment of the service; {port} and {env} expand."
    )

    @pydantic.model_validator(mode="after")
    def _one_kind(self) -> Service:
        if (self.command is None) == (self.url is None):
            raise PydanticCustomError(
                "ltlab",
                "service needs either command or url",
                {"remedy": "give `command: [...]` to start it, or `url: http://...`"},
            )
        if self.url is not None and (self.build is not None or self.env):
            raise PydanticCustomError(
                "ltlab",
                "build and env belong to a service that ltlab starts, not to a url",
                {"remedy": "remove them, or give `command` instead of `url`"},
            )
        return self


class ScenarioSpec(Frozen):
    """One script of one engine, and what it must hold."""

    engine: Literal["k6", "artillery"] | None = pydantic.Field(
        default=None, description="Told from the file when absent: .js, .ts are k6's."
    )
    script: Text = pydantic.Field(description="The script, from the folder of ltlab.yml.")
    env: dict[str, str] = pydantic.Field(
        default={},
        description="Environment of the script; BASE_URL is always given, {base_url} expands.",
    )
    args: tuple[str, ...] = pydantic.Field(
        default=(), description="More arguments for the engine's `run` command."
    )
    thresholds: Thresholds = {}
    steady_state: SteadyState | None = pydantic.Field(
        default=None, description="Replaces the steady_state of the whole file."
    )


class EnginePath(Frozen):
    """Where an engine is installed."""

    path: Text = pydantic.Field(description="The engine's executable.")


class Engines(Frozen):
    """Engines of your own choice; without them PATH is searched, then a pinned one installed."""

    k6: EnginePath | None = None
    artillery: EnginePath | None = None


class LabFile(Frozen):
    """ltlab.yml: how the service under test is started and what its load tests must hold."""

    version: Annotated[Literal[1], pydantic.BeforeValidator(_whole_number)] = pydantic.Field(
        description="The version of this format."
    )
    service: Service | None = None
    scenarios: Annotated[dict[Text, ScenarioSpec], pydantic.Field(min_length=1)]
    thresholds: Thresholds = pydantic.Field(default={}, description="For every scenario.")
    steady_state: SteadyState = SteadyState()
    engines: Engines = Engines()


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How much of a run's start and end is not judged, in seconds."""

    start_s: float = 0.0
    end_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One script of one engine, ready to run."""

    name: str
    engine: EngineName
    script: Path
    env: Mapping[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    cut: Cut = Cut()


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything a run needs to know, whatever it came from."""

    root: Path
    file: Path | None
    service: Service | None
    scenarios: tuple[Scenario, ...]
    report_dir: Path
    cache_dir: Path
    k6_path: str = ""
    artillery_path: str = ""
    node_path: str = ""


def thresholds(spec: Thresholds) -> tuple[Threshold, ...]:
    """Return the thresholds of one block of ltlab.yml, in the order written."""
    return tuple(
        Threshold.parse(
            key,
            stated.that,
            over=Span.parse(stated.over) if stated.over else None,
            severity=Severity(stated.severity),
            absent_is_zero=stated.absent == "zero",
        )
        for key, several in spec.items()
        for stated in several
    )


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of ltlab.yml, with the short forms that the reader accepts."""
    schema = LabFile.model_json_schema()
    spec = schema["$defs"]["ThresholdSpec"]
    schema["$defs"]["ThresholdSpec"] = {"anyOf": [{"type": "string"}, spec]}
    item = {"$ref": "#/$defs/ThresholdSpec"}
    either = {"anyOf": [item, {"type": "array", "items": item}]}
    for place in (schema, schema["$defs"]["ScenarioSpec"]):
        place["properties"]["thresholds"]["additionalProperties"] = either
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
