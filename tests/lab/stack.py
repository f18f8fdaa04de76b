"""The compose file of stack/ under a project name and ports of its own, and InfluxDB's answers.

Not here: ltlab's own handling of the lab. This is what a user does by hand.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import secrets
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "stack"
TOKEN = (FOLDER / "secrets" / "influxdb_token").read_text(encoding="utf-8")

T = TypeVar("T")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port that nobody has at the moment, and that no connection is given by the system."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def free_ports() -> dict[str, str]:
    """Return what .env may say of ports, with free ones."""
    ports = {name: str(free_port()) for name in ("GRAFANA_PORT", "INFLUXDB_PORT", "TOY_API_PORT")}
    return ports | {"STATSD_PORT": str(free_port(socket.SOCK_DGRAM))}


def until(look: Callable[[], T], *, what: str, seconds: float = 30) -> T:
    """Return what `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"no {what} in {seconds} s"
        time.sleep(0.1)
    return found


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One lab: `env` is the whole environment of docker, `files` are the compose files."""

    env: Mapping[str, str]
    files: Sequence[str] = ("compose.yml",)
    project: str = field(default_factory=lambda: f"ltlab-test-{uuid.uuid4().hex[:8]}")

    def docker(
        self, *argv: str, check: bool = True, text: bytes | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run docker; a failure shows what it said."""
        done = subprocess.run(
            ["docker", *argv],
            cwd=FOLDER,
            env=self.env,
            input=text,
            capture_output=True,
            check=False,
        )
        assert not check or done.returncode == 0, (argv, done.stdout[-3000:], done.stderr[-3000:])
        return done

    def compose(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Run docker compose on this lab."""
        files = [word for file in self.files for word in ("--file", file)]
        return self.docker("compose", "--project-name", self.project, *files, *argv, check=check)

    def up(self, *, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Start everything and wait until it is healthy."""
        return self.compose("up", "--detach", "--wait", "--wait-timeout", "90", check=check)

    def down(self) -> None:
        """Remove containers, one-offs, network and volumes."""
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans")

    def services(self) -> dict[str, dict[str, Any]]:
        """Return what docker says of each service's container."""
        names = self.compose("ps", "--all", "--quiet").stdout.decode().split()
        found = json.loads(self.docker("inspect", *names).stdout)
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in found}

    def left(self) -> list[str]:
        """Return every container, network and volume of this lab."""
        label = f"label=com.docker.compose.project={self.project}"
        kinds = (("ps", "--all"), ("network", "ls"), ("volume", "ls"))
        listed = [self.docker(*kind, "--quiet", "--filter", label).stdout for kind in kinds]
        return b"".join(listed).decode().split()

    def influxdb(self, path: str, *, token: str = TOKEN) -> Any:  # noqa: ANN401  (JSON)
        """Return InfluxDB's answer to a GET, by way of the published port."""
        answer = requests.get(
            f"http://127.0.0.1:{self.env['INFLUXDB_PORT']}{path}",
            headers={"Authorization": f"Token {token}"},
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()

    def query(self, flux: str) -> list[dict[str, str]]:
        """Return the rows of a Flux query."""
        answer = requests.post(
            f"http://127.0.0.1:{self.env['INFLUXDB_PORT']}/api/v2/query?org=ltlab",
            headers={
                "Authorization": f"Token {TOKEN}",
                "Content-Type": "application/vnd.flux",
                "Accept": "application/csv",
            },
            data=flux.encode(),
            timeout=30,
        )
        assert answer.ok, answer.text
        tables = answer.text.replace("\r\n", "\n").strip().split("\n\n")
        return [row for table in tables for row in csv.DictReader(io.StringIO(table))]
