"""`ltlab generate`: a load script from a blueprint, and its scenario in ltlab.yml if asked.

Not here: what a script holds (config/blueprints.py), how a file is changed (config/amend.py).
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ltlab_ci import console, errors, model
from ltlab_ci.cli import shared
from ltlab_ci.config import amend, blueprints, document, read

_SUFFIXES = {
    model.EngineName.K6: (".js", ".mjs", ".ts"),
    model.EngineName.ARTILLERY: (".yml", ".yaml"),
}
# Of plain texts: click would take the names of an enum's members, not their values.
_SHAPE = click.Choice([shape.value for shape in blueprints.Shape])
_ENGINE = click.Choice([engine.value for engine in model.EngineName])
_MOST = click.IntRange(1, 10_000)
_DEFAULTS: Mapping[str, Any] = {"rate": 10, "users": 10, "think": "1s"}
_OPEN = ("rate", "peak")
_TAKES = {
    blueprints.Shape.STEADY: ("rate",),
    blueprints.Shape.RAMP_UP_DOWN: _OPEN,
    blueprints.Shape.SPIKE: _OPEN,
    blueprints.Shape.VARIABLE: _OPEN,
    blueprints.Shape.THINK_TIME: ("users", "think"),
}
_ASKED: Mapping[str, tuple[str, Any]] = {
    "rate": ("Rate (iterations started per second)", _MOST),
    "peak": ("Peak (iterations started per second)", _MOST),
    "users": ("Users", _MOST),
    "think": ("Pause of a user after each iteration", str),
}
_EXAMPLE_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True, kw_only=True)
class Addition:
    """A scenario for an ltlab.yml: its new text, None where a person must put it in.

    `flags` are those that name the file, if they were needed.
    """

    file: Path
    flags: tuple[str, ...]
    name: str
    script: str
    text: str | None


@click.command("generate")
@click.argument("blueprint", required=False, type=_SHAPE)
@click.option("--engine", type=_ENGINE, help="The engine.  [k6]")
@click.option(
    "--path",
    "paths",
    multiple=True,
    metavar="[METHOD:]PATH",
    help="What to request: /items or POST:/items; may be given again.  [/]",
)
@click.option("--duration", help="How long: 30s, 2m.  [30s]")
@click.option("--rate", type=_MOST, help="Iterations started per second.  [10]")
@click.option("--peak", type=_MOST, help="The highest rate.  [4 times the rate]")
@click.option("--users", type=_MOST, help="think-time: how many users.  [10]")
@click.option("--think", help="think-time: the pause after each iteration.  [1s]")
@click.option("--output", "-o", help="The file to write.  [BLUEPRINT.js or BLUEPRINT.yml]")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--add", metavar="NAME", help="Add it to ltlab.yml as a scenario of this name.")
@shared.lab_command("config")
def command(*, flags: Mapping[str, str], force: bool, add: str | None, **given: Any) -> int:  # noqa: ANN401
    """Write a load script from a blueprint; without BLUEPRINT, asks on a terminal.

    \b
    steady        one rate from the start to the end
    ramp-up-down  up to a peak, hold, down again
    spike         a sudden jump and back
    variable      rates that change by steps
    think-time    a fixed number of users who pause between their visits
    """
    said = {name: value for name, value in given.items() if value not in (None, ())}
    if "blueprint" not in said:
        said = _asked(said)
    blueprint = _blueprint(said)
    path = _output(said.get("output"), blueprint)
    addition = _addition(flags, add, path) if add is not None else None
    _write(path, blueprints.script(blueprint), force=force)
    if addition is not None and addition.text is not None:
        _write(addition.file, addition.text, force=True)
    shared.voice(quiet=False).raw("\n".join(_summary(path, blueprint, addition)))
    return 0


def _asked(said: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for what was not said. Raises ConfigError where nobody can answer."""
    if not sys.stdin.isatty():
        raise errors.ConfigError(
            "no blueprint was named, and there is no terminal to ask on",
            remedy=f"write `ltlab generate NAME` with one of {', '.join(blueprints.Shape)}",
        )
    for shape, text in blueprints.SAYS.items():
        click.echo(f"{shape:12}  {text}")
    answers = dict(said)

    def ask(name: str, text: str, **more: Any) -> None:  # noqa: ANN401  (as click has it)
        if name not in answers:
            answers[name] = click.prompt(text, **more)

    ask("blueprint", "Blueprint", type=_SHAPE, default="steady")
    ask("engine", "Engine", type=_ENGINE, default="k6")
    ask("paths", "Paths, with spaces between them", default="/")
    if isinstance(answers["paths"], str):
        answers["paths"] = answers["paths"].split()
    for name in _TAKES[blueprints.Shape(answers["blueprint"])]:
        text, kind = _ASKED[name]
        ask(name, text, type=kind, default=_DEFAULTS.get(name) or _peak(answers))
    ask("duration", "Duration", default="30s")
    ask("output", "File", default=_file(answers["blueprint"], answers["engine"]))
    return answers


