"""A job that is cancelled while the load runs: everything is stopped, the comment says so.

The step is started and signalled as GitHub's runner does it: the text of `run:` in a file, a shell
with `-e -o pipefail`, SIGINT to that one process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import yaml

from tests.ci import acting, test_act
from tests.fakes import github, github_server
from tests.flow import projects

LONG = test_act.SCRIPT.replace("3s", "60s")


def step(name: str) -> str:
    """Return what a step of the action gives to its shell."""
    steps = yaml.safe_load((acting.ROOT / "action.yml").read_text())["runs"]["steps"]
    [found] = [each["run"] for each in steps if each.get("id") == name]
    return str(found)


def started(name: str, work: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    script = work / f"{name}.sh"
    script.write_text(step(name))
    shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)]
    with (work / f"{name}.log").open("wb") as log:
        return subprocess.Popen(shell, env=env, stdout=log, stderr=log, cwd=work)


def test_cancel__stops_all_keeps_the_report_and_says_so(tmp_path: Path) -> None:
    files = {"load.js": LONG, "ltlab.yml": test_act.ltlab_yml("2s").replace("browse.js", "load.js")}
    project = projects.write(tmp_path / "shop", files.pop("ltlab.yml"), files)
    event = tmp_path / "event.json"
    pull = github.Pull(number=3, head_sha="1" * 40)
    event.write_text(json.dumps(acting.pull_request(pull)))
    server = github_server.Server(github.GitHub(pulls=[pull]))
    tag = uuid.uuid4().hex
    with server.serving() as address:
        env = {
            **{name: os.environ[name] for name in os.environ if not name.startswith("LTLAB_")},
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": address,
            "GITHUB_GRAPHQL_URL": f"{address}/graphql",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_REPOSITORY": acting.REPOSITORY,
            "GITHUB_RUN_ID": "1",
            "GITHUB_WORKSPACE": str(project.folder),
            "LTLAB_GITHUB_TOKEN": server.kept.token,
            "LTLAB_LAB": "embedded",
            "LTLAB_PYTHON": str(python(tmp_path)),
            projects.TAG: tag,
        }
        child = started("run", tmp_path, env)
        run = projects.Running(child=child, folder=project.folder, work=tmp_path, tag=tag)
        run.loaded()
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=projects.PATIENCE_S) == 0
        run.end()
        assert run.left == {}
        published = started("publish", tmp_path, env)
        assert published.wait(timeout=projects.PATIENCE_S) == 0, (
            tmp_path / "publish.log"
        ).read_text()
    said = (tmp_path / "output").read_text()
    assert "\n130\n" in said
    result = json.loads((project.folder / "ltlab-report" / "result.json").read_bytes())
    assert result["exit_code"] == 130
    assert sum(scenario["samples"] for scenario in result["scenarios"]) > 0
    [comment] = server.kept.comments
    assert "cancelled" in comment.body


def python(folder: Path) -> Path:
    """Return a Python that has this checkout as install.sh gives it."""
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    [site] = (venv / "lib").glob("python*/site-packages")
    [ours] = Path(sys.prefix).glob("lib/python*/site-packages")
    (site / "ltlab.pth").write_text(f"{acting.ROOT}\n{ours}\n")
    return venv / "bin" / "python"
