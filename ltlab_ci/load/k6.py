"""k6 1.x and 2.x as a load engine: the user's script unchanged, every sample by its CSV output.

Not here: installing it (tools.py), its summary and log read for trouble (k6_outcome.py, k6_log.py).
Facts: k6's exit codes are in `errext/exitcodes/codes.go` of its source.
"""

from __future__ import annotations

import csv
import functools
import itertools
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltlab_ci import errors, model, process
from ltlab_ci.load import follow, k6_hold, k6_live, k6_log, k6_outcome, k6_plan, tools
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

ROUND_S = 20.0
APART_S = 1.0
_IN_IMAGE = "2.2.0"
CSV = "samples.csv"
QUIET = {
    "K6_NO_USAGE_REPORT": "true",  # no call to the vendor at the end of a run
    "K6_AUTO_EXTENSION_RESOLUTION": "false",  # nor to a build service for an unknown import
}
_READABLE = {
    "K6_CSV_TIME_FORMAT": "unix_nano",
    "K6_CSV_SAVE_INTERVAL": "500ms",
    "K6_LOG_OUTPUT": "stderr",
    "K6_LOG_FORMAT": "text",
    "K6_NO_THRESHOLDS": "false",
    "K6_NO_SUMMARY": "false",
    "K6_SUMMARY_MODE": "compact",
    "K6_NEW_MACHINE_READABLE_SUMMARY": "false",
}
"""What is read after a run depends on these, so no environment may say otherwise."""

_NEEDED = ("metric_name", "timestamp", "metric_value")
_INSPECT_S = 60.0
_SAME = "`k6 inspect` shows the same error"
_VUS_MISSING = "the number of VUs must be more than 0"
_RESERVED_ARGS = (
    "--summary-export",
    "--summary-mode",
    "--new-machine-readable-summary",
    "--no-summary",
    "--no-thresholds",
    "--log-output",
    "--log-format",
)
_SEGMENT = ("--execution-segment", "--execution-segment-sequence")


def image(version: str) -> str:
    """Return k6's official image."""
    return f"grafana/k6:{version or _IN_IMAGE}"


def find(machine: Machine, path: str, version: str = "") -> Tool:
    """Return k6 from the configured path, else PATH, else the pinned one, installed on first use.

    Where a version is named, another one on PATH is passed over.
    """
    if version.startswith("0."):
        raise errors.ConfigError(
            f"k6 {version} is too old; ltlab needs 1.0.0 or newer",
            remedy="name a newer release in k6-version or engines.k6.version",
        )
    if machine.contained:
        program, source = "k6", f"image {image(version)}"
    elif path:
        program = str((machine.root / path).resolve()) if "/" in path else path
        source = "configured"
    else:
        found = shutil.which("k6", path=process.child_env(machine.environ, {}).get("PATH"))
        program, source = found or "", "PATH"
    if program:
        tool = _tool(machine, program, source, version)
        if version in ("", tool.version):
            return tool
        if source != "PATH":
            raise errors.EngineError(
                f"k6 ({source}) is {tool.version}, not {version} as asked",
                remedy="name the path or the version of k6, not both",
            )
    return _tool(machine, str(tools.k6(machine, version)), "installed by ltlab", version)


def _tool(machine: Machine, program: str, source: str, asked: str) -> Tool:
    said = machine.run(
        [program, "version"],
        failure=errors.EngineError,
        remedy="check `engines.k6.path`, or remove it to let ltlab install k6",
        env=process.child_env(machine.environ, QUIET),
        timeout_s=30,
    ).out
    found = re.search(r"v((\d+)\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)", said)
    if found is None or int(found[2]) < 1:
        raise errors.EngineError(
            f"{program} is {said.strip()[:60]!r}; ltlab needs k6 1.0 or newer",
            remedy="install a newer k6, or remove the old one from PATH to let ltlab install it",
        )
    used = image(asked) if machine.contained else ""
    return Tool(argv=(program,), version=found[1], source=source, image=used)


