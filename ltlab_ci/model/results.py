"""What a run came to: verdicts, findings, figures. result.json is exactly these models.

Not here: how verdicts are reached (evaluate/) and shown (report/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

import pydantic

from ltlab_ci.model.account import CutOff, PlannedScenario, Ramp, Tally
from ltlab_ci.model.comparison import Comparison
from ltlab_ci.model.grafana import Snapshot
from ltlab_ci.model.place import Place
from ltlab_ci.model.samples import USAGE, MetricType
from ltlab_ci.model.series import Distribution, Series, Shown, Trend
from ltlab_ci.model.thresholds import Threshold

SCHEMA_VERSION: Final = 1


class Status(StrEnum):
    """The verdict on one threshold; what was not measured is never a pass."""

    PASS = "pass"
    FAIL = "fail"
    NO_DATA = "no data"


class Verdict(Shown):
    """One threshold, what was measured, and whether it holds. Times are in ms, shares 0 to 1.

    `place` is where it is stated, None for an engine's own and in older reports.
    `against` "base": the limit depends on what base came to (`base`), and was judged with the 95 %
    interval of `observed`; `unsure` where that reaches beyond the limit, so that nothing is shown.
    """

    origin: Literal["ltlab", "k6", "artillery"] = "ltlab"
    metric: str
    tags: dict[str, str] = pydantic.Field(default={})
    threshold: str
    stat: str = ""
    op: str = ""
    bound: float | None = None
    unit: Literal["ms", "share", "per s", "B", ""] = ""
    severity: Literal["fail", "warn"] = "fail"
    over: str | None = None
    status: Status
    observed: float | None = None
    count: int = 0
    against: Literal["", "base"] = ""
    base: float | None = None
    interval: tuple[float, float] | None = None
    unsure: bool = False
    reason: str = ""
    trend: Trend | None = None
    place: Place | None = None

    @classmethod
    def of(cls, threshold: Threshold, status: Status, **figures: Any) -> Verdict:  # noqa: ANN401
        """Return the verdict on a threshold; `figures` are the fields that say what was measured."""
        return cls(
            metric=threshold.metric,
            tags=dict(threshold.tags),
            threshold=threshold.text,
            stat=str(threshold.stat),
            op=threshold.op,
            severity=threshold.severity.value,
            over=str(threshold.over) if threshold.over else None,
            status=status,
            place=threshold.place,
            **figures,
        )

    @property
    def blocks(self) -> bool:
        """Say whether it turns the run red."""
        return self.status is not Status.PASS and self.severity == "fail"


class Finding(Shown):
    """Something about a run that a verdict cannot say: why it is not to be trusted, or a hint.

    `effect` names what it does to the run: "invalid" (exit 1), "lab" (3), "engine" (4),
    "store" (5), "interrupted" (130), or "warn" (nothing).
    """

    code: str
    effect: Literal["invalid", "config", "lab", "engine", "store", "bug", "interrupted", "warn"]
    message: str
    remedy: str
    scenario: str | None = None


class MetricSummary(Shown):
    """Every stat of one metric over a whole run, as the engine's own summary would show it."""

    name: str
    type: MetricType
    count: int
    stats: dict[str, float]


class Endpoint(Shown):
    """One endpoint: how often, how fast, how reliable. Times in ms.

    `names` is how many recorded names it stands for; `example` one of them, "" where it is the name itself.
    """

    name: str
    method: str
    requests: int
    per_s: float
    failed: int
    avg: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None
    names: int = 1
    example: str = ""


