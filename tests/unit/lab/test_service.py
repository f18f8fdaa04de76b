"""The service is built, started, awaited, watched and stopped, also when a step fails."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ltlab_ci import errors, model, process
from ltlab_ci.lab import embedded, service
from ltlab_ci.lab.program import Program
from tests.unit.lab.conftest import Site

pytestmark = [pytest.mark.loopback, pytest.mark.processes]

SERVES = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"argv": sys.argv[1:], "env": dict(os.environ)}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
print("serving", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
ENVIRON = {"PATH": "/usr/bin:/bin", "LTLAB_TOKEN": "s3cret", "KEPT": "yes"}


def until(condition: Callable[[], object], *, seconds: float = 10.0) -> None:
    """Wait until something holds; fail when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.01)


def serves(*args: str, **parts: object) -> model.Service:
    given: dict[str, object] = {
        "command": (sys.executable, "-c", SERVES, "{port}", *args),
        "ready": model.Ready(get="/"),
    }
    return model.Service.model_validate({**given, **parts})


def up(
    spec: model.Service | None, tmp_path: Path, port: int | None = None
) -> AbstractContextManager[service.Running]:
    return built_and_up(spec, tmp_path, service.free_port() if port is None else port)


@contextlib.contextmanager
def built_and_up(
    spec: model.Service | None, tmp_path: Path, port: int
) -> Iterator[service.Running]:
    log = tmp_path / "logs" / "service.log"
    version = service.Version(spec=spec, root=tmp_path)
    with (
        service.built(version, port=port, environ=ENVIRON, log=log) as built,
        service.up(built, port=port, environ=ENVIRON, log=log) as starting,
    ):
        yield starting.awaited()


def log(tmp_path: Path) -> str:
    return (tmp_path / "logs" / "service.log").read_text()


def said_by(running: service.Running) -> Mapping[str, object]:
    with urllib.request.urlopen(running.base_url, timeout=5) as response:
        found: Mapping[str, object] = json.load(response)
    return found


def test_up__a_command_is_started_awaited_and_stopped(tmp_path: Path) -> None:
    port = service.free_port()
    with up(serves(), tmp_path, port) as running:
        assert running.base_url == f"http://127.0.0.1:{port}"
        assert said_by(running)["argv"] == [str(port)]
        assert running.death() is None
        assert 0 <= running.ready_after_s < 30
        assert running.child is not None
        assert isinstance(running.child, process.Child)
        pid = running.child.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert "serving" in log(tmp_path)


def test_up__port_and_env_expand_everywhere_and_braces_are_kept(tmp_path: Path) -> None:
    port = service.free_port()
    spec = serves(
        "--db={env}/a.db",
        '{"json": {}}',
        env={"DB": "{env}/a.db", "ADDRESS": "x:{port}", "BRACES": "{}{other}"},
        build="echo built > {env}/a.db; echo $DB {port}",
    )
    with up(spec, tmp_path, port) as running:
        said = said_by(running)
        argv, env = said["argv"], said["env"]
        assert isinstance(argv, list)
        assert isinstance(env, dict)
        database = Path(argv[1].removeprefix("--db="))
        assert (env["DB"], env["ADDRESS"]) == (str(database), f"x:{port}")
        assert (argv[2], env["BRACES"]) == ('{"json": {}}', "{}{other}")
        assert database.read_text() == "built\n"
    assert not database.parent.exists()
    assert log(tmp_path).startswith(f"{database} {port}\n")


def test_up__gets_the_environment_without_what_is_ours(tmp_path: Path) -> None:
    with up(serves(env={"OWN": "1"}), tmp_path) as running:
        env = said_by(running)["env"]
    assert isinstance(env, dict)
    assert (env["KEPT"], env["OWN"]) == ("yes", "1")
    assert "s3cret" not in env.values()


def test_up__runs_in_the_folder_of_the_project(tmp_path: Path) -> None:
    spec = serves(build="pwd")
    with up(spec, tmp_path):
        assert log(tmp_path).splitlines()[0] == str(tmp_path)


def failure(spec: model.Service, tmp_path: Path) -> errors.LabNotReady:
    with pytest.raises(errors.LabNotReady) as caught, up(spec, tmp_path):
        pytest.fail("it cannot have come up")
    assert caught.value.remedy
    return caught.value


def test_up__a_build_that_fails_is_shown_and_nothing_is_started(tmp_path: Path) -> None:
    spec = serves(build="echo no compiler; touch {env}/x; exit 4")
    error = failure(spec, tmp_path)
    assert error.message == "service.build exited with 4: no compiler"
    assert "serving" not in log(tmp_path)


def test_up__a_program_that_is_missing_is_shown(tmp_path: Path) -> None:
    error = failure(serves(command=("/nowhere/shop",)), tmp_path)
    assert error.message.startswith("cannot start /nowhere/shop")


def test_up__a_service_that_dies_at_start_is_shown_with_its_last_words(tmp_path: Path) -> None:
    spec = serves(
        command=(
            "/bin/sh",
            "-c",
            "echo no database; exit 3",
        )
    )
    error = failure(spec, tmp_path)
    assert error.message == "the service exited with 3 (no database) before it was ready"


