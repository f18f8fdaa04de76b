"""Inputs become words without a shell; what cannot be used is refused before any load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from action import engines, inputs, publish, run, verdict
from ltlab_ci import errors, model
from ltlab_ci.load import tools


def environ(root: Path, **given: str) -> dict[str, str]:
    """Return what a step of the action has in its environment."""
    variables = {f"LTLAB_{name.upper()}": value for name, value in given.items()}
    return {
        "GITHUB_WORKSPACE": str(root),
        "GITHUB_OUTPUT": str(root / "output"),
        "RUNNER_OS": "Linux",
        "RUNNER_ARCH": "X64",
        "LTLAB_WORKING_DIRECTORY": ".",
        **variables,
    }


def outputs(root: Path) -> dict[str, str]:
    """Read an outputs file as a runner does."""
    found: dict[str, str] = {}
    lines = iter((root / "output").read_text().splitlines())
    for line in lines:
        name, delimiter = line.split("<<")
        value = []
        while (part := next(lines)) != delimiter:
            value.append(part)
        found[name] = "\n".join(value)
    return found


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ["run", "--lab=docker"]),
        ({"lab": "", "config": "ltlab.yml"}, ["run", "--lab=docker"]),
        ({"lab": "embedded", "config": "a b.yml"}, ["run", "--config=a b.yml", "--lab=embedded"]),
        (
            {"scenarios": "browse  buy\nsell"},
            ["run", "--lab=docker", "--", "browse", "buy", "sell"],
        ),
        ({"scenarios": "'log in' --help"}, ["run", "--lab=docker", "--", "log in", "--help"]),
        ({"args": "--quiet --url 'http://a/?b=$(id)&c'"}, None),
        ({"k6_version": "2.2.0"}, ["run", "--k6-version=2.2.0", "--lab=docker"]),
        ({"compare": "true"}, ["compare", "--lab=docker"]),
        (
            {"compare": "true", "against": "v1.4", "budget": "60s", "scenarios": "browse"},
            ["compare", "--lab=docker", "--against=v1.4", "--budget=60s", "--", "browse"],
        ),
    ],
)
def test_arguments__are_words_and_never_a_shell(
    tmp_path: Path, given: dict[str, str], words: list[str] | None
) -> None:
    expected = words or ["run", "--lab=docker", "--quiet", "--url", "http://a/?b=$(id)&c"]
    assert run.arguments(environ(tmp_path, **given)) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"args": "--url 'open"}, "ltlab-args: .* cannot be split"),
        ({"args": "--quiet --report-dir=out"}, "--report-dir is not for the action"),
        ({"scenarios": '"'}, "scenarios: .* cannot be split"),
        ({"working_directory": "nowhere"}, "working-directory: there is no folder 'nowhere'"),
        ({"fail_on": "sometimes"}, "fail-on 'sometimes' is not known"),
        ({"comment": "yes"}, "comment 'yes' is not known"),
        ({"check_run": "True"}, "check-run 'True' is not known"),
        ({"compare": "yes"}, "compare 'yes' is not known"),
        ({"against": "v1.4"}, "are for a comparison, which was not asked for"),
    ],
)
def test_arguments__what_cannot_be_used_is_refused(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    with pytest.raises(errors.ConfigError, match=said) as caught:
        run.arguments(environ(tmp_path, **given))
    assert caught.value.remedy


def test_run__an_input_that_cannot_be_used_has_a_report_and_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    given = environ(tmp_path, args="'", report_dir="ltlab-report")
    assert run.main(given) == 0
    report = tmp_path / "ltlab-report"
    assert outputs(tmp_path) == {"report-dir": str(report), "exit-code": "2"}
    assert "cannot be split" in (report / "summary.md").read_text()
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == f"::stop-commands::{last.strip(':')}"


@pytest.mark.parametrize(
    ("code", "fail_on", "ends_with"),
    [
        ("0", "failure", 0),
        ("1", "failure", 1),
        ("1", "error", 0),
        ("2", "error", 2),
        ("70", "error", 70),
        ("3", "never", 0),
        ("", "failure", 130),
        ("", "never", 0),
        ("1", "", 1),
    ],
)
def test_verdict__is_the_runs_own_code_as_far_as_fail_on_has_it(
    tmp_path: Path, code: str, fail_on: str, ends_with: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdict.main(environ(tmp_path, run_code=code, fail_on=fail_on)) == ends_with
    green = code != "0" and ends_with == 0
    assert ("stays green, since fail-on" in capsys.readouterr().out) == green


def test_publish__trouble_is_a_warning_since_the_verdict_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_EVENT_PATH"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ltlab-report").mkdir()
    (tmp_path / "ltlab-report" / "result.json").write_text("{}")
    assert publish.main(environ(tmp_path)) == 0
    assert "::warning title=ltlab::publishing ended with exit code 2" in capsys.readouterr().out


def a_config(root: Path, *used: model.EngineName, **parts: Any) -> model.Config:  # noqa: ANN401
    scenarios = tuple(
        model.Scenario(name=engine.value, engine=engine, script=root / "script") for engine in used
    )
    given = {"service": None, "report_dir": root, "cache_dir": root / "cache", **parts}
    return model.Config(root=root, file=None, scenarios=scenarios, **given)


K6, ARTILLERY = model.EngineName.K6, model.EngineName.ARTILLERY
PINNED_K6 = (K6, (f"k6-{tools.K6_VERSION}",))
IN_CONTAINERS = model.Service(image="shop", port=80)


@pytest.mark.parametrize(
    ("used", "parts", "found"),
    [
        ((K6,), {}, [PINNED_K6]),
        ((K6,), {"k6_version": "2.2.0"}, [(K6, ("k6-2.2.0",))]),
        ((K6,), {"k6_path": "/opt/k6"}, []),
        ((K6, ARTILLERY), {"artillery_path": "/opt/artillery"}, [PINNED_K6]),
        ((K6, ARTILLERY), {"service": IN_CONTAINERS}, []),
        ((), {}, []),
    ],
)
def test_engines__what_ltlab_would_install_is_worth_caching(
    tmp_path: Path, used: tuple[model.EngineName, ...], parts: dict[str, Any], found: list[Any]
) -> None:
    config = a_config(tmp_path, *used, **parts)
    assert list(engines.installed(config, {"PATH": str(tmp_path)})) == found


def test_engines__a_k6_on_path_is_taken_only_where_no_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "k6").touch(mode=0o755)
    path = {"PATH": str(tmp_path)}
    assert list(engines.installed(a_config(tmp_path, K6), path)) == []
    assert list(engines.installed(a_config(tmp_path, K6, k6_version="2.2.0"), path))


def test_engines__keys_name_versions_and_the_kind_of_runner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "load.yml").touch()
    (tmp_path / "ltlab.yml").write_text("version: 1\nscenarios: {load: {script: load.yml}}\n")
    assert engines.main(environ(tmp_path, cache_dir=str(tmp_path / "cache"))) == 0
    found = outputs(tmp_path)
    name = f"node-{tools.NODE_VERSION}-artillery-{tools.ARTILLERY_VERSION}"
    assert found["artillery-key"] == f"ltlab-{name}-Linux-X64"
    assert len(found["artillery-paths"].splitlines()) == 2
    assert "k6-key" not in found


def test_output__a_value_of_several_lines_adds_no_output(tmp_path: Path) -> None:
    inputs.output(environ(tmp_path), "one", "a\ntwo=b\nthree<<X\nX")
    assert outputs(tmp_path) == {"one": "a\ntwo=b\nthree<<X\nX"}
