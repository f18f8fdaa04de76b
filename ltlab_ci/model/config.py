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
from typing import Annotated, Any, Literal

import pydantic

from ltlab_ci.model.comparing import CompareSpec, Comparing
from ltlab_ci.model.fields import (
    Duration,
    EngineVersion,
    Frozen,
    MetricKey,
    Text,
    That,
    keep,
    whole_number,
)
from ltlab_ci.model.grafana import Grafana
from ltlab_ci.model.lab import GrafanaSpec, Influx, LabSpec, Runtime
from ltlab_ci.model.place import Place
from ltlab_ci.model.routes import Naming
from ltlab_ci.model.service import Service
from ltlab_ci.model.thresholds import Severity, Span, Threshold


class EngineName(StrEnum):
    """The load engines."""

    K6 = "k6"
    ARTILLERY = "artillery"


class ThresholdSpec(Frozen):
    """A threshold with more to say than its limit."""

    that: That = pydantic.Field(
        description="The limit, in k6's syntax: `p(95) < 300ms`; for `ltlab compare` it may depend on "
        "what base came to: `p(95) < max(base * 1.3, base + 50ms)`."
    )
    over: Annotated[str, keep(Span.parse)] | None = pydantic.Field(
        default=None, description="Judge only this part of the run, from its start: `10s..50s`."
    )
    severity: Literal["fail", "warn"] = pydantic.Field(
        default="fail", description="`warn` shows a crossed threshold without failing the run."
    )
    absent: Literal["zero", "no data"] = pydantic.Field(
        default="no data",
        description="`zero`: a counter or rate without any sample counts as 0 instead of failing.",
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


class NamesSpec(Frozen):
    """Which requests are one endpoint, in reports and in comparisons; a list states `patterns` alone."""

    patterns: tuple[Text, ...] = pydantic.Field(
        default=(),
        description="Names without the service's address: `/products/:id`, where `:id` stands for one "
        "segment and `*` for any text. The first that matches counts.",
    )
    learn: bool = pydantic.Field(
        default=True,
        description="Whether ids in URLs are found besides; `false` leaves URLs as they are.",
    )

    @pydantic.model_validator(mode="before")
    @classmethod
    def _from_list(cls, written: object) -> object:
        return {"patterns": written} if isinstance(written, (list, tuple)) else written


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
    thresholds: Thresholds = pydantic.Field(default={}, description="For this scenario.")
    steady_state: SteadyState | None = pydantic.Field(
        default=None, description="Replaces the steady_state of the whole file."
    )
    exclude_setup: pydantic.StrictBool | None = pydantic.Field(
        default=None, description="Replaces the exclude_setup of the whole file."
    )
    names: NamesSpec | None = pydantic.Field(
        default=None, description="Replaces the names of the whole file."
    )


class K6Spec(Frozen):
    """Which k6."""

    path: Text | None = pydantic.Field(default=None, description="The engine's executable.")
    version: EngineVersion | None = pydantic.Field(
        default=None, description="A release, 1.0.0 or newer; installed unless PATH has it."
    )


class ArtillerySpec(Frozen):
    """Which Artillery."""

    path: Text | None = pydantic.Field(default=None, description="The engine's executable.")
    version: EngineVersion | None = pydantic.Field(
        default=None, description="The version that ltlab installs, to say so; no other is known."
    )


class Engines(Frozen):
    """Engines of your own choice; without them PATH is searched, then a pinned one installed."""

    k6: K6Spec | None = None
    artillery: ArtillerySpec | None = None


class LabFile(Frozen):
    """ltlab.yml: how the service under test is started and what its load tests must hold."""

    version: Annotated[Literal[1], pydantic.BeforeValidator(whole_number)] = pydantic.Field(
        description="The version of this format."
    )
    service: Service | None = None
    scenarios: Annotated[dict[Text, ScenarioSpec], pydantic.Field(min_length=1)]
    thresholds: Thresholds = pydantic.Field(default={}, description="For every scenario.")
    steady_state: SteadyState = SteadyState()
    exclude_setup: pydantic.StrictBool = pydantic.Field(
        default=False,
        description="Judge without the samples of set-up and tear-down, which k6 counts.",
    )
    names: NamesSpec = NamesSpec()
    engines: Engines = Engines()
    lab: LabSpec = LabSpec()
    grafana: GrafanaSpec = GrafanaSpec()
    compare: CompareSpec = CompareSpec()


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How much of a run's start and end is not judged, in seconds.

    `setup`: nor what was before and after the load. That is never judged where something is cut off.
    """

    start_s: float = 0.0
    end_s: float = 0.0
    setup: bool = False

    @property
    def nothing(self) -> bool:
        """Say whether every sample is judged."""
        return not (self.start_s or self.end_s or self.setup)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One script of one engine, ready to run; `processes` of the engine share its load.

    `against_base` are the thresholds that depend on base, which only a comparison can judge.
    """

    name: str
    engine: EngineName
    script: Path
    env: Mapping[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    against_base: tuple[Threshold, ...] = ()
    cut: Cut = Cut()
    place: Place | None = field(default=None, compare=False)
    processes: int = 1
    naming: Naming = field(default_factory=Naming)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything a run needs to know, whatever it came from.

    `url_given`: the service's address was given by hand (`--url`), for this run.
    """

    root: Path
    file: Path | None
    service: Service | None
    scenarios: tuple[Scenario, ...]
    report_dir: Path
    cache_dir: Path
    k6_path: str = ""
    k6_version: str = ""
    artillery_path: str = ""
    artillery_version: str = ""
    node_path: str = ""
    runtime: Runtime = Runtime.AUTO
    lab_dir: Path = Path(".ltlab")
    raw_retention_days: int = 14
    minute_retention_days: int = 365
    influx: Influx | None = None
    grafana: Grafana | None = None
    url_given: bool = False
    dashboards: tuple[Path, ...] = ()
    snapshots: tuple[str, ...] = ()
    expires_s: int | None = None
    compare: Comparing = field(default_factory=Comparing)

    def version_of(self, engine: EngineName) -> str:
        """Return the version of an engine that is asked for, "" for the usual one."""
        return self.k6_version if engine is EngineName.K6 else self.artillery_version


def thresholds(
    spec: Thresholds, place: Callable[[str, int], Place | None] = lambda _key, _index: None
) -> tuple[Threshold, ...]:
    """Return the thresholds of one block of ltlab.yml, in the order written.

    `place` tells where the block states a threshold, by its key and its index there.
    """
    return tuple(
        Threshold.parse(
            key,
            stated.that,
            over=Span.parse(stated.over) if stated.over else None,
            severity=Severity(stated.severity),
            absent_is_zero=stated.absent == "zero",
            place=place(key, index),
        )
        for key, several in spec.items()
        for index, stated in enumerate(several)
    )


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of ltlab.yml, with the short forms that the reader accepts."""
    schema = LabFile.model_json_schema()
    spec = schema["$defs"]["ThresholdSpec"]
    schema["$defs"]["ThresholdSpec"] = {"anyOf": [{"type": "string"}, spec]}
    names = schema["$defs"]["NamesSpec"]
    listed = {"type": "array", "items": names["properties"]["patterns"]["items"]}
    schema["$defs"]["NamesSpec"] = {"anyOf": [listed, names]}
    item = {"$ref": "#/$defs/ThresholdSpec"}
    either = {"anyOf": [item, {"type": "array", "items": item}]}
    for place in (schema, schema["$defs"]["ScenarioSpec"]):
        place["properties"]["thresholds"]["additionalProperties"] = either
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
