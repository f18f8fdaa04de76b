"""`ltlab init`: a commented ltlab.yml from what is found in the project.

What is written is decided by pure functions from what was found. Not here: finding it
(config/discover.py).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import click

from ltlab_ci import console, errors
from ltlab_ci.cli import shared
from ltlab_ci.config import amend, containers, discover

FILE = "ltlab.yml"
_ASGI = frozenset({"FastAPI", "Starlette"})
_THRESHOLDS = {
    True: ('http_req_failed: ["rate < 1%"]', 'http_req_duration: ["p(95) < 500ms"]'),
    False: ('iterations: ["count > 0"]', 'iteration_duration: ["p(95) < 10s"]'),
}


@dataclass(frozen=True, kw_only=True)
class Guess:
    """How the service is probably started, and what says so: by a command, or in a container.

    `where` names it in a container as ltlab.yml does, "" for a command.
    """

    source: str
    command: tuple[str, ...] = ()
    build: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    where: str = ""
    port: int = 0
    get: str = ""

    @property
    def told(self) -> str:
        """Return it in a few words."""
        return " ".join(self.command) or self.where


@click.command("init")
@click.option("--force", is_flag=True, help=f"Replace an {FILE} that is there.")
@shared.lab_command()
def command(*, flags: Mapping[str, str], force: bool) -> int:  # noqa: ARG001
    """Write an ltlab.yml for the load scripts and the service found in this folder."""
    folder = Path.cwd()
    found = discover.project(folder)
    if not found.scripts:
        raise errors.ConfigError(
            f"no k6 or Artillery script found below {folder}",
            remedy="write one, or run `ltlab init` in the folder that your scripts belong to",
        )
    try:
        with (folder / FILE).open("w" if force else "x", encoding="utf-8") as file:
            file.write(text(found))
    except FileExistsError as error:
        raise errors.ConfigError(
            f"{FILE} is there already", remedy="edit it, or replace it by `ltlab init --force`"
        ) from error
    except OSError as error:
        raise errors.ConfigError(
            f"cannot write {folder / FILE}: {error.strerror}", remedy="make the folder writable"
        ) from error
    shared.voice(quiet=False).raw("\n".join(summary(found)))
    return 0


def summary(found: discover.Found) -> Iterator[str]:
    """Yield what was found, and what to type next, for a person."""
    for name, script in names(found.scripts).items():
        yield f"found {script.engine}: {console.one_line(script.path)}, as scenario {name}"
    if found.telling:
        yield f"found {', '.join(found.telling)}"
    if found.cut:
        yield f"looked at the first {discover.MAX_FILES} files only: add what is missing yourself"
    start = guess(found)
    if start is None:
        yield "not found: how the service is started; say it under `service`"
    else:
        yield f"guessed from {start.source}: the service is started by {start.told}"
    yield f"wrote {FILE}; look it over, then type: ltlab validate && ltlab run"


def text(found: discover.Found) -> str:
    """Return the ltlab.yml for a project."""
    return "\n".join((*_head(), *_service(found), *_scenarios(found))) + "\n"


def names(scripts: tuple[discover.Script, ...]) -> dict[str, discover.Script]:
    """Give each script a name of its own: of its file, with its folders where several share it."""
    stems = Counter(_word(PurePosixPath(script.path).stem) for script in scripts)
    named: dict[str, discover.Script] = {}
    for script in scripts:
        path = PurePosixPath(script.path).with_suffix("")
        stem = _word(path.name)
        wanted = stem if stems[stem] == 1 else _word("-".join(path.parts))
        name = wanted
        for number in itertools.count(2):
            if name not in named:
                break
            name = f"{wanted}-{number}"
        named[name] = script
    return named


def guess(found: discover.Found) -> Guess | None:
    """Conclude how the service is started, None where nothing says so.

    A Compose file comes first where its service does not come alone: it needs the others.
    """
    composed = _composed(found)
    if composed is not None and found.composed is not None and found.composed.others:
        return composed
    return _command(found) or composed or _image(found)


def _composed(found: discover.Found) -> Guess | None:
    if found.composed is None:
        return None
    file, service = (amend.scalar(text) for text in (found.composed.file, found.composed.service))
    return Guess(
        source=found.composed.file,
        where=f"compose: {{file: {file}, service: {service}}}",
        port=found.composed.port,
        get=found.composed.get,
    )


def _image(found: discover.Found) -> Guess | None:
    if found.exposed is None:
        return None
    tag = f"ltlab/{re.sub(r'[^a-z0-9]+', '-', found.name.lower()).strip('-') or 'service'}"
    build = f"docker build --quiet --tag {tag} ."
    return Guess(source="Dockerfile", build=build, where=f"image: {tag}", port=found.exposed)


def _command(found: discover.Found) -> Guess | None:
    if found.npm_start:
        return Guess(command=("npm", "start"), source="package.json", env={"PORT": "{port}"})
    if found.manage_py and "django" in found.requirements:
        words: tuple[str, ...] = ("manage.py", "runserver", "--noreload", "127.0.0.1:{port}")
        return _python(found, words, source="manage.py")
    app = next((app for app in found.apps if app.framework.lower() in found.requirements), None)
    if app is None or (app.framework in _ASGI and not app.variable):
        return None
    if app.framework not in _ASGI:
        words = ("-m", "flask", "--app", app.path, "run", "--port", "{port}")
        return _python(found, words, source=app.path)
    parts = PurePosixPath(app.path).with_suffix("").parts
    source_folder = ("--app-dir", "src") if parts[0] == "src" else ()
    module = ".".join(part for part in parts[bool(source_folder) :] if part != "__init__")
    words = ("-m", "uvicorn", *source_folder, f"{module}:{app.variable}", "--port", "{port}")
    return _python(found, words, source=app.path, more=" uvicorn")


def _python(found: discover.Found, words: tuple[str, ...], *, source: str, more: str = "") -> Guess:
    """Start it by the project's own Python, or by one that is made for the run."""
    if found.python:
        return Guess(command=(found.python, *words), source=source)
    what = "-r requirements.txt" if "requirements.txt" in found.telling else "."
    install = f"{{env}}/bin/pip install --quiet {what}{more}"
    return Guess(
        command=("{env}/bin/python", *words),
        source=source,
        build=f"python3 -m venv {{env}} && {install}",
    )


