"""The one table of settings that do not belong in ltlab.yml alone, and the cascade over it.

Default < ltlab.yml < .env < environment < flag; "" is how CI says "not set".
Not here: ltlab.yml itself (document.py, model.LabFile), the command line (cli/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ltlab_ci import model


@dataclass(frozen=True, kw_only=True)
class Option:
    """One setting: its flag is `--name`, its variable `LTLAB_NAME`.

    A `guarded` one names where credentials are sent, so no file of the project may set it; a
    `secret` one is a credential, which has no flag either, since others can read a command line.
    """

    name: str
    help: str
    default: str = ""
    guarded: bool = False
    secret: bool = False

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
    Option(name="k6-version", help="The k6 release to use (`engines.k6.version`)."),
    Option(
        name="artillery-version", help="The Artillery that is meant (`engines.artillery.version`)."
    ),
    Option(name="node", help="The Node.js that runs Artillery."),
    Option(name="lab", help="Where to run: embedded, docker or external (`lab.runtime`)."),
    Option(name="lab-dir", help="Where `ltlab start` keeps its settings.", default="~/.ltlab"),
    Option(
        name="against",
        help="What head is compared with (`compare.against`).",
        default=model.MERGE_BASE,
    ),
    Option(name="budget", help="Time to compare, a scenario (`compare.budget`).", default="120s"),
    Option(name="influxdb-url", help="The InfluxDB 2 of an external lab.", guarded=True),
    Option(name="influxdb-org", help="Its organisation.", default="ltlab", guarded=True),
    Option(name="influxdb-bucket", help="Its bucket.", default="ltlab", guarded=True),
    Option(name="influxdb-token", help="Its API token.", guarded=True, secret=True),
    Option(name="grafana-url", help="A Grafana that keeps snapshots of dashboards.", guarded=True),
    Option(name="grafana-token", help="Its service account's token.", guarded=True, secret=True),
    # What is published is said by the workflow: no file that a pull request can change has a say.
    Option(
        name="comment",
        help="When to comment: always, changes, failures or off.",
        default="always",
        guarded=True,
    ),
    Option(
        name="check-run", help="Make a check run too: true or false.", default="false", guarded=True
    ),
    Option(
        name="summary", help="Write the job's summary: true or false.", default="true", guarded=True
    ),
    Option(
        name="id",
        help="Tells several load tests in one pull request apart (default: the path of `config` in the repository, or `ltlab`).",
        guarded=True,
    ),
    Option(
        name="artifact-name",
        help="The artefact that a run's report is uploaded as.",
        default="ltlab-report",
        guarded=True,
    ),
    Option(
        name="fail-on",
        help="What makes the job red: failure, error (exit codes from 2) or never.",
        default="failure",
        guarded=True,
    ),
    Option(name="github-token", help="The job's GITHUB_TOKEN.", guarded=True, secret=True),
    Option(name="gitlab-token", help="A project or group token.", guarded=True, secret=True),
)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting that was resolved, and where its value came from."""

    value: str = field(repr=False)
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
    of_project = {} if option.guarded else dotenv
    for value, source in (
        (file.get(option.name), "ltlab.yml"),
        (of_project.get(option.variable), f"{option.variable} in .env"),
        (environ.get(option.variable), option.variable),
        (flags.get(option.name), option.flag),
    ):
        if value:
            found = Setting(value=value, source=source)
    return found
