"""The engine that loads one side of a launch: run, held and read as `ltlab compare` does it.

Not here: services, ports and the order of things (record.py).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltlab_ci import load, model
from ltlab_ci.store import duck, rounds

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_SCRIPTS = {model.EngineName.K6: "load.js", model.EngineName.ARTILLERY: "load.yml"}
_APART_S = {model.EngineName.K6: 1.0, model.EngineName.ARTILLERY: 15.0}
"""How far apart five that are started together begin, on two processors."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An engine with its script loaded, to be started once for each side."""

    engine: load.Engine
    scenario: model.Scenario
    tool: load.Tool
    script: load.Script
    steady: load.Steady


def prepared(
    name: model.EngineName, *, rate: int, paths: Sequence[str], seconds: float
) -> Prepared:
    """Find an engine and load its script, for a load of so many seconds that all sides have in common."""
    machine = load.Machine(
        environ=dict(os.environ),
        root=_ROOT,
        cache_dir=Path("~/.cache/ltlab").expanduser(),
        base_url="http://127.0.0.1",
    )
    engine = load.ENGINES[name]
    tool = engine.find(machine, "")
    scenario = model.Scenario(
        name="launch",
        engine=name,
        script=_HERE / _SCRIPTS[name],
        env={"PATHS": ",".join(paths)},
    )
    return Prepared(
        engine=engine,
        scenario=scenario,
        tool=tool,
        script=engine.inspect(tool, scenario, machine),
        steady=load.Steady(turns=((0.0, seconds + _APART_S[name]),), rate_per_s=rate),
    )


@contextlib.contextmanager
def started(of: Prepared, port: int, run_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the engine against a port for as long as the block lasts."""
    run_dir.mkdir()
    url = f"http://127.0.0.1:{port}"
    held = of.engine.hold(of.scenario, of.script, of.steady, base_url=url, run_dir=run_dir)
    for name, text in held.files.items():
        (run_dir / name).write_text(text, encoding="utf-8")
    plan = of.engine.plan(of.tool, held.scenario, held.script, base_url=url, run_dir=run_dir)
    with plan.log.open("wb") as log:
        child = subprocess.Popen(
            plan.argv, cwd=_ROOT, env={**os.environ, **plan.env}, stdout=log, stderr=log
        )
        try:
            yield child
        finally:
            child.terminate()
            child.wait()


def measured(of: Prepared, base: Path, side: Path) -> model.Round:
    """Return what two engines left in their folders, endpoints numbered by name."""
    folders = [_samples(of, run_dir) for run_dir in (base, side)]
    [one] = rounds.read(folders[0], folders[1], side / "spill").rounds
    return one


def _samples(of: Prepared, run_dir: Path) -> Path:
    """Return the folder of what an engine measured, filled from its own files the first time."""
    folder = run_dir / "samples"
    if not folder.exists():
        writer = duck.Writer(folder, "launch", whole=True)
        for batch in of.engine.reader(run_dir).finish():
            writer.ingest(batch)
        writer.close()
    return folder
