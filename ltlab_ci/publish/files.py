"""What a job takes as files and lines: summary, outputs, annotations, notices; escaped.

Text builders are pure; `append` is the one writer. Not here: what is said (report/), printing
(console.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ltlab_ci import errors, model

SUMMARY_BYTES = 1_024 * 1_024
"""Of all that one step writes; GitHub drops a longer summary whole."""
OF_A_LEVEL = 10
"""Annotations of one level that GitHub shows of one step; it drops the others in silence."""
_CUT = "\n\n_Cut here: a job summary holds no more. Everything is in the report._\n"
_LONGEST_MESSAGE = 4_000


def summary(text: str, *, already: int = 0) -> str:
    """Return a job summary of at most 1 MiB with the `already` written bytes, cut at a line's end."""
    room = SUMMARY_BYTES - already
    if len(text.encode()) <= room:
        return text
    kept = text.encode()[: max(0, room - len(_CUT.encode()))].decode(errors="ignore")
    cut = f"{kept[: max(0, kept.rfind(chr(10)))]}{_CUT}"
    return cut if len(cut.encode()) <= room else ""


def outputs(values: Mapping[str, str], *, delimiter: str) -> str:
    """Return outputs as $GITHUB_OUTPUT takes them; `delimiter` is random, so no value holds it.

    One that holds it is the caller's bug.
    """
    for name, value in values.items():
        if delimiter in value or not re.fullmatch(r"[a-z-]+", name):
            raise AssertionError(f"output {name!r} cannot be written")
    lines = (f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())
    return "".join(lines)


_DOTENV = ("verdict", "exit-code", "failed-thresholds", "comment-id", "comment-url")


def dotenv(values: Mapping[str, str]) -> str:
    """Return outputs as GitLab's `reports:dotenv` takes them: LTLAB_VERDICT and the like.

    What is a path, or named as an option of ltlab's is, stays out: later jobs get these variables.
    """
    chosen = {f"LTLAB_{name.upper().replace('-', '_')}": values.get(name, "") for name in _DOTENV}
    return "".join(f"{name}={' '.join(value.split())}\n" for name, value in chosen.items())


def commands(found: Sequence[model.Annotation]) -> Iterator[str]:
    """Yield workflow commands, ten of a level at most; one notice counts what is left out."""
    left_out = 0
    for level in ("error", "warning"):
        of_level = [each for each in found if each.level == level]
        yield from (command(each) for each in of_level[:OF_A_LEVEL])
        left_out += len(of_level[OF_A_LEVEL:])
    if left_out:
        yield notice(f"{left_out} more annotations are in the report")


def command(annotation: model.Annotation) -> str:
    """Return one annotation as a workflow command, which is one line whatever it holds.

    https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    """
    where = {"file": annotation.file, "line": str(annotation.line), "title": annotation.title}
    properties = ",".join(f"{name}={_property(text)}" for name, text in where.items() if text)
    return f"::{annotation.level} {properties}::{_data(annotation.message[:_LONGEST_MESSAGE])}"


def notice(text: str) -> str:
    """Return a notice that belongs to no line, as a workflow command."""
    return f"::notice title=ltlab::{_data(text[:_LONGEST_MESSAGE])}"


def harmless(text: str) -> str:
    """Return text as one line that no runner takes for a command, old form (`##[`) included."""
    line = " ".join(text.split())
    return line.replace("##[", "## [").replace("::", ": :")


def append(file: Path, text: str) -> None:
    """Add to one of the job's files. Raises PublishError when it cannot be written."""
    try:
        with file.open("a", encoding="utf-8", newline="\n", errors="replace") as opened:
            opened.write(text)
    except OSError as error:
        raise errors.PublishError(
            f"{file.name} of the job cannot be written: {error.strerror}",
            remedy="look whether the runner's disk is full; the report folder has everything",
        ) from error


def _data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    # What else some reader takes for a line's end.
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]", " ", escaped)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
