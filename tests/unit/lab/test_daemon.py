"""A Docker daemon that cannot be used is refused with what to do; one that can is found."""

from __future__ import annotations

import contextlib
import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from ltlab_ci import errors
from ltlab_ci.lab import abandoned, daemon

pytestmark = [pytest.mark.loopback, pytest.mark.processes]

DOCKER_19 = {"Version": "19.03.15", "ApiVersion": "1.40", "MinAPIVersion": "1.12"}
DOCKER_1_11 = {"Version": "1.11.2", "ApiVersion": "1.23"}
DOCKER_20 = {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12"}
TOO_NEW = {"message": "client version 1.40 is too new. Maximum supported API version is 1.38"}
TOO_OLD = {"message": "client version 1.40 is too old. Minimum supported API version is 1.44"}


@contextlib.contextmanager
def answering(folder: Path, status: int, said: dict[str, str]) -> Iterator[str]:
    """Run a daemon that gives one answer to whatever it is asked; yield its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

        def get_request(self) -> tuple[object, tuple[str, int]]:  # type: ignore[override]
            return super().get_request()[0], ("local", 0)

    with Server(str(folder / "docker.sock"), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"unix://{folder}/docker.sock"
        finally:
            server.shutdown()
            thread.join()


def reached(address: str) -> contextlib.closing[docker.DockerClient]:
    return contextlib.closing(daemon.reach({"DOCKER_HOST": address}))


def refused(address: str) -> tuple[str, str]:
    with pytest.raises(errors.LabNotReady) as caught:
        daemon.reach({"DOCKER_HOST": address})
    return caught.value.message, caught.value.remedy


@pytest.mark.parametrize(
    ("status", "said", "what", "remedy"),
    [
        (200, DOCKER_19, "Docker 19.03.15 is too old for the lab", "install Docker 20.10"),
        (200, DOCKER_1_11, "is too old for the lab", "install Docker 20.10"),
        (400, TOO_NEW, "is too old for the lab", "install Docker 20.10"),
        (400, TOO_OLD, "wants a newer client than ltlab's", "update ltlab"),
    ],
    ids=["docker 19", "docker 1.11", "API refused", "client refused"],
)
def test_reach__one_of_the_wrong_age_is_told(
    tmp_path: Path, status: int, said: dict[str, str], what: str, remedy: str
) -> None:
    with answering(tmp_path, status, said) as address:
        message, way_out = refused(address)
    assert message.endswith(what)
    assert way_out.startswith(remedy)
    assert way_out.endswith("or run with --lab embedded")


def test_reach__one_of_20_10_is_taken(tmp_path: Path) -> None:
    with answering(tmp_path, 200, DOCKER_20) as address, reached(address) as client:
        assert client.api.api_version == "1.41"


@pytest.mark.parametrize("name", ["", "dev", "*", "20261125-181440", "20261125-181440-ab12cd_x"])
def test_abandoned__only_what_a_run_is_called_is_looked_for(tmp_path: Path, name: str) -> None:
    # It would fail to read this answer as a list of containers.
    with answering(tmp_path, 200, DOCKER_20) as address, reached(address) as client:
        assert not abandoned.find(client, name)
