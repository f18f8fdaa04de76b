"""From a report folder to what a pull request shows; the verdict stands whatever the forge does."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ltlab_ci import console, errors, model
from ltlab_ci.flows import folder
from ltlab_ci.publish import files

COMMENT = "comment.md"


@dataclass(frozen=True, kw_only=True)
class World:
    """What publishing needs of the real world."""

    voice: console.Console
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]


def publish(
    directory: Path,
    context: model.CiContext,
    wanted: model.Wanted,  # noqa: ARG001
    *,
    config: str,  # noqa: ARG001
    world: World,  # noqa: ARG001
) -> int:
    """Publish what a report folder holds and return 0, or 6 where the forge could not be told."""
    result = folder.read(directory)
    if context.output_file is not None:
        values = {"verdict": result.verdict, "exit-code": str(result.exit_code)}
        files.append(
            context.output_file, files.outputs(values, delimiter=f"ltlab-{secrets.token_hex(16)}")
        )
    return errors.ExitCode.OK
