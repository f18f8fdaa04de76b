"""The named cases of the golden files. Run this module to write the files anew, then read them."""

from __future__ import annotations

from pathlib import Path

from ltlab_ci import model, report
from tests.unit.report import comparisons, results

GOLDEN = Path(__file__).parents[2] / "data" / "report"
GOLDEN_FILES = ("summary.md", "junit.xml", "metrics.txt", "load-performance.json")


def all_pass() -> model.Result:
    return results.a_result()


def not_judged() -> model.Result:
    return results.a_result(
        verdict="not judged",
        headline="1 scenario ran, no threshold is set",
        scenarios=(results.a_scenario(verdict="not judged", verdicts=()),),
    )


def one_fails() -> model.Result:
    verdicts = (
        results.a_verdict(threshold="p(99) < 800ms", stat="p(99)", bound=800.0, observed=304.9),
        results.request_rate(),
        results.checks_warning(),
        results.crossed(),
        results.of_k6(),
    )
    slow = results.a_finding(
        code="generator-busy",
        effect="warn",
        message="the load generator used 96 % of its processors",
        remedy="use fewer VUs or a larger machine; times may include its own waiting",
        scenario="browse",
    )
    return results.a_result(
        verdict="fail",
        headline="1 of 5 thresholds fails",
        exit_code=1,
        scenarios=(results.a_scenario(verdict="fail", verdicts=verdicts),),
        findings=(slow,),
    )


def no_data() -> model.Result:
    verdicts = (results.a_verdict(), results.without_data())
    return results.a_result(
        verdict="fail",
        headline="1 of 2 thresholds has no data",
        exit_code=1,
        scenarios=(results.a_scenario(verdict="fail", verdicts=verdicts),),
    )


def engine_failed() -> model.Result:
    crashed = results.a_finding(
        code="engine-failed",
        effect="engine",
        message="artillery ended with exit code 7 after 12 s of 60 s",
        remedy="read logs/checkout/artillery.log in the report",
        scenario="checkout",
    )
    checkout = results.a_scenario(
        name="checkout",
        engine="artillery",
        engine_version="2.0.34",
        script="loadtests/checkout.yml",
        verdict="fail",
        complete=False,
        exit_code=7,
        duration_s=12.0,
        samples=1204,
        judged_s=None,
        verdicts=(results.a_verdict(count=301),),
        metrics=(),
        endpoints=(),
        series=None,
    )
    return results.a_result(
        verdict="error",
        headline="checkout: the load engine failed",
        exit_code=4,
        scenarios=(results.a_scenario(), checkout),
        findings=(crashed,),
    )


def service_died() -> model.Result:
    browse = results.a_scenario(
        verdict="fail",
        ran=False,
        complete=False,
        exit_code=None,
        duration_s=0.0,
        judged_s=None,
        samples=0,
        verdicts=(),
        metrics=(),
        endpoints=(),
        series=None,
    )
    return results.a_result(
        verdict="error",
        headline="the service died before a scenario ran",
        exit_code=3,
        scenarios=(browse,),
        findings=(results.a_finding(),),
    )


def hostile(name: str = results.HOSTILE) -> model.Result:
    verdicts = (
        results.crossed(metric=name, tags={name: name}, threshold=name, over=name),
        results.without_data(metric=name, stat=name, op=name, reason=name),
        results.of_k6(metric=name, threshold=name),
    )
    scenario = results.a_scenario(
        name=name,
        engine_version=name,
        script=name,
        verdict="fail",
        verdicts=verdicts,
        metrics=(
            model.MetricSummary(
                name=name, type=model.MetricType.TREND, count=1, stats={name: 1.0, "p(95)": 2.0}
            ),
        ),
        endpoints=(results.an_endpoint(name=name, method=name),),
    )
    findings = (
        results.a_finding(code=name, message=name, remedy=name, scenario=name),
        results.a_finding(code=name, message=name, remedy=name, effect="warn"),
    )
    where = dict.fromkeys(("ltlab", "python", "os", "lab", "service"), name)
    return results.a_result(
        verdict="fail",
        headline=name,
        exit_code=1,
        scenarios=(scenario,),
        findings=findings,
        environment=model.Environment(**where, cpus=4, memory_mb=15_990),
        reproduce=name,
    )


