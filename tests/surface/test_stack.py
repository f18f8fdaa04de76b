"""The compose files of stack/, read by Compose itself: defaults, overlays, pinned versions.

Not here: starting them (tests/lab). No daemon is needed to read them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import ltlab_ci
from ltlab_ci.load import tools

ROOT = Path(__file__).parents[2]
STACK = ROOT / "stack"
COMPOSE = Path(sys.executable).parent / "docker-compose"
PROD = {
    "LAB_HOST": "lab.example.org",
    "INFLUXDB_TOKEN_FILE": "own/token",
    "INFLUXDB_PASSWORD_FILE": "own/influxdb",
    "GRAFANA_PASSWORD_FILE": "own/grafana",
    "TLS_CERTIFICATE_FILE": "own/certificate.pem",
    "TLS_KEY_FILE": "own/key.pem",
}
HA = PROD | {"POSTGRES_PASSWORD_FILE": "own/postgres"}


def _config(
    *files: str, env: Mapping[str, str] | None = None, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    named = [word for file in files for word in ("--file", file)]
    return subprocess.run(
        [str(COMPOSE), *named, *options, "--profile", "*", "config", "--format", "json"],
        cwd=STACK,
        # An empty file in place of .env: the owner of this checkout may have one.
        env={"PATH": os.environ["PATH"], "COMPOSE_ENV_FILES": os.devnull, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def _read(*files: str, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    done = _config(*files, env=env)
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


def _ports(config: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        name: [f"{p.get('host_ip', '')}:{p['published']}" for p in service.get("ports", [])]
        for name, service in config["services"].items()
        if service.get("ports")
    }


def test_compose__needs_no_configuration() -> None:
    assert _ports(_read("compose.yml")) == {
        "influxdb": ["127.0.0.1:8086"],
        "telegraf": ["127.0.0.1:8125"],
        "grafana": ["127.0.0.1:3081"],
        "toy-api": ["127.0.0.1:5000"],
    }


def test_env_example__says_the_defaults() -> None:
    example = _config("compose.yml", env={"COMPOSE_ENV_FILES": ".env.example"})
    assert example.returncode == 0, example.stderr
    assert json.loads(example.stdout) == _read("compose.yml")


def test_env_example__names_every_variable() -> None:
    texts = [path.read_text(encoding="utf-8") for path in STACK.glob("*.yml")]
    used = {name for text in texts for name in re.findall(r"(?<!\$)\$\{(\w+)", text)}
    named = re.findall(r"^(?:# )?(\w+)=", (STACK / ".env.example").read_text(), re.MULTILINE)
    assert set(named) == used


def test_compose__a_port_of_env_is_published() -> None:
    assert _ports(_read("compose.yml", env={"GRAFANA_PORT": "3999"}))["grafana"] == [
        "127.0.0.1:3999"
    ]


def test_copied__mounts_nothing_of_this_machine() -> None:
    secrets = ("LTLAB_INFLUXDB_TOKEN", "LTLAB_INFLUXDB_PASSWORD", "LTLAB_GRAFANA_PASSWORD")
    config = _read("compose.yml", "copied.yml", env=dict.fromkeys(secrets, "a-secret"))
    mounts = [m for service in config["services"].values() for m in service.get("volumes", [])]
    assert {mount["type"] for mount in mounts} == {"volume"}
    assert not [secret for secret in config["secrets"].values() if "file" in secret]


def test_prod__signs_in_by_tls_alone() -> None:
    config = _read("compose.yml", "prod.yml", env=PROD)
    others = _ports(config)
    assert others.pop("proxy") == [":443", ":8443"]
    assert "grafana" not in others
    assert {bound.split(":")[0] for ports in others.values() for bound in ports} == {"127.0.0.1"}
    grafana = config["services"]["grafana"]["environment"]
    assert grafana["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert grafana["GF_SERVER_ROOT_URL"] == "https://lab.example.org/"
    assert grafana["GF_SECURITY_COOKIE_SECURE"] == "true"


@pytest.mark.parametrize("missing", PROD)
def test_prod__does_not_start_without(missing: str) -> None:
    done = _config("compose.yml", "prod.yml", env={k: v for k, v in PROD.items() if k != missing})
    assert done.returncode != 0
    assert f"required variable {missing} is missing" in done.stderr


def test_ha__two_grafanas_share_a_database_and_no_volume() -> None:
    config = _read("compose.yml", "prod.yml", "ha.yml", env=HA)
    grafana = config["services"]["grafana"]
    assert grafana["deploy"]["replicas"] == 2
    assert not grafana.get("ports")
    assert {mount["type"] for mount in grafana["volumes"]} == {"bind"}
    assert grafana["environment"]["GF_DATABASE_HOST"].split(":")[0] in config["services"]
    assert set(config["volumes"]) == {"influxdb", "influxdb-config", "postgres"}


def test_images__are_pinned_and_the_versions_that_are_tested() -> None:
    images = {service["image"] for service in _read("compose.yml")["services"].values()}
    built = (ROOT / "tests" / "lab" / "servers" / "build.sh").read_text(encoding="utf-8")
    assert f"artilleryio/artillery:{tools.ARTILLERY_VERSION}" in images
    assert f"ltlab/toy-api:{ltlab_ci.__version__}" in images
    for program, image in (("influxd", "influxdb"), ("telegraf", "telegraf")):
        [version] = re.findall(rf"{program}\) version=(\S+)", built)
        [tag] = [i.split(":")[1] for i in images if i.startswith(f"{image}:")]
        assert version.startswith(tag.removesuffix("-alpine"))
    assert not [image for image in images if not re.search(r":\d+\.\d+", image)]
