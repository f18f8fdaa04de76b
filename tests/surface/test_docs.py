"""What the docs say is what the code does: tables, schemas, examples, links, commands."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from ltlab_ci import errors
from ltlab_ci.cli.main import main
from ltlab_ci.config import document

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/**/*.md")])
DOCS = ROOT / "docs"


def _writer() -> Any:  # noqa: ANN401  (a script loaded as a module)
    spec = importlib.util.spec_from_file_location("write", DOCS / "write.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", list(_writer().files()))
def test_generated_files__are_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == _writer().files()[name], "run `make docs`"


def _examples() -> list[tuple[str, dict[str, Any]]]:
    found = []
    for page in PAGES:
        for number, block in enumerate(
            re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
        ):
            values = yaml.safe_load(block)
            if isinstance(values, dict) and "version" in values:
                found.append((f"{page.name}-{number}", values))
    return found


@pytest.mark.parametrize(("name", "values"), _examples())
def test_examples__are_valid(name: str, values: dict[str, Any], tmp_path: Path) -> None:
    schema = json.loads((DOCS / "schema" / "ltlab.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(values, schema)
    file = tmp_path / name
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    assert document.check(document.load(file)).scenarios


def test_examples__are_found_in_readme_and_docs() -> None:
    names = {name.rsplit("-", 1)[0] for name, _ in _examples()}
    assert names >= {"README.md", "configuration.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links__lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)", page.read_text()):
        assert not target or (page.parent / target).exists(), target


def test_exit_codes__are_all_documented() -> None:
    text = (DOCS / "exit-codes.md").read_text(encoding="utf-8")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert documented == set(errors.ExitCode)


def test_readme__names_commands_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^ltlab (\w+)", text, re.MULTILINE))
    assert named
    assert named <= set(main.commands)


@pytest.mark.parametrize("command", [[], *[[name] for name in main.commands]])
def test_help__says_what_a_command_does(command: list[str]) -> None:
    done = CliRunner().invoke(main, [*command, "--help"])
    assert done.exit_code == 0
    assert len(done.output.splitlines()) > 5
