"""No false reds: plain scripts, good ones and a few that cross their own limits, judged as their engine does.

Each runs under the engine alone and under ltlab, against one small service. What ltlab makes of it has
to be what the engine made of it, without a word of doubt about the measurement.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ltlab_ci import load, model
from tests.flow import projects

RIGHT = Path(__file__).parent / "right"
ARGUMENTS = {"environments.yml": ("-e", "local")}
CROSSED = {
    "abort-on-fail-crossed.js",
    "crossed-checks.js",
    "crossed-latency.js",
    "ensure-crossed.yml",
    "expect-broken.yml",
}
"""The scripts that their engine fails; all others end with 0."""

NOT_JUDGED = {"no-limits.js"}
"""Among the scripts of k6, those without a threshold; of Artillery's only these have one."""
LIMITED = {"ensure.yml", "ensure-crossed.yml", "esm-processor.yml", "expect-broken.yml"}

SCRIPTS = sorted(
    path.relative_to(RIGHT)
    for engine in ("k6", "artillery")
    for path in (RIGHT / engine).iterdir()
    if path.is_file()
)


@dataclass(frozen=True, kw_only=True)
class Service:
    """What the scripts talk to."""

    port: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """Return what a script needs to know of it; ltlab gives BASE_URL itself."""
        return {"RIGHT_HOST": f"127.0.0.1:{self.port}"}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> load.Machine:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ltlab"
    return load.Machine(
        environ=os.environ,
        root=tmp_path_factory.mktemp("root"),
        cache_dir=Path(os.environ.get("LTLAB_CACHE_DIR") or cache),
    )


@pytest.fixture(scope="module")
def tools(machine: load.Machine) -> dict[str, load.Tool]:
    """Return the engines that ltlab itself would take."""
    paths = {"k6": os.environ.get("LTLAB_K6", ""), "artillery": ""}
    return {name: load.ENGINES[model.EngineName(name)].find(machine, paths[name]) for name in paths}


@pytest.fixture(scope="module")
def service(
    tools: dict[str, load.Tool], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    cert, key, log = (folder / name for name in ("cert.pem", "key.pem", "log"))
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    made += ["-subj", "/CN=127.0.0.1", "-out", str(cert), "-keyout", str(key)]
    subprocess.run(made, check=True, capture_output=True)
    node = tools["artillery"].argv[0]
    with (
        log.open("wb") as sink,
        subprocess.Popen(
            [node, str(RIGHT / "service.mjs"), str(cert), str(key)], stdout=sink, stderr=sink
        ) as child,
    ):
        try:
            said = projects.until(
                lambda: re.search(r"listens on (\d+)", log.read_text()), what="the service"
            )
            yield Service(port=said[1])
        finally:
            child.terminate()


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_right__ltlab_says_what_the_engine_says(
    script: Path, service: Service, tools: dict[str, load.Tool], tmp_path: Path
) -> None:
    engine = script.parts[0]
    folder = tmp_path / "project"
    shutil.copytree(RIGHT / engine, folder)
    arguments = ARGUMENTS.get(script.name, ())
    alone = subprocess.run(
        [*tools[engine].argv, "run", *arguments, script.name],
        cwd=folder,
        env={**os.environ, **service.env, "BASE_URL": service.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (alone.returncode != 0) == (script.name in CROSSED), alone.stdout + alone.stderr
    ran = projects.Project(folder=folder).run(
        *(engine, "-s", script.name, "--url", service.url, "--", *arguments), env=service.env
    )
    expected = "fail" if alone.returncode else "pass" if limited(script) else "not judged"
    assert ran.code == (1 if alone.returncode else 0), ran.err + ran.out
    assert ran.found["verdict"] == expected
    doubts = [each for each in ran.found["findings"] if each["effect"] != "warn"]
    assert doubts == []


def limited(script: Path) -> bool:
    return script.name not in NOT_JUDGED if script.parts[0] == "k6" else script.name in LIMITED
