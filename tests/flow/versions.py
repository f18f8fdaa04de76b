"""Projects under git whose base and head differ by the flags of a small service."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tests import repository
from tests.flow import projects

SERVICE = projects.DATA / "flow" / "versioned.py"
PATIENCE_S = 300.0  # a comparison takes its time, and longer on a busy machine
THRESHOLDS = '{http_req_failed: ["rate < 1%"]}'
COMPARE = "{budget: 24s, round: 6s, warmup: 1s}"
BUSY = (
    "executor: 'constant-arrival-rate', rate: 25, duration: '1s', preAllocatedVUs: 10, maxVUs: 50"
)
SCRIPT = projects.k6("http.get(`${url}/a`);", options=f"scenarios: {{ visit: {{ {BUSY} }} }}")


def lab(
    flags: Sequence[str],
    *,
    compare: str = COMPARE,
    build: str = "",
    script: str,
    thresholds: str = THRESHOLDS,
) -> str:
    """Return the ltlab.yml of a version."""
    command = json.dumps([sys.executable, SERVICE.name, "{port}", *flags])
    built = f", build: {json.dumps(build)}" if build else ""
    service = f"{{command: {command}, ready: {{get: /health}}{built}}}"
    return projects.lab(
        service,
        script=script,
        thresholds=thresholds,
        more=f"compare: {compare}\n",
    )


def project(  # what a version may differ by
    folder: Path,
    *,
    base: Sequence[str] = (),
    head: Sequence[str] = (),
    base_build: str = "",
    compare: str = COMPARE,
    script: str = "load.js",
    files: Mapping[str, str] | None = None,
    thresholds: str = THRESHOLDS,
) -> projects.Project:
    """Return a project on branch `work`, whose merge base with main runs with other flags."""
    repository.made(folder)
    # Each version has a service of its own: one program for both would be refused.
    own = {".gitignore": "ltlab-report/\n", SERVICE.name: SERVICE.read_text(encoding="utf-8")}
    shared = {**own, **(files or {"load.js": SCRIPT})}
    made = projects.write(
        folder, lab(base, compare=compare, build=base_build, script=script), shared
    )
    repository.commit(folder)
    repository.git(folder, "checkout", "--quiet", "-b", "work")
    projects.write(folder, lab(head, compare=compare, script=script, thresholds=thresholds))
    repository.commit(folder)
    return replace(made, patience_s=PATIENCE_S)
