"""Build the frozen model.Config: ltlab.yml checked whole, paths absolute, the cascade resolved.

Not here: places in the file (document.py), the table of options (options.py).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dotenv
import pydantic

from ltlab_ci import errors, model
from ltlab_ci.config import checks, document, options, places, target

_K6 = frozenset({".js", ".ts", ".mjs", ".cjs", ".tar"})
_ARTILLERY = frozenset({".yml", ".yaml", ".json"})


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A configuration, and where each of its settings came from (for `ltlab validate --show`)."""

    config: model.Config
    settings: Mapping[str, options.Setting]


def load(
    *,
    cwd: Path,
    environ: Mapping[str, str],
    flags: Mapping[str, str],
    names: Sequence[str] = (),
) -> Loaded:
    """Read ltlab.yml and everything that may override it.

    `names` are the scenarios to run, all of them when empty. Raises ConfigError before any effect.
    """
    path = config_file(cwd=cwd, environ=environ, flags=flags)
    doc = document.load(path)
    file = document.check(doc)
    settings = _settings(path.parent, _from_file(file), environ, flags)
    chosen = _chosen(doc, file, names)
    scenarios = tuple(_scenario(doc, file, name) for name in file.scenarios)
    return Loaded(
        config=_config(
            settings,
            cwd=cwd,
            environ=environ,
            file=path,
            service=_service(file.service, settings["url"].value),
            scenarios=tuple(scenario for scenario in scenarios if scenario.name in chosen),
            lab=places.lab(
                file.lab, file.grafana, settings, cwd=cwd, environ=environ, root=path.parent
            ),
            compare=model.Comparing.of(
                file.compare,
                against=_against(settings["against"], path.parent, cwd),
                budget=settings["budget"].value,
                target=target.of(environ),
            ),
        ),
        settings=settings,
    )


def config_file(*, cwd: Path, environ: Mapping[str, str], flags: Mapping[str, str]) -> Path:
    """Return where ltlab.yml is, or should be."""
    return (cwd / _settings(cwd, {}, environ, flags)["config"].value).resolve()


def report_dir(
    *, cwd: Path, environ: Mapping[str, str], flags: Mapping[str, str], root: Path | None = None
) -> Path:
    """Return the folder of the report, which does not depend on what ltlab.yml says.

    `root` is the folder of a project without an ltlab.yml. A .env that cannot be read counts as
    none: this is asked after an error.
    """
    with contextlib.suppress(errors.ConfigError):
        if root is None:
            root = config_file(cwd=cwd, environ=environ, flags=flags).parent
        return _report_dir(_settings(root, {}, environ, flags), cwd)
    return _report_dir(options.resolve(file={}, dotenv={}, environ=environ, flags=flags), cwd)


def lab_dir(*, cwd: Path, environ: Mapping[str, str], flags: Mapping[str, str]) -> Path:
    """Return the folder where the lab that stays up keeps its settings."""
    return places.at_home(_settings(cwd, {}, environ, flags)["lab-dir"].value, cwd, environ)


def single(
    scenario: model.Scenario,
    *,
    root: Path,
    cwd: Path,
    environ: Mapping[str, str],
    flags: Mapping[str, str],
) -> Loaded:
    """Return a configuration for one script without any ltlab.yml."""
    if not scenario.script.is_file():
        raise errors.ConfigError(
            f"no script at {scenario.script}", remedy="give -s the path of an existing script"
        )
    if any("\ud800" <= char <= "\udfff" for char in str(scenario.script)):
        raise errors.ConfigError(
            f"the path {str(scenario.script)!a} is no UTF-8", remedy="rename the script"
        )
    settings = _settings(root, {}, environ, flags)
    script = scenario.script
    within = script.relative_to(root).as_posix() if script.is_relative_to(root) else script.name
    start = model.Place(file=within, line=1)
    return Loaded(
        config=_config(
            settings,
            cwd=cwd,
            environ=environ,
            root=root,
            service=_service(None, settings["url"].value),
            scenarios=(replace(scenario, place=start),),
        ),
        settings=settings,
    )


def _config(
    settings: Mapping[str, options.Setting],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    service: model.Service | None,
    scenarios: tuple[model.Scenario, ...],
    file: Path | None = None,
    root: Path | None = None,
    lab: Mapping[str, Any] | None = None,
    compare: model.Comparing | None = None,
) -> model.Config:
    if lab is None:
        lab = places.lab(
            model.LabSpec(), model.GrafanaSpec(), settings, cwd=cwd, environ=environ, root=cwd
        )
    base = root or (file.parent if file is not None else cwd)
    return model.Config(
        root=base,
        file=file,
        service=service,
        scenarios=scenarios,
        report_dir=_report_dir(settings, cwd),
        cache_dir=places.at_home(settings["cache-dir"].value, cwd, environ),
        k6_path=_program(settings["k6"], base, cwd),
        k6_version=_version(settings["k6-version"]),
        artillery_version=_version(settings["artillery-version"]),
        artillery_path=_program(settings["artillery"], base, cwd),
        node_path=_program(settings["node"], base, cwd),
        compare=compare or model.Comparing(),
        url_given=bool(settings["url"].value),
        **lab,
    )


