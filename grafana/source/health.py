"""The lab's own health: what InfluxDB stores, what Telegraf delivers, drops and is refused."""

from __future__ import annotations

from grafana.source import flux, panels
from grafana.source.panels import Panel, Row

_BUCKETS = ("ltlab", "ltlab_live", "ltlab_minute")


def dashboard() -> panels.Dashboard:
    """Return the monitoring of the monitoring."""
    return panels.Dashboard(
        uid="lab-health",
        title="The lab's health",
        says="InfluxDB's and Telegraf's own metrics, and the machine that both share with the load.",
        parts=_parts(),
    )


def _parts() -> list[Panel | Row]:
    return [
        *(_telegraf_total(title, field) for title, field in _TOTALS),
        *(_influx_total(title, field) for title, field in _REFUSED),
        Row(title="Telegraf"),
        _lines(
            "Points a step",
            [
                flux.growth(_rows("internal_write", field, _TO_INFLUX), name)
                for field, name in (
                    ("metrics_written", "written"),
                    ("metrics_dropped", "dropped"),
                    ("metrics_rejected", "rejected"),
                )
            ],
        ),
        _lines(
            "Points that wait",
            [
                flux.over_time(
                    _rows("internal_write", "buffer_size", _TO_INFLUX), "max", "waiting", ()
                )
            ],
        ),
        _lines(
            "Points gathered a step",
            [flux.growth(_rows("internal_gather", "metrics_gathered"), "gathered", ("input",))],
            label="input",
        ),
        Row(title="InfluxDB"),
        panels.table(
            "Series in each bucket", _cardinality(), {"bucket": "", "series": ""}, width=8
        ),
        _lines(
            "Points a step",
            [
                flux.growth(_rows("influxdb", f"storage_writer_{field}_points_sum"), name)
                for field, name in (("ok", "stored"), ("err", "refused"), ("dropped", "dropped"))
            ],
        ),
        _lines(
            "Requests a step",
            [
                flux.growth(
                    _rows("influxdb", "http_api_requests_total"), "requests", ("response_code",)
                )
            ],
            label="response_code",
        ),
        _lines(
            "Memory",
            [
                flux.over_time(
                    _rows("influxdb", "go_memstats_heap_inuse_bytes"), "max", "heap", ()
                ),
                flux.over_time(
                    _rows("influxdb", "go_memstats_sys_bytes"), "max", "from the system", ()
                ),
            ],
            unit="bytes",
        ),
        _lines(
            "Series stored",
            [
                flux.over_time(
                    _rows("influxdb", "storage_bucket_series_num"), "max", "series", ("bucket",)
                )
            ],
            label="bucket",
        ),
        _lines(
            "Queries at work",
            [flux.over_time(_rows("influxdb", "qc_executing_active"), "max", "queries", ())],
        ),
        Row(title="The machine"),
        _lines(
            "CPU",
            [
                flux.over_time(_rows("cpu", f"usage_{kind}"), "mean", kind, ())
                for kind in ("user", "system", "iowait", "steal")
            ],
            unit="percent",
            width=12,
        ),
        _lines(
            "Memory available",
            [flux.over_time(_rows("mem", "available"), "min", "available", ())],
            unit="bytes",
            width=12,
        ),
    ]


_TO_INFLUX = 'r.output == "influxdb_v2"'
_TOTALS = (
    ("Telegraf: written", "metrics_written"),
    ("Telegraf: dropped", "metrics_dropped"),
    ("Telegraf: rejected", "metrics_rejected"),
    ("Telegraf: waiting", "buffer_size"),
)
_REFUSED = (
    ("InfluxDB: refused", "storage_writer_err_points_sum"),
    ("InfluxDB: dropped", "storage_writer_dropped_points_sum"),
    ("InfluxDB: up for", "influxdb_uptime_seconds"),
    ("InfluxDB: compactions due", "storage_compactions_queued"),
)


def _rows(metric: str, field: str, *where: str) -> str:
    return flux.rows(metric, *where, field=field, bucket=flux.LIVE, of="")


def _telegraf_total(title: str, field: str) -> Panel:
    return panels.stat(title, _newest(_rows("internal_write", field, _TO_INFLUX)), "short")


def _influx_total(title: str, field: str) -> Panel:
    unit = "s" if field.endswith("seconds") else "short"
    return panels.stat(title, _newest(_rows("influxdb", field)), unit)


def _newest(samples: str) -> str:
    # Series of one counter (a shard each) add up; what a restarted program counted does not.
    return f'{samples}\n  |> last()\n  |> group()\n  |> sum()\n  |> keep(columns: ["_value"])'


def _cardinality() -> str:
    each = [
        f'influxdb.cardinality(bucket: "{bucket}", start: v.timeRangeStart, stop: v.timeRangeStop)'
        f'\n    |> map(fn: (r) => ({{bucket: "{bucket}", series: r._value}}))'
        for bucket in _BUCKETS
    ]
    joined = ",\n  ".join(each)
    return f'import "influxdata/influxdb"\nunion(tables: [\n  {joined}\n])\n  |> group()'


def _lines(
    title: str, queries: list[str], *, unit: str = "short", label: str = "", width: int = 8
) -> Panel:
    return panels.lines(title, queries, unit, label, of_run=False, interval="10s", width=width)
