"""The plug-in records every request and metric of a real Artillery run, and changes nothing.

Runs the pinned Node and Artillery from ltlab's own cache, installed there when missing.
"""

from __future__ import annotations

import collections
import gzip
import itertools
import json
import os
import signal
import socket
import statistics
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ltlab_ci import load, model
from ltlab_ci.load import artillery as artillery_engine
from ltlab_ci.load import artillery_hold, artillery_samples
from tests import factories

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "ltlab_ci" / "load" / "artillery_plugin"
SCRIPTS = ROOT / "tests" / "data" / "artillery"
BODY = json.dumps({"users": ["one", "two"] * 20}).encode()
SLOW_S = 2.5
UNREAD_S = 0.5
RUN_S = 90

Row = dict[str, Any]


class Site(BaseHTTPRequestHandler):
    """Every kind of answer the scripts ask for."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a line per request would drown the test's output."""

    def do_GET(self) -> None:
        """Answer by the first part of the path."""
        if self.path != "/unread":
            self.rfile.read(int(self.headers.get("content-length", 0)))
        kind, _, rest = self.path.partition("?")[0].strip("/").partition("/")
        answer = getattr(self, f"_{kind}", self._json)
        answer(rest)

    do_HEAD = do_POST = do_GET

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _json(self, _rest: str) -> None:
        self._send(200, BODY)

    def _gzip(self, _rest: str) -> None:
        self._send(200, gzip.compress(BODY), content_encoding="gzip")

    def _chunked(self, _rest: str) -> None:
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for part in (BODY[:100], BODY[100:]):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
            time.sleep(0.005)
        self.wfile.write(b"0\r\n\r\n")

    def _status(self, rest: str) -> None:
        self._send(int(rest), b"no")

    def _redirect(self, rest: str) -> None:
        if rest == "0":
            self._json(rest)
        else:
            to = rest if rest == "forever" else str(int(rest) - 1)
            self._send(302, b"over there", location=f"/redirect/{to}")

    def _slow(self, rest: str) -> None:
        time.sleep(SLOW_S)
        self._json(rest)

    def _unread(self, _rest: str) -> None:
        time.sleep(UNREAD_S)
        self._reset("head")

    def _reset(self, rest: str) -> None:
        if rest == "redirect":
            self._send(302, b"", location="/reset/head")
            return
        if rest == "body":
            self.send_response(200)
            self.send_header("content-length", "5000")
            self.end_headers()
            self.wfile.write(b"x" * 100)
            time.sleep(0.02)
        # Lingering for no time makes the kernel reset the connection instead of closing it.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True


class QuietServer(ThreadingHTTPServer):
    """A server to whom a client that hangs up is no news."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Leave out the traceback."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run left behind."""

    code: int
    output: str
    folder: Path
    report: Mapping[str, Any]

    @property
    def workers(self) -> list[list[Row]]:
        """Return the rows of each worker."""
        return [rows(file) for file in sorted(self.folder.glob("worker-*.ndjson"))]

    def of(self, kind: str) -> list[Row]:
        """Return the rows of one kind, of all workers."""
        return [row for worker in self.workers for row in worker if row["k"] == kind]

    def counter(self, name: str) -> int:
        """Return what Artillery itself counted."""
        return int(self.report.get("counters", {}).get(name, 0))