def _head() -> Iterator[str]:
    yield f"# Written by `ltlab init`; {FILE} is yours to change. All keys: `ltlab schema`."
    yield from ("version: 1", "")


def _service(found: discover.Found) -> Iterator[str]:
    start = guess(found)
    if start is None:
        yield "# What is tested. Nothing here said how it is started, so scripts bring their own"
        yield "# address until you give one of these:"
        yield "# service:"
        yield '#   command: [python3, -m, my_service, --port, "{port}"]   # ltlab starts it'
        yield "#   ready: {get: /health}"
        yield "# service:"
        yield f"#   url: http://127.0.0.1:8080   # {_running(found)}"
        yield ""
        return
    if start.where:
        yield from _contained(start)
        return
    yield f"# What is tested: guessed from {start.source}, so see that it is right. {{port}} is a free"
    yield "# port on 127.0.0.1 that the service must listen on; scripts find the address in BASE_URL."
    yield "service:"
    if start.build:
        yield f"  build: {amend.scalar(start.build)}"
    yield f"  command: [{', '.join(amend.scalar(word) for word in start.command)}]"
    if found.python and found.python == start.command[0]:
        yield f"  # {found.python} is of this folder; where there is none, as in CI, make one:"
        yield "  # build: python3 -m venv {env} && {env}/bin/pip install -r requirements.txt"
    for name, value in start.env.items():
        yield f"  env: {{{name}: {amend.scalar(value)}}}"
    yield "  # ready: {get: /health}   # a path that answers once it is ready; else its port is"
    yield ""


def _contained(start: Guess) -> Iterator[str]:
    yield f"# What is tested: guessed from {start.source}, so see that it is right. ltlab starts it in"
    yield "# Docker for each run, with the engines in its network; scripts find its address in BASE_URL."
    yield "service:"
    if start.build:
        yield f"  build: {amend.scalar(start.build)}"
    yield f"  {start.where}"
    yield f"  port: {start.port}   # where it listens in its container"
    if start.get:
        yield f"  ready: {{get: {amend.scalar(start.get)}}}"
    else:
        yield "  # ready: {get: /health}   # a path that answers once it is ready; else its port is"
    yield ""


def _running(found: discover.Found) -> str:
    compose = next((name for name in containers.FILES if name in found.telling), "")
    how = f", as after `docker compose -f {compose} up --wait`" if compose else ""
    return f"it runs already{how}"


def _scenarios(found: discover.Found) -> Iterator[str]:
    yield "# One scenario a script, run one after the other. The thresholds are yours to set:"
    yield "# measure first, then state what must hold."
    yield "scenarios:"
    for name, script in names(found.scripts).items():
        yield f"  {amend.scalar(name)}:"
        yield f"    script: {amend.scalar(script.path)}"
        yield "    thresholds:   # yours to set"
        yield from (f"      {threshold}" for threshold in _THRESHOLDS[script.http])


def _word(name: str) -> str:
    """Return a name without anything that a shell or a terminal would make something of."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "scenario"
