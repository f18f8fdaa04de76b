"""`ltlab validate` starts nothing, and says where every setting came from."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.flow import projects
from tests.flow.conftest import MakeProject

GET = projects.k6("http.get(`${url}/fast`);")
LAB = projects.lab("{command: [touch, started]}", thresholds='{http_reqs: ["count > 1"]}')


def test_validate__starts_nothing(project: MakeProject) -> None:
    run = project(LAB, {"load.js": GET}).run("validate")
    assert run.code == 0, run.err
    assert run.out == "valid; scenarios: 1, thresholds: 1\n"
    assert not (run.folder / "started").exists()
    assert not run.report.exists()


def test_validate__loads_the_scripts(project: MakeProject) -> None:
    run = project(LAB, {"load.js": "throw new Error('no such shop');"}).run("validate")
    assert run.code == 2
    assert "no such shop" in run.refusal[0]
    assert not run.report.exists()


def test_validate__no_scripts_needs_no_engine(project: MakeProject) -> None:
    lab = LAB + "engines: {k6: {path: ./none}}\n"
    run = project(lab, {"load.js": "throw 1;"}).run("validate", "--no-scripts")
    assert run.code == 0, run.err


def test_show__prints_what_a_run_would_use(project: MakeProject) -> None:
    run = project(LAB, {"load.js": GET}).run("validate", "--show", "--no-scripts")
    assert "service = touch started\n" in run.out
    assert f"scenario load = k6 {run.folder / 'load.js'}\n" in run.out
    assert "http_reqs: count > 1\n" in run.out
    assert "report-dir = ltlab-report  (default)\n" in run.out


FILE = "engines: {k6: {path: ./from-file}}\n"
DOTENV = {".env": "LTLAB_K6=./from-dotenv\n"}
ENVIRONMENT = {"LTLAB_K6": "./from-environment"}
FLAG = ("--k6", "./from-flag")


@pytest.mark.parametrize(
    ("more", "files", "env", "words", "expected"),
    [
        ("", {}, {}, (), "-  (default)"),
        (FILE, {}, {}, (), "./from-file  (ltlab.yml)"),
        (FILE, DOTENV, {}, (), "./from-dotenv  (LTLAB_K6 in .env)"),
        (FILE, DOTENV, ENVIRONMENT, (), "./from-environment  (LTLAB_K6)"),
        (FILE, DOTENV, ENVIRONMENT, FLAG, "./from-flag  (--k6)"),
        (FILE, DOTENV, {"LTLAB_K6": ""}, (), "./from-dotenv  (LTLAB_K6 in .env)"),
        (FILE, {}, {"LTLAB_K6": ""}, ("--k6", ""), "./from-file  (ltlab.yml)"),
    ],
)
def test_cascade__flag_over_environment_over_dotenv_over_file(
    project: MakeProject,
    *,
    more: str,
    files: Mapping[str, str],
    env: Mapping[str, str],
    words: tuple[str, ...],
    expected: str,
) -> None:
    mine = project(LAB + more, {"load.js": GET, **files})
    run = mine.run("validate", "--show", "--no-scripts", *words, env={"LTLAB_K6": "", **env})
    [line] = re.findall(r"^k6 = (.*)$", run.out, flags=re.MULTILINE)
    assert line == expected


def test_cascade__the_winner_is_what_runs(project: MakeProject) -> None:
    mine = project(LAB + FILE, {"load.js": GET, **DOTENV})
    run = mine.run("validate", *FLAG, env=ENVIRONMENT)
    assert run.code == 4
    assert "from-flag" in run.refusal[0]


def test_config__of_another_folder_keeps_its_own_paths(project: MakeProject) -> None:
    mine = project("", {"tests/lab.yml": LAB, "tests/load.js": GET})
    run = mine.run("validate", "--show", "--config", "tests/lab.yml")
    assert run.code == 0, run.err
    assert f"scenario load = k6 {mine.folder / 'tests' / 'load.js'}\n" in run.out
