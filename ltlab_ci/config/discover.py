"""Find what a project has: its load scripts, and the facts that say how its service is started.

A script is told by what is in it, not by its name. The search is bounded in depth, number and size.
Not here: what is concluded and written from it (cli/init.py), what ltlab.yml means (read.py).
"""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ltlab_ci import model
from ltlab_ci.config import containers, read

MAX_DEPTH = 8
MAX_FILES = 20_000
_MAX_BYTES = 512 * 1024
_SKIPPED = frozenset(
    {"node_modules", "dist", "build", "vendor", "coverage", "site-packages", "ltlab-report"}
)
_TELLING = ("package.json", "pyproject.toml", "requirements.txt", "Dockerfile")
_VENVS = (".venv", "venv")

_K6_IMPORT = re.compile(
    r"""(?:^|;)[ \t]*import\b[^;'"]{0,2000}['"](k6(?:/[\w/-]+)?)['"]"""
    r"""|\brequire\([ ]?['"](k6(?:/[\w/-]+)?)['"]""",
    re.MULTILINE,
)
_K6_DEFAULT = re.compile(
    r"(?:^|;)[ \t]*export[ ]+default\b(?![ ]*(?:class\b|new\b|[{\[]))"
    r"|\bas[ ]+default\b|\bexports\.default\b|\bmodule\.exports[ ]*=",
    re.MULTILINE,
)
_K6_OPTIONS = re.compile(r"^[ \t]*export[ ]+(?:const|let|var)[ ]+options\b", re.MULTILINE)
_K6_FUNCTION = re.compile(r"^[ \t]*export[ ]+(?:async[ ]+)?function\b", re.MULTILINE)
_NOT_HTTP = ("k6/ws", "k6/websockets", "k6/experimental/", "k6/net/", "k6/browser")
_FLOWS = frozenset({"flow", "flowFunction", "testFunction"})
_APP = re.compile(
    r"^(\w+)[ \t]*(?::[^=\n]+)?=[ \t]*(?:\w+\.)?(FastAPI|Starlette|Flask)\("
    r"|^[ \t]+(?:\w+)[ \t]*=[ \t]*(?:\w+\.)?(Flask)\(",
    re.MULTILINE,
)
_REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, kw_only=True)
class Script:
    """A load script, by its path from the project's folder; `http` says what it probably speaks."""

    path: str
    engine: model.EngineName
    http: bool = True


@dataclass(frozen=True, kw_only=True)
class App:
    """A Python web application: its file, and its variable ("" where a function makes it)."""

    path: str
    framework: str
    variable: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a project has; `cut` when it has more files than were looked at.

    `exposed` is the one port that the image of its Dockerfile names.
    """

    name: str = ""
    scripts: tuple[Script, ...] = ()
    telling: tuple[str, ...] = ()
    npm_start: bool = False
    manage_py: bool = False
    apps: tuple[App, ...] = ()
    requirements: frozenset[str] = frozenset()
    python: str = ""
    composed: containers.Composed | None = None
    exposed: int | None = None
    cut: bool = False


def project(root: Path) -> Found:
    """Look through a project's folder. What cannot be read is passed over."""
    found = list(itertools.islice(_files(root), MAX_FILES + 1))
    compose = next((name for name in containers.FILES if (root / name).is_file()), "")
    files = found[:MAX_FILES]
    scripts = [one for one in (script(root, file) for file in files) if one is not None]
    pythons = (f"{venv}/bin/python" for venv in _VENVS)
    return Found(
        name=root.name,
        scripts=tuple(sorted(scripts, key=lambda one: one.path)),
        telling=tuple(name for name in (*_TELLING, *containers.FILES) if (root / name).is_file()),
        npm_start=bool(_part(_json(root / "package.json"), "scripts").get("start")),
        manage_py=(root / "manage.py").is_file(),
        apps=tuple(_apps(root, files)),
        requirements=frozenset(_requirements(root)),
        python=next((python for python in pythons if (root / python).is_file()), ""),
        composed=containers.composed(compose, _text(root / compose)) if compose else None,
        exposed=containers.exposed(_text(root / "Dockerfile")),
        cut=len(found) > MAX_FILES,
    )