def inspect(tool: Tool, scenario: model.Scenario, machine: Machine) -> Script:
    """Run the script's init code by `k6 inspect`, which starts no load."""
    _refuse(scenario)
    given = k6_plan.shape(scenario.args)[1]
    env = {**addressed(scenario.env, machine.base_url), **given, **QUIET, **_READABLE}
    env = process.child_env(machine.environ, env)
    asked = functools.partial(_inspected, tool, scenario, machine)
    done = asked(env, "--execution-requirements")
    if _VUS_MISSING in done.err and "K6_VUS" not in env:
        # `k6 run` begins with one VU where nothing names them, `k6 inspect` with none.
        written = _options(asked(env))
        timed = any(env.get(name) for name in ("K6_DURATION", "K6_ITERATIONS"))
        if written.get("vus") is None and (timed or not written.get("scenarios")):
            done = asked({**env, "K6_VUS": "1"}, "--execution-requirements")
    if done.code:
        reason = k6_log.said(done.err) or str(done.code)
        raise errors.ConfigError(
            f"scenario {scenario.name}: k6 cannot load {scenario.script.name}: {reason}",
            remedy=k6_log.needed(reason) or f"mend the script; {_SAME}",
        )
    options = k6_plan.segmented(scenario.args, _options(done))
    _refuse_segment(scenario, options)
    tags = options.get("tags") or {}
    _refuse_tags(scenario, tags)
    if scenario.processes > 1 and _aborts(options.get("thresholds") or {}):
        raise errors.ConfigError(
            f"scenario {scenario.name}: {scenario.script.name} has a threshold with abortOnFail, "
            "by which each of several k6 would end on its own share of the samples",
            remedy="remove abortOnFail, or run it in one process: ltlab run",
        )
    return Script(
        load=k6_plan.read(options),
        ends_s=k6_plan.ends_s(options),
        quiet_s=k6_plan.quiet_s(options),
        tags=tags,
        options=options,
        any_status=k6_plan.any_status(_source(scenario.script)),
        outputs=_outputs(scenario, machine.root, env),
    )


def _source(script: Path) -> str:
    """Return a script's text, "" for an archive."""
    try:
        return script.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _outputs(scenario: model.Scenario, root: Path, env: Mapping[str, str]) -> tuple[str, ...]:
    named = k6_plan.config_file(scenario.args, env.get("K6_CONFIG", ""))
    try:
        said = json.loads((root / named).read_bytes()) if named else {}
    except (OSError, ValueError):
        said = {}  # k6 has read it, in its own way
    file = said.get("out") if isinstance(said, dict) else None
    return k6_plan.outputs(scenario.args, env.get("K6_OUT", ""), file)


def _inspected(
    tool: Tool, scenario: model.Scenario, machine: Machine, env: Mapping[str, str], *words: str
) -> process.Done:
    return machine.run(
        [
            *tool.argv,
            "inspect",
            *words,
            "--include-system-env-vars",  # as `k6 run` does by itself
            *k6_plan.inspected(scenario.args),
            str(scenario.script),
        ],
        failure=errors.ConfigError,
        remedy=f"mend {scenario.script.name}; {_SAME}",
        cwd=machine.root,
        env=env,
        timeout_s=_INSPECT_S,
        check=False,
    )


def _options(done: process.Done) -> dict[str, Any]:
    found: dict[str, Any] = {} if done.code else json.loads(done.out)
    return found


def plan(
    tool: Tool,
    scenario: model.Scenario,
    script: Script,
    *,
    base_url: str,
    run_dir: Path,
    live: model.Live | None = None,
    part: Part = WHOLE,
) -> Plan:
    """Return `k6 run` with CSV samples and its own end-of-test summary written to `run_dir`."""
    env = {**addressed(scenario.env, base_url), **QUIET, **_READABLE, **k6_live.env(live)}
    system_tags, args = k6_plan.system_tags(script.options, scenario.args)
    return Plan(
        argv=(
            *_unset(script.without),
            *tool.argv,
            "run",
            "--no-color",
            "--out",
            f"csv={run_dir / CSV}",
            *(f"--out={each}" for each in script.outputs),
            "--summary-export",
            str(run_dir / k6_outcome.SUMMARY),
            system_tags,
            *k6_live.words(live, script.tags, scenario.args, k6_plan.process_tag(part)),
            *k6_plan.segment(part),
            *args,
            str(scenario.script),
        ),
        env=env,
        run_dir=run_dir,
        log=run_dir / "k6.log",
        service=base_url,
    )


def hold(
    scenario: model.Scenario, script: Script, steady: Steady, *, base_url: str, run_dir: Path
) -> Held:
    """Return the scenario with a module around its script that holds the load."""
    del base_url  # scripts read it from their environment
    return k6_hold.hold(scenario, script, steady, run_dir)


