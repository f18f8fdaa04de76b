"""`ltlab publish`: tell the pull request what a report came to."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ltlab_ci import errors
from ltlab_ci.cli import shared
from ltlab_ci.config import ci, wanted
from ltlab_ci.flows import job, publish

_OPTIONS = (
    *("config", "comment", "check-run", "summary", "id", "artifact-name", "fail-on"),
    *("github-token", "gitlab-token"),
)


@click.command("publish")
@click.argument("directory", type=click.Path(path_type=Path), default="ltlab-report")
@shared.lab_command(*_OPTIONS)
def command(*, flags: Mapping[str, str], directory: Path) -> int:
    """Publish a report: comment, job summary, outputs, annotations; a check run if asked to."""
    environ = shared.environ()
    asked = wanted.publishing(environ, flags, folder=_folder(environ))
    context = ci.context(environ, _payload(environ.get("GITHUB_EVENT_PATH", "")), asked.tokens)
    return publish.publish(
        directory,
        context,
        asked.wanted,
        config=(Path.cwd() / asked.config).resolve(),
        world=job.World(
            voice=shared.voice(quiet=False), sleep=time.sleep, monotonic=time.monotonic
        ),
    )


def _folder(environ: Mapping[str, str]) -> str:
    """Return where the job works, from the root of its repository; "" where that is not known."""
    root = environ.get("GITHUB_WORKSPACE") or environ.get("CI_PROJECT_DIR")
    if not root or not Path.cwd().is_relative_to(Path(root).resolve()):
        return ""
    return Path.cwd().relative_to(Path(root).resolve()).as_posix()


def _payload(path: str) -> dict[str, Any]:
    """Return the event that the job was started by, {} where there is none."""
    if not path:
        return {}
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise errors.ConfigError(
            f"the event in {path} cannot be read: {error}",
            remedy="run this in the CI job itself, or unset GITHUB_EVENT_PATH",
        ) from error
    return found if isinstance(found, dict) else {}
