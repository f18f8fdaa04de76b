"""What the services of both sides run from: one program for both would be *no change* for ever.

A file is a side's own that lies in its checkout or its {env}. Interpreters, system programs and libraries are
shared by right and say nothing. Not here: two sides that are written as one thing (unlike.py).
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltlab_ci import errors, machine, process
from ltlab_ci.lab import service

_SYSTEM = tuple(
    Path(each) for each in ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", "/bin", "/sbin")
)
_PYTHON = re.compile(r"(python|pypy)[\d.]*")
_INTERPRETER = re.compile(
    r"(python|pypy|node|nodejs|deno|bun|ruby|php|php-fpm|perl|lua|java|dotnet|sh|bash|dash|zsh|busybox|env|"
    r"make|npm|npx|yarn|pnpm|uv|poetry|go|cargo)[\d.]*"
)
# These serve what they find in their working folder, or what they are told to.
_GENERAL = re.compile(r"nginx|caddy|httpd|apache2|hugo|haproxy|envoy|traefik|docker|timeout|nice")
_LIBRARIES = frozenset({"site-packages", "dist-packages", "node_modules"})
_MODULE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?::[\w.()]+)?")
_IMPORT = re.compile(rb"^\s*(?:from|import)\s+([A-Za-z_]\w*)", re.MULTILINE)
_SCRIPT_BYTES = 4096
_FIND = """
import importlib.util, json, sys
found = {}
here = sys.path.pop(0) if not sys.path[0] else ""
for name, beside in json.loads(sys.argv[1]):
    if name in sys.stdlib_module_names:
        continue
    sys.path[:0] = [here] * beside
    try:
        spec = importlib.util.find_spec(name)
        places = list(spec.submodule_search_locations or []) or [spec.origin]
        found[name] = places[0]
    except Exception:
        pass
    del sys.path[: len([here] * beside)]
print(json.dumps(found))
"""
_FIND_S = 10.0


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """The files that a side's service runs, and whether any is its own alone."""

    programs: frozenset[Path]
    own: frozenset[Path]


def refuse(running: Mapping[str, service.Running], versions: Mapping[str, service.Version]) -> None:
    """Raise ConfigError where both sides run one program, started alike; what cannot be seen is not judged."""
    one, other = versions["base"], versions["head"]
    if one.spec is None or other.spec is None or one.root.samefile(other.root):
        return  # head against itself, on purpose
    if (one.spec.command, one.spec.env) != (other.spec.command, other.spec.env):
        return  # versions may differ by how they start one program
    seen = {side: _seen(running[side], versions[side], other.root) for side in running}
    base, head = seen["base"], seen["head"]
    common = base.programs & head.programs
    if common and not (base.own | head.own) - common:
        path = min(common)
        raise errors.ConfigError(
            f"base and head run one program: {path} is what both services run from",
            remedy="let `service.command` start what lies in each version's own folder (a relative path), or "
            "install it into {env} (`build: pip install --target {env} .`, not an editable install); "
            "`ltlab selftest` compares head with itself",
        )


def _seen(running: service.Running, version: service.Version, checkout: Path) -> _Seen:
    programs: set[Path] = set()
    own: set[Path] = set()
    places = [version.root.resolve(), *([Path(version.folder).resolve()] if version.folder else [])]
    child = running.child
    for each in machine.programs(child.usage().pids) if child is not None else ():
        found = [path.resolve() for path in _programs(each, checkout)]
        programs.update(found)
        own.update(path for path in found if any(map(path.is_relative_to, places)))
        # A file of the checkout that it was given, its configuration for one, may differ.
        given = [path.resolve() for path in _given(each)]
        own.update(path for path in given if path.is_relative_to(places[0]))
    return _Seen(programs=frozenset(programs), own=frozenset(own))


def _programs(one: machine.Program, checkout: Path) -> Iterator[Path]:
    """Yield the files that hold what a process runs."""
    name = one.exe.name
    if _GENERAL.fullmatch(name):
        return
    if not _INTERPRETER.fullmatch(name):
        if not any(map(one.exe.is_relative_to, _SYSTEM)):
            yield one.exe
        return
    script = next(_given(one), None)
    if script is not None and script.is_file() and not _is_library(script):
        if _PYTHON.fullmatch(name) and script.parent.name == "bin":
            yield from _modules(one, [(each, False) for each in _imported(script)], checkout)
        else:
            yield script
    if _PYTHON.fullmatch(name):
        named = [
            found[1].partition(".")[0]
            for word in one.argv[1:]
            if (found := _MODULE.fullmatch(word))
        ]
        yield from _modules(one, [(each, True) for each in dict.fromkeys(named)], checkout)


def _given(one: machine.Program) -> Iterator[Path]:
    """Yield the files among a process's arguments, those of a class path too."""
    for word in one.argv[1:]:
        for part in (word, *word.rpartition("=")[2].split(":")):
            path = one.cwd / part
            if part and path.is_file():
                yield path


def _imported(script: Path) -> list[str]:
    """Return the modules that a small script, as installers write them to bin/, imports."""
    head = script.read_bytes()[:_SCRIPT_BYTES]
    names = (name.decode() for name in _IMPORT.findall(head)) if head.startswith(b"#!") else ()
    return [name for name in dict.fromkeys(names) if name not in {"re", "sys"}]


def _modules(
    one: machine.Program, names: Sequence[tuple[str, bool]], checkout: Path
) -> Iterator[Path]:
    """Yield where a Python process finds modules of the project: as its own interpreter says, editable or not."""
    mine = [(name, beside) for name, beside in names if _is_of_project(name, checkout)]
    if not mine:
        return
    argv0 = shutil.which(one.argv[0], path=one.environ.get("PATH")) or str(one.exe)
    argv0 = str(one.cwd / one.argv[0]) if "/" in one.argv[0] else argv0
    try:
        done = process.run(
            [argv0, "-c", _FIND, json.dumps(mine)],
            failure=errors.LabNotReady,
            remedy="",
            cwd=one.cwd,
            env=one.environ,
            timeout_s=_FIND_S,
        )
        found = json.loads(done.out)
    except (errors.LabError, ValueError):
        return  # an interpreter that says nothing
    yield from (Path(place) for place in found.values() if place)


def _is_of_project(name: str, checkout: Path) -> bool:
    """Say whether head's checkout has a module's source: others are libraries, the same on both sides by right."""
    parents = (checkout, checkout / "src", *(each for each in checkout.iterdir() if each.is_dir()))
    return any((each / name).is_dir() or (each / f"{name}.py").is_file() for each in parents)


def _is_library(path: Path) -> bool:
    return not _LIBRARIES.isdisjoint(path.parts)
