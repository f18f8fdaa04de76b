"""One publication: what was asked, whom it may speak to, and how it takes trouble.

Not here: what is published and in which order (publish.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ltlab_ci import console, errors, model
from ltlab_ci.publish import files, forge


@dataclass(frozen=True, kw_only=True)
class World:
    """What publishing needs of the real world."""

    voice: console.Console
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]


@dataclass(kw_only=True)
class Job:
    """One publication: what was asked, who is told, and what came of it so far."""

    context: model.CiContext
    wanted: model.Wanted
    directory: Path
    config: Path
    world: World
    outputs: dict[str, str] = field(default_factory=dict)
    failed: bool = False

    def say(self, text: str) -> None:
        """Note something in the log, as one line that no runner takes for a command."""
        self.world.voice.say(files.harmless(text))

    def notice(self, text: str) -> None:
        """Say something that people should see without looking into the log."""
        if self.context.forge is model.Forge.GITHUB:
            self.world.voice.raw(files.notice(text))
        else:
            self.say(text)

    @contextlib.contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """Go on after trouble in the block: a notice for missing rights, an error for the rest."""
        try:
            yield
        except forge.Forbidden as error:
            expected = " (expected in a fork's run)" if self.context.from_fork else ""
            self.notice(f"{what} is left out{expected}: {error.message}; {error.remedy}")
        except errors.LabError as error:
            self.failed = True
            message = files.harmless(f"{what} failed: {error.message}")
            self.world.voice.error(
                errors.PublishError(message, remedy=files.harmless(error.remedy))
            )


def within(path: Path, workspace: Path | None) -> str:
    """Return a path from the root of the repository, its name alone where it is not inside."""
    whole, root = path.resolve(), workspace.resolve() if workspace is not None else None
    if root is None or not whole.is_relative_to(root):
        return path.name
    return whole.relative_to(root).as_posix()
