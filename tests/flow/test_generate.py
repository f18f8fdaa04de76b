"""Every blueprint is a script that its engine loads; nothing that a user gives breaks it."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from typing import ClassVar

import pytest

from ltlab_ci.config import blueprints
from tests.flow import projects
from tests.flow.conftest import MakeProject
from tests.unit.config.test_blueprints import NASTY

ENGINES = ("k6", "artillery")


class _Listed(http.server.BaseHTTPRequestHandler):
    """Answers everything with 200, and keeps what was asked for."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[set[tuple[str, str]]] = set()

    def do_GET(self) -> None:
        self.asked.add((self.command, self.path))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def listed() -> Iterator[tuple[str, set[tuple[str, str]]]]:
    """Run a service that keeps what it is asked for; return its address and that."""
    _Listed.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Listed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", _Listed.asked
        server.shutdown()


def test_generate__every_blueprint_is_loaded_by_its_engine(project: MakeProject) -> None:
    mine = project(projects.lab("{url: 'http://127.0.0.1:1'}"), {"load.js": projects.k6("")})
    for shape in blueprints.Shape:
        for engine in ENGINES:
            words = ("--engine", engine, "--path", "/items", "--path", f"POST:{NASTY}")
            done = mine.run("generate", shape, *words, "--add", f"{engine}-{shape}")
            assert done.code == 0, done.err
    checked = mine.run("validate")
    assert (checked.code, checked.out) == (0, "valid; scenarios: 11, thresholds: 0\n"), checked.err


@pytest.mark.parametrize("engine", ENGINES)
def test_generate__a_path_arrives_as_it_was_given(
    engine: str, project: MakeProject, listed: tuple[str, set[tuple[str, str]]]
) -> None:
    url, asked = listed
    mine = project("")
    words = ("--engine", engine, "--duration", "5s", "--rate", "2")
    made = mine.run("generate", "steady", *words, "--path", "/items", "--path", f"POST:{NASTY}")
    assert made.code == 0, made.err
    [script] = [path.name for path in mine.folder.iterdir()]
    run = mine.run(engine, "-s", script, "--url", url)
    assert run.code == 0, run.err
    encoded = blueprints.Endpoint.parse(NASTY)
    assert asked == {("GET", "/items"), ("POST", encoded.path)}
    named = run.query("SELECT DISTINCT name FROM samples WHERE metric = 'http_reqs'")
    assert set(named) == {("GET /items",), (f"POST {encoded.path.partition('?')[0]}",)}


def test_generate__asks_on_a_terminal(project: MakeProject) -> None:
    mine = project("")
    answers = ["spike", "artillery", "/items POST:/orders", "7", "", "10s", ""]
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*projects.LTLAB, "generate"], cwd=mine.folder, stdin=theirs, stdout=theirs, stderr=theirs
    ) as child:
        os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
        said = b""
        while b"next: " not in said:
            said += os.read(ours, 4096)
        assert child.wait(timeout=projects.PATIENCE_S) == 0
    os.close(ours)
    os.close(theirs)
    script = (mine.folder / "spike.yml").read_text(encoding="utf-8")
    assert "[28]" in said.decode()
    assert "arrivalRate: 28" in script
    assert '"POST /orders"' in script
