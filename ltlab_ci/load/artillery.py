"""Artillery 2 as a load engine: the user's YAML unchanged, every request by a small plug-in.

Not here: installing it (tools.py), the plug-in (artillery_plugin/), its records turned into
samples (artillery_samples.py), what it says at the end (artillery_outcome.py), what a script asks
for in vain (artillery_plugin/asked.mjs).
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ltlab_ci import errors, model, process, resources
from ltlab_ci.load import (
    artillery_hold,
    artillery_outcome,
    artillery_plan,
    artillery_samples,
    tools,
)
from ltlab_ci.load.plan import (
    WHOLE,
    Held,
    Machine,
    Part,
    Plan,
    Script,
    Steady,
    Tool,
    Unended,
    addressed,
)

ROUND_S = 30.0
APART_S = 3.0
_IMAGE = f"artilleryio/artillery:{tools.ARTILLERY_VERSION}"
_IN_IMAGE = Path("/home/node/artillery")  # Dockerfile of artilleryio/artillery
QUIET = {
    "ARTILLERY_DISABLE_TELEMETRY": "true",
    "NO_COLOR": "1",
    "FORCE_COLOR": "0",
}
NODE_AT_LEAST = (22, 18)
_INSPECT_S = 90.0
_MARGIN_S = 60.0  # of silence, beyond the longest that the script itself may wait
_NO_TARGET = ('"config.target"', "No target specified")  # what Artillery says of a missing one
_RESERVED_ARGS = ("-o", "--output", "--record", "--count", "--platform")


def image(_version: str) -> str:
    """Return Artillery's official image; `find` has refused every other version."""
    return _IMAGE


def find(machine: Machine, path: str, version: str = "") -> Tool:
    """Return Artillery from the configured path, else the pinned one, installed on first use.

    An `artillery` on PATH is not taken: the plug-in is tried with the pinned version only.
    """
    own = bool(path) and not machine.contained
    if version not in ("", tools.ARTILLERY_VERSION) and not own:
        raise errors.ConfigError(
            f"Artillery {version} cannot be installed: the plug-in that records its requests is "
            f"tied to {tools.ARTILLERY_VERSION}",
            remedy="leave artillery-version out, or install it yourself and name it in "
            "engines.artillery.path",
        )
    if machine.contained:
        return _of_image(machine)
    node = node_program(machine)
    home = _home(machine, path) if path else tools.artillery(machine, Path(node))
    package = json.loads((home / "package.json").read_bytes())
    found = str(package.get("version", ""))
    if not found.startswith("2.0.") or not (home / "dist" / "lib" / "core").is_dir():
        raise errors.EngineError(
            f"{home} is Artillery {found or 'of unknown version'}; ltlab needs 2.0.34 or newer",
            remedy="remove engines.artillery.path to let ltlab install the right one",
        )
    if version not in ("", found):
        raise errors.EngineError(
            f"{home} is Artillery {found}, not {version} as asked",
            remedy="name the path or the version of Artillery, not both",
        )
    return Tool(
        argv=(node, str(home / "bin" / "run")),
        version=found,
        source="configured" if path else "installed by ltlab",
        home=home,
    )


def _of_image(machine: Machine) -> Tool:
    said = machine.run(
        ["node", "-p", f"require('{_IN_IMAGE}/package.json').version"],
        failure=errors.EngineError,
        remedy=f"see whether {_IMAGE} is Artillery's own image",
        env={},
        timeout_s=60,
    ).out
    return Tool(
        argv=("node", str(_IN_IMAGE / "bin" / "run")),
        version=said.strip(),
        source=f"image {_IMAGE}",
        home=_IN_IMAGE,
        image=_IMAGE,
    )


