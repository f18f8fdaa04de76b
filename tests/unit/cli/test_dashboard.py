"""`ltlab dashboard` where no lab is up: what is linked, listed, refused and unlinked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run, write

SHOP = {"uid": "shop", "title": "Shop", "panels": []}


@pytest.fixture
def env(tmp_path: Path) -> Mapping[str, str]:
    return {"HOME": str(tmp_path / "home")}


def board(**parts: Any) -> str:  # noqa: ANN401  (any part of a dashboard)
    return json.dumps({**SHOP, **parts})


def listed(run: Run, env: Mapping[str, str]) -> list[dict[str, str]]:
    done = run("dashboard", "list", "--json", env=env)
    assert done.exit_code == 0, done.output
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def test_dashboard__is_linked_listed_and_unlinked(
    run: Run, project: Path, env: Mapping[str, str]
) -> None:
    file = write(project, {"grafana/shop.json": board()}) / "grafana" / "shop.json"
    done = run("dashboard", "link", "grafana/shop.json", env=env)
    assert done.exit_code == 0, done.output
    assert "ltlab start" in done.stderr
    assert listed(run, env) == [
        {
            "uid": "shop",
            "title": "Shop",
            "project": "project",
            "file": str(file),
            "state": "linked",
        }
    ]
    assert run("dashboard", "unlink", "grafana/shop.json", env=env).exit_code == 0
    assert listed(run, env) == []
    assert file.is_file()


def test_link__without_files_takes_those_of_the_configuration(
    run: Run, project: Path, env: Mapping[str, str]
) -> None:
    lab = "version: 1\nscenarios: {a: {script: a.js}}\ngrafana: {dashboards: [one.json, two.json]}"
    one, two = board(uid="one", title="One"), board(uid="two", title="Two")
    write(project, {"ltlab.yml": lab, "a.js": "", "one.json": one, "two.json": two})
    assert run("dashboard", "link", env=env).exit_code == 0
    assert [each["uid"] for each in listed(run, env)] == ["one", "two"]


def test_list__says_what_became_of_the_file(
    run: Run, project: Path, env: Mapping[str, str]
) -> None:
    write(project, {"shop.json": board()})
    run("dashboard", "link", "shop.json", env=env)
    write(project, {"shop.json": board(title="Renamed")})
    assert "link it again" in listed(run, env)[0]["state"]
    write(project, {"shop.json": "{"})
    assert "no dashboard now" in listed(run, env)[0]["state"]
    (project / "shop.json").unlink()
    assert "gone" in listed(run, env)[0]["state"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not JSON", "cannot be read as a dashboard"),
        ("[1]", "is no dashboard"),
        (board(uid="../etc"), "is no dashboard"),
        (board(title=""), "is no dashboard"),
        (board(__inputs=[{"name": "DS_X"}]), "exported for sharing"),
        (board(uid="lab-health"), "of the lab itself"),
    ],
)
def test_link__refuses_and_keeps_nothing(
    run: Run, project: Path, env: Mapping[str, str], text: str, message: str
) -> None:
    write(project, {"fine.json": board(), "shop.json": text})
    done = run("dashboard", "link", "fine.json", "shop.json", env=env)
    assert done.exit_code == 2
    assert message in done.stderr.splitlines()[0]
    assert len(done.stderr.splitlines()) == 2
    assert listed(run, env) == []


def test_link__refuses_what_is_not_there_and_no_name_at_all(
    run: Run, project: Path, env: Mapping[str, str]
) -> None:
    assert "cannot be read" in run("dashboard", "link", "none.json", env=env).stderr
    write(project, {"ltlab.yml": "version: 1\nscenarios: {a: {script: a.js}}", "a.js": ""})
    assert "no dashboard is named" in run("dashboard", "link", env=env).stderr


def test_unlink__names_what_is_linked(run: Run, project: Path, env: Mapping[str, str]) -> None:
    write(project, {"shop.json": board()})
    run("dashboard", "link", "shop.json", env=env)
    done = run("dashboard", "unlink", "shop", "chop", env=env)
    assert done.exit_code == 2
    assert done.stderr.splitlines() == ["chop is not linked", "  what to do: linked is shop"]
    assert len(listed(run, env)) == 1
