"""GitHub's workflows run by the real `act`, in host mode, against the fake GitHub.

A copy of this repository stands for the released action; GitHub's own actions are stood in for by
tests/ci/actions. Not here: what is expected of a run (test_act.py).
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.fakes import github, github_server

ROOT = Path(__file__).parents[2]
STAND_INS = Path(__file__).parent / "actions"
REPOSITORY, REPOSITORY_ID, FORK_ID = "octo/shop", 7, 99
_LIMIT_S = 500


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A workflow that has ended: its exit code, its log, its outputs."""

    code: int
    log: str
    outputs: Mapping[str, str]


@dataclass
class GitHub(github.GitHub):
    """A GitHub that looks at the job's summary whenever it is asked something.

    act empties that file before each step, so nothing later than the step that writes it can look.
    """

    home: Path = field(default=Path())
    summary: str = ""

    def answer(self, asked: github.Asked) -> tuple[int, Any, dict[str, str]]:
        """Answer as ever."""
        for file in self.home.glob("act/act/*/act/workflow/SUMMARY.md"):
            self.summary = file.read_text() or self.summary
        return super().answer(asked)


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A machine that runs workflows; `home` is its own, the caches of pip and engines are shared."""

    home: Path
    action: Path

    def act(
        self, project: Path, event: str, payload: dict[str, Any], server: github_server.Server
    ) -> Ran:
        """Run the workflows of a project that an event triggers."""
        address = f"http://127.0.0.1:{server.server_port}"
        (self.home / "event.json").write_text(json.dumps(payload))
        variables = {
            "GITHUB_API_URL": address,
            "GITHUB_GRAPHQL_URL": f"{address}/graphql",
            "GITHUB_RUN_ID": str(payload.get("run_id", 1)),
            "LTLAB_CACHE_DIR": os.environ.get("LTLAB_CACHE_DIR")
            or str(Path.home() / ".cache" / "ltlab"),
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR") or str(Path.home() / ".cache" / "pip"),
            "STAND_IN_CACHE": str(self.home / "cache"),
        }
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("act")),
                event,
                *("-P", "ubuntu-24.04=-self-hosted"),
                *("-e", str(self.home / "event.json")),
                *("-s", f"GITHUB_TOKEN={server.kept.token}"),
                *(word for name in variables for word in ("--env", f"{name}={variables[name]}")),
                *(word for pair in self._local() for word in ("--local-repository", pair)),
            ],
            cwd=project,
            env={
                **{name: os.environ[name] for name in os.environ if not name.startswith("LTLAB_")},
                "HOME": str(self.home),
                "XDG_CACHE_HOME": str(self.home / "act"),
            },
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        log = done.stdout + done.stderr
        return Ran(
            code=done.returncode,
            log=log,
            # Those of a composite action as a whole come last.
            outputs=dict(re.findall(r"::set-output:: ([a-z-]+)=(.*)", log)),
        )

    def _local(self) -> list[str]:
        pinned = set()
        for file in (ROOT / "action.yml", ROOT / "publish" / "action.yml"):
            steps = yaml.safe_load(file.read_text())["runs"]["steps"]
            pinned |= {step["uses"] for step in steps if "uses" in step}
        pairs = []
        for uses in sorted(pinned):
            name, ref = uses.split("@")
            owner, repository, *_ = name.split("/")
            pairs.append(f"{owner}/{repository}@{ref}={STAND_INS / repository}")
        return [f"destbreso/ltlab-action@v1={self.action}", *sorted(set(pairs))]


def runner(folder: Path) -> Runner:
    """Return a new runner, and on it what the tag v1 of the action is: this very checkout."""
    action = folder / "ltlab-action"
    listed = _git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (action / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, action / name)
    home = folder / "home"
    home.mkdir()
    return Runner(home=home, action=action)


def project(folder: Path, files: Mapping[str, str]) -> Path:
    """Return a user's repository of these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if not (folder / ".git").is_dir():
        _git(folder, "init", "--quiet", "--initial-branch", "feature")
        _git(folder, "remote", "add", "origin", f"https://github.com/{REPOSITORY}")
    _git(folder, "add", "--all")
    who = ("-c", "user.name=Octo", "-c", "user.email=octo@example.org")
    _git(folder, *who, "commit", "--quiet", "--allow-empty", "--message", "a change")
    return folder


def result(server: github_server.Server) -> dict[str, Any]:
    """Return the result.json of the report that was uploaded last."""
    [*_, report] = (one for one in server.kept.artifacts if one.name == "ltlab-report")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(report.zip))) as archive:
        found: dict[str, Any] = json.loads(archive.read("result.json"))
        return found


def toy_api() -> dict[str, str]:
    """Return the code of the toy service, for a project that brings it itself."""
    files = sorted((ROOT / "toy_api").glob("*.py"))
    return {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in files}


def shipped(name: str, *, lab: str = "embedded", **inputs: str) -> str:
    """Return a workflow that users copy, with inputs, and the lab that needs no images."""
    workflow = yaml.safe_load((ROOT / "workflows" / name).read_text())
    workflow["on"] = workflow.pop(True)  # to YAML 1.1 the key `on` is a boolean
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if step["uses"].startswith("destbreso/ltlab-action@"):
                step.setdefault("with", {}).update(inputs, lab=lab)
    return yaml.safe_dump(workflow, sort_keys=False)


def pull_request(pull: github.Pull, *, run_id: int = 1) -> dict[str, Any]:
    """Return the event of a push to a pull request, as far as anybody here reads it."""
    return {
        "run_id": run_id,
        "number": pull.number,
        "pull_request": {
            "number": pull.number,
            "head": {
                "sha": pull.head_sha,
                "ref": pull.head_ref,
                "repo": {"id": pull.head_repository_id},
            },
            "base": {"sha": pull.base_sha, "ref": pull.base_ref, "repo": {"id": REPOSITORY_ID}},
        },
        "repository": {"id": REPOSITORY_ID},
    }


def workflow_run(pull: github.Pull, *, run_id: int) -> dict[str, Any]:
    """Return the event that follows the run of a pull request's workflow."""
    return {
        "workflow_run": {
            "id": run_id,
            "run_number": 5,
            "run_attempt": 1,
            "event": "pull_request",
            "conclusion": "success",
            "head_sha": pull.head_sha,
            "head_branch": pull.head_ref,
            "html_url": f"https://github.com/{REPOSITORY}/actions/runs/{run_id}",
            "head_repository": {"id": pull.head_repository_id, "owner": {"login": pull.head_owner}},
        },
        "repository": {"id": REPOSITORY_ID},
    }


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout
