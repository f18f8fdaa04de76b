"""What is asked of dashboards and kept of them: the run that they show, queries, snapshots.

Not here: dashboards themselves (grafana/ in the repository), filling and bounding them (report/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pydantic

from ltlab_ci.model.samples import Window

Json = dict[str, Any]
"""A part of Grafana's JSON: a dashboard, a panel, or a frame (`{schema: .., data: {values: ..}}`)."""


@dataclass(frozen=True, kw_only=True)
class Grafana:
    """A Grafana that answers at `url`; the token, "" for none, is in no repr."""

    url: str
    token: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class View:
    """What dashboards show of one run: the values of their variables, and its time.

    `variables` by name, each a tuple of plain texts; a variable that is not named shows all.
    """

    title: str
    variables: Mapping[str, tuple[str, ...]]
    window: Window


@dataclass(frozen=True, kw_only=True)
class PanelQuery:
    """One query of a panel, variables filled in; Grafana's own macros (`v.timeRangeStart`) are not.

    `panel` 0: the query of an annotation, `ref` its name.
    """

    panel: int
    ref: str
    flux: str
    step_s: int
    max_points: int


Frames = Mapping[tuple[int, str], tuple[Json, ...]]
"""The frames of each query, by panel and ref."""


class Snapshot(pydantic.BaseModel):
    """A dashboard of a run that was kept, as result.json names it.

    `file` is its place in the report folder, "" for none; `url` and `key` where a Grafana keeps it
    too, until `expires` (UTC; "": for good). The key that deletes it is kept nowhere.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    uid: str
    title: str
    file: str = ""
    url: str = ""
    key: str = ""
    expires: str = ""
