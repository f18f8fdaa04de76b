"""Services that do not do as they are told are ended all the same."""

from __future__ import annotations

import json
import sys

import pytest

from tests.flow import projects
from tests.flow.conftest import MakeProject

GET = projects.k6("http.get(`${url}/fast`);")
FORKING = projects.DATA / "flow" / "forking.py"


def test_sigterm__is_ignored(project: MakeProject) -> None:
    lab = projects.lab(projects.toy("--ignore-sigterm"), thresholds='{http_reqs: ["count > 0"]}')
    run = project(lab, {"load.js": GET}).run("run")
    assert run.code == 0
    assert run.findings == {}


@pytest.mark.parametrize("how", ["same-group", "ignoring-sigterm", "own-session", "daemon"])
def test_children__that_keep_running(project: MakeProject, how: str) -> None:
    command = json.dumps([sys.executable, str(FORKING), "{port}", how])
    lab = projects.lab(f"{{command: {command}}}", thresholds='{http_reqs: ["count > 0"]}')
    run = project(lab, {"load.js": GET}).run("run")
    assert run.code == 0
    assert "child is running" in (run.report / "logs" / "service.log").read_text()


def test_leader__ends_while_its_child_serves(project: MakeProject) -> None:
    command = json.dumps([sys.executable, str(FORKING), "{port}", "leader-ends"])
    lab = projects.lab(f"{{command: {command}}}")
    run = project(lab, {"load.js": GET}).run("run")
    assert run.code == 3
    assert "exited with 0" in run.found["findings"][0]["message"]


LEAVING = """\
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        if self.path == "/leave":
            os._exit(7)


HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_death__in_the_last_moment_of_a_short_run(project: MakeProject) -> None:
    command = json.dumps([sys.executable, "leaving.py", "{port}"])
    script = projects.k6("http.get(url + (__ITER == 19 ? '/leave' : '/stay'));")
    lab = projects.lab(f"{{command: {command}}}", thresholds='{http_reqs: ["count == 20"]}')
    run = project(lab, {"load.js": script, "leaving.py": LEAVING}).run("run")
    assert run.code == 3
    assert "exited with 7" in run.findings["service-died"]["message"]


def test_ready__by_a_command(project: MakeProject) -> None:
    ready = json.dumps({"command": [sys.executable, "ready.py"], "timeout": "20s"})
    check = "import os, urllib.request\nurllib.request.urlopen(os.environ['BASE_URL'] + '/health')"
    lab = projects.lab(projects.toy("--ready-after", "1", ready=ready))
    run = project(lab, {"load.js": GET, "ready.py": check}).run("run")
    assert run.code == 0
    assert "service ready at http://127.0.0.1:" in run.err


def test_build__puts_things_into_a_folder_of_this_run(project: MakeProject) -> None:
    serve = json.dumps(["{env}/serve", "{port}", "{env}/pages"])
    build = json.dumps(
        "mkdir {env}/pages && cp page {env}/pages/fast && "
        f"printf '#!/bin/sh\\nexec {sys.executable} -m http.server $1 -b 127.0.0.1 -d $2' "
        "> {env}/serve && chmod +x {env}/serve"
    )
    lab = projects.lab(f"{{build: {build}, command: {serve}}}")
    script = projects.k6("check(http.get(`${url}/fast`), { page: (r) => r.body === 'built' });")
    run = project(
        lab.replace("thresholds: {}", 'thresholds: {checks: ["rate == 100%"]}'),
        {"load.js": script, "page": "built"},
    ).run("run")
    assert run.code == 0, run.err


def test_build__fails(project: MakeProject) -> None:
    lab = projects.lab('{build: "echo no compiler; exit 7", command: ["true"]}')
    run = project(lab, {"load.js": GET}).run("run")
    assert run.code == 3
    said = run.findings["LabNotReady"]["message"]
    assert said == "service.build exited with 7: no compiler"


@pytest.mark.parametrize(("command", "said"), [("./serve", "cannot start ./serve")])
def test_command__cannot_be_started(project: MakeProject, command: str, said: str) -> None:
    lab = projects.lab(f"{{command: [{command}]}}")
    run = project(lab, {"load.js": GET}).run("run")
    assert run.code == 3
    assert said in run.findings["LabNotReady"]["message"]


def test_url__nobody_answers(project: MakeProject) -> None:
    service = "{url: 'http://127.0.0.1:1', ready: {timeout: 500ms}}"
    run = project(projects.lab(service), {"load.js": GET}).run("run")
    assert run.code == 3
    assert "127.0.0.1:1: Connection refused" in run.findings["LabNotReady"]["message"]


def test_environment__reaches_the_service_without_ltlabs_own(project: MakeProject) -> None:
    shown = "import os\nprint(sorted(n for n in os.environ if n.startswith(('LTLAB', 'SHOP'))))"
    command = json.dumps([sys.executable, "show.py"])
    lab = projects.lab(f"{{command: {command}, env: {{SHOP_PORT: '{{port}}'}}}}")
    env = {"LTLAB_INFLUX_TOKEN": "s3cr3t-t0ken", "SHOP_NAME": "corner"}
    run = project(lab, {"load.js": GET, "show.py": shown}).run("run", env=env)
    assert run.code == 3
    log = (run.report / "logs" / "service.log").read_text()
    assert log == "['SHOP_NAME', 'SHOP_PORT']\n"
    told = run.out + run.err + "".join(path.read_text() for path in run.report.glob("*.*"))
    assert "s3cr3t-t0ken" not in told


OLD = """\
import sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()


try:
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
except OSError:
    while True:  # as a watcher of files does: it waits for a change
        time.sleep(1)
"""


def test_port__is_held_by_an_old_server_that_answers_in_its_place(
    project: MakeProject, toy: str
) -> None:
    port = toy.rpartition(":")[2]
    ask = f"import urllib.request; urllib.request.urlopen('{toy}/health')"
    ready = json.dumps({"command": [sys.executable, "-c", ask]})
    command = json.dumps([sys.executable, "old.py", port])
    lab = projects.lab(
        f"{{command: {command}, ready: {ready}}}", thresholds='{http_reqs: ["count > 0"]}'
    )
    script = projects.k6(f"http.get('{toy}/fast');")
    run = project(lab, {"load.js": script, "old.py": OLD}).run("run")
    assert run.code == 3
    said = run.findings["LabNotReady"]["message"]
    assert said.startswith("service.ready.command succeeds before the service was started")


FULL = '{http_reqs: ["count == 20"]}'


def test_report__cannot_be_written_at_the_end(project: MakeProject) -> None:
    # A folder in the place of the new file: what a full disk does, without one.
    blocks = json.dumps("mkdir ltlab-report/.result.json.new")
    service = projects.toy().replace("{command:", f"{{build: {blocks}, command:")
    lab = projects.lab(service, thresholds=FULL)
    mine = project(lab, {"load.js": GET})
    run = mine.run("run", "--json")
    assert run.code == 5
    shown = json.loads(run.out)
    assert shown["verdict"] == "error"
    assert "the report could not be written" in shown["findings"][-1]["message"]
    assert run.result is None
    assert "the report could not be written" in (run.report / "summary.md").read_text()
    assert run.query("SELECT count(*) > 0 FROM samples") == [(True,)]
