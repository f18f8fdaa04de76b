"""Families of failure: one code each, one that wins, two lines each; every module says what it owns."""

from __future__ import annotations

import ast
import itertools

import pytest

from ltlab_ci import errors
from ltlab_ci.errors import ExitCode
from tests import factories

PRECEDENCE = (130, 70, 2, 1, 3, 4, 5, 6, 0)


def families() -> list[type[errors.LabError]]:
    return [errors.LabError, *errors.LabError.__subclasses__()]


KINDS = {"failure", "ConfigMissing", "Busy", "Forbidden", "Gone"}
"""A family that is handed in, and kinds within a family."""

TREES = factories.syntax_trees()


@pytest.mark.parametrize(
    ("family", "code"),
    [
        (errors.LabError, 70),
        (errors.ConfigError, 2),
        (errors.LabNotReady, 3),
        (errors.EngineError, 4),
        (errors.StoreError, 5),
        (errors.PublishError, 6),
        (errors.Interrupted, 130),
    ],
)
def test_exit_code__each_family_has_its_own(family: type[errors.LabError], code: int) -> None:
    assert family.exit_code == code
    assert len({each.exit_code for each in families()}) == len(families())


def test_lab_error__keeps_what_happened_and_what_to_do() -> None:
    error = errors.ConfigError("it is red", remedy="paint it")
    assert (str(error), error.message, error.remedy) == ("it is red", "it is red", "paint it")


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(PRECEDENCE, 2)))
def test_worst__follows_the_precedence(first: int, second: int) -> None:
    assert errors.worst([ExitCode(second), ExitCode(first)]) == first
    assert errors.worst([ExitCode(first), ExitCode(second), ExitCode(second)]) == first


def test_worst__nothing_is_ok() -> None:
    assert errors.worst([]) is ExitCode.OK


def test_worst__ranks_every_code() -> None:
    assert {errors.worst([code]) for code in ExitCode} == set(ExitCode)


@pytest.mark.parametrize("path", TREES)
def test_house__every_failure_says_what_to_do(path: str) -> None:
    known = {family.__name__ for family in families()} | KINDS
    calls = [node for node in ast.walk(TREES[path]) if isinstance(node, ast.Call)]
    made = [call for call in calls if ast.unparse(call.func).rpartition(".")[2] in known]
    silent = [call.lineno for call in made if "remedy" not in {word.arg for word in call.keywords}]
    assert not silent, f"{path}: no remedy in lines {silent}"


def test_house__the_walk_sees_the_failures() -> None:
    assert sum(ast.unparse(tree).count("remedy=") for tree in TREES.values()) > 30


@pytest.mark.parametrize("path", TREES)
def test_house__nothing_else_is_raised_on_purpose(path: str) -> None:
    allowed = {family.__name__ for family in families()} | {
        *KINDS,
        "strange",  # returns a PublishError
        "found",
        "_explained",  # returns a ConfigError
        "_unwritable",  # the same
        "told",  # returns a StoreError
        "unreadable",  # returns a ConfigError
        "MarkedYAMLError",  # turned into a ConfigError where it was raised
        "ReadTimeout",  # as requests raises it, for an answer that takes too long as a whole
        "BlockingIOError",  # as a stream raises it, where nothing can be written
        "error",  # raised again
        "PydanticCustomError",
        "KeyboardInterrupt",
        "AssertionError",
    }
    raised = [
        node.exc for node in ast.walk(TREES[path]) if isinstance(node, ast.Raise) and node.exc
    ]
    names = {
        ast.unparse(each.func if isinstance(each, ast.Call) else each).rpartition(".")[2]
        for each in raised
    }
    others = {name for name in names - allowed if not name.startswith("_")}
    assert not others, f"{path} raises {others}"


def test_house__each_module_says_what_it_owns() -> None:
    silent = [path for path, tree in TREES.items() if not ast.get_docstring(tree)]
    assert not [path for path in silent if not path.endswith("__main__.py")]
