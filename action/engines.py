"""Say what is worth caching: the engines of this ltlab.yml that ltlab installs itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from action import inputs
from ltlab_ci import errors, model
from ltlab_ci.config import read
from ltlab_ci.load import tools


def main(environ: inputs.Environ) -> int:
    """Write a key and paths for each such engine."""
    inputs.enter(environ)
    try:
        config = read.load(cwd=Path.cwd(), environ=environ, flags={}).config
    except errors.LabError:
        return 0  # `ltlab run` says so in a moment
    kind = f"{environ['RUNNER_OS']}-{environ['RUNNER_ARCH']}"
    for engine, folders in installed(config, environ):
        paths = "\n".join(str(config.cache_dir / folder) for folder in folders)
        inputs.output(environ, f"{engine}-key", f"ltlab-{'-'.join(folders)}-{kind}")
        inputs.output(environ, f"{engine}-paths", paths)
    return 0


def installed(
    config: model.Config, environ: inputs.Environ
) -> Iterator[tuple[model.EngineName, tuple[str, ...]]]:
    """Yield each engine and the folders that it takes in ltlab's cache."""
    if config.service is not None and config.service.contained:
        return  # its engines come in images
    used = {scenario.engine for scenario in config.scenarios}
    on_path = not config.k6_version and shutil.which("k6", path=environ.get("PATH"))
    if model.EngineName.K6 in used and not config.k6_path and not on_path:
        yield model.EngineName.K6, (f"k6-{config.k6_version or tools.K6_VERSION}",)
    if model.EngineName.ARTILLERY in used and not config.artillery_path:
        folders = (f"node-{tools.NODE_VERSION}", f"artillery-{tools.ARTILLERY_VERSION}")
        yield model.EngineName.ARTILLERY, folders


if __name__ == "__main__":
    inputs.step(main)