class ScenarioResult(Shown):
    """One scenario's run. `judged_s` counts from the start of the load, as `Series.t_s` does.

    `verdict` is "not judged" where nothing failed but no threshold says what good enough is.
    `place` is where the scenario stands in ltlab.yml; its script, where there is none. `address` is where the
    service answered, "" where the script brought its own.
    """

    name: str
    engine: Literal["k6", "artillery"]
    engine_version: str
    script: str
    load_model: LoadModel = ""
    verdict: Literal["pass", "fail", "not judged"]
    ran: bool
    complete: bool
    exit_code: int | None = None
    duration_s: float = 0.0
    judged_s: tuple[float, float] | None = None
    samples: int = 0
    cut_off: tuple[CutOff, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    metrics: tuple[MetricSummary, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    endpoints_left_out: int = 0
    series: Series | None = None
    distribution: Distribution | None = None
    place: Place | None = None
    address: str = ""


class Environment(Shown):
    """Where it was measured. `testid` is the run's tag in InfluxDB, "" where none keeps it."""

    ltlab: str
    python: str
    os: str
    cpus: int
    memory_mb: int
    lab: str
    service: str
    testid: str = ""


class Times(Shown):
    """The only part of a result that differs when the same samples are judged again."""

    started: str
    wall_s: float
    written: str


class Result(Shown):
    """A whole run, as result.json holds it.

    "not judged": it ran and is to be trusted (exit code 0), but neither a threshold nor a comparison
    says whether that was good enough. Reports of older versions say "pass" of such a run.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    verdict: Literal["pass", "fail", "not judged", "error"]
    headline: str
    exit_code: int
    scenarios: tuple[ScenarioResult, ...]
    comparison: Comparison | None = None
    findings: tuple[Finding, ...]
    snapshots: tuple[Snapshot, ...] = ()
    environment: Environment
    reproduce: str
    times: Times


LoadModel = Literal["open", "closed", "mixed", ""]
"""Open: starts follow an arrival rate. Closed: a VU starts again when it is done, which hides
stalls. Mixed: a script with both. "": not known."""


@dataclass(frozen=True, kw_only=True)
class PlannedLoad:
    """What a script is going to do: for how long, by which model, how many iterations it offers.

    None where iterations, or the engine, decide on the way; `iterations` only for open models.
    `ramps` is the arrival rate of an open model; those of several scenarios add up. `scenarios` are
    those that the script states, as far as they can be known. `unseen`: it may talk to the service in
    ways that leave no sample of a request, such as a function of a processor.
    """

    model: LoadModel = ""
    duration_s: float | None = None
    iterations: float | None = None
    ramps: tuple[Ramp, ...] = ()
    scenarios: tuple[PlannedScenario, ...] = ()
    unseen: bool = False

    def offered(self, start_s: float, end_s: float) -> float:
        """Return how many iterations are to start between two times."""
        return sum(ramp.between(start_s, end_s) for ramp in self.ramps)


@dataclass(frozen=True, kw_only=True)
class OwnThreshold:
    """A threshold that the engine judged itself: `crossed` is its word, `tags` as it read them.

    `observed` and `count` are the engine's own figures; None where only the samples can tell.
    `fed`: its figures show that it had samples, whatever those that were recorded can tell.
    `in_parts`: each of several processes judged it on its own share, so nobody on the whole.
    """

    metric: str
    expression: str
    crossed: bool
    tags: tuple[tuple[str, str], ...] = ()
    strict: bool = True
    op: str = ""
    bound: float | None = None
    unit: Literal["ms", ""] = ""
    observed: float | None = None
    count: int | None = None
    fed: bool = False
    in_parts: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an engine left behind when it ended, read from its files, log and exit code.

    `totals` are the engine's own counts: `interrupted` is that of iterations which the end cut off.
    `threw` counts iterations that threw by scenario of the script, where the engine tells it.
    `errors` counts errors by the engine's own names, where it has such.
    `unanswered`: why most requests without an answer had none, with the address; `thrown`: what
    iterations threw most; `aborted_by`: the metrics whose threshold ended the load by abortOnFail; ""
    where there is nothing to say.
    """

    types: dict[str, MetricType] = field(default_factory=dict)
    own: tuple[OwnThreshold, ...] = ()
    findings: tuple[Finding, ...] = ()
    totals: dict[str, float] = field(default_factory=dict)
    threw: dict[str, int] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    unanswered: str = ""
    thrown: str = ""
    aborted_by: str = ""


_NAMED = 3
_LONGEST = 160


def counted(errors: Mapping[str, float]) -> str:
    """Return the most frequent errors in one line: `ECONNREFUSED (12), ETIMEDOUT (3) and 2 more`."""
    worst = sorted(errors.items(), key=lambda one: (-one[1], one[0]))
    named = ", ".join(f"{shortened(name)} ({count:g})" for name, count in worst[:_NAMED])
    return named + (f" and {len(worst) - _NAMED} more" if len(worst) > _NAMED else "")


def shortened(text: str) -> str:
    """Return what somebody else wrote in one line, cut where it is too long for a message."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


@dataclass(frozen=True, kw_only=True)
class Sent:
    """Where a load's requests went: how many to the service under test at `service`, how many elsewhere.

    Set-up and tear-down are left out. `address`: where most of those went that went elsewhere. `untold`:
    requests whose samples hold a name in place of an address. `browsing`: a browser made them, and its
    pages may load what is not theirs.
    """

    service: str
    own: int = 0
    elsewhere: int = 0
    untold: int = 0
    address: str = ""
    browsing: bool = False


Spelling = Literal["name as path", "url as path", "name with method"]
"""How some request is named in the samples: by a path alone, by `GET /path`."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one scenario's run besides its samples, for evaluate/ to judge with.

    `recorded` names the metrics that have samples, `types` those whose type is known.
    `load_start_ns`, `load_end_ns`: first start and last end of an iteration or request, set-up and
    tear-down left out. `elapsed_s`: how long its engine ran by a clock that nobody sets, None where it
    is not known; `clock_step_s`: how far the machine's clock was set meanwhile. `names`: how many
    endpoints are shown, and how many are not. `tallies` are one a scenario of the script;
    `cut_off` are the requests that never ended; `vu_time_s` is how long all VUs were active together,
    `at_rest` are the scenarios of the script whose VUs paused then; `alive_s` until when some were, from the start of the load: 0 where nobody knows. `any_status`: the
    script accepts every HTTP status as a success. `sent` is None where no service is known. `address` is where
    the service answered, `spelt` how requests are named in the samples: thresholds may name them without it.
    """

    scenario: str
    types: dict[str, MetricType]
    recorded: frozenset[str]
    load_start_ns: int
    load_end_ns: int
    own: tuple[OwnThreshold, ...] = ()
    ambiguous_tags: bool = False
    elapsed_s: float | None = None
    clock_step_s: float = 0.0
    names: int = 0
    names_left_out: int = 0
    tallies: tuple[Tally, ...] = ()
    cut_off: tuple[CutOff, ...] = ()
    at_rest: frozenset[str] = frozenset()
    vu_time_s: float = 0.0
    alive_s: float = 0.0
    any_status: bool = False
    engine: Literal["k6", "artillery"] = "k6"
    sent: Sent | None = None
    address: str = ""
    spelt: frozenset[Spelling] = frozenset()

    @property
    def ran(self) -> bool:
        """Say whether the engine recorded anything at all."""
        return bool(self.recorded - USAGE)

    @property
    def load_s(self) -> float:
        """Return how long the load lasted."""
        return (self.load_end_ns - self.load_start_ns) / 1e9
