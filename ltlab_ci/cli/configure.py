"""`ltlab configure`: ports and retention of the lab that stays up, by flags or asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from ltlab_ci.cli import shared
from ltlab_ci.config import read
from ltlab_ci.lab import left_up


def _flag(name: str) -> str:
    return "--" + name.lower().replace("_", "-")


@shared.lab_command("lab-dir")
def _configure(*, flags: Mapping[str, str], **given: str | None) -> int:
    """Write the lab's settings; without flags, each is asked for on a terminal."""
    folder = read.lab_dir(cwd=Path.cwd(), environ=shared.environ(), flags=flags)
    changes = {name.upper(): value for name, value in given.items() if value}
    voice = shared.voice(quiet=False)
    if not changes and shared.interactive():
        known = left_up.values(folder)
        changes = {name: click.prompt(name, default=known[name]) for name in left_up.DEFAULTS}
    values = left_up.configure(folder, changes) if changes else left_up.values(folder)
    voice.raw("\n".join(f"{name}={value}" for name, value in values.items()))
    if changes:
        voice.say(f"written to {folder / '.env'}; `ltlab rebuild` makes a running lab follow")
    return 0


for _name, _default in reversed(left_up.DEFAULTS.items()):
    _configure = click.option(_flag(_name), help=f"Now and by default {_default}.")(_configure)

command = click.command("configure")(_configure)