def compare_hostile(name: str = results.HOSTILE) -> model.Result:
    worse = comparisons.errors(
        name=name, method=name, head=0.5, head_failed=9, verdict="more errors"
    )
    left = model.LeftOut(name=name, method=name, base_requests=1, head_requests=0, reason="few")
    shown = model.Unjudged(
        name=name, method=name, base_requests=1, head_requests=1, base_p99=1.0, head_p99=None
    )
    comparison = comparisons.a_comparison(
        rows=(comparisons.a_change(name=name, method=name), comparisons.unsure(name=name)),
        errors_of=(worse,),
        endpoints=(shown,),
        left_out=(left,),
        pictures=(comparisons.a_picture(name, name).model_copy(update={"scenario": name}),),
    )
    return comparisons.a_result(comparison, headline=name, reproduce=name)


def demo() -> model.Result:
    """A run with both engines, charts and trouble, as a reader of report.html meets it."""
    first = one_fails()
    lost = results.a_finding(
        code="samples-lost",
        effect="store",
        message="InfluxDB holds 99 812 of 99 840 samples of checkout",
        remedy="verdicts were judged on the raw samples; look at logs/influxdb.log",
        scenario="checkout",
    )
    browse = first.scenarios[0].model_copy(update={"endpoints": _shop_endpoints()})
    return first.model_copy(
        update={
            "headline": "2 of 8 thresholds fail and 1 has no data",
            "scenarios": (browse, _checkout()),
            "findings": (lost, *first.findings),
        }
    )


def explained() -> model.Result:
    """A demo with everything that explains a red run: offered rate, errors, windows, trends."""
    result = demo()
    browse = result.scenarios[0]
    wave = results.a_series().p95
    verdicts = tuple(
        verdict.model_copy(update={"trend": model.Trend(step_s=1.0, values=wave)})
        for verdict in browse.verdicts
    )
    series = results.a_series().model_copy(
        update={
            "iterations_per_s": (48.0,) * 60,
            "offered_per_s": (50.0,) * 60,
            "errors": (
                model.ErrorKind(name="HTTP 503", count=12, per_s=(0.2,) * 60),
                model.ErrorKind(name="dial: connection refused", count=6, per_s=(0.1,) * 60),
                model.ErrorKind(name="", kinds=4, count=5, per_s=(0.08,) * 60),
            ),
        }
    )
    counts = tuple(round(9000 * 0.9 ** abs(place - 30)) for place in range(80))
    drawn = model.Distribution(
        per_decade=20,
        first=0,
        counts=counts,
        beyond=(model.Beyond(bound=500.0, count=99), model.Beyond(bound=800.0, count=12)),
    )
    named = tuple(
        results.an_endpoint(name=f"/shop/{part}/{{id}}", method=method, requests=500 - place)
        for place, (method, part) in enumerate(
            (method, part) for method in ("GET", "POST") for part in ("basket", "items", "orders")
        )
    )
    parts = {"verdicts": verdicts, "series": series, "distribution": drawn, "endpoints": named}
    return result.model_copy(
        update={"scenarios": (browse.model_copy(update=parts), *result.scenarios[1:])}
    )


def logs() -> tuple[model.Excerpt, ...]:
    """A service's log with an error and an engine's without."""
    lines = tuple(f'level=info msg="GET /items/{n}" status=200' for n in range(1, 200))
    error = (150, "Traceback (most recent call last): <b>pool is empty</b>")
    return (
        model.Excerpt(
            name="logs/service.log",
            total_lines=199,
            tail=(*lines[:149], error[1], *lines[150:]),
            error=error,
        ),
        model.Excerpt(name="logs/browse/k6.log", total_lines=1, tail=("done",)),
    )


