"""From a project without any ltlab.yml to a green run by the commands that ltlab names itself."""

from __future__ import annotations

import json
import shlex
import sys

from tests.flow import projects
from tests.flow.conftest import MakeProject

APP = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def root() -> dict[str, str]:
    return {"hello": "there"}
"""
PYTHON = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n'
FILES = {
    "shop/main.py": APP,
    "requirements.txt": "fastapi\n",
    ".venv/bin/python": PYTHON,
    "load tests/browse.js": projects.k6("http.get(`${url}/`);"),
}


def test_init__writes_what_runs(project: MakeProject) -> None:
    mine = project("", FILES)
    (mine.folder / ".venv/bin/python").chmod(0o755)
    done = mine.run("init")
    assert done.code == 0, done.err
    assert "found k6: load tests/browse.js, as scenario browse\n" in done.out
    assert mine.run("validate").out == "valid; scenarios: 1, thresholds: 2\n"
    run = mine.run("run")
    assert run.code == 0, run.err
    assert run.scenario("browse")["ran"]
    assert run.found["environment"]["service"].startswith(".venv/bin/python -m uvicorn shop.main")


def test_init__once_more_is_refused(project: MakeProject) -> None:
    run = project("version: 1\n", {"load.js": projects.k6("")}).run("init")
    assert run.code == 2
    assert run.refusal == (
        "ltlab.yml is there already",
        "edit it, or replace it by `ltlab init --force`",
    )


def test_doctor__finds_the_real_engines(project: MakeProject) -> None:
    mine = project(projects.lab("{url: 'http://127.0.0.1:1'}"), {"load.js": projects.k6("")})
    run = mine.run("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(run.out)["checks"]}
    assert run.code == 0, run.out
    assert checks["ltlab.yml"]["found"] == "valid; scenarios: 1, thresholds: 0"
    assert {"k6", "Node.js", "Artillery", "pip", "cache"} <= set(checks)
    assert not run.report.exists()


def test_doctor__a_problem_is_3(project: MakeProject) -> None:
    run = project("version: 2\n").run("doctor")
    assert run.code == 3
    assert "problem  ltlab.yml" in run.out
    assert "what to do: write 1" in run.out


def test_completion__is_a_script_of_the_shell(project: MakeProject) -> None:
    mine = project(projects.lab("{url: 'http://127.0.0.1:1'}"))
    script = mine.run(env={"_LTLAB_COMPLETE": "zsh_source"})
    assert "#compdef ltlab" in script.out
    words = {"COMP_WORDS": "ltlab run lo", "COMP_CWORD": "2"}
    done = mine.run(env={"_LTLAB_COMPLETE": "bash_complete", **words})
    assert done.out == "plain,load\n"


def test_explain__a_code_of_a_report(project: MakeProject) -> None:
    run = project("").run("explain", "service-died")
    assert run.code == 0
    assert "logs/service.log" in run.out
