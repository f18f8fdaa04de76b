"""Read what is to be published from its options, strictly: a typo is no "no".

`.env` and ltlab.yml have no say here, since a pull request can change them.
Not here: the CI job's own variables (ci.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import cast, get_args

from ltlab_ci import errors, model
from ltlab_ci.config import options

_BOOLS = {"true": True, "false": False}
_LONGEST_ID = 100


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """What is wanted, the ltlab.yml it is about (as given), and the tokens to do it with."""

    wanted: model.Wanted
    config: str
    tokens: Mapping[model.Forge, str] = field(repr=False)


def publishing(
    environ: Mapping[str, str], flags: Mapping[str, str], *, folder: str = ""
) -> Publishing:
    """Return what the options ask for. Raises ConfigError for a value that is not one of them.

    `folder` is where the job works, from the root of the repository: two jobs that work in two folders
    have two comments without an id from anybody.
    """
    found = options.resolve(file={}, dotenv={}, environ=environ, flags=flags)
    text = {name: setting.value for name, setting in found.items()}
    default = next(option.default for option in options.OPTIONS if option.name == "config")
    place = str(PurePosixPath(folder, text["config"]))
    return Publishing(
        wanted=model.Wanted(
            id=_id(text["id"] or (place[-_LONGEST_ID:] if place != default else "ltlab")),
            comment=cast(
                model.CommentMode, _one_of("comment", text["comment"], get_args(model.CommentMode))
            ),
            check_run=truth("check-run", text["check-run"]),
            summary=truth("summary", text["summary"]),
            artifact_name=text["artifact-name"],
            fail_on=cast(model.FailOn, _one_of("fail-on", text["fail-on"], get_args(model.FailOn))),
        ),
        config=text["config"],
        tokens={
            model.Forge.GITHUB: text["github-token"],
            model.Forge.GITLAB: text["gitlab-token"],
        },
    )


def _id(text: str) -> str:
    if len(text) > _LONGEST_ID or not text.isprintable():
        raise errors.ConfigError(
            f"id {text[:_LONGEST_ID]!r} is too long or not printable",
            remedy=f"give a short name on one line, {_LONGEST_ID} characters at most",
        )
    return text


def truth(name: str, text: str) -> bool:
    """Read true or false. Raises ConfigError for anything else."""
    return _BOOLS[_one_of(name, text, tuple(_BOOLS))]


def _one_of(name: str, text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise errors.ConfigError(
            f"{name} {text!r} is not known", remedy=f"write one of {', '.join(known)}"
        )
    return text
