"""Flag beats environment beats default; a bad value is refused, with its name and a remedy."""

from __future__ import annotations

import dataclasses

import pytest

from toy_api import settings


def test_load__nothing_given_is_the_defaults() -> None:
    assert settings.load([], {}) == settings.Settings()


@pytest.mark.parametrize(
    ("argv", "env", "port"),
    [
        ([], {"TOY_API_PORT": "6000"}, 6000),
        (["--port", "7000"], {"TOY_API_PORT": "6000"}, 7000),
        (["--port", ""], {"TOY_API_PORT": "6000"}, 6000),
        ([], {"TOY_API_PORT": ""}, 5000),
    ],
)
def test_load__flag_beats_environment(argv: list[str], env: dict[str, str], port: int) -> None:
    assert settings.load(argv, env).port == port


@pytest.mark.parametrize("by", ["flag", "environment"])
def test_load__every_option_by_flag_and_by_environment(by: str) -> None:
    texts = {
        "HOST": "127.0.0.2",
        "PORT": "0",
        "SEED": "9",
        "SLOWDOWN": "2",
        "ERROR_RATE": "0.5",
        "LATENCY_MS": "20",
        "CPU_MS": "3",
        "CPU_UNITS": "4",
        "READY_AFTER": "1",
        "DIE_AFTER": "2",
        "IGNORE_SIGTERM": "true",
        "ACCESS_LOG": "true",
    }
    flags = [f"--{name.lower().replace('_', '-')}={text}" for name, text in texts.items()]
    env = {f"TOY_API_{name}": text for name, text in texts.items()}
    given = settings.load(flags, {}) if by == "flag" else settings.load([], env)
    assert list(dataclasses.asdict(given).values()) == [
        *("127.0.0.2", 0, 9, 2.0, 0.5, 20.0, 3.0, 4, 1.0, 2.0, True, True)
    ]


def test_load__a_switch_needs_no_value_and_can_be_taken_back() -> None:
    assert settings.load(["--ignore-sigterm"], {}).ignore_sigterm
    env = {"TOY_API_IGNORE_SIGTERM": "true"}
    assert not settings.load(["--ignore-sigterm", "false"], env).ignore_sigterm


@pytest.mark.parametrize(
    ("argv", "env", "happened", "remedy"),
    [
        (["--port", "http"], {}, "--port is 'http'", "a whole number from 0 to 65535"),
        (["--error-rate", "1.1"], {}, "--error-rate is '1.1'", "a number from 0 to 1"),
        (["--slowdown", "nan"], {}, "--slowdown is 'nan'", "a number from 0 to 1000"),
        ([], {"TOY_API_CPU_MS": "-1"}, "TOY_API_CPU_MS is '-1'", "a number from 0 to 60000 ms"),
        ([], {"TOY_API_ACCESS_LOG": "yes"}, "TOY_API_ACCESS_LOG is 'yes'", "true or false"),
        (["--porto", "1"], {}, "unrecognized arguments: --porto 1", "--help"),
    ],
)
def test_load__a_bad_value_is_refused(
    argv: list[str], env: dict[str, str], happened: str, remedy: str
) -> None:
    with pytest.raises(settings.BadSetting) as refused:
        settings.load(argv, env)
    assert str(refused.value) == happened
    assert remedy in refused.value.remedy


def test_load__a_bad_text_is_refused_even_where_a_flag_wins() -> None:
    with pytest.raises(settings.BadSetting, match="TOY_API_PORT is 'x'"):
        settings.load(["--port", "1"], {"TOY_API_PORT": "x"})