def inspect(tool: Tool, scenario: model.Scenario, machine: Machine) -> Script:
    """Let Artillery's own code load and validate the script, processors included, without load."""
    _refuse(scenario)
    found = _inspected(tool, scenario, machine, scenario.args)
    has_target = bool(found.get("hasTarget"))
    no_target = any(words in found.get("message", "") for words in _NO_TARGET)
    if no_target and machine.base_url:
        has_target = False
        found = _inspected(tool, scenario, machine, ("--target", machine.base_url, *scenario.args))
    if not found["ok"]:
        raise errors.ConfigError(
            f"scenario {scenario.name}: Artillery cannot load {scenario.script.name} "
            f"({found['stage']}): {found['message']}",
            remedy="say where to: config.target, a `service` in ltlab.yml, or --url"
            if no_target
            else "mend the script; `artillery run` shows the same error",
        )
    if lacks := found.get("lacks"):
        raise errors.ConfigError(
            f"scenario {scenario.name}: {scenario.script.name} "
            + "; it ".join(each["message"] for each in lacks),
            remedy="; ".join(each["remedy"] for each in lacks),
        )
    if found["workers"] == 0:
        raise errors.ConfigError(
            f"scenario {scenario.name}: the phases of {scenario.script.name} start no virtual user",
            remedy="give a phase an arrivalRate or arrivalCount above 0",
        )
    # Virtual users arrive at a rate; how many are skipped is counted (vusers.skipped).
    return Script(
        load=model.PlannedLoad(
            model="open",
            duration_s=found["duration_s"],
            ramps=artillery_plan.ramps(found["phases"], found["lengths_s"]),
            unseen=bool(found.get("unseen")),
        ),
        has_target=has_target and not machine.url_wins,
        node_path=_node_path(tool, scenario, machine),
        ends_s=found["duration_s"],
        quiet_s=_MARGIN_S + found["quiet_s"],
    )


