"""Load scripts are told by what is in them, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltlab_ci import model
from ltlab_ci.config import discover
from tests.unit.cli.conftest import write

K6 = "import http from 'k6/http';\nexport default function () { http.get('/'); }\n"
NAMED = """\
import http from 'k6/http';
export const options = { scenarios: { buy: { executor: 'shared-iterations', exec: 'buy' } } };
export function buy() { http.get('/'); }
"""
ARTILLERY = "config: {target: /}\nscenarios: [{flow: [{get: {url: /}}]}]\n"


def paths(root: Path) -> list[str]:
    return [script.path for script in discover.project(root).scripts]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("load.js", K6),
        ("load.ts", 'import { check } from "k6";\nexport default (): void => {};'),
        ("load.js", "import {\n  check,\n  sleep,\n} from 'k6';\nexport default run;"),
        ("load.js", 'import http from"k6/http";import {sleep} from"k6";\nexport default()=>{}'),
        ("load.js", "const http = require('k6/http');\nmodule.exports = { default: run };"),
        ("load.js", "import http from 'k6/http';\nexport { run as default };"),
        ("load.js", NAMED),
    ],
)
def test_project__finds_k6_scripts(tmp_path: Path, name: str, text: str) -> None:
    assert discover.project(write(tmp_path, {name: text})).scripts == (
        discover.Script(path=name, engine=model.EngineName.K6),
    )


@pytest.mark.parametrize(
    "text",
    [
        "export default function () {}",
        "// import http from 'k6/http';\nexport default function () {}",
        "import http from 'k6-utils';\nexport default function () {}",
        "import http from 'k6/http';\nexport function login() {}",
        "import http from 'k6/http';\nexport default class Client {}",
        "import { Options } from 'k6/options';\nexport const options: Options = {};",
        "",
    ],
    ids=["no k6", "a comment", "another package", "helper", "class", "options alone", "empty"],
)
def test_project__passes_over_other_code(tmp_path: Path, text: str) -> None:
    assert paths(write(tmp_path, {"code.ts": text})) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("load.yml", ARTILLERY),
        ("load.yaml", "config: {phases: []}\nscenarios: [{engine: http, flow: []}]"),
        ("load.json", '{"config": {},\t"scenarios": [{"flow": []}]}'),
    ],
)
def test_project__finds_artillery_scripts(tmp_path: Path, name: str, text: str) -> None:
    assert discover.project(write(tmp_path, {name: text})).scripts == (
        discover.Script(path=name, engine=model.EngineName.ARTILLERY),
    )


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: nginx}}\nconfigs: {scenarios: {file: ./a}}",
        "version: 1\nscenarios: {config: {script: load.js}}",
        "config: {a: 1}\nscenarios: [one, two]",
        "config: {a: 1}\nscenarios: [{name: one}]",
        "config: text\nscenarios: [{flow: []}]",
        "scenarios: [{flow: []}] # config",
        "apiVersion: v1\n---\nconfig: {}\nscenarios: [{flow: []}]",
        "config: [\nscenarios: [{flow: []}]",
        "config: &a {b: *c}\nscenarios: []",
        "[" * 1500 + "config scenarios",
        "config: !!python/object:os.system {}\nscenarios: [{flow: []}]",
    ],
)
def test_project__passes_over_other_yaml(tmp_path: Path, text: str) -> None:
    assert paths(write(tmp_path, {"file.yml": text})) == []


@pytest.mark.parametrize(
    ("text", "http"),
    [
        ("import ws from 'k6/ws';\nexport default function () {}", False),
        ("import grpc from 'k6/net/grpc';\nexport default function () {}", False),
        ("import ws from 'k6/ws';\nimport http from 'k6/http';\nexport default run", True),
        ("import { sleep } from 'k6';\nimport { get } from './get.js';\nexport default run", True),
    ],
)
def test_project__says_what_a_k6_script_speaks(tmp_path: Path, text: str, http: bool) -> None:  # noqa: FBT001
    [script] = discover.project(write(tmp_path, {"load.js": text})).scripts
    assert script.http == http


def test_project__says_what_an_artillery_script_speaks(tmp_path: Path) -> None:
    text = "config: {}\nscenarios: [{engine: ws, flow: []}]"
    [script] = discover.project(write(tmp_path, {"load.yml": text})).scripts
    assert not script.http


def test_project__passes_over_what_is_not_the_users(tmp_path: Path) -> None:
    skipped = ("node_modules/a", "dist", "build", ".git", ".cache", "my-venv", "ltlab-report/logs")
    write(tmp_path, {f"{folder}/load.js": K6 for folder in skipped})
    write(tmp_path, {"my-venv/pyvenv.cfg": "", "distance/load.js": K6, ".hidden.js": K6})
    (tmp_path / "linked").symlink_to(tmp_path / "distance")
    (tmp_path / "dangling.js").symlink_to(tmp_path / "nowhere")
    assert paths(tmp_path) == ["distance/load.js"]


def test_project__is_bounded_in_depth_and_size(tmp_path: Path) -> None:
    deepest = "/".join(["d"] * discover.MAX_DEPTH)
    write(tmp_path, {f"{deepest}/load.js": K6, f"{deepest}/d/load.js": K6})
    write(tmp_path, {"bundle.js": K6 + " " * 600_000})
    assert paths(tmp_path) == [f"{deepest}/load.js"]


def test_project__is_bounded_in_number(tmp_path: Path) -> None:
    write(tmp_path, {"near.js": K6})
    (tmp_path / "many").mkdir()
    for number in range(discover.MAX_FILES):
        (tmp_path / "many" / str(number)).touch()
    found = discover.project(tmp_path)
    assert found.cut
    assert [script.path for script in found.scripts] == ["near.js"]


def test_project__survives_what_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path, {"load.js": K6, "package.json": "{", "pyproject.toml": "["})
    (tmp_path / "latin.js").write_bytes(b"// caf\xe9\n" + K6.encode())
    (tmp_path / "raw.js").write_bytes(bytes(range(256)))
    (tmp_path / "bad-\udce9.js").write_text(K6)
    found = discover.project(tmp_path)
    assert [script.path for script in found.scripts] == ["latin.js", "load.js"]
    assert found.telling == ("package.json", "pyproject.toml")
    assert not found.npm_start


def test_project__gathers_what_says_how_the_service_starts(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "package.json": '{"scripts": {"start": "node server.js"}}',
            "requirements.txt": "# web\nFastAPI[standard]>=0.1\n-r more.txt\n",
            "pyproject.toml": '[project]\ndependencies = ["Flask>=3"]\n'
            '[tool.poetry.dependencies]\nDjango = "5"\n',
            "manage.py": "",
            "src/shop/main.py": "from fastapi import FastAPI\napi: FastAPI = FastAPI()\n",
            "shop/__init__.py": "def create_app():\n    app = Flask(__name__)\n",
            "tests/test_app.py": "app = FastAPI()\n",
            ".venv/bin/python": "",
            "compose.yaml": "services: {}",
            "Dockerfile": "FROM scratch",
        },
    )
    found = discover.project(tmp_path)
    assert found.npm_start
    assert found.manage_py
    assert found.requirements == {"fastapi", "flask", "django"}
    assert set(found.apps) == {
        discover.App(path="shop/__init__.py", framework="Flask"),
        discover.App(path="src/shop/main.py", framework="FastAPI", variable="api"),
    }
    assert found.python == ".venv/bin/python"
    assert found.telling[-2:] == ("Dockerfile", "compose.yaml")
