"""`ltlab dashboard`: a project's own dashboards in the Grafana of the lab that stays up.

Not here: what is kept of them (lab/linked.py), what a dashboard must be (flows/snapshots.py).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import rich.table

from ltlab_ci import console, errors, model, resources
from ltlab_ci.cli import shared
from ltlab_ci.config import read
from ltlab_ci.flows import labs, snapshots
from ltlab_ci.lab import compose, daemon, grafana, left_up, linked

_SEEN_S, _LOOK_EVERY_S = 20.0, 0.5


@click.group("dashboard")
def command() -> None:
    """A project's own dashboards in the lab that stays up: link, list, unlink."""


@command.command("link")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@shared.lab_command("config", "lab-dir")
def link(*, flags: Mapping[str, str], files: tuple[Path, ...]) -> int:
    """Show dashboards in the lab's Grafana: FILES, or those of `grafana.dashboards` in ltlab.yml.

    Grafana gets a copy. After a change of the file, link it again; `ltlab dashboard list` says which
    have changed. What is linked stays over stop, rebuild and reset.
    """
    folder, voice = _folder(flags), shared.voice(quiet=False)
    new = _links(flags, files)
    own = resources.folder("grafana/dashboards")
    linked.refuse(
        new, linked.links(folder), taken=frozenset(path.stem for path in own.glob("*.json"))
    )
    linked.keep(folder, new)
    for each in new:
        voice.raw(console.one_line(f"linked {each.uid}: {each.title}, project {each.project}"))
    stack = _up(folder)
    if stack is None:
        voice.say("the lab is not up; `ltlab start` shows them")
        return 0
    compose.show(stack, new)
    _settled(voice, stack, new, there=True)
    return 0


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON on stdout.")
@shared.lab_command("lab-dir")
def show(*, flags: Mapping[str, str], as_json: bool) -> int:
    """Say what is linked: uid, title, project, file, and whether the file has changed since."""
    found = [
        {
            "uid": each.uid,
            "title": each.title,
            "project": each.project,
            "file": each.file,
            "state": state(each),
        }
        for each in linked.links(_folder(flags))
    ]
    voice = shared.voice(quiet=False)
    if as_json:
        voice.raw(json.dumps(found, indent=2))
    elif not found:
        voice.raw("no dashboard is linked; `ltlab dashboard link FILE` does it")
    else:
        voice.result(_table(found))
    return 0


@command.command("unlink")
@click.argument("dashboards", nargs=-1, required=True)
@shared.lab_command("lab-dir")
def unlink(*, flags: Mapping[str, str], dashboards: tuple[str, ...]) -> int:
    """Take DASHBOARDS, by uid or file, out of the lab's Grafana; their files stay."""
    folder, voice = _folder(flags), shared.voice(quiet=False)
    there = linked.links(folder)
    gone = tuple(dict.fromkeys(_named(name, there) for name in dashboards))
    stack = _up(folder)
    if stack is not None:
        compose.hide(stack, gone)
    linked.drop(folder, gone)
    for each in gone:
        voice.raw(console.one_line(f"unlinked {each.uid}: {each.title}, project {each.project}"))
    if stack is not None:
        _settled(voice, stack, gone, there=False)
    return 0


def state(link: linked.Link) -> str:
    """Say how the file of a link is now, beside what Grafana shows."""
    file = Path(link.file)
    if not file.is_file():
        return "the file is gone; Grafana keeps the copy"
    try:
        [now] = snapshots.own([file])
    except errors.ConfigError:
        return "the file is no dashboard now; Grafana keeps the copy"
    return "linked" if now == link.dashboard else "changed since: link it again"


def _links(flags: Mapping[str, str], files: tuple[Path, ...]) -> tuple[linked.Link, ...]:
    """Return the named dashboards, or those of ltlab.yml. Raises ConfigError for what is none."""
    cwd, environ = Path.cwd(), shared.environ()
    project = labs.plain(read.config_file(cwd=cwd, environ=environ, flags=flags).parent.name)
    paths = tuple((cwd / file).resolve() for file in files)
    if not paths:
        paths = read.load(cwd=cwd, environ=environ, flags=flags).config.dashboards
    if not paths:
        raise errors.ConfigError(
            "no dashboard is named, here or under `grafana.dashboards` in ltlab.yml",
            remedy="name its file: ltlab dashboard link grafana/shop.json",
        )
    found = []
    for path, dashboard in zip(paths, snapshots.own(paths), strict=True):
        if dashboard.get("__inputs"):
            raise errors.ConfigError(
                f"{path.name} was exported for sharing: it asks for its data source on import",
                remedy=f"export it without that; its data source here is {grafana.DATA_SOURCE}",
            )
        found.append(linked.Link(project=project, file=str(path), dashboard=dashboard))
    return tuple(found)


def _named(name: str, there: tuple[linked.Link, ...]) -> linked.Link:
    file = str((Path.cwd() / name).resolve())
    for each in there:
        if name == each.uid or file == each.file:
            return each
    known = ", ".join(each.uid for each in there) or "nothing"
    raise errors.ConfigError(f"{name} is not linked", remedy=f"linked is {known}")


def _up(folder: Path) -> compose.Stack | None:
    """Return the lab, None where its Grafana does not run."""
    if left_up.running(folder) is None:
        return None
    stack = compose.Stack(settings=left_up.settings(folder), daemon=daemon.find(shared.environ()))
    made = stack.container("grafana")
    return stack if made is not None and made.status == "running" else None


def _settled(
    voice: console.Console, stack: compose.Stack, some: tuple[linked.Link, ...], *, there: bool
) -> None:
    """Wait until Grafana has what it was given, or no longer has it; say so if it takes long."""
    where = model.Grafana(url=stack.addresses.grafana_url)
    with grafana.opened(where, direct=True) as client, voice.busy("waiting for Grafana"):
        done = _until(lambda: all(client.has(each.uid) is there for each in some))
    if not done:
        done_so = "does not show it" if there else "still shows it"
        voice.say(f"Grafana {done_so} after {_SEEN_S:g} s; `ltlab logs grafana` may say why")
    elif there:
        for each in some:
            voice.say(f"{where.url}/d/{each.uid}")


def _until(look: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _SEEN_S
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True


def _table(found: list[dict[str, str]]) -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, header_style="dim")
    for heading in found[0]:
        table.add_column(heading, overflow="fold")
    for each in found:
        table.add_row(*(console.as_text(console.one_line(text)) for text in each.values()))
    return table


def _folder(flags: Mapping[str, str]) -> Path:
    return read.lab_dir(cwd=Path.cwd(), environ=shared.environ(), flags=flags)
