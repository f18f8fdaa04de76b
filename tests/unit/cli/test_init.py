"""What is written parses back to what was found, validates, and names a service that starts."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.cli import init
from ltlab_ci.config import containers, discover, document
from tests.unit.cli.conftest import Run, write
from tests.unit.cli.test_discover import ARTILLERY, K6

FOLDER = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=12
)
SCRIPTS = st.lists(
    st.builds(
        lambda parts, suffix: f"{'/'.join(parts)}{suffix}",
        st.lists(FOLDER, min_size=1, max_size=3),
        st.sampled_from([".js", ".ts"]),
    ),
    min_size=1,
    unique=True,
)


def found(*names: str, **parts: Any) -> discover.Found:  # noqa: ANN401  (any part of it)
    scripts = tuple(discover.Script(path=name, engine=model.EngineName.K6) for name in names)
    return discover.Found(scripts=scripts, **parts)


def service(**parts: Any) -> dict[str, Any]:  # noqa: ANN401  (any part of it)
    """Return the service of what is written, after a check of the whole."""
    values = yaml.safe_load(init.text(found("load.js", **parts)))
    checked = document.check(document.Document(path=Path("ltlab.yml"), values=values, places={}))
    assert list(checked.scenarios) == ["load"]
    return dict(values["service"])


@given(SCRIPTS)
def test_text__parses_back_to_the_same_names_and_paths(paths: list[str]) -> None:
    project = found(*paths)
    values = yaml.safe_load(init.text(project))
    checked = document.check(document.Document(path=Path("ltlab.yml"), values=values, places={}))
    written = {name: spec.script for name, spec in checked.scenarios.items()}
    assert written == {name: script.path for name, script in init.names(project.scripts).items()}
    assert sorted(written.values()) == sorted(paths)


@given(SCRIPTS)
def test_names__are_safe_to_type(paths: list[str]) -> None:
    for name in init.names(found(*paths).scripts):
        assert name == name.strip() != ""
        assert name[0] not in "-."
        assert not set(name) & set(" \"'`$;&|<>*?()[]{}!#~\\\n\t/:")


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["load/browse.js", "checkout.test.ts"], ["browse", "checkout.test"]),
        (["a/load.js", "b/load.js", "one.js"], ["a-load", "b-load", "one"]),
        (["load.js", "load.ts"], ["load", "load-2"]),
        (["load-2.js", "load.js", "load.ts"], ["load-2", "load", "load-3"]),
        (["--quiet.js", "a b.js", "*.js"], ["quiet", "a-b", "scenario"]),
        (["true.js", "007.js", "größe.js"], ["true", "007", "größe"]),
    ],
)
def test_names__are_of_the_files_and_unique(paths: list[str], expected: list[str]) -> None:
    assert list(init.names(found(*paths).scripts)) == expected


def test_service__of_npm_gets_its_port_from_the_environment() -> None:
    assert service(npm_start=True) == {"command": ["npm", "start"], "env": {"PORT": "{port}"}}


def test_service__of_fastapi_in_a_venv_of_the_project() -> None:
    app = discover.App(path="shop/main.py", framework="FastAPI", variable="api")
    parts = {"apps": (app,), "requirements": frozenset({"fastapi"}), "python": ".venv/bin/python"}
    command = [".venv/bin/python", "-m", "uvicorn", "shop.main:api", "--port", "{port}"]
    assert service(**parts) == {"command": command}


def test_service__of_fastapi_without_one_is_built() -> None:
    app = discover.App(path="src/shop/__init__.py", framework="FastAPI", variable="app")
    parts = {"apps": (app,), "requirements": frozenset({"fastapi"})}
    built = service(**parts, telling=("requirements.txt",))
    assert built["build"] == (
        "python3 -m venv {env} && {env}/bin/pip install --quiet -r requirements.txt uvicorn"
    )
    assert built["command"] == [
        *("{env}/bin/python", "-m", "uvicorn", "--app-dir", "src", "shop:app", "--port", "{port}")
    ]


def test_service__of_flask_made_by_a_function() -> None:
    app = discover.App(path="shop/__init__.py", framework="Flask")
    built = service(apps=(app,), requirements=frozenset({"flask"}), telling=("pyproject.toml",))
    assert built["build"].endswith("install --quiet .")
    assert built["command"][1:] == [
        *("-m", "flask", "--app", "shop/__init__.py", "run", "--port", "{port}")
    ]


def test_service__of_django() -> None:
    built = service(manage_py=True, requirements=frozenset({"django"}), python="venv/bin/python")
    assert built["command"] == [
        *("venv/bin/python", "manage.py", "runserver", "--noreload", "127.0.0.1:{port}")
    ]


SHOP = containers.Composed(file="compose.yml", service="shop", port=8000, get="/health")
NPM = {"npm_start": True}


def test_service__of_a_compose_file() -> None:
    assert service(composed=SHOP) == {
        "compose": {"file": "compose.yml", "service": "shop"},
        "port": 8000,
        "ready": {"get": "/health"},
    }


def test_service__of_a_compose_file_comes_first_only_with_others_that_it_needs() -> None:
    assert "command" in service(composed=SHOP, **NPM)
    assert "compose" in service(composed=dataclasses.replace(SHOP, others=True), **NPM)


def test_service__of_a_dockerfile_is_built_under_a_name_that_docker_takes() -> None:
    assert service(exposed=80, name="My Shop_ü!") == {
        "build": "docker build --quiet --tag ltlab/my-shop .",
        "image": "ltlab/my-shop",
        "port": 80,
    }
    assert service(exposed=80, name="ü")["image"] == "ltlab/service"
    assert "command" in service(exposed=80, **NPM)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"telling": ("Dockerfile", "compose.yaml")},
        {"requirements": frozenset({"fastapi", "django"})},
        {"apps": (discover.App(path="a.py", framework="FastAPI", variable="app"),)},
        {
            "apps": (discover.App(path="a.py", framework="FastAPI"),),
            "requirements": frozenset({"fastapi"}),
        },
    ],
)
def test_service__is_a_comment_where_nothing_says_how_it_starts(parts: dict[str, Any]) -> None:
    text = init.text(found("load.js", **parts))
    assert "service" not in yaml.safe_load(text)
    shown = text.replace("# service:", "service:", 1).replace("#   command:", "  command:")
    assert "command" in yaml.safe_load(shown)["service"]
    assert ("docker compose -f compose.yaml up" in text) == ("compose.yaml" in str(parts))


def test_thresholds__fit_what_a_script_speaks() -> None:
    scripts = tuple(
        discover.Script(path=f"{http}.js", engine=model.EngineName.K6, http=http)
        for http in (True, False)
    )
    scenarios = yaml.safe_load(init.text(discover.Found(scripts=scripts)))["scenarios"]
    assert scenarios["True"]["thresholds"] == {
        "http_req_failed": ["rate < 1%"],
        "http_req_duration": ["p(95) < 500ms"],
    }
    assert "iterations" in scenarios["False"]["thresholds"]


def test_init__writes_what_validates(run: Run, project: Path) -> None:
    hostile = ["a: b #c.js", 'quote".js', "new\nline.js", "- dash.js", "🎉.js", "'.js", "%.js"]
    write(project, {**dict.fromkeys(hostile, K6), "shop/load.yml": ARTILLERY})
    done = run("init")
    assert done.exit_code == 0, done.output
    assert "found artillery: shop/load.yml, as scenario load\n" in done.output
    assert "found k6: new line.js, as scenario new-line\n" in done.output
    assert done.output.endswith("then type: ltlab validate && ltlab run\n")
    validated = run("validate", "--no-scripts")
    assert validated.output == f"valid; scenarios: {len(hostile) + 1}, thresholds: 16\n"


def test_init__says_what_it_guessed_from(run: Run, project: Path) -> None:
    write(project, {"load.js": K6, "package.json": '{"scripts": {"start": "node ."}}'})
    assert "guessed from package.json: the service is started by npm start\n" in run("init").output


def test_init__replaces_a_file_only_by_force(run: Run, project: Path) -> None:
    write(project, {"load.js": K6, "ltlab.yml": "mine"})
    done = run("init")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 2
    assert "--force" in done.stderr
    assert (project / "ltlab.yml").read_text(encoding="utf-8") == "mine"
    assert run("init", "--force").exit_code == 0
    assert run("validate", "--no-scripts").exit_code == 0


def test_init__without_a_script_writes_nothing(run: Run, project: Path) -> None:
    done = run("init")
    assert done.exit_code == 2
    assert "no k6 or Artillery script" in done.stderr.splitlines()[0]
    assert list(project.iterdir()) == []


def test_init__that_cannot_write_says_so(run: Run, project: Path) -> None:
    write(project, {"load.js": K6})
    (project / "ltlab.yml").mkdir()
    done = run("init", "--force")
    assert done.exit_code == 2
    assert "cannot write" in done.stderr