def _blueprint(said: Mapping[str, Any]) -> blueprints.Blueprint:
    """Return what was said as a value. Raises ConfigError for what does not fit together."""
    shape = blueprints.Shape(said["blueprint"])
    for name in _ASKED:
        if name in said and name not in _TAKES[shape]:
            takes = " and ".join(f"--{each}" for each in _TAKES[shape])
            raise errors.ConfigError(
                f"{shape} has no --{name}", remedy=f"leave it out; {shape} takes {takes}"
            )
    all_said = {**_DEFAULTS, **said}
    peak = all_said.get("peak") or _peak(all_said)
    if "peak" in _TAKES[shape] and peak <= all_said["rate"]:
        raise errors.ConfigError(
            f"the peak, {peak}/s, is not above the rate, {all_said['rate']}/s",
            remedy="give a higher --peak or a lower --rate",
        )
    return blueprints.Blueprint(
        shape=shape,
        engine=model.EngineName(all_said.get("engine", "k6")),
        endpoints=tuple(map(blueprints.Endpoint.parse, all_said.get("paths", ("/",)))),
        duration_s=blueprints.whole_seconds(all_said.get("duration", "30s")),
        rate=all_said["rate"],
        peak=peak,
        users=all_said["users"],
        think_s=blueprints.think_seconds(all_said["think"]),
    )


def _peak(said: Mapping[str, Any]) -> int:
    rate: int = said["rate"]
    return 4 * rate


def _file(shape: str, engine: str) -> str:
    return f"{shape}{_SUFFIXES[model.EngineName(engine)][0]}"


def _output(given: str | None, blueprint: blueprints.Blueprint) -> Path:
    path = Path(given or _file(blueprint.shape, blueprint.engine))
    suffixes = _SUFFIXES[blueprint.engine]
    if path.suffix not in suffixes:
        raise errors.ConfigError(
            f"{str(path)!a} is no name for a script of {blueprint.engine}",
            remedy=f"let it end in {' or '.join(suffixes)}",
        )
    if any("\ud800" <= char <= "\udfff" for char in str(path)):
        raise errors.ConfigError(f"the path {str(path)!a} is no UTF-8", remedy="choose another")
    return path


def _addition(flags: Mapping[str, str], name: str, script: Path) -> Addition:
    """Plan the change of ltlab.yml. Raises ConfigError, before anything is written."""
    file = read.config_file(cwd=Path.cwd(), environ=shared.environ(), flags=flags)
    if not file.exists():
        raise errors.ConfigError(
            f"there is no {file.name} to add a scenario to",
            remedy="leave --add out; then `ltlab init` writes one that holds the script",
        )
    if name in document.check(document.load(file)).scenarios:
        raise errors.ConfigError(
            f"{file.name} has a scenario {name!r} already", remedy="give --add another name"
        )
    path = Path(os.path.relpath(script.resolve(), file.parent)).as_posix()
    text = file.read_bytes().decode("utf-8")  # as it is: its line ends are kept
    return Addition(
        file=file,
        flags=("--config", flags["config"]) if flags["config"] else (),
        name=name,
        script=path,
        text=amend.added(text, name, path),
    )


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if force else "x", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        there = isinstance(error, FileExistsError) and path.exists()  # and not its folder
        raise errors.ConfigError(
            f"{path} is there already" if there else f"cannot write {path}: {error.strerror}",
            remedy="choose another --output, or replace it by --force"
            if there
            else "make that place writable, or choose another",
        ) from error


def _summary(
    path: Path, blueprint: blueprints.Blueprint, addition: Addition | None
) -> Iterator[str]:
    yield f"wrote {console.one_line(str(path))}; what to change in it is marked `to change`"
    if addition is not None and addition.text is not None:
        yield f"added scenario {console.one_line(addition.name)} to {addition.file.name}"
        yield f"next: {shlex.join(['ltlab', 'run', *addition.flags, addition.name])}"
        return
    if addition is not None:
        yield f"{addition.file.name} keeps its scenarios in a form that cannot be added to; put in:"
        yield from (f"    {line}" for line in amend.lines(addition.name, addition.script))
    words = ["ltlab", blueprint.engine, "-s", str(path), "--url", _EXAMPLE_URL]
    yield f"next: {shlex.join(words)}   # the address of your service"
