"""Every code that a run can show has a section, and every way of typing it leads there."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ltlab_ci import errors
from ltlab_ci.cli import explain
from tests import factories
from tests.unit.cli.conftest import Run

PAGE = factories.ROOT / "docs" / "troubleshooting.md"
SECTIONS = tuple(explain.sections(PAGE.read_text(encoding="utf-8")))
NOT_YET = {errors.ExitCode.PUBLISH}
_KEBAB = re.compile(r"[a-z]+\d?(-[a-z0-9]+)+")


def _codes() -> Iterator[str]:
    """Yield every finding's code in the source; a number that is put in later is 7."""
    for name, tree in factories.syntax_trees().items():
        if not re.search(r"ltlab_ci/(evaluate|flows|lab|load|store)/", name):
            continue
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            named = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
            yield from _texts(named)
            # A helper's arguments: facts, code, message, remedy.
            plain = [each for each in call.args[1:2] if isinstance(each, ast.Constant)]
            yield from (text for text in _texts(plain) if _KEBAB.fullmatch(text))
        for mapping in (node for node in ast.walk(tree) if isinstance(node, ast.Dict)):
            for key, value in zip(mapping.keys, mapping.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "code":
                    yield from _texts([value])


def _texts(nodes: Sequence[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values
            )


CODES = sorted(set(_codes()))


def test_codes__are_found_in_the_source() -> None:
    assert {"service-died", "no-request", "samples-incomplete", "k6-exit-7"} <= set(CODES)
    assert {"artillery-exit-7", "iterations-threw", "interrupted", "machine-busy"} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_find__explains_every_finding(code: str) -> None:
    assert len(explain.find(SECTIONS, code).text) > len(code)


@pytest.mark.parametrize("error", [each.__name__ for each in errors.LabError.__subclasses__()])
def test_find__explains_every_error(error: str) -> None:
    assert explain.find(SECTIONS, error).summary


@pytest.mark.parametrize("code", sorted(set(errors.ExitCode) - NOT_YET))
def test_find__explains_every_exit_code(code: errors.ExitCode) -> None:
    assert explain.find(SECTIONS, str(int(code))).codes == (f"exit-{int(code)}",)


@pytest.mark.parametrize(
    ("typed", "heading"),
    [
        ("service-died", "service-died"),
        (" Service-Died ", "service-died"),
        ("labnotready", "LabNotReady"),
        ("k6-exit-99", "k6-exit-99"),
        ("k6-exit-137", "k6-exit-N"),
        ("artillery-exit-21", "artillery-exit-21"),
        ("artillery-exit-2", "artillery-exit-N"),
        ("exit-3", "exit-3"),
    ],
)
def test_find__knows_how_people_type(typed: str, heading: str) -> None:
    assert heading in explain.find(SECTIONS, typed).codes


@pytest.mark.parametrize("typed", ["servce-died", "7", "exit-7", "?", "n"])
def test_find__says_what_is_known_instead(typed: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        explain.find(SECTIONS, typed)
    assert "ltlab explain" in caught.value.remedy
    assert ("'service-died'" in caught.value.message) == (typed == "servce-died")


def test_sections__are_whole_and_name_each_code_once() -> None:
    codes = [code for section in SECTIONS for code in section.codes]
    assert len(codes) == len(set(codes))
    for section in SECTIONS:
        assert section.summary.endswith(".")
        assert len(section.summary) < 100
        assert len(section.text.splitlines()) > 1
        assert "](" not in section.text


def test_explain__prints_one_section_or_the_list(run: Run) -> None:
    one = run("explain", "service-died")
    assert one.exit_code == 0
    assert one.output.startswith("The service ended while load was running.\n")
    everything = run("explain")
    assert everything.exit_code == 0
    assert everything.output.count("\n") == 2 * len(SECTIONS)
    assert run("explain", "nothing").exit_code == 2


@pytest.mark.parametrize(("words", "name"), [([], "ltlab"), (["--result"], "result")])
def test_schema__is_the_one_of_the_docs(run: Run, words: list[str], name: str) -> None:
    schema = Path(factories.ROOT / "docs" / "schema" / f"{name}.schema.json")
    done = run("schema", *words)
    assert json.loads(done.output) == json.loads(schema.read_text(encoding="utf-8"))