def _report_dir(settings: Mapping[str, options.Setting], cwd: Path) -> Path:
    return (cwd / settings["report-dir"].value).resolve()


def _settings(
    root: Path, file: Mapping[str, str], environ: Mapping[str, str], flags: Mapping[str, str]
) -> dict[str, options.Setting]:
    try:
        found = dotenv.dotenv_values(root / ".env", interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise errors.ConfigError(
            f"{root / '.env'} cannot be read: {error}", remedy="make it UTF-8 text, or remove it"
        ) from error
    mine = {name: value or "" for name, value in found.items() if name.startswith("LTLAB_")}
    return options.resolve(file=file, dotenv=mine, environ=environ, flags=flags)


def _from_file(file: model.LabFile) -> dict[str, str]:
    k6 = file.engines.k6 or model.K6Spec()
    artillery = file.engines.artillery or model.ArtillerySpec()
    return {
        "k6": k6.path or "",
        "k6-version": k6.version or "",
        "artillery": artillery.path or "",
        "artillery-version": artillery.version or "",
        "lab": file.lab.runtime or "",
        "against": file.compare.against or "",
        "budget": file.compare.budget or "",
    }


def _program(setting: options.Setting, root: Path, cwd: Path) -> str:
    """Make a path absolute: ltlab.yml's from its own folder, all others from where one stands."""
    if "/" not in setting.value:
        return setting.value
    return str((root if setting.source == "ltlab.yml" else cwd) / setting.value)


def _against(setting: options.Setting, root: Path, cwd: Path) -> str:
    """Make a folder to compare with absolute; a git reference never begins like one."""
    if not setting.value.startswith((".", "/")):
        return setting.value
    start = root if setting.source == "ltlab.yml" else cwd
    return str((start / setting.value).resolve())


def service(path: Path) -> model.Service | None:
    """Return the service block of another version's ltlab.yml. Raises ConfigError."""
    return document.check(document.load(path)).service


def _version(setting: options.Setting) -> str:
    if not setting.value:
        return ""
    try:
        return model.engine_version(setting.value)
    except errors.ConfigError as error:
        raise errors.ConfigError(
            f"{setting.source}: {error.message}", remedy=error.remedy
        ) from error


def _service(written: model.Service | None, url: str) -> model.Service | None:
    if not url:
        return written
    try:
        return model.Service(url=url, ready=written.ready if written else model.Ready())
    except pydantic.ValidationError as error:
        raise errors.ConfigError(
            f"{url!r} is no address", remedy="write it like http://127.0.0.1:5000"
        ) from error


def _chosen(doc: document.Document, file: model.LabFile, names: Sequence[str]) -> frozenset[str]:
    for name in names:
        if name not in file.scenarios:
            near = document.suggestion(name, list(file.scenarios))
            raise errors.ConfigError(
                f"{doc.path.name} has no scenario {name!r}{near}",
                remedy=f"choose from {', '.join(file.scenarios)}",
            )
    return frozenset(names or file.scenarios)


def _scenario(doc: document.Document, file: model.LabFile, name: str) -> model.Scenario:
    spec, loc = file.scenarios[name], ("scenarios", name)
    script = (doc.path.parent / spec.script).resolve()
    if not script.is_file():
        raise errors.ConfigError(
            f"{doc.at((*loc, 'script'))}: no script {spec.script!r}",
            remedy=f"write its path from the folder of {doc.path.name}",
        )
    blocks = ((("thresholds",), file.thresholds), ((*loc, "thresholds"), spec.thresholds))
    others = [doc.path.parent / each.script for each in file.scenarios.values()]
    for where, block in blocks:
        checks.thresholds(doc, where, block, script, others if where == ("thresholds",) else ())
    steady = spec.steady_state or file.steady_state
    names = spec.names or file.names
    stated = [
        threshold
        for where, block in reversed(blocks)
        for threshold in model.thresholds(block, functools.partial(_place, doc, where))
    ]
    return model.Scenario(
        name=name,
        engine=model.EngineName(spec.engine) if spec.engine else _engine(doc, loc, script),
        script=script,
        env=spec.env,
        args=spec.args,
        thresholds=tuple(each for each in stated if each.formula is None),
        against_base=tuple(each for each in stated if each.formula is not None),
        cut=model.Cut(
            start_s=model.seconds(steady.skip_start),
            end_s=model.seconds(steady.skip_end),
            setup=file.exclude_setup if spec.exclude_setup is None else spec.exclude_setup,
        ),
        place=doc.place(loc),
        naming=model.Naming(patterns=names.patterns, learn=names.learn),
    )


def _place(doc: document.Document, block: document.Loc, key: str, index: int) -> model.Place:
    return doc.place((*block, key, index))


def _engine(doc: document.Document, loc: document.Loc, script: Path) -> model.EngineName:
    found = engine_of(script)
    if found is None:
        raise errors.ConfigError(
            f"{doc.at((*loc, 'script'))}: cannot tell the engine of {script.name}",
            remedy="add `engine: k6` or `engine: artillery`",
        )
    return found


def engine_of(script: Path) -> model.EngineName | None:
    """Tell the engine from a script's name, None when it does not say."""
    if script.suffix in _K6:
        return model.EngineName.K6
    return model.EngineName.ARTILLERY if script.suffix in _ARTILLERY else None