def an_hour() -> tuple[model.Result, tuple[model.Excerpt, ...]]:
    """As much as an hour under two engines leaves: 3600 s, 200 endpoints, 20 thresholds, logs.

    Steps are what the store makes of an hour; logs are at the bound of what is read of them.
    """
    steps = 400
    noisy = tuple(123.456 + place * 1.2345 for place in range(steps))
    series = results.a_series(steps=steps).model_copy(
        update={
            "step_s": 9.0,
            "t_s": tuple(9.0 * step for step in range(steps)),
            "service_cpu": noisy,
            "engine_cpu": noisy,
            "service_memory_mb": noisy,
            "engine_memory_mb": noisy,
            "iterations_per_s": noisy,
            "offered_per_s": noisy,
            "errors": tuple(
                model.ErrorKind(name=f"dial: refused {n}", count=9, per_s=noisy) for n in range(6)
            ),
        }
    )
    trend = model.Trend(step_s=30.0, values=noisy[:120])
    scenario = results.a_scenario(
        duration_s=3600.0,
        verdicts=tuple(results.crossed(count=n, trend=trend) for n in range(10)),
        series=series,
        endpoints=tuple(
            results.an_endpoint(name=f"/shop/{n}/{'a' * 60}?with=parameters") for n in range(200)
        ),
        endpoints_left_out=9_800,
        distribution=model.Distribution(per_decade=20, first=-60, counts=(1234567,) * 201),
    )
    scenarios = (scenario, scenario.model_copy(update={"name": "checkout"}))
    line = 'time="2030-01-02T03:04:05Z" level=error msg="GET <b>\'/items\'</b> & more" status=503 '
    log = tuple(line[:320] for _ in range(200))
    named = ("logs/service.log", "logs/browse/k6.log", "logs/checkout/k6.log")
    quoted = tuple(
        model.Excerpt(name=name, total_lines=10**7, tail=tuple(t * 3 for t in log), error=(7, line))
        for name in named
    )
    return results.a_result(verdict="fail", scenarios=scenarios), quoted


def _shop_endpoints() -> tuple[model.Endpoint, ...]:
    named = (
        ("GET", "/items"),
        ("GET", "/items/{id}"),
        ("GET", "/search?q={query}&sort=price"),
        ("POST", "/basket/items"),
        ("DELETE", "/basket/items/{id}"),
        ("GET", "/health"),
    )
    return tuple(
        results.an_endpoint(name=name, method=method, requests=12480 // n, failed=n % 3 * 7)
        for n, (method, name) in enumerate(named, start=1)
    )


def _checkout() -> model.ScenarioResult:
    return results.a_scenario(
        name="checkout",
        engine="artillery",
        engine_version="2.0.34",
        script="loadtests/checkout.yml",
        verdict="fail",
        duration_s=45.0,
        judged_s=(0.0, 45.0),
        verdicts=(
            results.a_verdict(),
            results.without_data(),
            results.failure_share(status=model.Status.FAIL, observed=0.031),
        ),
        series=results.a_series(steps=45, vus=False),
    )


CASES = {
    "all_pass": all_pass,
    "not_judged": not_judged,
    "one_fails": one_fails,
    "no_data": no_data,
    "engine_failed": engine_failed,
    "service_died": service_died,
    "hostile": hostile,
    "compare_slower": comparisons.slower,
    "compare_faster": comparisons.faster,
    "compare_inconclusive": comparisons.inconclusive,
    "compare_invalid": comparisons.invalid,
    "compare_side_died": comparisons.side_died,
    "compare_more_errors": comparisons.more_errors,
    "compare_hostile": compare_hostile,
}


def write_golden() -> None:
    for name, case in CASES.items():
        files = report.render(case())
        for file in GOLDEN_FILES:
            (GOLDEN / f"{name}.{file}").write_bytes(files[file])


if __name__ == "__main__":
    write_golden()
