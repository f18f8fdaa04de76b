"""Projects as users have them, `ltlab` run in them as users run it, and what a run left behind.

Not here: services to put under load (conftest.py), what is expected of a run (the tests).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import defusedxml.ElementTree
import duckdb
import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
LTLAB = (sys.executable, "-m", "ltlab_ci")
PATIENCE_S = 90.0
TAG = "FLOW_TEST_RUN"  # in the environment of a run, so that all it starts can be found
EVIDENCE = (
    "junit.xml",
    "load-performance.json",
    "metrics.txt",
    "report.html",
    "result.json",
    "summary.md",
)
_NOT_PASSED_ON = ("BASE_URL", "CI", "COLUMNS", "FORCE_COLOR", "K6_", "NO_COLOR", "TERM", "TOY_API_")
_KEPT = ("LTLAB_CACHE_DIR", "LTLAB_K6", "LTLAB_ARTILLERY", "LTLAB_NODE")

T = TypeVar("T")
Found = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A run that has ended."""

    code: int
    out: str
    err: str
    folder: Path
    result: Found | None

    @property
    def report(self) -> Path:
        """Return the folder of evidence."""
        return self.folder / "ltlab-report"

    @property
    def found(self) -> Found:
        """Return the result of a run that must have one."""
        assert self.result is not None, self.err
        return self.result

    @property
    def refusal(self) -> tuple[str, str]:
        """Return the two lines, what happened and what to do, that stderr ends with."""
        what, remedy = self.err.splitlines()[-2:]
        assert what == what.strip() != ""
        assert remedy.startswith("  what to do: ")
        return what, remedy.removeprefix("  what to do: ")

    @property
    def findings(self) -> dict[str, Found]:
        """Return the findings by code; every one of them must say what to do.

        How busy this machine is depends on who else is using it.
        """
        assert all(finding["message"] and finding["remedy"] for finding in self.found["findings"])
        found = {finding["code"]: finding for finding in self.found["findings"]}
        found.pop("machine-busy", None)
        return found

    def scenario(self, name: str | None = None) -> Found:
        """Return one scenario's result: the named one, or the only one."""
        [one] = [each for each in self.found["scenarios"] if name in (None, each["name"])]
        return dict(one)

    def verdict(self, threshold: str, scenario: str | None = None) -> Found:
        """Return the verdict on a threshold, by its metric and text: `http_reqs count > 0`."""
        verdicts = self.scenario(scenario)["verdicts"]
        [one] = [each for each in verdicts if f"{each['metric']} {each['threshold']}" == threshold]
        return dict(one)

    def metrics(self, scenario: str | None = None) -> dict[str, Found]:
        """Return every metric's figures by name."""
        return {metric["name"]: metric for metric in self.scenario(scenario)["metrics"]}

    def logs(self, scenario: str) -> Path:
        """Return the folder of what an engine left, by a scenario with a plain name."""
        return self.report / "logs" / scenario

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the samples that were kept, as a user would with DuckDB; the table is `samples`."""
        files = f"{self.report}/samples/*.parquet"
        with duckdb.connect() as db:
            db.execute(f"CREATE VIEW samples AS FROM read_parquet('{files}')")
            return db.execute(sql).fetchall()


@dataclass(frozen=True, kw_only=True)
class Project:
    """A user's folder, how `ltlab` is run in it, and how long one run may take."""

    folder: Path
    patience_s: float = PATIENCE_S

    def run(
        self, *words: str, env: Mapping[str, str] | None = None, patience_s: float = PATIENCE_S
    ) -> Ran:
        """Run `ltlab` to its end."""
        with self.running(*words, env=env, patience_s=patience_s) as run:
            pass
        return run.ended()

    @contextlib.contextmanager
    def running(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        terminal: int | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Iterator[Running]:
        """Start `ltlab`, hand it out, and wait for its end; a terminal is where all is said."""
        work = self.folder.parent / f"{self.folder.name}-work"
        work.mkdir(exist_ok=True)
        tag = uuid.uuid4().hex
        # Files and no pipes: a program that outlives its run would keep a pipe open for ever.
        with (work / "out").open("w+b") as out, (work / "err").open("w+b") as err:
            child = subprocess.Popen(
                [*LTLAB, *words],
                cwd=self.folder,
                env={**_environ(), "TMPDIR": str(work), TAG: tag, **(env or {})},
                stdin=subprocess.DEVNULL if terminal is None else terminal,
                stdout=out if terminal is None else terminal,
                stderr=err if terminal is None else terminal,
            )
            run = Running(child=child, folder=self.folder, work=work, tag=tag)
            try:
                yield run
                child.wait(timeout=max(self.patience_s, patience_s))
            finally:
                run.end()


@dataclass(frozen=True, kw_only=True)
class Running:
    """A run that goes on."""

    child: subprocess.Popen[bytes]
    folder: Path
    work: Path
    tag: str
    left: dict[int, str] = field(default_factory=dict)

    def process(self, *words: str) -> int:
        """Wait for a process of this run whose command line holds the words; return its id."""
        return until(lambda: self._process(words), what=f"a process with {words} in its command")

    def loaded(self) -> None:
        """Wait until requests have been stored."""
        parts = self.folder / "ltlab-report" / "samples"
        until(lambda: requests(parts.glob("*.parts/*.parquet")) or None, what="stored requests")

    def interrupt(self, signum: signal.Signals = signal.SIGINT) -> None:
        """Send a signal to `ltlab` alone."""
        self.child.send_signal(signum)

    def end(self) -> None:
        """Keep in mind what outlived the run, and end it."""
        self.child.kill()
        self.child.wait()
        # What was sent SIGKILL takes a moment to be gone; nothing else would end so soon.
        deadline = time.monotonic() + 1.0
        while (left := _alive(self.tag)) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.left.update(left)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def ended(self) -> Ran:
        """Return what the run left; whatever it was, this holds for each of them."""
        code = self.child.returncode
        out, err = ((self.work / name).read_text(encoding="utf-8") for name in ("out", "err"))
        ran = Ran(code=code, out=out, err=err, folder=self.folder, result=result(self.folder))
        assert self.left == {}, "processes outlived their run"
        assert not list(self.work.glob("ltlab-*")), "a temporary folder was left"
        assert "Traceback" not in err
        assert not (self.folder / "ltlab-bug.log").exists(), err
        if ran.result is not None:
            assert code == ran.result["exit_code"]
            _check_evidence(ran)
        return ran

    def _process(self, words: tuple[str, ...]) -> int | None:
        assert self.child.poll() is None, (self.work / "err").read_text(encoding="utf-8")
        alive = _alive(self.tag).items()
        return next((pid for pid, line in alive if all(word in line for word in words)), None)


def write(folder: Path, ltlab_yml: str, files: Mapping[str, str] | None = None) -> Project:
    """Make a project of an ltlab.yml ("" for none) and other files."""
    folder.mkdir(exist_ok=True)
    for name, text in {"ltlab.yml": ltlab_yml, **(files or {})}.items():
        if text:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    return Project(folder=folder)


def lab(service: str, *, script: str = "load.js", thresholds: str = "{}", more: str = "") -> str:
    """Return an ltlab.yml with one scenario, `load`; all parts are YAML's flow style."""
    return f"""\
version: 1
service: {service}
scenarios:
  load:
    script: {script}
    thresholds: {thresholds}
{more}"""


def toy(*flags: str, ready: str = "{get: /health}") -> str:
    """Return a `service` that starts the toy service with these flags."""
    command = json.dumps([sys.executable, "-m", "toy_api", "--port", "{port}", *flags])
    return f"{{command: {command}, env: {{PYTHONPATH: {json.dumps(str(ROOT))}}}, ready: {ready}}}"


def k6(body: str, *, options: str = "vus: 1, iterations: 20", more: str = "") -> str:
    """Return a k6 script whose iterations run `body`; `url` is where the service answers."""
    return f"""\
import exec from 'k6/execution';
import http from 'k6/http';
import {{ check, sleep }} from 'k6';
import {{ Counter, Gauge, Rate, Trend }} from 'k6/metrics';

const url = __ENV.BASE_URL;
export const options = {{ {options} }};
{more}
export default function () {{
  {body}
}}
"""


def until(ready: Callable[[], T | None], *, what: str) -> T:
    """Poll until there is something; fail the test when it takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = ready()
        if found is not None:
            return found
        time.sleep(0.02)
    pytest.fail(f"waited {PATIENCE_S:g} s for {what}")


def requests(parts: Iterable[Path]) -> int:
    """Count the requests in the parts written so far; the newest may be half written."""
    found = 0
    for part in parts:
        with duckdb.connect() as db, contextlib.suppress(duckdb.Error):
            sql = f"SELECT count(*) FROM '{part}' WHERE metric = 'http_reqs'"
            [(count,)] = db.execute(sql).fetchall()
            found += count
    return found


def _environ() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or not name.startswith((*_NOT_PASSED_ON, "LTLAB_"))
    }


def result(folder: Path) -> Found | None:
    """Return result.json of the report in a folder, None where there is none."""
    file = folder / "ltlab-report" / "result.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def _check_evidence(ran: Ran) -> None:
    assert all((ran.report / name).stat().st_size for name in EVIDENCE)
    defusedxml.ElementTree.parse(ran.report / "junit.xml")
    assert (ran.code == 0) == (ran.found["verdict"] in {"pass", "not judged"})
    kept = sum(scenario["samples"] for scenario in ran.found["scenarios"])
    if kept:
        assert ran.query("SELECT count(*) FROM samples") == [(kept,)]
    assert not list(ran.report.glob("samples/*.parts"))
    assert not list(ran.report.glob("logs/*/rows-*"))


def _alive(tag: str) -> dict[int, str]:
    """Return the command lines of all processes with the tag in their environment, by id.

    A process inherits its environment whatever group or session it joins.
    """
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{TAG}={tag}".encode() in (folder / "environ").read_bytes():
                words = (folder / "cmdline").read_bytes().split(b"\0")
                found[int(folder.name)] = b" ".join(words).decode("utf-8", "replace")
    return found
