"""What samples tell of the account of a load: sums by scenario of the script, each VU's last sign of life.

Not here: what that means (evaluate/unfinished.py, evaluate/validity.py), figures for thresholds (duck.py).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ltlab_ci import model
from ltlab_ci.store import duck

_PROCESS = f"coalesce(regexp_extract(tags, '(?:^|&){model.PROCESS_TAG}=([^&]*)', 1), '')"
_LOAD = "coalesce(\"group\", '') NOT IN ('::setup', '::teardown')"
_PART = "coalesce(scenario, '')"
_STATUS = "try_cast(status AS INTEGER)"
_NO_ANSWER = f"coalesce({_STATUS} = 0, false)"
# k6 gives an error code to what it calls an error: 1000 to 1399 where there was no answer at all,
# 1400 and above by status (grafana.com/docs/k6, "Error codes").
_BAD = (
    f"({_STATUS} = 0 OR {_STATUS} >= 400 OR coalesce(try_cast(error_code AS INTEGER), 0) >= 1000)"
)
_SIGNLESS = "'data_sent', 'data_received', 'iterations', 'vus', 'vus_max', 'dropped_iterations'"
"""Metrics that k6 writes beside the work of a VU, or after it: no sign that a VU was busy."""

_SESSIONS = (
    "'ws_connecting', 'ws_msgs_sent', 'ws_msgs_received', "
    "'grpc_streams', 'grpc_streams_msgs_sent', 'grpc_streams_msgs_received'"
)
"""Metrics that are written while something stays open on purpose."""

_PER_S = 4  # steps in which silence is measured

_TIMED = "'http_req_duration', 'grpc_req_duration', 'browser_http_req_duration'"
"""Metrics with the length of a request, written at its end."""


# A browser that gets no answer at all leaves nothing but what it sent.
_UNANSWERED = (
    "CASE WHEN count(*) FILTER (metric = 'browser_http_req_failed') = 0 "
    "THEN count(*) FILTER (metric = 'browser_data_sent') ELSE 0 END"
)
_SUMS = {
    "requests": "coalesce(fsum(value) FILTER (metric = 'http_reqs' AND isfinite(value)), 0)",
    "judged": "count(*) FILTER (metric = 'http_req_failed')",
    "failed": "count(*) FILTER (metric = 'http_req_failed' AND value > 0)",
    "refused": f"count(*) FILTER (metric = 'http_req_failed' AND value = 0 AND {_NO_ANSWER})",
    "bad": f"count(*) FILTER (metric = 'http_reqs' AND {_BAD})",
    "calls": "count(*) FILTER (metric = 'grpc_req_duration')",
    "calls_failed": (
        "count(*) FILTER (metric = 'grpc_req_duration' AND coalesce(status, '0') <> '0')"
    ),
    "sessions": "count(*) FILTER (metric = 'ws_sessions')",
    # A session without a status was refused, unless the script leaves statuses out.
    "sessions_failed": (
        "count(*) FILTER (metric = 'ws_sessions' AND (status <> '101' OR status IS NULL "
        f"AND {_PART} NOT IN (SELECT {_PART} FROM {{source}} "
        "WHERE metric = 'data_received' AND value > 0)))"
    ),
    "streams": "count(*) FILTER (metric = 'grpc_streams')",
    "pages": f"greatest(count(*) FILTER (metric = 'browser_http_req_failed'), {_UNANSWERED})",
    "pages_failed": (
        f"count(*) FILTER (metric = 'browser_http_req_failed' AND value > 0) + {_UNANSWERED}"
    ),
    "checks": "count(*) FILTER (metric = 'checks')",
    "checks_failed": "count(*) FILTER (metric = 'checks' AND value = 0)",
    "iterations": "coalesce(fsum(value) FILTER (metric = 'iterations' AND isfinite(value)), 0)",
    "bytes_sent": "fsum(value) FILTER (metric = 'data_sent' AND isfinite(value))",
    "others": f"count(*) FILTER (metric NOT IN ({_SIGNLESS}, 'iteration_duration'))",
    "failed_as": (
        "coalesce(mode(status) FILTER (metric = 'http_reqs' "
        f"AND {_STATUS} >= 400 AND coalesce(expected_response, '') <> 'true'), '')"
    ),
    "first_ns": f"coalesce(min(time_ns) FILTER (metric NOT IN ({_SIGNLESS})), 0)",
    "last_ns": f"coalesce(max(time_ns) FILTER (metric NOT IN ({_SIGNLESS})), 0)",
}
"""The fields of a Tally, each as it is summed up in SQL."""


def tallies(store: duck.Store, scenario: str) -> tuple[model.Tally, ...]:
    """Sum up the load of each scenario of a script, by name; set-up and tear-down left out."""
    source = store.source(scenario)
    if source is None:
        return ()
    sums = ", ".join(each.replace("{source}", source) for each in _SUMS.values())
    usage = ", ".join(f"'{name}'" for name in sorted(model.USAGE))
    rows = store.rows(
        f"SELECT {_PART}, {sums} FROM {source} "
        f"WHERE {_LOAD} AND metric NOT IN ({usage}, 'vus', 'vus_max') GROUP BY 1 ORDER BY 1"
    )
    quiet = _quiet_s(store, source)
    return tuple(
        model.Tally(
            name=name,
            quiet_s=quiet.get(name, 0.0),
            **_whole(dict(zip(_SUMS, figures, strict=True))),
        )
        for name, *figures in rows
    )


def _quiet_s(store: duck.Store, source: str) -> dict[str, float]:
    """Return the longest time in which nothing of a scenario ended, between two moments when something did."""
    rows = store.rows(
        f"SELECT part, max(step - before) / {_PER_S} FROM (SELECT part, step, "
        "lag(step) OVER (PARTITION BY part ORDER BY step) AS before FROM ("
        f"SELECT DISTINCT {_PART} AS part, time_ns // {1_000_000_000 // _PER_S} AS step FROM {source} "
        f"WHERE {_LOAD} AND metric IN ({_TIMED}, 'iteration_duration'))) "
        "GROUP BY 1"
    )
    return {str(part): float(longest or 0.0) for part, longest in rows}


def _whole(figures: dict[str, Any]) -> dict[str, Any]:
    """Return sums of counters as whole numbers; bytes may be unknown, and a status is a text."""
    as_it_is = {"bytes_sent", "failed_as"}
    return {name: value if name in as_it_is else int(value) for name, value in figures.items()}


def vus(store: duck.Store, scenario: str) -> model.Vus:
    """Return how long the VUs of a run were active."""
    source = store.source(scenario)
    if source is None:
        return model.Vus()
    [(alive, time_s)] = store.rows(
        "SELECT max(time_ns) FILTER (value > 0), fsum(value) FILTER (isfinite(value)) "
        f"FROM {source} WHERE metric = 'vus'"
    )
    return model.Vus(alive_ns=alive or 0, time_s=time_s or 0.0)  # k6 writes it once a second


def read(store: duck.Store, scenario: str, opened: Collection[str]) -> model.Activity:
    """Return each VU's last sign of life, and the starts of iterations of `opened` scenarios.

    VUs are told by k6's `vu`, which stands in a sample's metadata; without it there are none.
    """
    source = store.source(scenario)
    if source is None:
        return model.Activity()
    heard = (
        f"SELECT metadata, {_PROCESS} AS process, {_PART} AS part, "
        f"max(time_ns) FILTER (metric NOT IN ({_SIGNLESS})) AS last, "
        "max(time_ns) FILTER (metric = 'iteration_duration') AS ended, "
        f"max(time_ns) FILTER (metric IN ({_SESSIONS}) "
        "AND (starts_with(metric, 'grpc') OR coalesce(status, '101') = '101')) AS session, "
        "arg_max(concat_ws(' ', method, name), time_ns) FILTER (metric = 'http_req_duration') AS after "
        f"FROM {source} WHERE metadata IS NOT NULL AND {_LOAD} GROUP BY ALL"
    )
    ends = store.rows(
        f"WITH heard AS ({heard}), made AS ("
        f"SELECT metadata, {_PROCESS} AS process, {_PART} AS part, time_ns AS made_ns FROM {source} "
        f"WHERE metric IN ({_TIMED}) AND metadata IS NOT NULL AND {_LOAD}) "
        "SELECT part, last, coalesce(last = ended, false), "
        "coalesce(session > coalesce(ended, 0), false), coalesce(after, ''), "
        "count(*) FILTER (made_ns > coalesce(ended, 0)) "
        "FROM heard LEFT JOIN made USING (metadata, process, part) "
        "WHERE last IS NOT NULL GROUP BY metadata, process, part, last, ended, session, after "
        "ORDER BY part, last, after"
    )
    return model.Activity(
        ends=tuple(
            model.VuEnd(
                scenario=part,
                last_ns=last,
                ended=ended,
                in_session=session,
                after=after,
                requests=made,
            )
            for part, last, ended, session, after, made in ends
        ),
        begun_ns={name: _begun(store, source, name) for name in sorted(opened)},
    )


def _begun(store: duck.Store, source: str, name: str) -> tuple[int, ...]:
    rows = store.rows(
        "SELECT unnest(repeat_row) FROM (SELECT CASE WHEN metric = 'iteration_duration' "
        "THEN [time_ns - CAST(value * 1e6 AS BIGINT)] "
        "ELSE list_transform(range(CAST(value AS BIGINT)), lambda n: time_ns) END AS repeat_row "
        f"FROM {source} WHERE metric IN ('iteration_duration', 'dropped_iterations') "
        f"AND {_PART} = ? AND isfinite(value)) ORDER BY 1",
        [name],
    )
    return tuple(int(row[0]) for row in rows)


def pace(store: duck.Store, scenario: str, name: str) -> model.Pace:
    """Return how one scenario of a script usually goes, told from all that its VUs completed.

    A pause is the time in which a VU is in an iteration and in no request.
    """
    source = store.source(scenario)
    if source is None:
        return model.Pace()
    [(longest, http, grpc, others)] = store.rows(
        f"SELECT max(value) FILTER (metric IN ({_TIMED})), "
        "count(*) FILTER (metric = 'http_req_duration'), "
        "count(*) FILTER (metric = 'grpc_req_duration'), count(*) "
        f"FROM {source} WHERE metric NOT IN ({_SIGNLESS}) AND {_PART} = ? AND {_LOAD} "
        "AND isfinite(value)",
        [name],
    )
    events = (
        f"SELECT metadata, {_PROCESS} AS process, time_ns - CAST(value * 1e6 AS BIGINT) AS begun, "
        f"time_ns AS done, 1 AS kind FROM {source} WHERE metric IN ({_TIMED}) "
        f"AND metadata IS NOT NULL AND {_PART} = ? AND isfinite(value) UNION ALL "
        f"SELECT metadata, {_PROCESS}, unnest([time_ns - CAST(value * 1e6 AS BIGINT), time_ns]) AS moment, "
        f"moment, unnest([0, 2]) FROM {source} WHERE metric = 'iteration_duration' "
        f"AND metadata IS NOT NULL AND {_PART} = ? AND isfinite(value)"
    )
    [(pause, most)] = store.rows(
        f"WITH events AS ({events}), placed AS (SELECT metadata, process, kind, "
        "begun - lag(done) OVER each AS pause, lag(kind) OVER each AS what, "
        "count(*) FILTER (kind = 2) OVER (each ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS nth "
        "FROM events WINDOW each AS (PARTITION BY metadata, process ORDER BY done, kind)), "
        "iterations AS (SELECT count(*) FILTER (kind = 1) AS made FROM placed "
        "GROUP BY metadata, process, nth HAVING bool_or(kind = 2)) "
        "SELECT (SELECT max(pause) FROM placed WHERE what <> 2), (SELECT max(made) FROM iterations)",
        [name, name],
    )
    return model.Pace(
        pause_s=max(0, pause or 0) / 1e9,
        request_s=(longest or 0.0) / 1e3,
        requests=most or 0,
        protocol="http" if http or not others else "grpc" if grpc else "",
    )
