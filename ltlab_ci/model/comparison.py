"""What a comparison of base and head came to, as result.json holds it.

Not here: the samples it was drawn from (recorded.py), how it is judged (evaluate/compare/).
"""

from __future__ import annotations

from typing import Literal

from ltlab_ci.model.pictured import Pictured
from ltlab_ci.model.series import Shown

ChangeVerdict = Literal["slower", "faster", "no change", "inconclusive", "invalid"]
"""On one row. *No change* has to be shown as well: without it a row is *inconclusive*."""

ErrorVerdict = Literal["more errors", "fewer errors", "no change", "inconclusive", "invalid"]

ComparisonVerdict = Literal[
    "invalid", "more errors", "slower", "faster", "inconclusive", "no change"
]
"""On the whole comparison, the first that applies, in this order."""

ComparedLoad = Literal["open", "closed"]


class Change(Shown):
    """One figure on both sides. `change` and `interval` (95 %) are fractions: 0.09 is +9 %.

    The change of a latency is measured pairwise, slice by slice; `base` and `head` are those of a typical
    slice, exactly that far apart. `rounds` holds the change
    in each round, None where too little was measured in it. `scenario` is "" where there is one only.
    `settle_s` is a length of measurement that would narrow an inconclusive interval to about
    `settle_half_width` on either side. A row on `slow_requests` holds the shares of the requests that take longer
    than `over_ms`, and `change` is the difference of the two.
    """

    scenario: str = ""
    metric: str
    name: str = ""
    method: str = ""
    stat: str
    unit: Literal["ms", "per s", "share"] = "ms"
    base: float
    head: float
    change: float
    interval: tuple[float, float] | None
    verdict: ChangeVerdict
    reason: str = ""
    rounds: tuple[float | None, ...] = ()
    settle_s: float | None = None
    settle_half_width: float | None = None
    over_ms: float | None = None


Failing = Literal[
    "http_req_failed",
    "iterations_failed",
    "iterations_hung",
    "dropped_iterations",
    "checks",
    "calls_missing",
]
"""What may fail. A call is missing where base makes it and head does not, by the same script.

Iterations are dropped in this sense where others hang and have all VUs to themselves.
"""


class Errors(Shown):
    """What failed on both sides, as shares: requests of one endpoint, or of all where `name` is empty.

    Or iterations, the checks of one name (of all where it is empty), the calls of an endpoint.
    """

    scenario: str = ""
    metric: Failing = "http_req_failed"
    name: str = ""
    method: str = ""
    stat: Literal["rate"] = "rate"
    base: float
    head: float
    base_failed: int
    head_failed: int
    verdict: ErrorVerdict


class AnswerSize(Shown):
    """Bytes of an answer (Artillery), or of all answers to an iteration (k6; `name` is empty) on both sides."""

    scenario: str = ""
    name: str = ""
    method: str = ""
    base: float
    head: float


class Unjudged(Shown):
    """An endpoint that is shown and not judged: its p99 in ms, and how much of it there was."""

    scenario: str = ""
    name: str
    method: str
    base_requests: int
    head_requests: int
    base_p99: float | None
    head_p99: float | None


class LeftOut(Shown):
    """An endpoint that could not be compared, or a percentile (`stat`, `p(99)`) of it, and why."""

    scenario: str = ""
    name: str
    method: str
    stat: str = ""
    base_requests: int
    head_requests: int
    reason: str


class Grouped(Shown):
    """An endpoint whose URLs hold ids: how many `names` it stands for, and one of them."""

    scenario: str = ""
    name: str
    method: str
    names: int
    example: str


class SideFacts(Shown):
    """How a side was made and what it used: `cpu` is its service's, in processors, for each round.

    `service` says whose service block it was started by, where that was not its own.
    """

    side: Literal["base", "head"]
    what: str
    commit: str = ""
    service: str = ""
    cpu: tuple[float | None, ...] = ()


class Look(Shown):
    """A look that was planned: after so many rounds, with a part of the permitted false alarms."""

    scenario: str = ""
    rounds: int
    alpha: float
    verdict: ComparisonVerdict


class JudgedBy(Shown):
    """How a scenario was judged: what its last look had of `alpha`, its load, and whether it was cut short.

    `names` are the patterns of its endpoints' names, besides what is learned where `learn_names` says so.
    """

    scenario: str = ""
    alpha: float
    load_model: ComparedLoad
    cut_short: bool = False
    names: tuple[str, ...] = ()
    learn_names: bool = True


class Comparison(Shown):
    """Base against head: every row, and what the comparison rests on.

    `seconds` is the time in which both sides were measured together, over all rounds; `alpha` the
    designed chance of any false alarm in the whole of it. `spread` is the typical disagreement
    between rounds (a standard deviation, as a fraction), None with one round. `fail_on` names the
    verdicts that fail the run. `answers` holds what became noticeably smaller or larger. `uncompared_requests`
    are those of both sides whose endpoints no row judges; `grouped` are endpoints whose URLs hold ids, `others`
    those that were judged together as all other requests. `pictures` holds what people look at, one entry a scenario.
    What follows `pictures` is known where ltlab ran both sides itself: `mode` (in turns, or both at
    once), `budget_s` and `rounds_planned` for each scenario, `load` (what was held, a scenario a line),
    `looks`, `judged` (how each scenario was, for whoever judges its samples again), and `machine_cpu`, the
    busy share of the machine in each round.
    """

    verdict: ComparisonVerdict
    load_model: ComparedLoad
    load_model_stated: bool
    seconds: float
    rounds: int
    slices: int
    slice_s: float
    base_requests: int
    head_requests: int
    alpha: float
    min_effect: float
    fail_on: tuple[str, ...] = ()
    spread: float | None
    rows: tuple[Change, ...]
    errors: Errors
    errors_of: tuple[Errors, ...] = ()
    throughput: Change
    answers: tuple[AnswerSize, ...] = ()
    endpoints: tuple[Unjudged, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    left_out_more: int = 0
    uncompared_requests: int = 0
    grouped: tuple[Grouped, ...] = ()
    others: tuple[Unjudged, ...] = ()
    others_more: int = 0
    pictures: tuple[Pictured, ...] = ()
    mode: Literal["duet", "alternate"] | None = None
    budget_s: float | None = None
    rounds_planned: int | None = None
    warmup_s: float | None = None
    load: tuple[str, ...] = ()
    sides: tuple[SideFacts, ...] = ()
    looks: tuple[Look, ...] = ()
    judged: tuple[JudgedBy, ...] = ()
    machine_cpu: tuple[float | None, ...] = ()