class CsvReader:
    """Hands on the CSV that k6 writes, in pieces of whole rows; reads the columns by its header."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._follower = follow.Follower(run_dir / CSV, quoted=True)
        self._columns: tuple[str, ...] = ()
        self._handed = follow.Handed(run_dir)

    def drain(self) -> Iterator[model.Batch]:
        """Yield the rows written since the last call."""
        pieces = self._follower.pieces()
        if not self._columns:
            first = next(pieces, None)
            if first is None:
                return
            pieces = itertools.chain([self._without_header(first)], pieces)
        yield from self._handed.on(filter(None, pieces), self._columns)

    def finish(self) -> Iterator[model.Batch]:
        """Yield the rest; the CSV goes when every row of it was whole and was taken."""
        yield from self.drain()
        if self._handed.whole and not self._follower.unfinished:
            (self._run_dir / CSV).unlink(missing_ok=True)

    def _without_header(self, piece: bytes) -> bytes:
        header, _, rows = piece.partition(b"\n")
        self._columns = _columns(header)
        return rows


def _columns(header: bytes) -> tuple[str, ...]:
    try:
        names = tuple(*csv.reader([header.decode()], strict=True))
    except (UnicodeDecodeError, TypeError, csv.Error):
        names = ()
    if not set(_NEEDED) <= set(names) or len(set(names)) < len(names):
        raise errors.StoreError(
            f"{CSV} of k6 begins with {header[:60]!r}, not with the names of its columns",
            remedy="see logs/ for a full disk; run again",
        )
    return names


def reader(run_dir: Path) -> CsvReader:
    """Return a reader of the CSV in a run's folder."""
    return CsvReader(run_dir)


def outcome(scenario: model.Scenario, plan: Plan, exit_code: int) -> model.Outcome:
    """Read exit code, summary and log of an ended run."""
    return k6_outcome.read(scenario, plan, exit_code)


def unended(plan: Plan) -> Unended:
    """Say why k6 does not end, as far as its log tells."""
    return k6_outcome.unended(plan.log)


def _refuse(scenario: model.Scenario) -> None:
    for word in scenario.args:
        if scenario.processes > 1 and word.split("=")[0] in _SEGMENT:
            raise errors.ConfigError(
                f"scenario {scenario.name}: ltlab itself gives each k6 its {word.split('=')[0]}",
                remedy="remove it from the arguments, or run it in one process: ltlab run",
            )
        if word.split("=")[0] in _RESERVED_ARGS:
            raise errors.ConfigError(
                f"scenario {scenario.name}: ltlab reads k6's log and summary, so {word} cannot "
                "be given",
                remedy="remove it from the arguments; result.json and logs/ hold everything",
            )
    for threshold in scenario.thresholds:
        tag = model.ambiguous_in_k6_csv(threshold.tags)
        if tag is not None:
            raise errors.ConfigError(
                f"scenario {scenario.name}: k6's output cannot carry & or = in tag {tag!r} "
                f"of {threshold.key}",
                remedy="give the tag another value in the script and in the threshold",
            )


def _aborts(thresholds: Mapping[str, Sequence[object]]) -> bool:
    stated = (each for several in thresholds.values() for each in several)
    return any(isinstance(each, dict) and each.get("abortOnFail") for each in stated)


def _unset(variables: Sequence[str]) -> tuple[str, ...]:
    # k6 takes an empty K6_STAGES for "no stages, and no scenarios either": it has to be absent.
    words = (word for name in variables for word in ("-u", name))
    return ("env", *words) if variables else ()


def _refuse_segment(scenario: model.Scenario, options: Mapping[str, Any]) -> None:
    if scenario.processes > 1 and options.get(k6_plan.SEGMENT):
        raise errors.ConfigError(
            f"scenario {scenario.name}: {scenario.script.name} has an execution segment of its own, "
            "and ltlab itself gives each k6 one",
            remedy="remove executionSegment, or run it in one process: ltlab run",
        )


def _refuse_tags(scenario: model.Scenario, tags: Mapping[str, str]) -> None:
    custom = [t for t in scenario.thresholds if any(k not in model.SYSTEM_TAGS for k, _ in t.tags)]
    for name, value in tags.items():
        if custom and set("&=") & set(name + value):
            raise errors.ConfigError(
                f"scenario {scenario.name}: option tag {name}={value!r} holds & or =, which makes "
                f"custom tags in k6's output unreadable",
                remedy=f"rename the tag in the script, or drop the threshold on {custom[0].key}",
            )
