"""Where samples go besides the report folder: an InfluxDB, and what feeds live graphs.

Not here: booting any of it (lab/), writing and asking (store/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

import pydantic

from ltlab_ci import errors
from ltlab_ci.model.fields import Frozen, keep


class Runtime(StrEnum):
    """Where a run takes place. AUTO: the lab that `ltlab start` left up, else embedded."""

    AUTO = "auto"
    EMBEDDED = "embedded"
    DOCKER = "docker"
    EXTERNAL = "external"


def retention_days(text: str) -> int:
    """Read for how many days samples are kept, `14d`."""
    found = re.fullmatch(r"([1-9]\d{0,3})d", text)
    if found is None:
        raise errors.ConfigError(
            f"{text!r} is no time to keep samples", remedy="write whole days, like 14d"
        )
    return int(found[1])


Retention = Annotated[
    str,
    keep(retention_days),
    pydantic.Field(json_schema_extra={"pattern": "^[1-9][0-9]{0,3}d$"}),
]


class StoreSpec(Frozen):
    """How long the lab's InfluxDB keeps samples."""

    raw_retention: Retention = pydantic.Field(
        default="14d", description="Every sample, in the bucket `ltlab`."
    )
    minute_retention: Retention = pydantic.Field(
        default="365d", description="Figures a minute, in the bucket `ltlab_minute`."
    )


class LabSpec(Frozen):
    """Where the load runs and samples are kept."""

    runtime: Literal["embedded", "docker", "external"] | None = pydantic.Field(
        default=None,
        description="Without it the lab that `ltlab start` left up, else the embedded one.",
    )
    store: StoreSpec = StoreSpec()


class GrafanaSpec(Frozen):
    """What is kept of dashboards; a Grafana to publish at is set outside this file."""

    dashboards: tuple[str, ...] = pydantic.Field(
        default=(),
        description="Dashboards of the project, JSON files from the folder of ltlab.yml.",
    )
    snapshots: tuple[str, ...] = pydantic.Field(
        default=(), description="Dashboards to keep, by uid; without it all of the engines used."
    )
    expires: Retention | None = pydantic.Field(
        default=None, description="When a Grafana drops published snapshots; without it never."
    )


LIVE_BUCKET = "ltlab_live"
MINUTE_BUCKET = "ltlab_minute"

SIDE_TAG, ROUND_TAG = "ltlab_side", "ltlab_round"
"""Tags that samples of a comparison's rounds carry in InfluxDB, beside those of the run.

Names of our own: a script may well have a tag `side`. Head alone has neither of them.
"""


@dataclass(frozen=True, kw_only=True)
class Influx:
    """An InfluxDB 2 that keeps raw samples in `bucket`; the token is in no repr."""

    url: str
    token: str = field(repr=False)
    org: str = "ltlab"
    bucket: str = "ltlab"


@dataclass(frozen=True, kw_only=True)
class Live:
    """What an engine feeds while it runs. `tags` go onto every sample.

    `influx` None: it writes nothing itself, ltlab writes its samples after the run.
    `statsd` is (host, port) of a Telegraf that speaks DogStatsD; None: no live graphs.
    """

    tags: Mapping[str, str]
    influx: Influx | None = None
    statsd: tuple[str, int] | None = None