def test_up__a_service_that_never_gets_ready_is_stopped(tmp_path: Path) -> None:
    spec = serves(
        command=(
            "/bin/sh",
            "-c",
            "echo $$ > pid; exec sleep 60",
        ),
        ready=model.Ready(get="/", timeout="300ms"),
    )
    assert "not ready after 0.3 s" in failure(spec, tmp_path).message
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_up__a_port_that_is_taken_is_refused_with_the_name_of_who_has_it(
    site: Site, tmp_path: Path
) -> None:
    port = int(site.base_url.rpartition(":")[2])
    with pytest.raises(errors.LabNotReady) as caught, up(serves(), tmp_path, port):
        pytest.fail("the other program would be tested")
    assert f":{port} answers before the service was started" in caught.value.message
    assert f"(process {os.getpid()}) listens there" in caught.value.message
    assert not (tmp_path / "logs").exists()


def test_up__a_ready_command_that_needs_no_service_is_refused(site: Site, tmp_path: Path) -> None:
    ask = f"import urllib.request; urllib.request.urlopen({site.base_url!r})"
    spec = serves(ready=model.Ready(command=(sys.executable, "-c", ask)))
    error = failure(spec, tmp_path)
    assert error.message.startswith("service.ready.command succeeds before the service was started")
    assert not (tmp_path / "logs").exists()


def test_up__a_ready_command_may_wait_for_the_service_itself(tmp_path: Path) -> None:
    waits = "until test -e up; do sleep 0.01; done"
    spec = serves(
        command=("/bin/sh", "-c", "sleep 0.1; touch up; exec sleep 60"),
        ready=model.Ready(command=("/bin/sh", "-c", waits)),
    )
    with up(spec, tmp_path) as running:
        assert running.death() is None


def test_up__is_stopped_when_the_body_fails(tmp_path: Path) -> None:
    children: list[Program | None] = []

    def run() -> None:
        with up(serves(), tmp_path) as running:
            children.append(running.child)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run()
    [child] = children
    assert child is not None
    assert child.poll() is not None


def test_death__is_noticed_during_the_run(tmp_path: Path) -> None:
    dies = "echo first; echo last words; exit 9"
    spec = serves(
        command=(
            "/bin/sh",
            "-c",
            f"touch up; until test -e go; do sleep 0.01; done; {dies}",
        )
    )
    ready = model.Ready(command=("/usr/bin/test", "-e", "up"))
    spec = spec.model_copy(update={"ready": ready})
    with up(spec, tmp_path) as running:
        assert running.death() is None
        (tmp_path / "go").touch()
        until(lambda: running.death() is not None)
        assert running.death() == "exited with 9 (first | last words)"


def test_up__a_url_is_awaited_but_not_started(site: Site, tmp_path: Path) -> None:
    spec = model.Service(url=f"{site.base_url}/", ready=model.Ready(get="/health"))
    with up(spec, tmp_path) as running:
        assert (running.base_url, running.child, running.death()) == (site.base_url, None, None)
    assert site.asked == ["/health"]
    assert not (tmp_path / "logs").exists()


def test_up__without_a_service_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    with up(None, tmp_path) as running:
        assert (running.base_url, running.child, running.death()) == ("", None, None)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (None, ""),
        (model.Service(url="http://shop.test/"), "http://shop.test"),
        (model.Service(url="https://shop.test/api"), "https://shop.test/api"),
        (model.Service(command=("./shop",)), "http://127.0.0.1:4711"),
    ],
)
def test_base_url__is_where_scripts_should_go(spec: model.Service | None, expected: str) -> None:
    assert service.base_url(spec, 4711) == expected


def test_up__trouble_names_the_log_that_the_service_was_given(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "service-head.log"
    gone = model.Service(command=("/bin/sh", "-c", "exit 5"))
    mute = model.Service(
        command=("/bin/sh", "-c", "exec sleep 60"), ready=model.Ready(timeout="100ms")
    )
    for spec in (gone, mute):
        version = service.Version(spec=spec, root=tmp_path, built=True)
        with (
            pytest.raises(errors.LabNotReady) as caught,
            service.up(version, port=service.free_port(), environ=ENVIRON, log=path) as starting,
        ):
            starting.awaited()
        assert "logs/service-head.log" in caught.value.remedy


def test_free_port__differs_and_can_be_used() -> None:
    assert all(1024 <= service.free_port() < 65536 for _ in range(5))


def test_bench__an_engine_gets_its_environment_and_its_log(tmp_path: Path) -> None:
    bench = embedded.bench(tmp_path, ENVIRON)
    path = tmp_path / "logs" / "engine.log"
    argv = ("/bin/sh", "-c", "pwd; echo $KEPT $MORE; env")
    with bench.exec(argv, image="", env={"MORE": "too"}, log=path) as child:
        assert child.wait(10) == 0
    assert path.read_text().splitlines()[:2] == [str(tmp_path), "yes too"]
    assert "s3cret" not in path.read_text()


def test_bench__an_engine_that_is_missing_is_an_engine_error(tmp_path: Path) -> None:
    bench = embedded.bench(tmp_path, ENVIRON)
    with (
        pytest.raises(errors.EngineError),
        bench.exec(("/nowhere/k6",), image="", env={}, log=tmp_path / "log"),
    ):
        pytest.fail("it cannot have started")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (None, "none (scripts bring their own address)"),
        (model.Service(url="http://shop.test"), "http://shop.test"),
        (model.Service(command=("./shop", "--port", "{port}")), "./shop --port {port}"),
    ],
)
def test_describe__says_where_it_was_measured(spec: model.Service | None, expected: str) -> None:
    shown = embedded.describe(spec)
    assert (shown.service, shown.lab) == (expected, "embedded")
    assert shown.cpus >= 1
    assert shown.memory_mb > 100
