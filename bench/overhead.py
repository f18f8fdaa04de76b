"""What `ltlab run` adds to a plain `k6 run` with the same outputs, beside what Taurus adds.

All three run the same script against the same service with the same k6, in turns. Memory is that of
the tool's own processes: k6's is left out.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from bench import table
from ltlab_ci import load
from ltlab_ci.load import k6

TAURUS = "1.17.2"
REPEATS = 5
LOAD_S = 20
VUS = 10
ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "bench" / "paced.js"
EVERY_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One run of a tool: seconds until its end and until it started k6, MB of memory at most."""

    wall_s: float
    start_s: float
    memory_mb: float


def taurus() -> Path:
    """Return the pinned Taurus, installed in an environment of its own."""
    folder = Path("~/.cache/ltlab-ci").expanduser() / f"taurus-{TAURUS}"
    if not (folder / "bin" / "bzt").exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", f"bzt=={TAURUS}"]
        subprocess.run(pip, check=True)
    return folder / "bin" / "bzt"


def engine() -> str:
    """Return the k6 that ltlab itself would take, installed if there is none."""
    cache = Path("~/.cache/ltlab").expanduser()
    machine = load.Machine(environ=dict(os.environ), root=ROOT, cache_dir=cache)
    return k6.find(machine, "").argv[0]


@contextmanager
def service() -> Iterator[str]:
    """Run the toy service; yield its address once it listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    child = subprocess.Popen(
        [sys.executable, "-m", "toy_api", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > until or child.poll() is not None:
                    raise
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait()


def watch(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Turn:
    """Run a command to its end and watch what it starts."""
    cwd.mkdir()
    start = time.monotonic()
    started_s = 0.0
    memory = 0
    with (cwd / "said").open("w") as said:
        child = psutil.Popen(list(command), cwd=cwd, env=dict(env), stdout=said, stderr=said)
    while child.poll() is None:
        own = 0
        for each in (child, *child.children(recursive=True)):
            try:
                if each.name() != "k6":
                    own += each.memory_info().rss
                elif "run" in each.cmdline():
                    started_s = started_s or time.monotonic() - start
            except psutil.Error:  # it ended just now
                continue
        memory = max(memory, own)
        time.sleep(EVERY_S)
    wall_s = time.monotonic() - start
    if child.returncode:
        raise SystemExit(
            f"{command[0]} ended with {child.returncode}: {(cwd / 'said').read_text()}"
        )
    return Turn(wall_s=wall_s, start_s=started_s, memory_mb=memory / 1e6)


def commands(folder: Path, program: str, address: str) -> dict[str, list[str]]:
    """Write what each tool needs; return how each is called from a folder below `folder`."""
    load_flags = ["--vus", str(VUS), "--duration", f"{LOAD_S}s"]
    lab = {
        "version": 1,
        "service": {"url": address},
        "engines": {"k6": {"path": program}},
        "scenarios": {
            "paced": {
                "script": str(SCRIPT),
                "args": load_flags,
                "thresholds": {
                    "http_req_failed": ["rate < 50%"],
                    "http_req_duration{name:GET /fast}": ["p(95) < 10s"],
                },
            }
        },
    }
    (folder / "ltlab.yml").write_text(json.dumps(lab), encoding="utf-8")
    criteria = [
        "failures>50% for 5s, stop as failed",
        "p95 of GET /fast>10s for 5s, stop as failed",
    ]
    bzt = {
        "settings": {"check-updates": False, "artifacts-dir": "artifacts"},
        "execution": [
            {
                "executor": "k6",
                "concurrency": VUS,
                "hold-for": f"{LOAD_S}s",
                "scenario": {"script": str(SCRIPT)},
            }
        ],
        "reporting": [{"module": "passfail", "criteria": criteria}],
        "modules": {
            "console": {"disable": True},
            "k6": {"cmdline": "--summary-export summary.json"},
        },
    }
    (folder / "taurus.json").write_text(json.dumps(bzt), encoding="utf-8")
    outputs = ["--out", "csv=samples.csv", "--summary-export", "summary.json"]
    ltlab = str(Path(sys.executable).with_name("ltlab"))
    return {
        "k6": [program, "run", "--quiet", *outputs, *load_flags, str(SCRIPT)],
        "ltlab": [ltlab, "run", "--config", "../ltlab.yml", "--report-dir", "report"],
        "Taurus": [str(taurus()), "../taurus.json"],
    }


def measure() -> Iterator[table.Row]:
    """Yield what each tool adds, medians over turns."""
    program = engine()
    turns: dict[str, list[Turn]] = {}
    with tempfile.TemporaryDirectory(prefix="ltlab-bench-") as made, service() as address:
        folder = Path(made)
        home = folder / "home"  # Taurus writes settings there; nobody's own are read
        home.mkdir()
        path = f"{Path(program).parent}:{os.environ['PATH']}"
        env = {**os.environ, **k6.QUIET, "PATH": path, "HOME": str(home), "BASE_URL": address}
        # pip compiles what it installs; the first turn, which does not count, does so for a checkout.
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        for name, command in commands(folder, program, address).items():
            watch(command, cwd=folder / f"warm-{name}", env=env)
        for number in range(REPEATS):
            for name, command in commands(folder, program, address).items():
                turn = watch(command, cwd=folder / f"{name}-{number}", env=env)
                turns.setdefault(name, []).append(turn)
    plain = median(turn.wall_s for turn in turns["k6"])
    yield "k6 alone, the same outputs", f"{plain:.1f} s"
    added = {}
    for name, limit in (("ltlab", " (at most 5 s)"), ("Taurus", "")):
        added[name] = median(turn.wall_s for turn in turns[name]) - plain
        start = median(turn.start_s for turn in turns[name])
        memory = median(turn.memory_mb for turn in turns[name])
        yield f"{name} adds{limit}", f"**{added[name]:.1f} s**"
        yield f"of it before k6 starts, {name}", f"{start:.1f} s"
        yield f"memory of {name} beside k6's", f"{memory:.0f} MB"
    yield (
        "Taurus adds, times what ltlab adds (at least 5)",
        f"**{added['Taurus'] / added['ltlab']:.1f}**",
    )


if __name__ == "__main__":
    table.carry_out("overhead", measure(), about=__doc__)
