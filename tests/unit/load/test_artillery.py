"""Artillery is called with the plug-in beside whatever the user sets; wrong ones are refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ltlab_ci import errors, load, model
from ltlab_ci.load import artillery
from ltlab_ci.load.plan import Machine, Plan, Script, Tool
from tests import factories

HOME = Path("/cache/artillery/node_modules/artillery")
TOOL = Tool(
    argv=("/opt/node", str(HOME / "bin" / "run")), version="2.0.34", source="configured", home=HOME
)
RUN_DIR = Path("/report/logs/browse")
LOCAL = "http://127.0.0.1:5000"


def scenario(**parts: object) -> model.Scenario:
    given = {"engine": model.EngineName.ARTILLERY, "script": Path("/project/a.yml")}
    return factories.a_scenario("browse", **{**given, **parts})


def planned(
    *,
    base_url: str = LOCAL,
    has_target: bool = True,
    env: Mapping[str, str] | None = None,
    args: tuple[str, ...] = (),
) -> Plan:
    return artillery.plan(
        TOOL,
        scenario(env=env or {}, args=args),
        Script(has_target=has_target),
        base_url=base_url,
        run_dir=RUN_DIR,
    )


def test_plan__is_the_whole_command() -> None:
    plan = planned(args=("-e", "ci"))
    assert plan.argv == (
        "/opt/node",
        str(HOME / "bin" / "run"),
        "run",
        "--output",
        "/report/logs/browse/artillery-report.json",
        "-e",
        "ci",
        "/project/a.yml",
    )
    assert plan.log == RUN_DIR / "artillery.log"


@pytest.mark.parametrize(
    ("base_url", "has_target", "expected"),
    [(LOCAL, False, ("--target", LOCAL)), (LOCAL, True, ()), ("", False, ())],
)
def test_plan__gives_a_target_where_the_script_has_none(
    base_url: str,
    has_target: bool,  # noqa: FBT001
    expected: tuple[str, ...],
) -> None:
    argv = planned(base_url=base_url, has_target=has_target).argv
    assert argv[5:-1] == expected


def test_inspect__refuses_a_share_of_the_load_and_says_what_artillery_does(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError, match="workers of its own"):
        artillery.inspect(TOOL, scenario(processes=2), factories.a_machine(tmp_path))


def test_plan__live_names_the_statsd_and_the_runs_tags() -> None:
    live = model.Live(tags={"testid": "shop-1"}, statsd=("127.0.0.1", 8125))
    env = artillery.plan(TOOL, scenario(), Script(), base_url=LOCAL, run_dir=RUN_DIR, live=live).env
    assert env["LTLAB_STATSD"] == "127.0.0.1:8125"
    assert json.loads(env["LTLAB_STATSD_TAGS"]) == {"testid": "shop-1"}
    assert "LTLAB_STATSD" not in planned().env


def test_plan__brings_the_plug_in_by_environment() -> None:
    env = planned().env
    assert list(json.loads(env["ARTILLERY_PLUGINS"])) == ["ltlab"]
    assert (Path(env["ARTILLERY_PLUGIN_PATH"]) / "artillery-plugin-ltlab" / "index.js").is_file()
    assert env["LTLAB_SAMPLES_DIR"] == str(RUN_DIR)
    assert env["LTLAB_ARTILLERY_HOME"] == str(HOME)
    assert env["ARTILLERY_DISABLE_TELEMETRY"] == "true"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('{"mine": {"a": 1}}', ["mine", "ltlab"]),
        ('{"ltlab": {"off": true}}', ["ltlab"]),
        ("not json", ["ltlab"]),
        ("", ["ltlab"]),
        ("[]", ["ltlab"]),
        ("null", ["ltlab"]),
        ("5", ["ltlab"]),
    ],
)
def test_plan__keeps_the_user_s_own_plug_ins(given: str, expected: list[str]) -> None:
    env = planned(env={"ARTILLERY_PLUGINS": given, "ARTILLERY_PLUGIN_PATH": "/mine"}).env
    assert list(json.loads(env["ARTILLERY_PLUGINS"])) == expected
    assert "off" not in json.loads(env["ARTILLERY_PLUGINS"])["ltlab"]
    assert env["ARTILLERY_PLUGIN_PATH"].endswith(":/mine")


def test_plan__finds_the_projects_plug_ins_and_engines() -> None:
    script = Script(node_path="/project/node_modules")
    env = artillery.plan(TOOL, scenario(), script, base_url=LOCAL, run_dir=RUN_DIR).env
    assert env["NODE_PATH"] == "/project/node_modules"
    assert "NODE_PATH" not in planned().env


@pytest.mark.parametrize(
    ("base_url", "env", "expected"),
    [
        (LOCAL, {}, LOCAL),
        (LOCAL, {"BASE_URL": "http://shop.test"}, "http://shop.test"),
        ("", {}, None),
    ],
)
def test_plan__base_url(base_url: str, env: Mapping[str, str], expected: str | None) -> None:
    assert planned(base_url=base_url, env=env).env.get("BASE_URL") == expected


@pytest.mark.parametrize(
    ("base_url", "proxied"),
    [(LOCAL, False), ("http://localhost:1", False), ("http://shop.test", True), ("", True)],
)
def test_plan__a_local_service_is_reached_without_a_proxy(
    base_url: str,
    proxied: bool,  # noqa: FBT001
) -> None:
    assert ("HTTP_PROXY" not in planned(base_url=base_url).env) == proxied


def test_plan__no_variable_takes_away_the_records() -> None:
    env = planned(env={"LTLAB_SAMPLES_DIR": "/other", "LTLAB_ARTILLERY_HOME": "/other"}).env
    assert (env["LTLAB_SAMPLES_DIR"], env["LTLAB_ARTILLERY_HOME"]) == (str(RUN_DIR), str(HOME))


@pytest.mark.parametrize("word", ["-o", "--output", "--output=x.json", "--record", "--count=2"])
def test_inspect__refuses_arguments_that_ltlab_uses_itself(tmp_path: Path, word: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        artillery.inspect(TOOL, scenario(args=("-e", "ci", word)), factories.a_machine(tmp_path))
    assert word in caught.value.message
    assert caught.value.remedy


def a_program(path: Path, *lines: str) -> str:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return str(path)


def inspected(
    tmp_path: Path,
    *lines: str,
    base_url: str = "",
    env: Mapping[str, str] | None = None,
    **of: object,
) -> Script:
    node = a_program(tmp_path / "node", *lines)
    tool = Tool(argv=(node, "run"), version="2.0.34", source="configured", home=HOME)
    machine = factories.a_machine(tmp_path, base_url=base_url, **of)
    return artillery.inspect(tool, scenario(env=env or {}), machine)


ANSWER = json.dumps(
    {
        "ok": True,
        "hasTarget": True,
        "duration_s": 1,
        "quiet_s": 10,
        "phases": [],
        "lengths_s": [],
        "workers": 1,
    }
)


@pytest.mark.processes
def test_inspect__an_address_given_by_hand_takes_the_place_of_the_scripts_target(
    tmp_path: Path,
) -> None:
    assert inspected(tmp_path, f"echo '{ANSWER}'", base_url=LOCAL).has_target
    assert not inspected(tmp_path, f"echo '{ANSWER}'", base_url=LOCAL, url_wins=True).has_target


@pytest.mark.processes
def test_inspect__packages_are_looked_for_beside_the_script_and_upwards(tmp_path: Path) -> None:
    """What Artillery bundles comes before the project's, what the user names before both."""
    found = inspected(tmp_path, f"echo '{ANSWER}'", env={"NODE_PATH": "/mine"}).node_path.split(":")
    bundled = str(HOME / "dist" / "builtin-packages")
    assert found[:4] == ["/mine", bundled, "/project/node_modules", "/node_modules"]
    assert str(tmp_path / "node_modules") in found
    given = inspected(tmp_path, f"echo '{ANSWER}'", environ={"NODE_PATH": "/ours"}).node_path
    assert given.startswith(f"/ours:{bundled}:")


