"""Dashboards over every sample, the same three tiers for k6 and Artillery.

War room: is it going well? Pro: where is it slow? Elite: what differs between runs, endpoints, time?
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grafana.source import choices, flux, panels
from grafana.source.panels import Panel, Row

_BINS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
_PERCENTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_PHASES = ("blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving")
_SHOWN = {"requests": "", "failed": "percentunit", "p50": "ms", "p95": "ms", "p99": "ms"}
_EXACT = 'quantile(q: {}, method: "exact_mean")'


@dataclass(frozen=True, kw_only=True)
class Engine:
    """How an engine's runs are told from the other's: a metric that it alone records."""

    name: str
    title: str
    only: str


K6 = Engine(name="k6", title="k6", only="vus_max")
ARTILLERY = Engine(name="artillery", title="Artillery", only="vusers.created")


def dashboards() -> Iterator[panels.Dashboard]:
    """Yield the dashboards over raw samples; Artillery's war room is its live one."""
    yield _dashboard(K6, "k6-dashboard", "war room", war_room())
    for engine in (K6, ARTILLERY):
        yield _dashboard(engine, f"{engine.name}-pro", "pro", [*war_room(), *pro(engine)])
        elite_parts = [*war_room(), *pro(engine), *elite(engine)]
        yield _dashboard(engine, f"{engine.name}-elite", "elite", elite_parts)


def _dashboard(engine: Engine, uid: str, tier: str, parts: list[Panel | Row]) -> panels.Dashboard:
    return panels.Dashboard(
        uid=uid,
        title=f"{engine.title}: {tier}",
        says="Every sample of a run. Percentiles are k6's own: linear, over every sample.",
        parts=parts,
        variables=choices.variables(flux.RAW, engine.only, endpoint="http_reqs"),
        annotations=choices.marks(flux.RAW, engine.only),
    )


def http(metric: str, *where: str) -> str:
    """Return the samples of an HTTP metric, of the endpoints that are chosen."""
    return flux.rows(metric, flux.ENDPOINT, *where)


def war_room() -> list[Panel | Row]:
    """Return what one looks at while a test runs."""
    duration = http("http_req_duration")
    return [
        *(
            panels.stat(name, flux.figure(duration, _EXACT.format(share)), "ms")
            for name, share in _PERCENTILES
        ),
        panels.stat("Requests", flux.figure(http("http_reqs"), "sum()"), "short"),
        panels.stat("Failed", flux.figure(http("http_req_failed"), "mean()"), "percentunit"),
        panels.stat("Checks passed", flux.figure(flux.rows("checks"), "mean()"), "percentunit"),
        panels.stat("Iterations", flux.figure(flux.rows("iterations"), "sum()"), "short"),
        panels.stat("Most VUs", flux.figure(flux.rows("vus"), "max()"), "short"),
        panels.lines("Response time", latency("http_req_duration"), "ms", width=12),
        panels.lines(
            "Requests", [flux.per_second(http("http_reqs"), "requests")], "reqps", width=12
        ),
        panels.lines(
            "Failed requests",
            [flux.over_time(http("http_req_failed"), "mean", "failed")],
            "percentunit",
        ),
        panels.lines("Virtual users", [flux.over_time(flux.rows("vus"), "max", "VUs")], "short"),
        panels.lines(
            "Status codes",
            [flux.per_second(http("http_reqs"), "requests", (*flux.OF_RUN, "status"))],
            "reqps",
            "status",
            stack=True,
        ),
        panels.lines(
            "Dropped iterations",
            [flux.over_time(flux.rows("dropped_iterations"), "sum", "dropped")],
            "short",
        ),
        panels.lines("CPU", usage("cpu"), "short", says="In processors: 1 is one of them busy."),
        panels.lines("Memory", usage("memory"), "bytes"),
    ]


def latency(metric: str) -> list[str]:
    """Return p50, p95 and p99 over time."""
    return [
        flux.over_time(http(metric), flux.quantile(share), name) for name, share in _PERCENTILES
    ]


def usage(what: str) -> list[str]:
    """Return what the service and the engine took of the machine, over time."""
    fn = "mean" if what == "cpu" else "max"
    return [flux.over_time(flux.rows(f"{who}_{what}"), fn, who) for who in ("service", "engine")]


