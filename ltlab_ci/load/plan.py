"""The values that a load engine works with: the machine, the tool found on it, the plan of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltlab_ci import model, process


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What an engine may know of where it runs: environment, working folder, cache, and how to say
    what takes a while.

    `run` runs a program as `process.run` does. `contained`: it runs in the engine's own image, which
    brings the engine. `k6_releases` is the address that k6's releases are downloaded from.
    `url_wins`: `base_url` was given by hand, so it takes the place of a script's own target.
    """

    environ: Mapping[str, str]
    root: Path
    cache_dir: Path
    node_path: str = ""
    base_url: str = ""
    url_wins: bool = False
    busy: Callable[[str], AbstractContextManager[None]] = field(default=lambda _: nullcontext())
    run: Callable[..., process.Done] = process.run
    contained: bool = False
    k6_releases: str = "https://github.com/grafana/k6/releases/download"


@dataclass(frozen=True, kw_only=True)
class Tool:
    """An engine that was found: how it is called, its version, and where it came from.

    `image` is the container image that it runs in, "" for one on this machine.
    """

    argv: tuple[str, ...]
    version: str
    source: str
    home: Path | None = None
    image: str = ""


@dataclass(frozen=True, kw_only=True)
class Script:
    """What a script says of itself before it runs.

    `load` is its plan of load, as far as it can be known; `has_target` is False for an Artillery
    script that names no target of its own, or none that counts; `node_path` is where its plug-ins and
    engines are looked for; `tags` are a k6 script's `options.tags`, `options` all of them;
    `any_status`: it takes every HTTP status for a success; `outputs` are those that the environment asks
    k6 for, beside its arguments. `without` are variables that must not be in its environment: they would
    replace a load that is held. By `ends_s` after its begin the engine itself has ended all load, every
    grace included; None where nothing says so. It may then work on without any sample for `quiet_s`.
    """

    load: model.PlannedLoad = field(default_factory=model.PlannedLoad)
    ends_s: float | None = None
    quiet_s: float = 60.0
    has_target: bool = True
    node_path: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    any_status: bool = False
    outputs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """A share of a scenario's load: that of one engine process, the `number`th of `of`."""

    number: int = 1
    of: int = 1


WHOLE = Part()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A command to run: `env` is added to the environment; everything it leaves is in `run_dir`.

    `service` is the address of the service under test, "" where there is none.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    run_dir: Path
    log: Path
    service: str = ""


@dataclass(frozen=True, kw_only=True)
class Unended:
    """Why an engine goes on after its load, as far as its files tell; `certain` that it will never end."""

    why: str = ""
    certain: bool = False


@dataclass(frozen=True, kw_only=True)
class Steady:
    """A load to hold: `turns` are (start, length) in s; `rate_per_s` None is what the script plans."""

    turns: tuple[tuple[float, float], ...]
    rate_per_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Held:
    """A scenario whose load is held: what to run, files to write beside its output, what was held."""

    scenario: model.Scenario
    script: Script
    files: Mapping[str, str]
    said: str


def addressed(env: Mapping[str, str], base_url: str) -> dict[str, str]:
    """Return a scenario's environment with BASE_URL, and `{base_url}` expanded in its values.

    BASE_URL is not set where there is no service: a script's own default can then win.
    """
    own = {name: value.replace("{base_url}", base_url) for name, value in env.items()}
    return {"BASE_URL": base_url, **own} if base_url else own
