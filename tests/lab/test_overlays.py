"""The overlays started for real: TLS before Grafana and InfluxDB, and two Grafanas of which one dies.

Grafana is a fake that keeps nothing, so PostgreSQL is left out here (tests/surface looks at the rest).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from tests.lab import stack

pytestmark = pytest.mark.timeout(1800)

TOKEN = "a-token-of-the-tests"


@pytest.fixture
def served(docker_env: Mapping[str, str], tmp_path: Path) -> Iterator[stack.Stack]:
    """Run prod.yml and ha.yml with a certificate of this test."""
    files = {"-keyout": tmp_path / "key.pem", "-out": tmp_path / "certificate.pem"}
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    written = [str(word) for pair in files.items() for word in pair]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *named, *written],
        check=True,
        capture_output=True,
    )
    secrets = {"influxdb_token": TOKEN, "influxdb_password": "12345678", "grafana_password": "x"}
    for name, text in (secrets | {"postgres_password": "x"}).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    env = {
        **docker_env,
        **stack.free_ports(),
        **{
            f"{name.upper()}_FILE": str(tmp_path / name) for name in (*secrets, "postgres_password")
        },
        "TLS_CERTIFICATE_FILE": str(tmp_path / "certificate.pem"),
        "TLS_KEY_FILE": str(tmp_path / "key.pem"),
        "LAB_HOST": "localhost",
        "HTTPS_PORT": str(stack.free_port()),
        "INFLUXDB_TLS_PORT": str(stack.free_port()),
    }
    started = stack.Stack(env=env, files=("compose.yml", "prod.yml", "ha.yml"))
    wanted = ("influxdb", "setup", "grafana", "proxy")
    try:
        started.compose("up", "--detach", "--wait", "--no-deps", *wanted)
        yield started
    finally:
        started.down()


def test_prod_and_ha__by_tls_alone_and_in_spite_of_a_dead_grafana(
    served: stack.Stack, tmp_path: Path
) -> None:
    certificate = str(tmp_path / "certificate.pem")
    grafana = f"https://localhost:{served.env['HTTPS_PORT']}/api/health"
    influxdb = f"https://localhost:{served.env['INFLUXDB_TLS_PORT']}/api/v2/buckets"
    signed = {"Authorization": f"Token {TOKEN}"}

    found = requests.get(influxdb, headers=signed, verify=certificate, timeout=10).json()
    assert {"ltlab", "ltlab_live", "ltlab_minute"} <= {each["name"] for each in found["buckets"]}
    assert requests.get(influxdb, verify=certificate, timeout=10).status_code == 401

    listed = served.compose("ps", "--quiet", "grafana").stdout.decode().split()
    assert len(listed) == 2
    served.docker("kill", listed[0])
    answers = [requests.get(grafana, verify=certificate, timeout=10) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