def pro(engine: Engine) -> list[Panel | Row]:
    """Return where the time goes."""
    data = [("data_received", "in"), *([("data_sent", "out")] if engine is K6 else [])]
    return [
        Row(title="Where the time goes"),
        panels.heatmap("Response times", flux.heat(http("http_req_duration"), _BINS), _BINS),
        panels.lines("Phases of a request", [_phases()], "ms", "phase", stack=True, width=12),
        panels.table(
            "Slowest endpoints",
            _by_name(("name", "method")),
            {"name": "", "method": "", **_SHOWN},
            width=16,
            height=10,
        ),
        panels.table(
            "Checks",
            flux.table(
                [
                    ("failed", flux.rows("checks", "r._value < 0.5"), "count()"),
                    ("all", flux.rows("checks"), "count()"),
                ],
                ("check",),
                order="all",
            ),
            {"check": "", "failed": "", "all": ""},
            width=8,
            height=10,
        ),
        panels.lines(
            "Traffic",
            [flux.per_second(flux.rows(metric), name) for metric, name in data],
            "Bps",
        ),
        panels.lines("Iterations", _iterations(engine), "short"),
        panels.lines(
            "Duration of an iteration",
            [
                flux.over_time(flux.rows("iteration_duration"), flux.quantile(share), name)
                for name, share in _PERCENTILES
            ],
            "ms",
        ),
    ]


def _iterations(engine: Engine) -> list[str]:
    if engine is K6:
        return [flux.per_second(flux.rows("iterations"), "iterations")]
    return [
        flux.per_second(flux.rows(f"vusers.{outcome}"), outcome)
        for outcome in ("created", "completed", "failed")
    ]


def _phases() -> str:
    metrics = " or ".join(f'r._measurement == "http_req_{phase}"' for phase in _PHASES)
    samples = (
        http("http_req_waiting").replace('r._measurement == "http_req_waiting"', f"({metrics})")
        + '\n  |> duplicate(column: "_measurement", as: "phase")'
    )
    return flux.over_time(samples, "mean", "mean", (*flux.OF_RUN, "phase"))


def _by_name(by: tuple[str, ...]) -> str:
    duration = http("http_req_duration")
    columns = [(name, duration, _EXACT.format(share)) for name, share in _PERCENTILES]
    columns.append(("requests", http("http_reqs"), "sum()"))
    columns.append(("failed", http("http_req_failed"), "mean()"))
    return flux.table(columns, by, order="p95")


def elite(engine: Engine) -> list[Panel | Row]:
    """Return what differs between runs, endpoints and weeks."""
    by_endpoint = (*flux.OF_RUN, "name")
    return [
        Row(title="Endpoints"),
        panels.lines(
            "p95 of each endpoint",
            [flux.over_time(http("http_req_duration"), flux.quantile(0.95), "p95", by_endpoint)],
            "ms",
            "name",
            width=12,
        ),
        panels.lines(
            "Requests of each endpoint",
            [flux.per_second(http("http_reqs"), "requests", by_endpoint)],
            "reqps",
            "name",
            width=12,
        ),
        panels.table("What failed", _failures(), {"name": "", "status": "", "requests": ""}),
        panels.lines("Time to the first byte", latency("http_req_waiting"), "ms", width=12),
        *_of_engine(engine),
        Row(title="Runs"),
        panels.table(
            "Runs beside each other",
            _by_name(flux.OF_RUN),
            {"testid": "", "ltlab_scenario": "", **_SHOWN},
            width=24,
        ),
        panels.lines(
            "p95 of each minute, of the slowest endpoint",
            [_minute("http_req_duration", "p95")],
            "ms",
            "testid",
            width=12,
            interval="1m",
            says="From the figures a minute, which are kept long after the samples are gone.",
        ),
        panels.lines(
            "Requests of each minute",
            [_minute("http_reqs", "count")],
            "short",
            "testid",
            width=12,
            interval="1m",
        ),
    ]


def _of_engine(engine: Engine) -> list[Panel | Row]:
    if engine is K6:
        group = flux.over_time(
            flux.rows("group_duration"), flux.quantile(0.95), "p95", (*flux.OF_RUN, "group")
        )
        executor = flux.over_time(
            http("http_req_duration"), flux.quantile(0.95), "p95", (*flux.OF_RUN, "scenario")
        )
        return [
            panels.lines("p95 of each group", [group], "ms", "group", width=12),
            panels.lines(
                "p95 of each scenario in the script", [executor], "ms", "scenario", width=12
            ),
        ]
    error = flux.over_time(flux.rows("errors"), "sum", "errors", (*flux.OF_RUN, "error"))
    worker = flux.per_second(http("http_reqs"), "requests", (*flux.OF_RUN, "worker"))
    return [
        panels.lines("Errors", [error], "short", "error", width=12),
        panels.lines("Requests of each worker", [worker], "reqps", "worker", width=12),
    ]


def _failures() -> str:
    failed = http("http_req_failed", "r._value > 0.5")
    return flux.table([("requests", failed, "count()")], ("name", "status"), order="requests")


def _minute(metric: str, field: str) -> str:
    samples = flux.rows(metric, field=field, bucket=flux.MINUTE)
    return flux.over_time(samples, "sum" if field == "count" else "max", field)