@pytest.mark.processes
def test_inspect__refuses_what_the_script_asks_for_in_vain(tmp_path: Path) -> None:
    lacks = [
        {"message": "calls functions that p.js does not export: f", "remedy": "export it"},
        {"message": "uses the engine toy", "remedy": "install it"},
    ]
    answer = json.dumps({**json.loads(ANSWER), "lacks": lacks})
    with pytest.raises(errors.ConfigError) as caught:
        inspected(tmp_path, f"echo '{answer}'")
    assert caught.value.message == (
        "scenario browse: a.yml calls functions that p.js does not export: f; "
        "it uses the engine toy"
    )
    assert caught.value.remedy == "export it; install it"


@pytest.mark.processes
def test_inspect__reads_the_last_line_that_the_script_did_not_print_itself(tmp_path: Path) -> None:
    plan = '"duration_s": 12, "phases": [{"arrivalRate": 5}], "lengths_s": [12], "quiet_s": 30'
    answer = f'{{"ok": true, "hasTarget": true, {plan}, "workers": 1}}'
    script = inspected(tmp_path, "echo a processor says hello", f"echo '{answer}'")
    assert (script.load.duration_s, script.has_target) == (12, True)
    assert script.load.offered(0, 60) == 60
    assert (script.ends_s, script.quiet_s) == (12, 90)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ('{"ok": false, "stage": "parse", "message": "bad indent"}', "(parse): bad indent"),
        ('{"ok": true, "hasTarget": true, "duration_s": 1, "workers": 0}', "no virtual user"),
    ],
)
def test_inspect__refuses_what_artillery_refuses(tmp_path: Path, answer: str, words: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        inspected(tmp_path, f"echo '{answer}'")
    assert words in caught.value.message
    assert caught.value.message.startswith("scenario browse: ")


@pytest.mark.processes
@pytest.mark.parametrize("lines", [(), ("echo no json",), ("exit 3",)])
def test_inspect__an_inspection_that_says_nothing_is_an_error(
    tmp_path: Path, lines: tuple[str, ...]
) -> None:
    with pytest.raises(errors.LabError) as caught:
        inspected(tmp_path, *lines)
    assert caught.value.remedy


def an_artillery(root: Path, version: str = "2.0.34") -> Path:
    home = root / "node_modules" / "artillery"
    (home / "dist" / "lib" / "core").mkdir(parents=True)
    (home / "bin").mkdir()
    (home / "bin" / "run").touch()
    (home / "package.json").write_text(json.dumps({"version": version}))
    link = root / "node_modules" / ".bin"
    link.mkdir()
    (link / "artillery").symlink_to("../artillery/bin/run")
    return home


def machine(tmp_path: Path) -> Machine:
    return factories.a_machine(tmp_path, node_path="/opt/node")


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/.bin/artillery",
        "node_modules/artillery",
        "node_modules/artillery/bin/run",
        ".",
        "{root}/node_modules/.bin/artillery",
    ],
)
def test_find__takes_the_configured_one(tmp_path: Path, path: str) -> None:
    home = an_artillery(tmp_path)
    tool = artillery.find(machine(tmp_path), path.format(root=tmp_path))
    assert tool == Tool(
        argv=("/opt/node", str(home / "bin" / "run")),
        version="2.0.34",
        source="configured",
        home=home,
    )


