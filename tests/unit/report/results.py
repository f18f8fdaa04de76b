"""Results to render: small builders, and the named cases of the golden files."""

from __future__ import annotations

import math
from typing import Any

from ltlab_ci import model

HOSTILE = (
    "a|b`c<script>alert(1)</script>&amp; @octocat #12 [x](javascript:alert(1)) **bold** _it_\r\n"
    "# heading\x00\x1b[31m\u202eevil \\| ``` ~~gone~~ $x$ ]]> </script><!-- \u2028 ☃ 🎉"
)
"""What a request name may hold when the server under test has a say in it."""


def a_verdict(**parts: Any) -> model.Verdict:  # noqa: ANN401  (any field of the model)
    given: dict[str, Any] = {
        "metric": "http_req_duration",
        "threshold": "p(95) < 500ms",
        "stat": "p(95)",
        "op": "<",
        "bound": 500.0,
        "unit": "ms",
        "status": model.Status.PASS,
        "observed": 312.4,
        "count": 12480,
    }
    return model.Verdict(**given | parts)


def crossed(**parts: Any) -> model.Verdict:  # noqa: ANN401
    return a_verdict(**{"status": model.Status.FAIL, "observed": 612.4} | parts)


def without_data(**parts: Any) -> model.Verdict:  # noqa: ANN401
    return a_verdict(
        **{
            "metric": "http_req_duration",
            "tags": {"name": "GET /items/*"},
            "status": model.Status.NO_DATA,
            "observed": None,
            "count": 0,
            "reason": "no sample has name GET /items/*; there is GET /item, GET /health",
        }
        | parts
    )


def failure_share(**parts: Any) -> model.Verdict:  # noqa: ANN401
    given: dict[str, Any] = {
        "metric": "http_req_failed",
        "threshold": "rate < 1%",
        "stat": "rate",
        "bound": 0.01,
        "unit": "share",
        "observed": 0.0082,
    }
    return a_verdict(**given | parts)


def checks_warning(**parts: Any) -> model.Verdict:  # noqa: ANN401
    given: dict[str, Any] = {
        "metric": "checks",
        "threshold": "rate > 99%",
        "stat": "rate",
        "op": ">",
        "bound": 0.99,
        "unit": "share",
        "severity": "warn",
        "status": model.Status.FAIL,
        "observed": 0.9721,
    }
    return a_verdict(**given | parts)


def of_k6(**parts: Any) -> model.Verdict:  # noqa: ANN401
    """A threshold that k6 judged itself and did not put a figure to."""
    given: dict[str, Any] = {
        "origin": "k6",
        "metric": "login_time",
        "threshold": "max<900",
        "stat": "",
        "op": "",
        "bound": None,
        "unit": "",
        "observed": None,
        "count": 0,
    }
    return a_verdict(**given | parts)


def request_rate(**parts: Any) -> model.Verdict:  # noqa: ANN401
    given: dict[str, Any] = {
        "metric": "http_reqs",
        "threshold": "rate > 45/s",
        "stat": "rate",
        "op": ">",
        "bound": 45.0,
        "unit": "per s",
        "over": "10s..50s",
        "observed": 48.31,
    }
    return a_verdict(**given | parts)


def an_endpoint(**parts: Any) -> model.Endpoint:  # noqa: ANN401
    given: dict[str, Any] = {
        "name": "/items",
        "method": "GET",
        "requests": 12480,
        "per_s": 208.0,
        "failed": 0,
        "avg": 48.2,
        "p50": 41.7,
        "p95": 112.3,
        "p99": 304.9,
        "max": 1240.6,
    }
    return model.Endpoint(**given | parts)


