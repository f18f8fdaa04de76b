"""Two services that run from one program are told from what they run from, and refused."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
import venv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ltlab_ci import errors, model
from ltlab_ci.flows import origin
from ltlab_ci.lab import service
from ltlab_ci.process import child_env

pytestmark = [pytest.mark.loopback, pytest.mark.processes]

WAITING = "import time\ntime.sleep(60)\n"


@pytest.fixture
def sides(tmp_path: Path) -> dict[str, Path]:
    """Return two checkouts that both hold the service, as a script and as a module."""
    found = {side: tmp_path / side for side in ("base", "head")}
    for root in found.values():
        (root / "src" / "shop").mkdir(parents=True)
        (root / "src" / "shop" / "__init__.py").write_text("")
        (root / "src" / "shop" / "__main__.py").write_text(WAITING)
        (root / "app.py").write_text(WAITING)
        (root / "settings.txt").write_text("")
    return found


@contextlib.contextmanager
def up(
    sides: dict[str, Path], command: list[str], *, base: list[str] | None = None, processes: int = 1
) -> Iterator[None]:
    """Start the service of both sides and ask whether they are one program."""
    written = {"base": base or command, "head": command}
    versions = {
        side: service.Version(
            spec=model.Service(command=tuple(written[side])), root=root, side=side, built=True
        )
        for side, root in sides.items()
    }
    with contextlib.ExitStack() as opened:
        running = {}
        for side, version in versions.items():
            starting = opened.enter_context(
                service.up(
                    replace(version, folder=str(sides[side])),
                    port=service.free_port(),
                    environ=child_env(os.environ, {}),
                    log=sides[side].parent / f"{side}.log",
                )
            )
            running[side] = starting.running
            child = running[side].child
            assert child is not None
            until = time.monotonic() + 20
            while len(child.usage().pids) < processes and time.monotonic() < until:
                assert child.wait(0.02) is None
        origin.refuse(running, versions)
        yield


def refused(sides: dict[str, Path], command: list[str], *, processes: int = 1) -> str:
    with pytest.raises(errors.ConfigError) as caught, up(sides, command, processes=processes):
        pass
    return caught.value.message


def test_refuse__one_script_outside_both(sides: dict[str, Path], tmp_path: Path) -> None:
    script = Path(shutil.copy(sides["head"] / "app.py", tmp_path / "installed.py"))
    assert str(script) in refused(sides, [sys.executable, str(script), "{port}"])


def test_refuse__heads_own_script_on_base(sides: dict[str, Path]) -> None:
    script = str(sides["head"] / "app.py")
    assert script in refused(sides, [sys.executable, script, "{port}"])


def test_refuse__a_child_of_a_shell(sides: dict[str, Path], tmp_path: Path) -> None:
    script = Path(shutil.copy(sides["head"] / "app.py", tmp_path / "installed.py"))
    command = ["/bin/sh", "-c", f"cd {tmp_path} && {sys.executable} {script.name}; true"]
    assert str(script) in refused(sides, command, processes=2)


def test_refuse__a_binary(sides: dict[str, Path], tmp_path: Path) -> None:
    binary = shutil.copy("/bin/sleep", tmp_path / "shop")
    with pytest.raises(errors.ConfigError, match="shop"), up(sides, [str(binary), "60"]):
        pass


def test_refuse__an_editable_install(sides: dict[str, Path], tmp_path: Path) -> None:
    """Base's working folder has the module's source, but Python finds head's."""
    place = tmp_path / "venv"
    venv.create(place, with_pip=False, symlinks=True)
    [packages] = place.glob("lib/python*/site-packages")
    (packages / "__editable__.shop.pth").write_text(f"{sides['head'] / 'src'}\n")
    python = str(place / "bin" / "python")
    assert f"{sides['head']}/src/shop" in refused(sides, [python, "-m", "shop"])
    script = place / "bin" / "shop-api"
    script.write_text(f"#!{python}\nfrom shop.__main__ import main\nmain()\n")
    script.chmod(0o755)
    assert f"{sides['head']}/src/shop" in refused(sides, [str(script)])


def test_refuse__not_what_each_side_has(sides: dict[str, Path], tmp_path: Path) -> None:
    installed = str(shutil.copy(sides["head"] / "app.py", tmp_path / "installed.py"))
    for command in (
        [sys.executable, "app.py", "{port}"],
        [sys.executable, "{env}/app.py"],
        [sys.executable, installed, "--settings=settings.txt"],  # a file of each checkout
        [sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1"],
        ["/bin/sleep", "60"],
    ):
        with up(sides, command):
            pass


def test_refuse__not_a_program_that_versions_start_differently(
    sides: dict[str, Path], tmp_path: Path
) -> None:
    script = str(shutil.copy(sides["head"] / "app.py", tmp_path / "installed.py"))
    with up(sides, [sys.executable, script, "--new"], base=[sys.executable, script]):
        pass


def test_refuse__not_head_against_itself(sides: dict[str, Path]) -> None:
    same = {"base": sides["head"], "head": sides["head"]}
    with up(same, [sys.executable, str(sides["head"] / "app.py")]):
        pass
