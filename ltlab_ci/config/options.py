"""The one table of settings that do not belong in ltlab.yml alone, and the cascade over it.

Default < ltlab.yml < .env < environment < flag; "" is how CI says "not set".
Not here: ltlab.yml itself (document.py, model.LabFile), the command line (cli/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Option:
    """One setting: its flag is `--name`, its variable `LTLAB_NAME`."""

    name: str
    help: str
    default: str = ""

    @property
    def variable(self) -> str:
        """Return the environment variable that sets it."""
        return "LTLAB_" + self.name.upper().replace("-", "_")

    @property
    def flag(self) -> str:
        """Return the flag that sets it."""
        return "--" + self.name


OPTIONS = (
    Option(name="config", help="The configuration file.", default="ltlab.yml"),
    Option(name="report-dir", help="The folder of evidence.", default="ltlab-report"),
    Option(name="cache-dir", help="Where engines are installed.", default="~/.cache/ltlab"),
    Option(name="url", help="Test this address instead of `service`."),
    Option(name="k6", help="The k6 to use (`engines.k6.path`)."),
    Option(name="artillery", help="The Artillery to use (`engines.artillery.path`)."),
    Option(name="node", help="The Node.js that runs Artillery."),
)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting that was resolved, and where its value came from."""

    value: str
    source: str


def resolve(
    *,
    file: Mapping[str, str],
    dotenv: Mapping[str, str],
    environ: Mapping[str, str],
    flags: Mapping[str, str],
) -> dict[str, Setting]:
    """Return every option's value and source; `file` and `flags` are keyed by option name."""
    return {option.name: _one(option, file, dotenv, environ, flags) for option in OPTIONS}


def _one(
    option: Option,
    file: Mapping[str, str],
    dotenv: Mapping[str, str],
    environ: Mapping[str, str],
    flags: Mapping[str, str],
) -> Setting:
    found = Setting(value=option.default, source="default")
    for value, source in (
        (file.get(option.name), "ltlab.yml"),
        (dotenv.get(option.variable), f"{option.variable} in .env"),
        (environ.get(option.variable), option.variable),
        (flags.get(option.name), option.flag),
    ):
        if value:
            found = Setting(value=value, source=source)
    return found