def a_series(*, steps: int = 60, vus: bool = True) -> model.Series:
    """A minute of load that wobbles, with a warm-up at its start and a gap at 40 s."""
    wave = [1 + 0.18 * math.sin(step / 3.1) + 0.07 * math.sin(step * 1.7) for step in range(steps)]
    warm = [1 + 1.6 * math.exp(-step / 2.5) for step in range(steps)]
    base = [46.0 * a * b for a, b in zip(wave, warm, strict=True)]
    measured = [None if step == steps * 2 // 3 else value for step, value in enumerate(base)]
    times = [None if value is None else round(value, 6) for value in measured]
    return model.Series(
        step_s=1.0,
        t_s=tuple(float(step) for step in range(steps)),
        p50=tuple(times),
        p95=tuple(None if value is None else round(value * 2.4, 6) for value in times),
        p99=tuple(None if value is None else round(value * 5.2, 6) for value in times),
        requests_per_s=tuple(round(210 / value, 6) for value in wave),
        failed_per_s=tuple(float(step % 13 == 0 and step > 20) * 3 for step in range(steps)),
        vus=tuple(float(min(step * 2, 50)) if vus else None for step in range(steps)),
    )


METRICS = (
    model.MetricSummary(
        name="checks",
        type=model.MetricType.RATE,
        count=12480,
        stats={"rate": 0.9721153846153846, "count": 12480.0},
    ),
    model.MetricSummary(
        name="data_received",
        type=model.MetricType.COUNTER,
        count=12480,
        stats={"count": 14_812_345.0, "rate": 246_872.4},
    ),
    model.MetricSummary(
        name="http_req_duration",
        type=model.MetricType.TREND,
        count=12480,
        stats={"avg": 48.2, "min": 3.1, "med": 41.7, "max": 1240.6, "p(95)": 112.3, "p(99)": 304.9},
    ),
    model.MetricSummary(
        name="http_req_failed",
        type=model.MetricType.RATE,
        count=12480,
        stats={"rate": 0.0082, "count": 12480.0},
    ),
    model.MetricSummary(
        name="http_req_waiting",
        type=model.MetricType.TREND,
        count=12480,
        stats={"avg": 46.1, "p(90)": 83.4, "p(95)": 109.8},
    ),
    model.MetricSummary(
        name="http_reqs",
        type=model.MetricType.COUNTER,
        count=12480,
        stats={"count": 12480.0, "rate": 208.0},
    ),
    model.MetricSummary(
        name="vus",
        type=model.MetricType.GAUGE,
        count=60,
        stats={"value": 50.0, "min": 0.0, "max": 50.0},
    ),
)


def a_scenario(**parts: Any) -> model.ScenarioResult:  # noqa: ANN401
    given: dict[str, Any] = {
        "name": "browse",
        "engine": "k6",
        "engine_version": "1.4.0",
        "script": "loadtests/browse.js",
        "verdict": "pass",
        "ran": True,
        "complete": True,
        "exit_code": 0,
        "duration_s": 60.4,
        "judged_s": (5.0, 59.0),
        "samples": 99_840,
        "verdicts": (a_verdict(), failure_share()),
        "metrics": METRICS,
        "endpoints": (
            an_endpoint(),
            an_endpoint(name="/items/{id}", requests=310, per_s=5.1667, failed=102, p99=2410.0),
        ),
        "series": a_series(),
    }
    return model.ScenarioResult(**given | parts)


def a_finding(**parts: Any) -> model.Finding:  # noqa: ANN401
    given: dict[str, Any] = {
        "code": "service-died",
        "effect": "lab",
        "message": "the service ended with exit code 137 after 21 s of load",
        "remedy": "read logs/service.log in the report; give the service more memory",
    }
    return model.Finding(**given | parts)


def a_result(**parts: Any) -> model.Result:  # noqa: ANN401
    given: dict[str, Any] = {
        "verdict": "pass",
        "headline": "all 2 thresholds hold",
        "exit_code": 0,
        "scenarios": (a_scenario(),),
        "findings": (),
        "environment": model.Environment(
            ltlab="0.1.0",
            python="3.11.9",
            os="Linux 6.8 x86_64",
            cpus=4,
            memory_mb=15_990,
            lab="embedded",
            service="command python -m shop_api",
        ),
        "reproduce": "ltlab run --config ltlab.yml --scenario browse",
        "times": model.Times(
            started="2030-01-02T03:04:05Z", wall_s=74.2, written="2030-01-02T03:05:19Z"
        ),
    }
    return model.Result(**given | parts)
