"""Comparisons to render: small builders, and the named cases of the golden files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ltlab_ci import model
from ltlab_ci.evaluate import compare
from tests.unit.evaluate.compare import simulated
from tests.unit.report import results


def a_change(**parts: Any) -> model.Change:  # noqa: ANN401  (any field of the model)
    given: dict[str, Any] = {
        "metric": "http_req_duration",
        "name": "/search",
        "method": "GET",
        "stat": "p(95)",
        "base": 212.4,
        "head": 231.2,
        "change": 0.0893,
        "interval": (0.041, 0.138),
        "verdict": "slower",
        "rounds": (0.081, 0.099, 0.088),
    }
    return model.Change(**given | parts)


def unchanged(**parts: Any) -> model.Change:  # noqa: ANN401
    given: dict[str, Any] = {
        "stat": "p(50)",
        "base": 61.1,
        "head": 61.9,
        "change": 0.0104,
        "interval": (-0.012, 0.031),
        "verdict": "no change",
    }
    return a_change(**given | parts)


def unsure(**parts: Any) -> model.Change:  # noqa: ANN401
    given: dict[str, Any] = {
        "name": "POST /cart",
        "method": "POST",
        "base": 180.2,
        "head": 184.0,
        "change": 0.0211,
        "interval": (-0.049, 0.092),
        "verdict": "inconclusive",
        "settle_s": 240.0,
        "settle_half_width": 0.035,
    }
    return a_change(**given | parts)


def work(**parts: Any) -> model.Change:  # noqa: ANN401
    given: dict[str, Any] = {
        "metric": "dropped_iterations",
        "name": "",
        "method": "",
        "stat": "rate",
        "unit": "share",
        "base": 1.0,
        "head": 1.0,
        "change": 0.0,
        "interval": None,
        "verdict": "no change",
        "rounds": (),
    }
    return a_change(**given | parts)


def errors(**parts: Any) -> model.Errors:  # noqa: ANN401
    given: dict[str, Any] = {
        "base": 0.0,
        "head": 0.0,
        "base_failed": 0,
        "head_failed": 0,
        "verdict": "no change",
    }
    return model.Errors(**given | parts)


def a_comparison(**parts: Any) -> model.Comparison:  # noqa: ANN401
    given: dict[str, Any] = {
        "verdict": "slower",
        "load_model": "open",
        "load_model_stated": False,
        "seconds": 119.9,
        "rounds": 6,
        "slices": 60,
        "slice_s": 2.0,
        "base_requests": 9600,
        "head_requests": 9600,
        "alpha": 0.01,
        "min_effect": 0.03,
        "fail_on": ("invalid", "more errors", "slower"),
        "spread": 0.012,
        "rows": (unchanged(), a_change(), unsure(), unchanged(name="POST /cart", method="POST")),
        "errors": errors(),
        "throughput": work(),
        "endpoints": (
            model.Unjudged(
                name="/search",
                method="GET",
                base_requests=7200,
                head_requests=7200,
                base_p99=341.2,
                head_p99=352.9,
            ),
        ),
        "left_out": (
            model.LeftOut(
                name="/admin",
                method="GET",
                base_requests=12,
                head_requests=11,
                reason="too few successful requests",
            ),
        ),
    }
    return model.Comparison(**given | parts)


def a_result(comparison: model.Comparison, **parts: Any) -> model.Result:  # noqa: ANN401
    given: dict[str, Any] = {
        "verdict": "fail",
        "headline": "p95 of GET /search +8.9 % (+4.1 … +14 %); 1 row inconclusive",
        "exit_code": 1,
        "scenarios": (),
        "comparison": comparison,
        "reproduce": "ltlab compare --samples base head",
    }
    return results.a_result(**given | parts)


def recorded(*, endpoints: int = 4, seed: int = 1, rounds: int = 6) -> model.Recording:
    """Return a minute of a slower head, with the processors that both sides used."""
    recording = simulated.a_recording(
        seed, change=0.13, rounds=rounds, seconds=20, rate=24.0 * endpoints, endpoints=endpoints
    )

    def used(side: model.Side, processors: float) -> model.Side:
        first, last = int(side.start_ns.min()), int(side.start_ns.max())
        at = np.arange(first, last, 1_000_000_000)
        return replace(side, cpu_ns=at, cpu=processors + 0.1 * np.sin(np.arange(len(at))))

    pairs = (
        model.Round(base=used(one.base, 0.5), head=used(one.head, 0.7)) for one in recording.rounds
    )
    return replace(recording, rounds=tuple(pairs))


def pictured() -> model.Result:
    """Return what came of real arithmetic, with all that is drawn of it."""
    found, _ = compare.compare(recorded(), model.Rules())
    return a_result(found)


def a_picture(name: str = "/search", method: str = "GET") -> model.Pictured:
    """Return two rounds of four slices of one endpoint."""
    return model.Pictured(
        slice_s=2.0,
        t_s=(0.0, 2.0, 4.0, 6.0),
        round_starts=(0, 2),
        endpoints=(
            model.PicturedEndpoint(
                name=name,
                method=method,
                per_decade=40,
                first=80,
                base=(10, 40, 10, 0),
                head=(0, 20, 30, 10),
                shares=(0.5, 0.95, 0.9, 0.999),
                base_ms=(102.0, 110.0, 108.0, None),
                head_ms=(108.0, 121.0, 117.0, None),
                changes=(
                    model.SliceChanges(stat="p(50)", values=(0.05, None, 0.07, 0.06)),
                    model.SliceChanges(stat="p(95)", values=(0.1, 0.09, -0.02, 9.0)),
                ),
            ),
        ),
        left_out=3,
        base_cpu=(0.5, 0.5, None, 0.5),
        head_cpu=(0.7, 0.7, 0.8, 0.6),
    )


def slower() -> model.Result:
    return a_result(a_comparison())


def faster() -> model.Result:
    rows = (
        a_change(head=180.0, change=-0.152, interval=(-0.19, -0.11), verdict="faster"),
        unchanged(),
    )
    shown = a_comparison(verdict="faster", rows=rows, left_out=(), rounds=1, spread=None)
    return a_result(
        shown, verdict="pass", exit_code=0, headline="p95 of GET /search -15 % (-19 … -11 %)"
    )


def inconclusive() -> model.Result:
    within = unsure(name="/a", interval=(0.004, 0.151), change=0.07)
    shown = a_comparison(verdict="inconclusive", rows=(unsure(), within, unchanged()))
    return a_result(shown, verdict="pass", exit_code=0, headline="no slowdown was shown")


def invalid() -> model.Result:
    rows = tuple(row.model_copy(update={"verdict": "invalid"}) for row in a_comparison().rows)
    shown = a_comparison(
        verdict="invalid",
        rows=rows,
        errors=errors(verdict="invalid"),
        throughput=work(head=0.94, change=-0.06, verdict="invalid"),
    )
    dropped = results.a_finding(
        code="iterations-dropped",
        effect="invalid",
        message="6 % of the iterations due on head were dropped, so the slowest moments are missing",
        remedy="lower the rate or allow more VUs; if only head drops, it cannot keep up",
    )
    return a_result(
        shown,
        headline=f"base and head cannot be compared: {dropped.message}",
        findings=(dropped,),
    )


def side_died() -> model.Result:
    """Head died in the second round: it answered nothing but errors, and ended early."""
    rows = (unchanged(verdict="invalid", rounds=(0.011, None, None)),)
    shown = a_comparison(
        verdict="invalid",
        rows=rows,
        rounds=3,
        seconds=24.1,
        slices=12,
        head_requests=4100,
        errors=errors(head=0.52, head_failed=2132, verdict="invalid"),
        throughput=work(verdict="invalid"),
        endpoints=(),
        left_out=(),
    )
    died = results.a_finding(
        code="only-errors",
        effect="invalid",
        message="head answered only errors in round 2 (round-2.csv)",
        remedy="look at the log of head: it may not have started, or have died",
    )
    early = results.a_finding(
        code="ended-early",
        effect="invalid",
        message="round 3 (round-3.csv, round-3.csv): both sides ran together for 4.1 s of 20 s; "
        "head ran shorter",
        remedy="look for why a side ended early or began late; both have to run at the same time",
    )
    said = f"base and head cannot be compared: {died.message} (and 1 more)"
    return a_result(shown, headline=said, findings=(died, early))


def more_errors() -> model.Result:
    """A closed load in which one endpoint fails, much is slower, and rows are folded."""
    broken = errors(
        name="/pay",
        method="POST",
        head=0.31,
        head_failed=372,
        base_failed=1,
        base=0.0008,
        verdict="more errors",
    )
    rows = tuple(a_change(name=f"/{n}", change=0.05 + n / 100) for n in range(6))
    shown = a_comparison(
        verdict="more errors",
        load_model="closed",
        load_model_stated=True,
        rows=rows,
        errors=errors(
            head=0.039, head_failed=372, base_failed=1, base=0.0001, verdict="more errors"
        ),
        errors_of=(broken, errors(name="/ok", base_failed=2, base=0.001)),
        throughput=work(
            metric="iterations",
            unit="per s",
            base=80.1,
            head=70.4,
            change=-0.121,
            interval=(-0.13, -0.11),
            verdict="slower",
        ),
        left_out_more=3,
    )
    return a_result(shown, headline="31 % of requests of POST /pay fail on head, 0.08 % on base")
