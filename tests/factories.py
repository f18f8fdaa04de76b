"""Small builders of the values that travel between the stages, for tests of any stage.

Not here: what a test expects; results to render (unit/report/results.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltlab_ci import errors, model
from ltlab_ci.load import plan

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ltlab_ci"
CAPTURED = Path(__file__).resolve().parent / "data" / "unit"
"""What real engines left behind, one folder an engine and version."""

SECOND_NS = 1_000_000_000
START_NS = 1_795_000_000 * SECOND_NS

K6_COLUMNS = (
    "metric_name",
    "timestamp",
    "metric_value",
    "check",
    "error",
    "error_code",
    "expected_response",
    "group",
    "method",
    "name",
    "proto",
    "scenario",
    "service",
    "status",
    "subproto",
    "tls_version",
    "url",
    "extra_tags",
    "metadata",
)
"""The header that k6 writes when nobody changes its system tags."""


def a_scenario(name: str = "browse", **parts: object) -> model.Scenario:
    """Return a k6 scenario whose script nobody reads."""
    given: dict[str, object] = {
        "name": name,
        "engine": model.EngineName.K6,
        "script": Path("/project/browse.js"),
    }
    return model.Scenario(**{**given, **parts})  # type: ignore[arg-type]


def a_config(root: Path, **parts: object) -> model.Config:
    """Return the configuration of a project with one scenario, which reports into its folder."""
    given: dict[str, object] = {
        "root": root,
        "file": root / "ltlab.yml",
        "service": None,
        "scenarios": (a_scenario(),),
        "report_dir": root / "ltlab-report",
        "cache_dir": root / "cache",
    }
    return model.Config(**{**given, **parts})  # type: ignore[arg-type]


def a_plan(run_dir: Path, *, log: str = "k6.log") -> plan.Plan:
    """Return the plan of a run that left its files in `run_dir`."""
    return plan.Plan(argv=("k6", "run"), env={}, run_dir=run_dir, log=run_dir / log)


def a_machine(root: Path, **parts: object) -> plan.Machine:
    """Return a machine that has nothing but its folder."""
    given: dict[str, object] = {"environ": {}, "root": root, "cache_dir": root / "cache"}
    return plan.Machine(**{**given, **parts})  # type: ignore[arg-type]


def a_question(metric: str, stat: str, **parts: object) -> model.Question:
    """Return a question on a built-in metric, or on a trend when the metric is custom."""
    built_in = model.BUILT_IN.get(metric)
    given: dict[str, object] = {
        "scenario": "browse",
        "metric": metric,
        "type": built_in.type if built_in else model.MetricType.TREND,
        "stat": model.Stat.parse(stat),
    }
    return model.Question(**{**given, **parts})  # type: ignore[arg-type]


def an_answer(value: float | None, *, count: int = 100) -> model.Answer:
    """Return an answer over a hundred samples; None has no sample behind it."""
    return model.Answer(value=value, count=0 if value is None else count)


def some_facts(*, seconds: float = 60.0, **parts: object) -> model.Facts:
    """Return the facts of a load that lasted so long and recorded the usual metrics."""
    given: dict[str, Any] = {
        "scenario": "browse",
        "types": {name: metric.type for name, metric in model.BUILT_IN.items()},
        "load_start_ns": START_NS,
        "load_end_ns": START_NS + round(seconds * SECOND_NS),
        **parts,
    }
    return model.Facts(**{"recorded": frozenset(given["types"]), **given})


def a_finding(effect: str, **parts: object) -> model.Finding:
    """Return a finding of the given effect."""
    given = {"code": "x", "effect": effect, "message": "it broke", "remedy": "mend it"}
    return model.Finding.model_validate({**given, **parts})


def a_verdict(status: model.Status, **parts: object) -> model.Verdict:
    """Return a verdict on the p95."""
    given = {"metric": "http_req_duration", "threshold": "p(95) < 500ms", "status": status}
    return model.Verdict.model_validate({**given, **parts})


def a_scenario_result(*verdicts: model.Verdict, **parts: object) -> model.ScenarioResult:
    """Return the result of a scenario that ran to its end."""
    given = {
        "name": "browse",
        "engine": "k6",
        "engine_version": "1.1.0",
        "script": "browse.js",
        "verdict": "pass",
        "ran": True,
        "complete": True,
        "verdicts": verdicts,
    }
    return model.ScenarioResult.model_validate({**given, **parts})


def assert_two_lines(error: errors.LabError) -> None:
    """Check that an error says what happened and what to do."""
    assert error.message
    assert error.remedy


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows as k6 writes them: no header, quotes by the rules of Go's encoding/csv."""
    lines = [",".join(_field(str(row.get(name, ""))) for name in columns) for row in rows]
    return "".join(f"{line}\n" for line in lines)


def _field(text: str) -> str:
    if set(',"\r\n') & set(text) or text[:1].isspace() or text == r"\.":
        return '"' + text.replace('"', '""') + '"'
    return text


def a_batch(
    path: Path,
    rows: Iterable[Mapping[str, object]],
    columns: Sequence[str] = K6_COLUMNS,
) -> model.Batch:
    """Write rows into a file and return it as a batch."""
    path.write_text(csv_text(columns, rows), encoding="utf-8", newline="")
    return model.Batch(paths=(path,), columns=tuple(columns))


def syntax_trees() -> dict[str, ast.Module]:
    """Return the syntax tree of every module of the package, by its path in the repository."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def names_used(tree: ast.AST) -> set[str]:
    """Return every dotted name in a tree, such as `os.environ`, and every imported module."""
    found = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return found
