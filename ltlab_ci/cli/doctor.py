"""`ltlab doctor`: what a run would find on this machine, what is missing, what mends it.

Not here: engines (doctor_engines.py), the lab (doctor_lab.py), what a script says of itself
(`ltlab validate`).
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import click
import rich.table

from ltlab_ci import __version__, console, errors, model
from ltlab_ci.cli import doctor_engines, doctor_lab, shared
from ltlab_ci.cli.doctor_engines import Check, State
from ltlab_ci.config import read
from ltlab_ci.flows import folder, killed
from ltlab_ci.lab import embedded

_OPTIONS = ("config", "report-dir", "cache-dir", "url", "k6", "artillery", "node", "lab", "lab-dir")
_MB = 1_000_000
_LOW_DISK, _NO_DISK, _LOW_MEMORY = 2_000 * _MB, 200 * _MB, 2_000  # bytes, bytes, MB
_LOCAL = frozenset({"localhost", "127.0.0.1", "*"})


_STYLES = {State.OK: "green", State.WARN: "yellow", State.PROBLEM: "red"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON on stdout.")
@click.option("--stop-leftovers", is_flag=True, help="End and remove what a killed run left.")
@shared.lab_command(*_OPTIONS)
def command(*, flags: Mapping[str, str], as_json: bool, stop_leftovers: bool) -> int:
    """Say what is installed here, what is missing, and what mends it; installs nothing.

    Ends with 3 when something that a run needs is broken.
    """
    if stop_leftovers:
        config, _ = _configuration(Path.cwd(), shared.environ(), flags)
        killed.stop(folder.unfinished(config.report_dir), shared.environ())
    checks = tuple(examine(Path.cwd(), shared.environ(), flags))
    voice = shared.voice(quiet=False)
    if as_json:
        shown = {"state": worst(checks).value, "checks": [asdict(check) for check in checks]}
        voice.raw(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        voice.result(_table(checks))
        voice.result(console.as_text(conclusion(checks)))
    return errors.ExitCode.LAB if worst(checks) is State.PROBLEM else errors.ExitCode.OK


def worst(checks: tuple[Check, ...]) -> State:
    """Return the worst state of all."""
    return max((check.state for check in checks), key=list(State).index)


def conclusion(checks: tuple[Check, ...]) -> str:
    """Return the last line: how many of each."""
    count = {state: sum(check.state is state for check in checks) for state in State}
    return f"problems: {count[State.PROBLEM]}, warnings: {count[State.WARN]}"


def examine(cwd: Path, environ: Mapping[str, str], flags: Mapping[str, str]) -> Iterator[Check]:
    """Look at everything that a run would need."""
    yield Check(name="ltlab", found=f"{__version__} in {Path(__file__).parents[1]}")
    yield Check(name="Python", found=f"{sys.version.split()[0]}, {sys.executable}")
    config, file = _configuration(cwd, environ, flags)
    yield file
    scenarios = frozenset(scenario.engine for scenario in config.scenarios)
    needed = scenarios or frozenset(model.EngineName)
    engines = tuple(doctor_engines.engines(config, environ, needed))
    yield from engines
    missing = doctor_engines.to_install(engines)
    yield doctor_engines.pip(environ, missing=missing)
    yield from doctor_lab.lab(config, environ)
    yield _cache(config.cache_dir, missing=missing)
    yield _report(config.report_dir)
    yield _leftovers(killed.find(folder.unfinished(config.report_dir), environ))
    yield disk(shutil.disk_usage(_existing(config.report_dir)).free)
    yield _temp()
    yield proxy(environ)
    yield machine(embedded.describe(None))


def _configuration(
    cwd: Path, environ: Mapping[str, str], flags: Mapping[str, str]
) -> tuple[model.Config, Check]:
    """Return what a run would use; without a valid ltlab.yml, what is set from outside it."""
    try:
        config = read.load(cwd=cwd, environ=environ, flags=flags).config
    except errors.ConfigError as error:
        config, path = _without_file(cwd, environ, flags)
        if path.exists():
            return config, doctor_engines.broken("ltlab.yml", error)
        return config, Check(
            name="ltlab.yml", found=f"none: {path}", state=State.WARN, remedy="ltlab init"
        )
    count = sum(len([*each.thresholds, *each.against_base]) for each in config.scenarios)
    found = f"valid; scenarios: {len(config.scenarios)}, thresholds: {count}"
    return config, Check(name="ltlab.yml", found=found)


def _without_file(
    cwd: Path, environ: Mapping[str, str], flags: Mapping[str, str]
) -> tuple[model.Config, Path]:
    here = Path(__file__)  # stands for the script, which is not looked at
    loaded = read.single(
        model.Scenario(name="none", engine=model.EngineName.K6, script=here),
        root=cwd,
        cwd=cwd,
        environ={name: value for name, value in environ.items() if name != "LTLAB_URL"},
        flags={name: value for name, value in flags.items() if name != "url"},
    )
    return replace(loaded.config, scenarios=()), cwd / loaded.settings["config"].value


def _cache(path: Path, *, missing: bool) -> Check:
    wrong = _unwritable(path)
    if wrong:
        return Check(
            name="cache",
            found=f"{path}: {wrong}",
            state=State.PROBLEM if missing else State.WARN,
            remedy="name a writable folder in LTLAB_CACHE_DIR",
        )
    size = 0
    with contextlib.suppress(OSError):  # what another run installs or removes meanwhile
        for file in path.rglob("*"):
            size += file.lstat().st_size
    return Check(name="cache", found=f"{path}, {_amount(size)}")


def _report(path: Path) -> Check:
    wrong = _unwritable(path)
    remedy = "choose another folder with --report-dir"
    if wrong:
        found = f"{path}: {wrong}"
        return Check(name="report", found=found, state=State.PROBLEM, remedy=remedy)
    if not path.exists() or not any(path.iterdir()):
        return Check(name="report", found=f"{path}, empty")
    if (path / folder.MARKER).is_file():
        return Check(name="report", found=f"{path}, of an earlier run; the next one replaces it")
    found = f"{path} holds files that ltlab did not write"
    return Check(name="report", found=found, state=State.PROBLEM, remedy=remedy)


def _leftovers(left: killed.Left) -> Check:
    if not left:
        return Check(name="leftovers", found="nothing of a killed run")
    return Check(
        name="leftovers",
        found=f"left by a run that was killed: {left.told()}",
        state=State.PROBLEM,
        remedy="ltlab doctor --stop-leftovers",
    )


def disk(free: int) -> Check:
    """Judge the bytes that are free for a report."""
    found = f"{_amount(free)} free for samples and logs"
    if free >= _LOW_DISK:
        return Check(name="disk", found=found)
    state = State.WARN if free >= _NO_DISK else State.PROBLEM
    return Check(name="disk", found=found, state=state, remedy="make room, or move --report-dir")


def _temp() -> Check:
    try:
        return Check(name="temporary files", found=tempfile.gettempdir())
    except OSError as error:
        return Check(
            name="temporary files",
            found=f"no usable folder: {error.strerror}",
            state=State.PROBLEM,
            remedy="name a writable folder in TMPDIR",
        )


def proxy(environ: Mapping[str, str]) -> Check:
    """Look at the proxy settings; their values may hold a password and are not shown."""
    names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    given = ", ".join(name for name in names if environ.get(name))
    spared = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    if not given:
        return Check(name="proxy", found="none in the environment")
    if _LOCAL & {host.strip() for host in spared.split(",")}:
        return Check(name="proxy", found=f"{given} set, not for this machine")
    return Check(
        name="proxy",
        found=f"{given} set, and NO_PROXY does not name localhost",
        state=State.WARN,
        remedy="export NO_PROXY=localhost,127.0.0.1 so that local requests stay local",
    )


def machine(here: model.Environment) -> Check:
    """Judge whether service and generator have room beside each other."""
    found = f"CPUs: {here.cpus}, memory: {here.memory_mb / 1000:.1f} GB"
    if here.cpus > 1 and here.memory_mb >= _LOW_MEMORY:
        return Check(name="machine", found=found)
    return Check(
        name="machine",
        found=f"{found}; generator and service get in each other's way",
        state=State.WARN,
        remedy="measure low rates only, or use a machine with at least 2 CPUs and 2 GB",
    )


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _unwritable(path: Path) -> str:
    """Say why nothing can be written to a folder, there or yet to be made; "" when it can be."""
    try:
        with tempfile.TemporaryFile(dir=_existing(path)):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _amount(size: int) -> str:
    return f"{size / 1000 / _MB:.1f} GB" if size >= 1000 * _MB else f"{size / _MB:.0f} MB"


def _table(checks: tuple[Check, ...]) -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "what", "found"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "found")
    for check in checks:
        said = f"{check.found}\nwhat to do: {check.remedy}" if check.remedy else check.found
        lines = "\n".join(console.one_line(line) for line in said.split("\n"))
        table.add_row(
            console.as_text(check.state.value, _STYLES[check.state]),
            console.as_text(check.name),
            console.as_text(lines),
        )
    return table
