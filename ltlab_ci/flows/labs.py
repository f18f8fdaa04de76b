"""Which lab a run takes place in, brought up and torn down around it.

Not here: what is run in it (run.py), whether its store is complete (stored.py).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ltlab_ci import console, errors, model
from ltlab_ci.lab import compose, daemon, engine_token, lab_ready, left_up
from ltlab_ci.lab.bench import Bench


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A lab that is up, and the tags that every sample of this run carries in it.

    `name` is its Compose project. `addresses` None: samples are kept and judged in the report folder
    alone. `engine_token` is what engines, and with them the scripts they run, write with; "": they
    write nothing there themselves. `stays`: it is not gone after the run.
    """

    runtime: model.Runtime
    tags: Mapping[str, str]
    name: str = ""
    addresses: lab_ready.Addresses | None = None
    engine_token: str = field(default="", repr=False)
    stays: bool = False

    def live(self, scenario: str, *, inside: bool) -> model.Live | None:
        """Return what the engine of a scenario feeds, None in a lab without any such thing.

        `inside`: the engine is a container that reaches the lab's services by their names.
        """
        if self.addresses is None:
            return None
        where = self.addresses.inside() if inside else self.addresses
        return model.Live(
            tags=self.tags_of(scenario),
            influx=replace(where.influx, token=self.engine_token) if self.engine_token else None,
            statsd=where.statsd,
        )

    def tags_of(self, scenario: str) -> dict[str, str]:
        """Return the tags that every sample of a scenario carries in InfluxDB."""
        return {**self.tags, "ltlab_scenario": plain(scenario)}

    def tags_of_round(self, scenario: str, side: str, number: int) -> dict[str, str]:
        """Return the tags of one side of a round; written with two digits, rounds are sorted as text."""
        of_round = {model.SIDE_TAG: side, model.ROUND_TAG: f"{number:02d}"}
        return {**self.tags_of(scenario), **of_round}

    def described(self) -> dict[str, str]:
        """Return what a result's environment says of it."""
        if self.addresses is None:
            return {"lab": self.runtime.value}
        return {"lab": self.runtime.value, "testid": self.tags["testid"]}


@contextlib.contextmanager
def up(
    config: model.Config,
    bench: Bench,
    environ: Mapping[str, str],
    unique: str,
    voice: console.Console,
) -> Iterator[Lab]:
    """Hand out the lab that a configuration asks for; what was booted for it is gone afterwards.

    Engines in containers of their own reach it by its services' names. Which one, and why, is said.
    Raises LabNotReady.
    """
    project = plain(config.root.name)
    tags = {"testid": f"{project}-{unique}", "project": project}
    with contextlib.ExitStack() as opened:
        runtime, addresses, name = opened.enter_context(_addresses(config, environ, unique, voice))
        token = ""
        if runtime is model.Runtime.DOCKER and addresses is not None:
            made = engine_token.write_only(addresses.influx, f"engines of {tags['testid']}")
            token = opened.enter_context(made)
            if not token:
                voice.say("InfluxDB makes no token for engines: their samples go there afterwards")
        if bench.contained and name:
            bench.join(name)
        yield Lab(
            runtime=runtime,
            tags=tags,
            name=name,
            addresses=addresses,
            engine_token=token,
            stays=bool(name) and not name.endswith(unique),
        )


Found = tuple[model.Runtime, lab_ready.Addresses | None, str]


@contextlib.contextmanager
def _addresses(
    config: model.Config, environ: Mapping[str, str], unique: str, voice: console.Console
) -> Iterator[Found]:
    asked = config.runtime
    if asked is model.Runtime.EMBEDDED:
        voice.say("lab: embedded, as asked")
        yield model.Runtime.EMBEDDED, None, ""
    elif asked is model.Runtime.EXTERNAL:
        yield model.Runtime.EXTERNAL, _external(config, voice), ""
    elif (left := left_up.running(config.lab_dir)) is not None:
        voice.say(f"lab: docker, the one that `ltlab start` left up; {left.grafana_url}")
        yield model.Runtime.DOCKER, left, left_up.settings(config.lab_dir).name
    elif asked is model.Runtime.AUTO:
        voice.say("lab: embedded, since none was started by `ltlab start`")
        yield model.Runtime.EMBEDDED, None, ""
    else:
        with _booted(config, environ, unique, voice) as stack:
            yield model.Runtime.DOCKER, stack.addresses, stack.settings.name


def _external(config: model.Config, voice: console.Console) -> lab_ready.Addresses:
    assert config.influx is not None  # config/ refuses an external lab without one
    voice.say(f"lab: external, as asked; InfluxDB at {config.influx.url}")
    problem = lab_ready.problem(config.influx)
    if problem is not None:
        raise errors.StoreError(
            problem, remedy="check LTLAB_INFLUXDB_URL, _TOKEN, _ORG and _BUCKET"
        )
    return lab_ready.Addresses(influx=config.influx)


@contextlib.contextmanager
def _booted(
    config: model.Config, environ: Mapping[str, str], unique: str, voice: console.Console
) -> Iterator[compose.Stack]:
    settings = compose.temporary(
        unique,
        raw_retention_days=config.raw_retention_days,
        minute_retention_days=config.minute_retention_days,
    )
    with contextlib.ExitStack() as opened:
        with voice.busy(f"lab: docker, booting {settings.name}"):
            stack = opened.enter_context(compose.lab(daemon.find(environ), settings))
        yield stack


def plain(name: str) -> str:
    """Return a name that tags, file names and URLs carry unchanged."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:60] or "unnamed"
