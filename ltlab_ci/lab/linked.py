"""Dashboards of projects in the lab that stays up: kept beside its settings, one file each.

Grafana is given copies, since it may be on another machine: what is kept is the dashboard as it was
when it was linked. Not here: giving it to Grafana (compose.py), what a dashboard must be (flows/).
"""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltlab_ci import errors
from ltlab_ci.model import Json

FOLDER = "dashboards"
PROVIDER = "grafana/linked/linked.yml"
PLACE = "/etc/grafana/linked"
"""Where Grafana looks; each project has a folder of its own there, and so in Grafana."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A dashboard, the project that linked it, and its file as an absolute path."""

    project: str
    file: str
    dashboard: Json = field(repr=False, hash=False)

    @property
    def uid(self) -> str:
        """Return what Grafana knows it by."""
        return str(self.dashboard["uid"])

    @property
    def title(self) -> str:
        """Return its title."""
        return str(self.dashboard["title"])

    @property
    def place(self) -> str:
        """Return its path in Grafana's container."""
        return f"{PLACE}/{self.project}/{self.uid}.json"


def links(folder: Path) -> tuple[Link, ...]:
    """Return what is linked into the lab with this folder of settings, by project and uid."""
    found = [_read(path) for path in (folder / FOLDER).glob("*.json")]
    return tuple(sorted(found, key=lambda link: (link.project, link.uid)))


def refuse(new: Sequence[Link], there: Sequence[Link], *, taken: frozenset[str]) -> None:
    """Raise ConfigError where Grafana could not tell dashboards apart.

    `taken` are the uids of the lab's own. Of two with one uid, or with one title in one folder, Grafana
    shows one at best, and complains of both. A project may link its own again.
    """
    known = {link.uid: link for link in there}
    changed = {link.uid for link in new}
    named = {(link.project, link.title): link.uid for link in there if link.uid not in changed}
    given: dict[str, str] = {}
    for link in new:
        name, other = Path(link.file).name, known.get(link.uid)
        if link.uid in taken:
            raise _other(f"{name}: the uid {link.uid} is that of a dashboard of the lab itself")
        if other is not None and other.project != link.project:
            raise _other(
                f"{name}: the uid {link.uid} is that of {other.title!r}, of project {other.project}"
            )
        if given.setdefault(link.uid, link.file) != link.file:
            raise _other(f"{name} and {Path(given[link.uid]).name} have the same uid, {link.uid}")
        if named.setdefault((link.project, link.title), link.uid) != link.uid:
            raise errors.ConfigError(
                f"{name}: project {link.project} has a dashboard {link.title!r} already, "
                f"with the uid {named[link.project, link.title]}",
                remedy="give one of them another title",
            )


def _other(message: str) -> errors.ConfigError:
    return errors.ConfigError(message, remedy="give it another uid, in its file")


def keep(folder: Path, new: Iterable[Link]) -> None:
    """Write links down, each in the place of an earlier one of its uid."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for link in new:
        said = {"project": link.project, "file": link.file, "dashboard": link.dashboard}
        target = folder / FOLDER / f"{link.uid}.json"
        half = target.with_suffix(".new")
        half.write_text(json.dumps(said, indent=1), encoding="utf-8")
        half.replace(target)


def drop(folder: Path, some: Iterable[Link]) -> None:
    """Forget links."""
    for link in some:
        (folder / FOLDER / f"{link.uid}.json").unlink(missing_ok=True)


def archive(some: Iterable[Link]) -> bytes:
    """Return a tar archive that puts dashboards, and the folder itself, where Grafana looks."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        packed.addfile(_entry(PLACE, type=tarfile.DIRTYPE, mode=0o755))
        for link in some:
            packed.addfile(_entry(str(Path(link.place).parent), type=tarfile.DIRTYPE, mode=0o755))
            text = json.dumps(link.dashboard).encode()
            entry = _entry(link.place, size=len(text), mode=0o644)
            packed.addfile(entry, io.BytesIO(text))
    return buffer.getvalue()


def _entry(path: str, **more: Any) -> tarfile.TarInfo:  # noqa: ANN401  (what tarfile takes)
    entry = tarfile.TarInfo(path.lstrip("/"))
    for name, value in {"mtime": int(time.time()), **more}.items():
        setattr(entry, name, value)
    return entry


def _read(path: Path) -> Link:
    try:
        said = json.loads(path.read_bytes())
        link = Link(project=said["project"], file=said["file"], dashboard=said["dashboard"])
        if (link.uid, bool(link.title)) == (path.stem, True):
            return link
    except (OSError, ValueError, LookupError, TypeError):
        pass
    raise errors.ConfigError(
        f"{path} is no dashboard that ltlab linked", remedy="remove it, and link the file again"
    )
