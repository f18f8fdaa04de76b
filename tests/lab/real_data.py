"""Real InfluxDB and Telegraf on loopback, filled by real runs of k6 and Artillery.

Not here: the servers in containers (stack.py).
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import requests

from ltlab_ci import model
from tests.flow import projects
from tests.lab import stack

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "tests" / "lab" / "servers" / "build.sh"
TOKEN = "a-token-for-loopback-only"
ORG = "ltlab"
TESTID, PROJECT = "project-1", "project"
_PATIENCE_S = 30.0
_BATCH = 20_000


@dataclass(frozen=True, kw_only=True)
class Influx:
    """A real InfluxDB with the lab's three buckets."""

    url: str

    def query(self, flux: str) -> str:
        """Return the annotated CSV of a query; an error fails the test with what InfluxDB said."""
        dialect = {"annotations": ["datatype", "group", "default"], "header": True}
        answer = requests.post(
            f"{self.url}/api/v2/query",
            params={"org": ORG},
            json={"query": flux, "type": "flux", "dialect": dialect},
            headers={"Authorization": f"Token {TOKEN}"},
            timeout=60,
        )
        assert answer.ok, f"{answer.text}\n{flux}"
        return answer.text

    def write(self, bucket: str, lines: Sequence[str]) -> None:
        """Write line protocol."""
        for at in range(0, len(lines), _BATCH):
            answer = requests.post(
                f"{self.url}/api/v2/write",
                params={"org": ORG, "bucket": bucket, "precision": "ns"},
                data="\n".join(lines[at : at + _BATCH]).encode(),
                headers={"Authorization": f"Token {TOKEN}"},
                timeout=60,
            )
            assert answer.ok, answer.text


def binary(name: str) -> str:
    """Return a real server's program, built once into a cache outside the clone."""
    done = subprocess.run(["sh", str(BUILD), name], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@contextlib.contextmanager
def influxd(folder: Path) -> Iterator[Influx]:
    """Run a fresh InfluxDB, set up with org, token and buckets."""
    port = stack.free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [
        binary("influxd"),
        f"--http-bind-address=127.0.0.1:{port}",
        f"--bolt-path={folder / 'influxd.bolt'}",
        f"--sqlite-path={folder / 'influxd.sqlite'}",
        f"--engine-path={folder / 'engine'}",
        "--reporting-disabled",
    ]
    with running(argv, folder / "influxd.log"):
        until(lambda: answers(f"{url}/health"), what="influxd")
        setup = {
            "username": "admin",
            "password": "only-on-loopback",
            "org": ORG,
            "bucket": "ltlab",
            "token": TOKEN,
        }
        done = requests.post(f"{url}/api/v2/setup", json=setup, timeout=30)
        assert done.ok, done.text
        for name in ("ltlab_live", "ltlab_minute"):
            made = requests.post(
                f"{url}/api/v2/buckets",
                json={"orgID": done.json()["org"]["id"], "name": name, "retentionRules": []},
                headers={"Authorization": f"Token {TOKEN}"},
                timeout=30,
            )
            assert made.ok, made.text
        yield Influx(url=url)


@contextlib.contextmanager
def telegraf(folder: Path, influx: Influx) -> Iterator[int]:
    """Run Telegraf with the lab's own configuration, but for addresses; yield its StatsD port."""
    port, health = stack.free_port(socket.SOCK_DGRAM), stack.free_port()
    text = (ROOT / "stack" / "telegraf.conf").read_text(encoding="utf-8")
    for theirs, ours in (
        (r'(?s)\[\[secretstores.docker\]\]\s+id = "lab"', ""),
        (r"@\{lab:influxdb_token\}", TOKEN),
        (r"http://influxdb:8086", influx.url),
        (r'":8125"', f'"127.0.0.1:{port}"'),
        (r'"http://:8080"', f'"http://127.0.0.1:{health}"'),
        (r'interval = "10s"', 'interval = "2s"'),
        (r'interval = "5s"', 'interval = "2s"'),
    ):
        text, found = re.subn(theirs, ours, text)
        assert found, theirs
    config = folder / "telegraf.conf"
    config.write_text(text, encoding="utf-8")
    with running([binary("telegraf"), "--config", str(config)], folder / "telegraf.log"):
        until(lambda: answers(f"http://127.0.0.1:{health}/"), what="telegraf")
        yield port


def keep(
    influx: Influx,
    samples: Path,
    *,
    scenario: str,
    more: Mapping[str, str] | None = None,
    longer: float = 1.0,
) -> int:
    """Write a run's samples into the raw bucket as k6's own output shapes them; return how many.

    `more` are tags beside those of the run; `longer` is what times of responses are multiplied by.
    """
    tags = ", ".join(f'"{name}"' for name in model.SYSTEM_TAGS if name != "url")
    rows = duckdb.execute(
        f"SELECT metric, time_ns, value, tags, {tags} FROM read_parquet(?)", [str(samples)]
    ).fetchall()
    names = [name for name in model.SYSTEM_TAGS if name != "url"]
    of_run = {"testid": TESTID, "project": PROJECT, "ltlab_scenario": scenario, **(more or {})}
    lines = []
    for metric, time_ns, value, extra, *system in rows:
        found = {name: text for name, text in zip(names, system, strict=True) if text}
        found |= dict(pair.split("=", 1) for pair in (extra or "").split("&") if pair)
        joined = "".join(f",{_key(k)}={_key(v)}" for k, v in sorted({**found, **of_run}.items()))
        shown = float(value) * (longer if metric == "http_req_duration" else 1.0)
        lines.append(f"{_key(metric)}{joined} value={shown!r} {time_ns}")
    influx.write("ltlab", lines)
    return len(lines)


def _key(text: str) -> str:
    return re.sub(r"([,= ])", r"\\\1", text)


@contextlib.contextmanager
def running(
    argv: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a program for as long as the block lasts."""
    with (
        log.open("wb") as sink,
        subprocess.Popen(argv, stdout=sink, stderr=sink, env=env, cwd=ROOT) as child,
    ):
        try:
            yield
        finally:
            child.terminate()


def until(true: Callable[[], bool], *, what: str, seconds: float = _PATIENCE_S) -> None:
    """Return once a condition holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Say whether an address answers with success."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def run_both(folder: Path, *, statsd: int) -> projects.Ran:
    """Run one k6 and one Artillery scenario that between them record every metric of a panel."""
    filled = {"PYTHON": sys.executable, "ROOT": str(ROOT), "STATSD_PORT": str(statsd)}
    files = {}
    for path in (ROOT / "tests" / "data" / "lab" / "panels").iterdir():
        text = path.read_text(encoding="utf-8")
        for name, value in filled.items():
            text = text.replace(f'"{name}"', json.dumps(value)).replace(f" {name}", f" {value}")
        files[path.name] = text
    return projects.write(folder, files.pop("ltlab.yml"), files).run("run")
