"""Runs a pipeline of GitLab on this machine by gitlab-ci-local, in a project made from an example.

Not here: what is checked (test_gitlab.py), the GitLab that jobs speak to (tests/fakes/gitlab.py).
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ltlab_ci import load
from ltlab_ci.load import tools
from tests.factories import ROOT

LOCK = Path(__file__).parent / "gitlab"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ltlab-ci"
LTLAB_CACHE = Path(os.environ.get("LTLAB_CACHE_DIR") or Path.home() / ".cache" / "ltlab")


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What became of a job: its own exit code, whether the pipeline passed, all that was printed."""

    code: int
    passed: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project in a git repository, as gitlab-ci-local wants one: with a remote, files tracked."""

    folder: Path
    command: tuple[str, ...]
    environ: Mapping[str, str] = field(repr=False)

    def git(self, *words: str) -> str:
        """Run git in it."""
        named = ("-c", "user.name=ltlab", "-c", "user.email=ltlab@example.com")
        done = subprocess.run(
            ["git", *named, *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def push(self, changes: Mapping[str, str]) -> str:
        """Commit files and return the commit."""
        for name, text in changes.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A push")
        return self.git("rev-parse", "HEAD")

    def edit(self, name: str, old: str, new: str) -> str:
        """Commit a file in which `old` became `new`, and return the commit."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        return self.push({name: text.replace(old, new)})

    def preview(self) -> dict[str, Any]:
        """Return the pipeline with everything included, filled in and merged."""
        done = self._start("--preview")
        assert done.returncode == 0, done.stderr
        found = yaml.safe_load(done.stdout)
        assert isinstance(found, dict)
        return found

    def run(self, job: str, variables: Mapping[str, str]) -> Ran:
        """Run one job as a pipeline's would, with predefined variables as `variables` say."""
        # Of a job with an image it names the folder of a container, though it uses none here.
        here = self.folder / ".gitlab-ci-local" / "builds" / job
        variables = {"CI_PROJECT_DIR": str(here), **variables}
        given = [f"--variable={name}={value}" for name, value in variables.items()]
        done = self._start(
            *("--force-shell-executor", "--shell-isolation", "--json-schema-validation=false"),
            *(f"--ignore-predefined-vars={','.join(variables)}", *given, job),
        )
        text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        codes = re.findall(
            rf"^{re.escape(job)} finished in .*?(?:FAIL|WARN) +(\d+)\s*$", text, re.MULTILINE
        )
        return Ran(code=int(codes[0]) if codes else 0, passed=done.returncode == 0, text=text)

    def result(self) -> dict[str, Any]:
        """Return the result.json among the artefacts of the last job."""
        text = (self.folder / "ltlab-report" / "result.json").read_text(encoding="utf-8")
        found = json.loads(text)
        assert isinstance(found, dict)
        return found

    def _start(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *words],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )


def command() -> tuple[str, ...]:
    """Return the pinned gitlab-ci-local, installed from its lock file when missing."""
    machine = load.Machine(environ=dict(os.environ), root=ROOT, cache_dir=LTLAB_CACHE)
    home = tools.node(machine)
    node = str(home / "bin" / "node")
    npm = str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    wanted = json.loads((LOCK / "package.json").read_text(encoding="utf-8"))["dependencies"]
    folder = CACHE / f"gitlab-ci-local-{wanted['gitlab-ci-local']}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".gitlab-ci-local.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            partial = Path(tempfile.mkdtemp(dir=CACHE))
            for file in ("package.json", "package-lock.json"):
                shutil.copy(LOCK / file, partial)
            quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
            subprocess.run([node, npm, "ci", *quiet], cwd=partial, check=True, capture_output=True)
            partial.rename(folder)
    return (node, str(folder / "node_modules" / "gitlab-ci-local" / "dist" / "index.js"))


def project(folder: Path, *, pipeline: str, example: str) -> Project:
    """Make a project from an example, with a pipeline and the component beside it."""
    left_out = shutil.ignore_patterns("ltlab-report", "__pycache__", ".gitlab-ci*")
    shutil.copytree(ROOT / "examples" / example, folder, ignore=left_out)
    shutil.copytree(ROOT / "templates", folder / "templates")
    # The job finds `ltlab` on PATH where it is told not to install it.
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LTLAB_")}
    made = Project(
        folder=folder,
        command=command(),
        environ={**clean, "PATH": path, "HOME": str(folder.parent)},
    )
    made.git("init", "--quiet", "--initial-branch", "faster")
    made.git("remote", "add", "origin", "git@gitlab.example:shop/api.git")
    made.push({".gitlab-ci.yml": pipeline, ".gitignore": ".gitlab-ci-local/\nltlab-report/\n"})
    made.git("update-ref", "refs/remotes/origin/main", "HEAD")
    made.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    return made
