"""The cascade over every setting: default, ltlab.yml, .env, environment, flag; "" is unset."""

from __future__ import annotations

import itertools

import pytest

from ltlab_ci.config import options
from tests import factories

SOURCES = ("ltlab.yml", "LTLAB_K6 in .env", "LTLAB_K6", "--k6")


@pytest.mark.parametrize("given", list(itertools.product([None, "", "set"], repeat=4)))
def test_resolve__the_last_source_that_says_something_wins(given: tuple[str | None, ...]) -> None:
    texts = [{} if text is None else {"k6": text and f"from {i}"} for i, text in enumerate(given)]
    file, flags = texts[0], texts[3]
    dotenv, environ = ({"LTLAB_K6": text["k6"]} if text else {} for text in texts[1:3])
    found = options.resolve(file=file, dotenv=dotenv, environ=environ, flags=flags)["k6"]
    last = max((i for i, text in enumerate(given) if text), default=None)
    if last is None:
        assert found == options.Setting(value="", source="default")
    else:
        assert found == options.Setting(value=f"from {last}", source=SOURCES[last])


def test_resolve__answers_for_every_option() -> None:
    found = options.resolve(file={}, dotenv={}, environ={}, flags={})
    assert list(found) == [option.name for option in options.OPTIONS]
    assert {setting.source for setting in found.values()} == {"default"}


@pytest.mark.parametrize("option", options.OPTIONS, ids=lambda option: option.name)
def test_option__names_agree_everywhere(option: options.Option) -> None:
    assert option.flag == f"--{option.name}"
    assert option.variable == f"LTLAB_{option.name.replace('-', '_')}".upper()
    assert option.help.endswith(".")
    for environ in ({option.variable: "x"}, {"OTHER": "y"}):
        found = options.resolve(file={}, dotenv={}, environ=environ, flags={})[option.name]
        assert found.value == ("x" if option.variable in environ else option.default)


def test_resolve__where_credentials_go_no_file_of_the_project_may_say() -> None:
    guarded = [option for option in options.OPTIONS if option.guarded]
    assert {"influxdb-url", "influxdb-token"} <= {option.name for option in guarded}
    dotenv = {option.variable: "http://attacker.test" for option in options.OPTIONS}
    found = options.resolve(file={}, dotenv=dotenv, environ={}, flags={})
    for option in options.OPTIONS:
        assert (found[option.name].value == option.default) is option.guarded


def test_resolve__no_value_is_in_a_repr() -> None:
    found = options.resolve(
        file={}, dotenv={}, environ={"LTLAB_INFLUXDB_TOKEN": "s3cret"}, flags={}
    )
    assert "s3cret" not in repr(found)


def test_house__the_environment_is_read_in_cli_alone() -> None:
    readers = {
        path
        for path, tree in factories.syntax_trees().items()
        if factories.names_used(tree) & {"os.environ", "os.getenv", "os.environb", "environ"}
    }
    assert readers
    assert {path.rpartition("/")[0] for path in readers} == {"ltlab_ci/cli"}