def rows(file: Path) -> list[Row]:
    """Read a file of samples."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@dataclass(frozen=True, kw_only=True)
class Artillery:
    """The real Artillery, started the way a user's test is."""

    node: str
    home: Path
    target: str
    tmp: Path

    def env(self, **more: str) -> dict[str, str]:
        """Return the environment: the plug-in comes in by it alone."""
        return {
            **os.environ,
            "ARTILLERY_DISABLE_TELEMETRY": "true",
            "ARTILLERY_PLUGINS": '{"ltlab":{"scope":"artillery-plugin-"}}',
            "ARTILLERY_PLUGIN_PATH": str(PLUGINS),
            "CLOSED_PORT_URL": f"http://127.0.0.1:{closed_port()}",
            "LTLAB_ARTILLERY_HOME": str(self.home),
            "LTLAB_SAMPLES_DIR": str(self.tmp / "samples"),
            "TARGET": self.target,
            **more,
        }

    def argv(self, script: Path, *flags: str) -> list[str]:
        """Return the command of a run that writes Artillery's own report."""
        report = str(self.tmp / "report.json")
        return [self.node, str(self.home / "bin" / "run"), "run", str(script), "-o", report, *flags]

    def run(self, script: str | Path, *flags: str, env: Mapping[str, str] | None = None) -> Run:
        """Run a script of the data folder to its end."""
        done = subprocess.run(
            self.argv(SCRIPTS / script, *flags),
            env=self.env(**(env or {})),
            capture_output=True,
            text=True,
            timeout=RUN_S,
            check=False,
        )
        return self.result(done.returncode, done.stdout + done.stderr)

    def result(self, code: int, output: str) -> Run:
        """Read what a run left."""
        file = self.tmp / "report.json"
        report = json.loads(file.read_text(encoding="utf-8"))["aggregate"] if file.exists() else {}
        return Run(code=code, output=output, folder=self.tmp / "samples", report=report)

    def inspect(
        self, script: Path, flags: Sequence[str] = (), *, env: Mapping[str, str] | None = None
    ) -> Row:
        """Look into a script without running it."""
        done = subprocess.run(
            [self.node, str(PLUGINS / "inspect.mjs"), str(script), json.dumps(list(flags))],
            env=self.env(**(env or {})),
            capture_output=True,
            text=True,
            timeout=RUN_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        [line] = done.stdout.splitlines()
        found: Row = json.loads(line)
        return found


def closed_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def tool() -> load.Tool:
    """Return the pinned Artillery with its Node, installed on first use."""
    cache = Path.home() / ".cache" / "ltlab"
    return artillery_engine.find(
        load.Machine(environ=dict(os.environ), root=ROOT, cache_dir=cache), ""
    )


@pytest.fixture(scope="session")
def target() -> Iterator[str]:
    """Serve the site for all tests."""
    server = QuietServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def artillery(tool: load.Tool, target: str, tmp_path: Path) -> Artillery:
    """Return an Artillery whose output goes to this test's folder."""
    assert tool.home is not None
    return Artillery(
        node=tool.argv[0],
        home=tool.home,
        target=target,
        tmp=tmp_path,
    )


def four_workers(tmp_path: Path) -> str:
    """Return Node options that let Artillery see five processors, which makes four workers."""
    patch = tmp_path / "five_processors.cjs"
    patch.write_text("require('node:os').cpus = () => Array(5).fill({});\n", encoding="utf-8")
    return f"--require {patch}"


def errors_of(run: Run) -> dict[tuple[str | None, int, str | None], int]:
    """Count the failed requests by scenario, status and error."""
    failed = [row for row in run.of("req") if row["error"]]
    return collections.Counter((row["scenario"], row["status"], row["error"]) for row in failed)


@pytest.mark.parametrize("script", ["plain.yml", "redirects.yml", "parallel.yml", "payload.yml"])
def test_requests__as_many_records_as_artillery_counts(artillery: Artillery, script: str) -> None:
    run = artillery.run(script)
    assert run.code == 0
    assert len(run.of("req")) == run.counter("http.requests") > 0
    answered = [row for row in run.of("req") if row["status"]]
    assert len(answered) == run.counter("http.responses")


def test_requests__each_kind_of_failure_is_one_record(artillery: Artillery) -> None:
    run = artillery.run("errors.yml")
    assert len(run.of("req")) == run.counter("http.requests")
    assert set(errors_of(run)) == {
        ("refused", 0, "ECONNREFUSED"),
        ("slow", 0, "ETIMEDOUT"),
        ("reset before the head", 0, "ECONNRESET"),
        ("reset inside the body", 200, "ECONNRESET"),
        ("reset after a redirect", 0, "ECONNRESET"),
    }
    assert sum(errors_of(run).values()) == run.counter("vusers.failed")


def test_requests__a_record_says_what_was_asked_and_answered(artillery: Artillery) -> None:
    run = artillery.run("plain.yml")
    first, second = run.of("req")[:2]
    assert (first["name"], first["method"], first["scenario"]) == ("GET /json", "GET", "browse")
    assert first["url"] == f"{artillery.target}/json?page=1"
    assert (first["status"], first["error"], first["bytes"]) == (200, None, len(BODY))
    assert set(first["ms"]) == {"wait", "tcp", "request", "firstByte", "download", "total"}
    assert (second["name"], second["method"]) == (None, "POST")
    assert "tcp" not in second["ms"]  # the connection was kept alive


def test_requests__hops_of_a_redirect_carry_the_name_and_their_own_url(
    artillery: Artillery,
) -> None:
    run = artillery.run("redirects.yml")
    chain = [row for row in run.of("req") if row["name"] == "three hops"]
    paths = collections.Counter(row["url"].removeprefix(artillery.target) for row in chain)
    assert paths == {f"/redirect/{hop}": 4 for hop in range(4)}
    lost = [row for row in run.of("req") if row["error"]]
    assert {row["error"] for row in lost} == {"ERR_TOO_MANY_REDIRECTS"}


def test_times__agree_with_artillery_within_its_millisecond(artillery: Artillery) -> None:
    run = artillery.run("plain.yml")
    theirs = run.report["summaries"]["http.response_time"]
    ours = [row["ms"]["firstByte"] for row in run.of("req")]
    assert len(ours) == theirs["count"]
    assert sum(ours) / len(ours) == pytest.approx(theirs["mean"], abs=1)
    assert any(value % 1 for value in ours)


@pytest.mark.quiet
def test_times__a_request_without_an_answer_took_until_it_failed(artillery: Artillery) -> None:
    run = artillery.run("errors.yml")
    took = {row["scenario"]: row["ms"] for row in run.of("req") if row["error"]}
    assert took["slow"]["firstByte"] == pytest.approx(1000, abs=500)
    assert "firstByte" in took["reset before the head"]
    assert took["reset inside the body"]["download"] > 15
    assert "request" not in took["refused"]


def test_times__a_request_cut_off_while_it_was_sent_took_until_then(
    artillery: Artillery, tmp_path: Path
) -> None:
    script = tmp_path / "unread.yml"
    script.write_text(
        "config: {target: '{{ $env.TARGET }}', processor: p.js, phases: [{duration: 1, arrivalCount: 2}]}\n"
        "scenarios: [{flow: [{post: {url: /unread, body: x, beforeRequest: long}}]}]\n",
        encoding="utf-8",
    )
    text = (
        "exports.long = (params, vars, events, next) => { params.body = 'x'.repeat(3e7); next(); };"
    )
    (tmp_path / "p.js").write_text(text)
    run = artillery.run(script)
    assert [row["status"] for row in run.of("req")] == [0, 0]
    for row in run.of("req"):
        assert row["error"]
        assert row["ms"]["request"] > UNREAD_S * 900
        assert "firstByte" not in row["ms"]


def test_stamps__rise_within_each_of_several_workers(artillery: Artillery, tmp_path: Path) -> None:
    began, now = time.time_ns(), time.time_ns
    run = artillery.run("plain.yml", env={"NODE_OPTIONS": four_workers(tmp_path)})
    assert len(run.workers) == 4
    assert len(run.of("req")) == run.counter("http.requests")
    for worker in run.workers:
        stamps = [row["t"] for row in worker]
        assert stamps == sorted(set(stamps))
        assert began < stamps[0] < stamps[-1] < now()


def test_file__opens_and_closes_with_a_count(artillery: Artillery) -> None:
    run = artillery.run("plain.yml")
    [worker] = run.workers
    assert (worker[0]["k"], worker[0]["worker"]) == ("open", 1)
    assert worker[-1]["k"] == "close"
    assert worker[-1]["rows"] == len(worker) - 1
    assert (worker[-1]["requests"], worker[-1]["unfinished"]) == (len(run.of("req")), 0)


def test_metrics__keep_the_users_names_and_values(artillery: Artillery) -> None:
    run = artillery.run("custom-metrics.yml")
    metrics = {row["n"]: row for row in run.of("counter") + run.of("summary") + run.of("rate")}
    assert metrics["shop.started"]["v"] == 2
    assert metrics["shop.heard"]["v"] == 1
    assert metrics["shop.basket_eur"]["v"] == 12.5
    assert metrics["shop.start_rate"]["k"] == "rate"
    assert {row["n"] for row in run.of("dropped")} == {"shop.spoiled", "shop.endless"}
    assert len([row for row in run.of("counter") if row["n"] == "vusers.created"]) == 4


def test_metrics__leave_out_what_the_requests_say(artillery: Artillery) -> None:
    run = artillery.run("plain.yml", env={"ARTILLERY_EXTENDED_HTTP_METRICS": "1"})
    assert "http.total" in run.report["summaries"]
    names = {row["n"] for kind in ("counter", "summary", "rate") for row in run.of(kind)}
    assert names == {
        "http.downloaded_bytes",
        "vusers.completed",
        "vusers.created",
        "vusers.session_length",
    }


def test_metrics__in_a_comparison_a_user_that_fails_is_known_by_its_start(
    artillery: Artillery,
) -> None:
    run = artillery.run("errors.yml", env={"LTLAB_APART_MS": "300"})
    begun = [row["t"] / 1e6 for row in run.of("counter") if row["n"] == "vusers.created"]
    failed = [row for row in run.of("counter") if row["n"] == "vusers.failed"]
    assert len(failed) == run.counter("vusers.failed") > 0
    starts = [row["t"] / 1e6 - row["ms"] for row in failed]
    assert sorted(starts) == pytest.approx(sorted(begun), abs=20)
    assert max(row["ms"] for row in failed) > 1000  # what was put off is part of it, and a timeout


def test_main__tells_phases_checks_and_the_end(artillery: Artillery) -> None:
    run = artillery.run("ensure-fails.yml")
    assert run.code == 1
    events = rows(run.folder / "main.ndjson")
    assert [row["k"] for row in events] == ["open", "phase", "phase", "done", "checks", "close"]
    assert (events[0]["before"], events[0]["after"]) == (False, False)
    assert (events[1]["event"], events[2]["event"]) == ("started", "completed")
    assert events[1]["name"] == "only"
    assert {(c["expression"], c["passed"], c["strict"]) for c in events[4]["checks"]} == {
        ("http.response_time.max < 0", False, True),
        ("http.codes.200 > 0", True, True),
        ("http.codes.200 > 1000", False, False),
    }


def test_main__tells_of_sections_that_run_there(artillery: Artillery, tmp_path: Path) -> None:
    script = tmp_path / "login.yml"
    script.write_text(
        "config: {target: '{{ $env.TARGET }}'}\n"
        "before: {flow: [{get: {url: /json, capture: {json: $.token, as: token}}}]}\n" + FLOW
    )
    assert artillery.run(script).code == 1
    events = rows(artillery.tmp / "samples" / "main.ndjson")
    assert [row["k"] for row in events] == ["open", "close"]
    assert events[0]["before"]


def test_file__of_a_worker_that_the_script_ended_says_so(
    artillery: Artillery, tmp_path: Path
) -> None:
    script = tmp_path / "leaving.yml"
    script.write_text(
        "config: {target: '{{ $env.TARGET }}', processor: p.js}\n"
        "scenarios: [{flow: [{get: {url: /json}}, {function: leave}]}]"
    )
    (tmp_path / "p.js").write_text("exports.leave = () => process.exit(3);")
    folder = tmp_path / "samples"
    # Artillery would wait for its worker for ever.
    with subprocess.Popen(
        artillery.argv(script), env=artillery.env(), stdout=subprocess.DEVNULL
    ) as child:
        deadline = time.monotonic() + RUN_S
        while not artillery_samples.departed(folder) and time.monotonic() < deadline:
            time.sleep(0.1)
        gone = artillery_samples.departed(folder)
        child.kill()
    assert gone == {"1": 3}
    [worker] = [rows(file) for file in folder.glob("worker-*.ndjson")]
    assert (worker[-1]["k"], worker[-1]["exit"]) == ("close", 3)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_interrupted__nothing_recorded_is_lost(
    artillery: Artillery, tmp_path: Path, signum: signal.Signals
) -> None:
    script = tmp_path / "long.yml"
    script.write_text(
        "config: {target: '{{ $env.TARGET }}', phases: [{duration: 60, arrivalRate: 40}]}\n"
        "scenarios: [{flow: [{get: {url: /json}}]}]\n",
        encoding="utf-8",
    )
    log = (tmp_path / "log.txt").open("w+", encoding="utf-8")
    options = four_workers(tmp_path)
    with (
        log,
        subprocess.Popen(
            artillery.argv(script), env=artillery.env(NODE_OPTIONS=options), stdout=log, stderr=log
        ) as child,
    ):
        wait_for_requests(tmp_path / "samples")
        child.send_signal(signum)
        child.wait(timeout=20)
    run = artillery.result(child.returncode, "")
    assert run.code == 128 + signum
    assert [worker[-1]["k"] for worker in run.workers] == ["close"] * 4
    assert sum(worker[-1]["requests"] for worker in run.workers) == len(run.of("req"))
    assert rows(run.folder / "main.ndjson")[-1]["k"] == "close"


def wait_for_requests(samples: Path) -> None:
    """Return once each of four workers has recorded something."""
    deadline = time.monotonic() + RUN_S
    while time.monotonic() < deadline:
        files = list(samples.glob("worker-*.ndjson"))
        if len(files) == 4 and all('"k":"req"' in file.read_text() for file in files):
            return
        time.sleep(0.1)
    pytest.fail("four workers with requests were expected")


def test_full_disk__is_said_once_and_the_users_run_goes_on(artillery: Artillery) -> None:
    samples = artillery.tmp / "samples"
    samples.mkdir()
    (samples / "worker-1.ndjson").symlink_to("/dev/full")
    done = subprocess.run(
        artillery.argv(SCRIPTS / "plain.yml"),
        env=artillery.env(),
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr.count("ltlab: samples are lost") == 1
    assert (samples / "worker-1.ndjson.failed").exists()


def test_wrong_artillery__ends_the_run_instead_of_recording_nothing(artillery: Artillery) -> None:
    run = artillery.run("plain.yml", env={"LTLAB_ARTILLERY_HOME": str(artillery.tmp)})
    assert run.code == 11
    assert "engine_http.js" in run.output
    assert not run.workers


@pytest.mark.parametrize(("rate", "workers"), [(8.0, 4), (12.5, 1)])
def test_held__starts_are_even_and_as_many_as_said(
    artillery: Artillery, tmp_path: Path, rate: float, workers: int
) -> None:
    """A rate with a fraction is one worker's; `poisson` would give another number each time."""
    script = tmp_path / "poisson.yml"
    script.write_text(
        "config: {target: '{{ $env.TARGET }}', mode: poisson, phases: [{duration: 9, arrivalRate: 3}]}\n"
        "scenarios: [{flow: [{get: {url: /json}}]}]\n",
        encoding="utf-8",
    )
    held = artillery_hold.hold(
        factories.a_scenario(engine=model.EngineName.ARTILLERY),
        load.Script(load=model.PlannedLoad()),
        load.Steady(turns=((0.0, 2.0), (4.0, 2.0)), rate_per_s=rate),
        artillery.target,
    )
    env = {**held.scenario.env, "NODE_OPTIONS": four_workers(tmp_path)}
    run = artillery.run(script, *held.scenario.args, env=env)
    assert run.code == 0
    assert len(run.workers) == workers
    assert len(run.of("req")) == run.counter("vusers.created") == rate * 4
    for worker in run.workers:
        begun = [row["t"] / 1e9 for row in worker if row.get("n") == "vusers.created"]
        gaps = [after - before for before, after in itertools.pairwise(begun)]
        assert statistics.median(gaps) == pytest.approx(workers / rate, rel=0.2)
        assert max(gaps) > 2  # between two turns


def test_unchanged__the_report_is_the_same_without_the_plugin(artillery: Artillery) -> None:
    with_plugin = artillery.run("parallel.yml").report["counters"]
    without = artillery.run("parallel.yml", env={"ARTILLERY_PLUGINS": "{}"}).report["counters"]
    assert with_plugin == without


def test_typescript__processor_runs_and_its_bundle_is_gone(artillery: Artillery) -> None:
    found = artillery.inspect(SCRIPTS / "typescript.yml")
    assert (found["ok"], found["scenarios"]) == (True, ["typed"])
    assert not (SCRIPTS / "dist").exists()
    run = artillery.run("typescript.yml")
    assert {row["url"] for row in run.of("req")} == {f"{artillery.target}/json?page=7"}
    assert len([row for row in run.of("counter") if row["n"] == "typed.chosen"]) == 2


def test_inspect__sums_up_the_plan_with_the_users_flags(
    artillery: Artillery, tmp_path: Path
) -> None:
    script = tmp_path / "long.yml"
    script.write_text(
        """
config:
  environments:
    ci:
      target: http://ci.test
      phases: [{duration: 1m, arrivalRate: 1, rampTo: 9}, {pause: "5"}, {duration: 90s, arrivalRate: 2}]
      plugins: {expect: {}}
scenarios: [{name: first, flow: []}, {flow: [{think: 1}]}]
""",
        encoding="utf-8",
    )
    found = artillery.inspect(script, ["-e", "ci", "--target", "http://other.test"])
    assert (found["ok"], found["target"], found["hasTarget"]) == (True, "http://other.test", True)
    assert found["duration_s"] == 155
    assert found["quiet_s"] >= 10
    assert (found["scenarios"], found["unseen"], found["lacks"]) == (["first", "1"], False, [])
    assert found["workers"] >= 1


FLOW = "scenarios: [{flow: [{get: {url: /}}]}]"


@pytest.mark.parametrize(
    ("text", "stage", "part"),
    [
        ("config: [", "parse", "unexpected end"),
        (FLOW, "parse", "no config section"),
        (f"config: {{phases: []}}\n{FLOW}", "config", "No target"),
        ("config: {target: http://a.test}", "validate", '"scenarios" is required'),
        (
            f"config: {{target: http://a.test, phases: [{{duration: soon}}]}}\n{FLOW}",
            "validate",
            "Invalid duration",
        ),
        (
            f"config: {{target: http://a.test, payload: {{path: no.csv, fields: [a]}}}}\n{FLOW}",
            "payload",
            "no.csv",
        ),
        (
            f"config: {{target: http://a.test, processor: no.js}}\n{FLOW}",
            "processor",
            "no.js",
        ),
    ],
)
def test_inspect__says_in_which_stage_a_script_fails(
    artillery: Artillery, tmp_path: Path, text: str, stage: str, part: str
) -> None:
    script = tmp_path / "broken.yml"
    script.write_text(text, encoding="utf-8")
    found = artillery.inspect(script)
    assert (found["ok"], found["stage"]) == (False, stage)
    assert part in found["message"]


FUNCTIONS = "exports.here = (context, events, done) => done(); exports.fine = exports.here;"


def lacking(artillery: Artillery, tmp_path: Path, text: str, **env: str) -> list[tuple[str, str]]:
    """Return what a script asks for in vain: messages and remedies."""
    script = tmp_path / "asks.yml"
    script.write_text(text, encoding="utf-8")
    (tmp_path / "p.js").write_text(FUNCTIONS, encoding="utf-8")
    found = artillery.inspect(script, env=env)
    assert found["ok"], found
    return [(each["message"], each["remedy"]) for each in found["lacks"]]


MISSPELT = """
config: {target: http://a.test, processor: p.js, engines: {playwright: {}}}
before: {flow: [{function: login}, {function: here}]}
after: {flow: [{get: {url: /, afterResponse: leave}}]}
scenarios:
  - beforeScenario: a
    afterScenario: [b, fine]
    flow:
      - {function: hree}
      - {loop: [{parallel: [{function: deep}, {function: deep}]}], count: 2}
      - {loop: [{think: 1}], whileTrue: more}
      - {get: {url: /, beforeRequest: [c, here, "{{ chosen }}"], afterResponse: d}}
  - {engine: ws, flow: [{connect: {function: sign}}, {send: x}]}
  - {engine: playwright, testFunction: browse}
"""
IDLE = """
config:
  target: http://a.test
  plugins: {fuzzer: {}, bad: {}, idle: {}}
  engines: {playwright: {}, toy: {}, broken: {}}
  ensure: {p95: 5}
scenarios:
  - {engine: nowhere, flow: []}
  - {flow: [{loop: [{get: {url: /, expect: {statusCode: 200}}}], count: 2}]}
"""
IDLE_LIMITS = """
config: {target: http://a.test, plugins: {ensure: {}}, ensure: {p90: 5, thresholds: {a: 1}}}
scenarios: [{flow: [{function: f}]}]
"""
FINE = """
config:
  target: http://a.test
  processor: p.js
  engines: {ws: {}, playwright: {}}
  plugins: {ensure: {p95: 5}, expect: {}}
scenarios:
  - flow: [{function: here}, {get: {url: /, beforeRequest: fine, expect: {statusCode: 200}}}]
"""


def test_lacks__functions_that_are_not_there_are_named(
    artillery: Artillery, tmp_path: Path
) -> None:
    [(message, remedy)] = lacking(artillery, tmp_path, MISSPELT)
    assert message == (
        "calls functions that p.js does not export: login (function), leave (afterResponse), "
        "a (beforeScenario), b (afterScenario), hree (function), deep (function), "
        "more (whileTrue), c (beforeRequest), d (afterResponse), sign (connect), "
        "browse (testFunction)"
    )
    assert remedy.endswith("p.js exports here, fine")


def test_lacks__what_artillery_would_only_warn_of_is_named(
    artillery: Artillery, tmp_path: Path
) -> None:
    for package, text in (
        ("artillery-plugin-bad", "throw new Error('no license\\nat x');"),
        ("artillery-plugin-idle", "exports.nothing = 1;"),
        ("artillery-engine-broken", "require('not-there');"),
    ):
        a_package(tmp_path, package, text)
    said = lacking(artillery, tmp_path, IDLE, NODE_PATH=str(tmp_path / "node_modules"))
    assert [message for message, _ in said] == [
        (
            "switches on plug-ins that Artillery cannot load: fuzzer (artillery-plugin-fuzzer is "
            "not installed), bad (no license), idle (it exports no Plugin)"
        ),
        "has scenarios for the engine nowhere, which its config does not name",
        "uses the engine toy, which Artillery cannot load: artillery-engine-toy is not installed",
        "uses the engine broken, which Artillery cannot load: Cannot find module 'not-there'",
        "has limits in config.ensure, and the plug-in that checks them is not switched on",
        "has requests with `expect`, and the plug-in that checks them is not switched on",
    ]
    assert all(remedy for _, remedy in said)


def test_lacks__limits_that_are_written_amiss_are_named(
    artillery: Artillery, tmp_path: Path
) -> None:
    assert [message for message, _ in lacking(artillery, tmp_path, IDLE_LIMITS)] == [
        "calls functions, and its config names no processor: f (function)",
        "has limits in `ensure` that Artillery does not read: p90",
        "has `ensure.thresholds` that is not a list of mappings, which Artillery does not read",
    ]
    empty = "config: {target: http://a.test, plugins: {expect: }}\n" + FLOW
    [(message, _)] = lacking(artillery, tmp_path, empty)
    assert message.startswith("switches on the plug-in expect without a value")


def test_lacks__nothing_where_all_is_there(artillery: Artillery, tmp_path: Path) -> None:
    assert lacking(artillery, tmp_path, FINE) == []


def a_package(root: Path, name: str, text: str) -> None:
    """Install a package of one file."""
    folder = root / "node_modules" / name
    folder.mkdir(parents=True)
    (folder / "index.js").write_text(text, encoding="utf-8")


def test_lacks__a_variable_may_switch_limits_off_or_their_plug_in_on(
    artillery: Artillery, tmp_path: Path
) -> None:
    text = f"config: {{target: http://a.test, ensure: {{p95: 5}}}}\n{FLOW}"
    assert lacking(artillery, tmp_path, text, ARTILLERY_DISABLE_ENSURE="1") == []
    assert lacking(artillery, tmp_path, text, ARTILLERY_PLUGINS='{"ensure": {}}') == []


def test_lacks__a_plug_in_of_ones_own_may_bring_functions(
    artillery: Artillery, tmp_path: Path
) -> None:
    a_package(tmp_path, "artillery-plugin-own", "exports.Plugin = class {};")
    text = (
        "config: {target: http://a.test, processor: p.js, plugins: {own: {}}}\n"
        "scenarios: [{flow: [{function: brought}]}]"
    )
    assert lacking(artillery, tmp_path, text, NODE_PATH=str(tmp_path / "node_modules")) == []


def test_inspect__a_processor_that_ends_the_process_or_hangs_is_survived(
    artillery: Artillery, tmp_path: Path
) -> None:
    script = tmp_path / "script.yml"
    script.write_text(f"config: {{target: http://a.test, processor: p.js}}\n{FLOW}")
    (tmp_path / "p.js").write_text("console.log('noise'); setInterval(() => {}, 1000);")
    assert artillery.inspect(script)["ok"]
    (tmp_path / "p.js").write_text("process.exit(3);")
    assert artillery.inspect(script)["stage"] == "processor"
