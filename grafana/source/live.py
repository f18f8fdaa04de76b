"""Artillery's own figures of each 10 s, by StatsD through Telegraf: live, approximate, never judged."""

from __future__ import annotations

from grafana.source import choices, flux, panels
from grafana.source.panels import Panel, Row

_CREATED = ("artillery_vusers", "created")


def dashboard() -> panels.Dashboard:
    """Return Artillery's war room."""
    metric, field = _CREATED
    return panels.Dashboard(
        uid="artillery-telegraf",
        title="Artillery: war room",
        says="Artillery's figures of each 10 s as it sends them, some 13 s late. Its percentiles are "
        "estimates; what is judged is in the other dashboards.",
        parts=_parts(),
        variables=choices.variables(flux.LIVE, metric, field=field),
        annotations=choices.marks(flux.LIVE, metric, field),
    )


def _parts() -> list[Panel | Row]:
    requests = _rows("artillery_http", "requests")
    created = _rows(*_CREATED)
    return [
        *(
            panels.stat(f"{name}, latest", flux.figure(_times(name), "last()"), "ms")
            for name in ("p50", "p95", "p99")
        ),
        panels.stat("Requests", flux.figure(requests, "sum()"), "short"),
        panels.stat("Virtual users", flux.figure(created, "sum()"), "short"),
        *(
            panels.stat(title, flux.figure(_rows("artillery_vusers", field), "sum()"), "short")
            for title, field in (("Completed", "completed"), ("Failed", "failed"))
        ),
        panels.stat(
            "Received", flux.figure(_rows("artillery_http", "downloaded_bytes"), "sum()"), "bytes"
        ),
        _lines("Response time", [_step(_times(name), "mean", name) for name in _SHOWN], "ms"),
        _lines(
            "Request rate",
            [_step(_rows("artillery_http", "request_rate"), "mean", "requests")],
            "reqps",
        ),
        _lines(
            "Virtual users",
            [
                _step(_rows("artillery_vusers", field), "sum", field)
                for field in ("created", "completed", "failed")
            ],
            "short",
        ),
        _lines(
            "Status codes",
            [_step(_rows("artillery_http_codes", "value"), "sum", "responses", "code")],
            "short",
            "code",
            stack=True,
        ),
        _lines(
            "Errors",
            [
                _step(
                    _rows("artillery_errors", "value", "not exists r.endpoint"),
                    "sum",
                    "errors",
                    "error",
                )
            ],
            "short",
            "error",
            stack=True,
        ),
        _lines(
            "Received",
            [_step(_rows("artillery_http", "downloaded_bytes"), "sum", "received")],
            "bytes",
        ),
        _lines(
            "Session length",
            [
                _step(_rows("artillery_vusers_session_length", name), "mean", name)
                for name in ("p50", "p95")
            ],
            "ms",
        ),
        _lines(
            "Virtual users of each scenario",
            [_step(_rows("artillery_vusers_created_by_name", "value"), "sum", "users", "scenario")],
            "short",
            "scenario",
        ),
        _lines(
            "p95 of each class of status",
            [
                _step(
                    _rows("artillery_http_response_time", "p95", "exists r.class"),
                    "mean",
                    "p95",
                    "class",
                )
            ],
            "ms",
            "class",
        ),
    ]


_SHOWN = ("min", "p50", "p95", "p99", "max")


def _rows(metric: str, field: str, *where: str) -> str:
    return flux.rows(metric, *where, field=field, bucket=flux.LIVE)


def _times(field: str) -> str:
    return _rows("artillery_http_response_time", field, "not exists r.class")


def _step(samples: str, fn: str, name: str, *by: str) -> str:
    return flux.over_time(samples, fn, name, (*flux.OF_RUN, *by))


def _lines(
    title: str, queries: list[str], unit: str, label: str = "", *, stack: bool = False
) -> Panel:
    width = 12 if title in {"Response time", "Request rate"} else 8
    return panels.lines(title, queries, unit, label, stack=stack, interval="10s", width=width)