@pytest.mark.parametrize("path", ["nowhere", "node_modules/other", "node_modules/.bin/other"])
def test_find__a_configured_one_that_is_missing_is_an_error(tmp_path: Path, path: str) -> None:
    an_artillery(tmp_path)
    with pytest.raises(errors.EngineError) as caught:
        artillery.find(machine(tmp_path), path)
    assert path in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("version", ["1.7.9", "2.1.0", "", "3.0.0"])
def test_find__refuses_other_versions(tmp_path: Path, version: str) -> None:
    an_artillery(tmp_path, version)
    with pytest.raises(errors.EngineError, match=r"ltlab needs 2\.0\.34 or newer"):
        artillery.find(machine(tmp_path), "node_modules/artillery")


def test_find__only_the_pinned_version_can_be_installed(tmp_path: Path) -> None:
    with pytest.raises(
        errors.ConfigError, match=r"Artillery 2\.0\.30 cannot be installed"
    ) as caught:
        artillery.find(machine(tmp_path), "", "2.0.30")
    assert "engines.artillery.path" in caught.value.remedy


def test_find__an_installation_of_ones_own_must_be_what_was_asked_for(tmp_path: Path) -> None:
    an_artillery(tmp_path, "2.0.35")
    assert artillery.find(machine(tmp_path), "node_modules/artillery", "2.0.35").version == "2.0.35"
    with pytest.raises(errors.EngineError, match=r"is Artillery 2\.0\.35, not 2\.0\.34 as asked"):
        artillery.find(machine(tmp_path), "node_modules/artillery", "2.0.34")


@pytest.mark.processes
@pytest.mark.parametrize(("version", "taken"), [("v22.18.0", True), ("v24.1.0", True)])
def test_find__takes_a_node_on_path_that_is_new_enough(
    tmp_path: Path,
    version: str,
    taken: bool,  # noqa: FBT001
) -> None:
    an_artillery(tmp_path)
    node = a_program(tmp_path / "node", f"echo {version}")
    on_path = factories.a_machine(tmp_path, environ={"PATH": str(tmp_path)})
    tool = artillery.find(on_path, "node_modules/artillery")
    assert (tool.argv[0] == node) == taken


def test_engines__are_the_two_and_hold_the_same_words() -> None:
    assert set(load.ENGINES) == set(model.EngineName)
    for engine in load.ENGINES.values():
        for word in ("find", "inspect", "plan", "reader", "outcome"):
            assert callable(getattr(engine, word))