def _inspected(
    tool: Tool, scenario: model.Scenario, machine: Machine, flags: tuple[str, ...]
) -> dict[str, Any]:
    extra = {
        **QUIET,
        **addressed(scenario.env, machine.base_url),
        **_extended(tool, scenario, _node_path(tool, scenario, machine)),
    }
    inspector = str(_plugin_folder() / "inspect.mjs")
    done = machine.run(
        [tool.argv[0], inspector, str(scenario.script), json.dumps(flags)],
        failure=errors.ConfigError,
        remedy=f"mend {scenario.script.name}",
        cwd=machine.root,
        env=process.child_env(machine.environ, extra),
        timeout_s=_INSPECT_S,
    )
    try:
        found: dict[str, Any] = json.loads(done.out.strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise errors.ConfigError(
            f"scenario {scenario.name}: the inspection of {scenario.script.name} said nothing: "
            f"{done.err.strip()[-200:]}",
            remedy="see whether its processor ends the process; `artillery run` shows it",
        ) from error
    return found


def plan(
    tool: Tool,
    scenario: model.Scenario,
    script: Script,
    *,
    base_url: str,
    run_dir: Path,
    live: model.Live | None = None,
    part: Part = WHOLE,  # noqa: ARG001  (there is no other: `inspect` refuses it)
) -> Plan:
    """Return `artillery run` with the plug-in injected by environment.

    The target is ours where the script has none, or where an address was given by hand.
    """
    target = () if script.has_target or not base_url else ("--target", base_url)
    return Plan(
        argv=(
            *tool.argv,
            "run",
            "--output",
            str(run_dir / artillery_outcome.REPORT),
            *target,
            *scenario.args,
            str(scenario.script),
        ),
        env={
            **QUIET,
            **_no_proxy(base_url),
            **addressed(scenario.env, base_url),
            **_extended(tool, scenario, script.node_path),
            "LTLAB_SAMPLES_DIR": str(run_dir),
            **_statsd(live),
        },
        run_dir=run_dir,
        log=run_dir / "artillery.log",
    )


def hold(
    scenario: model.Scenario, script: Script, steady: Steady, *, base_url: str, run_dir: Path
) -> Held:
    """Return the scenario with phases and target of ours in place of the script's."""
    del run_dir  # no file is needed
    return artillery_hold.hold(scenario, script, steady, base_url)


def reader(run_dir: Path) -> artillery_samples.NdjsonReader:
    """Return a reader of the plug-in's records in a run's folder."""
    return artillery_samples.NdjsonReader(run_dir)


def outcome(scenario: model.Scenario, plan: Plan, exit_code: int) -> model.Outcome:
    """Read Artillery's report, its `ensure` checks and its exit code."""
    return artillery_outcome.read(scenario, plan, exit_code)


def _extended(tool: Tool, scenario: model.Scenario, node_path: str) -> dict[str, str]:
    """Return what tells Artillery of plug-ins and engines: ours, the user's, the project's."""
    own = scenario.env.get("ARTILLERY_PLUGIN_PATH")
    return {
        "ARTILLERY_PLUGINS": _plugins(scenario.env.get("ARTILLERY_PLUGINS", "")),
        "ARTILLERY_PLUGIN_PATH": ":".join((str(_plugin_folder()), *filter(None, [own]))),
        "LTLAB_ARTILLERY_HOME": str(tool.home),
        **({"NODE_PATH": node_path} if node_path else {}),
    }


def _node_path(tool: Tool, scenario: model.Scenario, machine: Machine) -> str:
    """Return where Node looks besides Artillery's own folder: as `npx artillery` in the project would.

    Artillery's bundled packages come first: those of another version, which an older Artillery left
    in the project, would take their place otherwise.
    """
    given = scenario.env.get("NODE_PATH") or machine.environ.get("NODE_PATH")
    bundled = tool.home / "dist" / "builtin-packages" if tool.home is not None else None
    folders = dict.fromkeys((*scenario.script.parents, machine.root, *machine.root.parents))
    projects = (folder / "node_modules" for folder in folders)
    return ":".join(str(each) for each in (given, bundled, *projects) if each)


def unended(plan: Plan) -> Unended:
    """Say why Artillery does not end, as far as the plug-in's records tell."""
    return artillery_outcome.unended(plan.run_dir)


def _statsd(live: model.Live | None) -> dict[str, str]:
    if live is None or live.statsd is None:
        return {}
    host, port = live.statsd
    return {"LTLAB_STATSD": f"{host}:{port}", "LTLAB_STATSD_TAGS": json.dumps(dict(live.tags))}


def _no_proxy(base_url: str) -> dict[str, str]:
    # Artillery sends even requests to this machine through HTTP_PROXY and knows no NO_PROXY.
    local = urlsplit(base_url).hostname in {"127.0.0.1", "localhost", "::1"}
    return {"HTTP_PROXY": "", "HTTPS_PROXY": ""} if local else {}


def _refuse(scenario: model.Scenario) -> None:
    if scenario.processes > 1:
        raise errors.ConfigError(
            f"scenario {scenario.name}: Artillery shares its load among workers of its own, "
            "one for each processor but one, and cannot be given a share of it",
            remedy="name scenarios of k6",
        )
    for word in scenario.args:
        if word.split("=")[0] in _RESERVED_ARGS:
            raise errors.ConfigError(
                f"scenario {scenario.name}: Artillery's {word} is used by ltlab itself",
                remedy="remove it from `args`",
            )


def node_program(machine: Machine) -> str:
    """Return the Node.js that is configured, else on PATH and new enough, else the pinned one."""
    if machine.node_path:
        return machine.node_path
    env = process.child_env(machine.environ, {})
    program = shutil.which("node", path=env.get("PATH"))
    if program is not None:
        said = process.run(
            [program, "--version"],
            failure=errors.EngineError,
            remedy="mend the Node.js on PATH",
            env=env,
            timeout_s=30,
            check=False,
        ).out
        found = re.match(r"v(\d+)\.(\d+)", said)
        if found and (int(found[1]), int(found[2])) >= NODE_AT_LEAST:
            return program
    return str(tools.node(machine) / "bin" / "node")


def _home(machine: Machine, path: str) -> Path:
    start = (machine.root / path).resolve()
    for folder in (start, *start.parents):
        if folder.name == "artillery" and (folder / "package.json").is_file():
            return folder
        inner = folder / "node_modules" / "artillery"
        if folder == start and (inner / "package.json").is_file():
            return inner
    raise errors.EngineError(
        f"no Artillery at {path}",
        remedy="set engines.artillery.path to node_modules/.bin/artillery, or remove it",
    )


def _plugin_folder() -> Path:
    return resources.inside("load/artillery_plugin")


def _plugins(given: str) -> str:
    try:
        mine = json.loads(given) if given else {}
    except ValueError:
        mine = {}
    mine = mine if isinstance(mine, dict) else {}
    # The scope is said because a script's own `pluginsScope` would change where it is looked for.
    return json.dumps({**mine, "ltlab": {"scope": "artillery-plugin-"}})
