"""Projects for `ltlab run` in the Docker lab, and what a lab left in the daemon.

Not here: how `ltlab` is run (tests/flow/projects.py), the lab started by hand (stack.py).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.flow import projects

K6 = "http.get(`${url}/fast`, { tags: { name: 'fast' } }); sleep(0.05);"
ARTILLERY = """\
config:
  target: "{{ $env.BASE_URL }}"
  phases: [{duration: %d, arrivalRate: 10}]
scenarios: [{flow: [{get: {url: /fast}}]}]
"""
LIMITS = "{http_req_duration: [p(95) < 20s, max < 20s], http_req_failed: [rate == 0], http_reqs: [count > 0]}"


@dataclass(frozen=True, kw_only=True)
class Docker:
    """The docker command in an environment in which it works."""

    env: Mapping[str, str]

    def __call__(self, *words: str) -> str:
        """Run it and return what it said."""
        done = subprocess.run(["docker", *words], env=self.env, capture_output=True, check=False)
        assert done.returncode == 0, (words, done.stderr.decode())
        return done.stdout.decode().strip()

    def service(self, project: str, service: str) -> str | None:
        """Return the id of the running container of a service of a lab, by part of its name."""
        names = self("ps", "--format", "{{.Names}}").splitlines()
        found = [name for name in names if project in name and f"-{service}-" in name]
        return found[0] if found else None

    def volumes(self, container: str) -> list[str]:
        """Return the names of the volumes of a container."""
        mounts = json.loads(self("inspect", "--format", "{{json .Mounts}}", container))
        return [each["Name"] for each in mounts if each["Type"] == "volume"]

    def left(self, part: str, volumes: Sequence[str] = ()) -> list[str]:
        """Return what is there under names with this part, and which of the volumes are."""
        asked = (
            ("ps", "--all", "--format", "{{.Names}}"),
            ("network", "ls", "--format", "{{.Name}}"),
            ("volume", "ls", "--format", "{{.Name}}"),
        )
        there = [name for words in asked for name in self(*words).splitlines()]
        return [name for name in there if part in name or name in volumes]


def unique(ran: projects.Ran, project: str = "project") -> str:
    """Return what names a run among all others in the daemon."""
    testid: str = ran.found["environment"]["testid"]
    return testid.removeprefix(f"{project}-")


def booting(run: projects.Running) -> str:
    """Wait until a run names the lab that it boots; return that name."""

    def named() -> str | None:
        said = (run.work / "err").read_text(encoding="utf-8")
        words = [word for word in said.split() if word.startswith("ltlab-2")]
        return words[0].rstrip(":") if words else None

    return projects.until(named, what="the name of the lab")


def noted(run: projects.Running) -> str:
    """Wait until a run has noted its own name in its report folder; return it."""
    marker = run.folder / "ltlab-report" / ".ltlab"

    def name() -> str | None:
        text = marker.read_text(encoding="utf-8") if marker.exists() else ""
        return text.partition("unfinished run: ")[2].strip() or None

    return projects.until(name, what="the name of the run")


def two_engines(folder: Path, service: str, *, seconds: int = 4) -> projects.Project:
    """Make a project with a scenario of each engine, `browse` (k6) and `buy` (Artillery)."""
    return projects.write(
        folder,
        f"""\
version: 1
service: {service}
scenarios:
  browse: {{script: load.js, thresholds: {LIMITS}}}
  buy: {{script: load.yml, thresholds: {LIMITS}}}
""",
        {
            "load.js": projects.k6(K6, options=f"vus: 4, duration: '{seconds}s'"),
            "load.yml": ARTILLERY % seconds,
        },
    )


def k6_alone(folder: Path, service: str, *, seconds: int) -> projects.Project:
    """Make a project with one scenario of k6, `load`."""
    return projects.write(
        folder,
        projects.lab(service, thresholds=LIMITS),
        {"load.js": projects.k6(K6, options=f"vus: 4, duration: '{seconds}s'")},
    )


def observed(ran: projects.Ran) -> dict[tuple[str, str, str], tuple[str, Any, Any]]:
    """Return each verdict's status, observed value and count, by scenario, metric and threshold."""
    return {
        (scenario["name"], each["metric"], each["threshold"]): (
            each["status"],
            each["observed"],
            each["count"],
        )
        for scenario in ran.found["scenarios"]
        for each in scenario["verdicts"]
    }
