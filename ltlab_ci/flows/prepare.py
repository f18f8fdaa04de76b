"""Before anything starts: a place to run things, every engine found, every script loaded.

Not here: running them (measure.py).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ltlab_ci import console, load, model
from ltlab_ci.flows import measure, snapshots
from ltlab_ci.lab import contained, embedded
from ltlab_ci.lab.bench import Bench


@contextlib.contextmanager
def bench(config: model.Config, environ: Mapping[str, str], unique: str) -> Iterator[Bench]:
    """Hand out containers for a service that runs in one, else processes on this machine.

    Raises LabNotReady where there is no Docker for it.
    """
    if config.service is not None and config.service.contained:
        with contained.bench(config.root, environ, unique) as made:
            yield made
    else:
        yield embedded.bench(config.root, environ)


def scenarios(
    config: model.Config, bench: Bench, environ: Mapping[str, str], voice: console.Console
) -> tuple[measure.Prepared, ...]:
    """Find every engine and load every script; nothing has been started when one is refused."""
    snapshots.own(config.dashboards)  # one that cannot be read is refused now
    machine = load.Machine(
        environ={} if bench.contained else environ,
        root=config.root,
        cache_dir=config.cache_dir,
        node_path=config.node_path,
        base_url=bench.base_url(config.service),
        url_wins=config.url_given,
        busy=voice.busy,
        contained=bench.contained,
    )
    paths = {
        model.EngineName.K6: config.k6_path,
        model.EngineName.ARTILLERY: config.artillery_path,
    }
    tools: dict[model.EngineName, load.Tool] = {}
    found = []
    for scenario in config.scenarios:
        engine = load.ENGINES[scenario.engine]
        version = config.version_of(scenario.engine)
        here = replace(machine, run=functools.partial(bench.run, engine.image(version)))
        if scenario.engine not in tools:
            tool = engine.find(here, paths[scenario.engine], version)
            tools[scenario.engine] = tool
            voice.say(f"{scenario.engine} {tool.version} ({tool.source})")
        script = engine.inspect(tools[scenario.engine], scenario, here)
        found.append(
            measure.Prepared(
                scenario=scenario, engine=engine, tool=tools[scenario.engine], script=script
            )
        )
    return tuple(found)
