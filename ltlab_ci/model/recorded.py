"""What was recorded of base and head, as arrays for evaluate/compare to judge.

Not here: reading it from files (store/rounds.py), what came of it (comparison.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ltlab_ci.model.comparison import Grouped
from ltlab_ci.model.routes import Naming

if TYPE_CHECKING:  # numpy stays out of commands that compare nothing
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Checks:
    """Checks of one side of one round: equally long arrays; `check` indexes `Recording.checks`."""

    check: NDArray[np.int32]
    time_ns: NDArray[np.int64]
    ok: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One side of one round: equally long arrays, one entry a request, in any order.

    `endpoint` indexes `Recording.endpoints`, `name` (None: the same) `Recording.names`; `start_ns` is since
    the epoch; `ms` the duration;
    `ok` whether the response was as expected. `iterations_ns` holds the starts of iterations, in
    any order, and may be empty; those that began before `complete_ns` have all ended, so all are there (None:
    any). `failed_ns` holds when iterations failed, and of Artillery's virtual users when those began that failed;
    `hung_ns` when those began that never ended; None where none is known to have. `last_ns` is the last sign of
    load, where iterations hung: requests may have ceased before. `dropped` counts iterations that were due but
    not started, `refused` answers that are `ok` with a status of 400 or more, `dropped_ns` holds when they were due where that is known. `checks` are those of the script, None where it has none. `received` holds the bytes of all
    answers by endpoint, as an index of `Recording.endpoints`, -1 where the engine does not tell which; None where
    that was not recorded. `cpu` is what the service used, in processors, at the times `cpu_ns`; None where that was
    not recorded.
    """

    file: str
    endpoint: NDArray[np.int32]
    start_ns: NDArray[np.int64]
    ms: NDArray[np.float64]
    ok: NDArray[np.bool_]
    iterations_ns: NDArray[np.int64]
    complete_ns: int | None = None
    failed_ns: NDArray[np.int64] | None = None
    hung_ns: NDArray[np.int64] | None = None
    last_ns: int | None = None
    dropped: int = 0
    refused: int = 0
    dropped_ns: NDArray[np.int64] | None = None
    checks: Checks | None = None
    received: Mapping[int, float] | None = None
    cpu_ns: NDArray[np.int64] | None = None
    cpu: NDArray[np.float64] | None = None
    name: NDArray[np.int32] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Round:
    """Both sides, measured at the same time."""

    base: Side
    head: Side


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """All rounds of a comparison; `endpoints` are (name, method), ids in URLs made one, `checks` names.

    `names` are those that were recorded, `grouped` the endpoints that several of them are.
    """

    endpoints: tuple[tuple[str, str], ...]
    rounds: tuple[Round, ...]
    checks: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    grouped: tuple[Grouped, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a comparison is judged.

    `share` is the part of the permitted false alarms that this look may spend: 1 where there is
    one look only. `load_model` "" means: tell from the samples. `percentiles` are those of latency that
    are judged, as shares; each endpoint is judged on those that it has enough requests for. `naming` says
    which names are one endpoint.
    """

    min_effect: float = 0.03
    percentiles: tuple[float, ...] = (0.5, 0.95)
    share: float = 1.0
    load_model: Literal["open", "closed", ""] = ""
    fail_on: frozenset[str] = field(default=frozenset({"slower", "more errors", "invalid"}))
    naming: Naming = field(default_factory=Naming)