def script(root: Path, file: Path) -> Script | None:
    """Tell whether a file is a load script that its engine can be started with."""
    engine = read.engine_of(file)
    path = file.relative_to(root).as_posix()
    if engine is None or not _is_text(path):  # a name in no known encoding cannot stand in YAML
        return None
    text = _text(file)
    http = _k6(text) if engine is model.EngineName.K6 else _artillery(text, file.suffix)
    return None if http is None else Script(path=path, engine=engine, http=http)


def _k6(text: str) -> bool | None:
    """Say whether a k6 script speaks HTTP; None for what is no script, as a helper of others."""
    modules = {first or second for first, second in _K6_IMPORT.findall(text)}
    has_work = _K6_OPTIONS.search(text) and _K6_FUNCTION.search(text)
    if not modules or not (_K6_DEFAULT.search(text) or has_work):
        return None
    return "k6/http" in modules or not any(name.startswith(_NOT_HTTP) for name in modules)


def _artillery(text: str, suffix: str) -> bool | None:
    """Say whether an Artillery script speaks HTTP; None for any other YAML or JSON."""
    if "config" not in text or "scenarios" not in text:
        return None
    try:
        values = json.loads(text) if suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError):
        return None
    if not isinstance(values, dict) or not isinstance(values.get("config"), dict):
        return None
    scenarios = values.get("scenarios")
    if not scenarios or not isinstance(scenarios, list):
        return None
    if not all(isinstance(each, dict) and _FLOWS & each.keys() for each in scenarios):
        return None
    return any(each.get("engine", "http") == "http" for each in scenarios)


def _apps(root: Path, files: Sequence[Path]) -> Iterator[App]:
    for file in files:
        path = file.relative_to(root).as_posix()
        is_code = re.fullmatch(r"(?:\w+/)*\w+\.py", path) and not re.search(r"(?:^|/)test", path)
        found = _APP.search(_text(file)) if is_code else None
        if found:
            yield App(path=path, framework=found[2] or found[3], variable=found[1] or "")


def _requirements(root: Path) -> Iterator[str]:
    """Yield the names of the Python packages that a project asks for, in lower case."""
    try:
        stated = tomllib.loads(_text(root / "pyproject.toml"))
    except tomllib.TOMLDecodeError:
        stated = {}
    listed = _part(stated, "project").get("dependencies")
    poetry = _part(_part(_part(stated, "tool"), "poetry"), "dependencies")
    lines = _text(root / "requirements.txt").splitlines()
    for line in (*lines, *poetry, *(listed if isinstance(listed, list) else ())):
        name = _REQUIREMENT.match(str(line))
        if name is not None:
            yield name[0].lower()


def _json(file: Path) -> Any:  # noqa: ANN401  (whatever JSON holds)
    try:
        return json.loads(_text(file))
    except (ValueError, RecursionError):
        return None


def _part(values: Any, key: str) -> dict[str, Any]:  # noqa: ANN401  (whatever a file holds)
    part = values.get(key) if isinstance(values, dict) else None
    return part if isinstance(part, dict) else {}


def _text(file: Path) -> str:
    """Return a file's text, "" for one that cannot be read or is too long to be written by hand."""
    try:
        if file.stat().st_size > _MAX_BYTES:
            return ""
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _files(root: Path) -> Iterator[Path]:
    """Yield files, those near the root first; links to folders are not followed."""
    folders = deque([(root, 0)])
    while folders:
        folder, depth = folders.popleft()
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_file():
                yield entry
            elif depth < MAX_DEPTH and _is_searched(entry):
                folders.append((entry, depth + 1))


def _is_searched(folder: Path) -> bool:
    return (
        folder.name not in _SKIPPED
        and folder.is_dir()
        and not folder.is_symlink()
        and not (folder / "pyvenv.cfg").exists()
    )


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
