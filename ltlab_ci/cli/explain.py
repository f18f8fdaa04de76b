"""`ltlab explain` and `ltlab schema`: what a code means, what a file may hold.

docs/troubleshooting.md is the only source of what `explain` says: a heading names the codes, the
first line below it is their summary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import click

from ltlab_ci import errors, model, report, resources
from ltlab_ci.cli import shared
from ltlab_ci.config import document

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


@dataclass(frozen=True, kw_only=True)
class Section:
    """What there is to say of one code, or of several that are mended alike."""

    codes: tuple[str, ...]
    text: str

    @property
    def summary(self) -> str:
        """Return its first line."""
        return self.text.splitlines()[0]


@click.command("explain")
@click.argument("code", default="")
@shared.lab_command()
def command(*, flags: Mapping[str, str], code: str) -> int:  # noqa: ARG001
    """Say what a finding's code, an exit code or an error means; without CODE, list them all."""
    page = resources.folder("docs") / "troubleshooting.md"
    found = tuple(sections(page.read_text(encoding="utf-8")))
    shown = find(found, code).text if code else "\n".join(listed(found))
    shared.voice(quiet=False).raw(shown)
    return 0


@click.command("schema")
@click.option("--result", is_flag=True, help="The schema of result.json instead.")
@shared.lab_command()
def schema(*, flags: Mapping[str, str], result: bool) -> int:  # noqa: ARG001
    """Print the JSON Schema of ltlab.yml, for editors that complete and check it."""
    config = json.dumps(model.json_schema(), indent=2, ensure_ascii=False)
    shared.voice(quiet=False).raw(report.json_schema() if result else config)
    return 0


def sections(page: str) -> Iterator[Section]:
    """Yield the sections of the page, its links as they read on a terminal."""
    _, *parts = _HEADING.split(page)
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        yield Section(
            codes=tuple(heading.split(", ")), text=_LINK.sub(r"\1 (docs/\2)", body).strip()
        )


def find(found: tuple[Section, ...], code: str) -> Section:
    """Return the section of a code. Raises ConfigError for an unknown one.

    A number alone is an exit code; `k6-exit-42` without a section of its own is `k6-exit-N`.
    """
    by_code = {each.lower(): section for section in found for each in section.codes}
    wanted = code.strip().lower()
    for choice in (wanted, f"exit-{wanted}", re.sub(r"\d+$", "n", wanted)):
        if choice in by_code:
            return by_code[choice]
    near = document.suggestion(wanted, list(by_code))
    raise errors.ConfigError(
        f"no explanation of {code!r}{near}", remedy="`ltlab explain` lists what is explained"
    )


def listed(found: tuple[Section, ...]) -> Iterator[str]:
    """Yield a line for each section: its codes and its summary."""
    for section in found:
        yield f"{', '.join(section.codes)}\n    {section.summary}"
