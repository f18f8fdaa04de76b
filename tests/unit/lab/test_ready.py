"""Waiting ends when the service answers, when it dies, or when the time is over."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ltlab_ci import errors, model
from ltlab_ci.lab import ready, service
from tests.unit.lab.conftest import Site

pytestmark = [pytest.mark.loopback, pytest.mark.processes]
ENV = {"PATH": "/usr/bin:/bin"}


def lives() -> None:
    """Say that the service lives."""


def wait(
    spec: model.Ready,
    base_url: str,
    tmp_path: Path,
    alive: Callable[[], str | None] = lives,
    *,
    proxied: bool = False,
) -> float:
    check = ready.Check(spec=spec, base_url=base_url, cwd=tmp_path, env=ENV, proxied=proxied)
    return ready.wait(check, alive=alive)


def not_ready(spec: model.Ready, base_url: str, tmp_path: Path) -> str:
    with pytest.raises(errors.LabNotReady) as caught:
        wait(spec, base_url, tmp_path)
    assert caught.value.remedy
    return caught.value.message


@pytest.mark.parametrize("status", [200, 204, 399])
def test_wait__for_a_path_that_answers(site: Site, tmp_path: Path, status: int) -> None:
    site.status = status
    assert wait(model.Ready(get="/health"), site.base_url, tmp_path) < 5
    assert site.asked == ["/health"]


def test_wait__until_the_path_answers_well(site: Site, tmp_path: Path) -> None:
    site.failures = 2
    assert wait(model.Ready(get="/health"), site.base_url, tmp_path) >= 2 * ready.POLL_S
    assert site.asked == ["/health"] * 3


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_wait__a_bad_answer_is_shown(site: Site, tmp_path: Path, status: int) -> None:
    site.status = status
    message = not_ready(model.Ready(get="/health", timeout="100ms"), site.base_url, tmp_path)
    assert message == (
        f"the service was not ready after 0.1 s: GET {site.base_url}/health answered {status}"
    )


def test_wait__nobody_there_is_shown(tmp_path: Path) -> None:
    port = service.free_port()
    spec = model.Ready(get="/", timeout="100ms")
    assert "ConnectionError" in not_ready(spec, f"http://127.0.0.1:{port}", tmp_path)


def test_wait__for_a_port_that_is_open(site: Site, tmp_path: Path) -> None:
    assert wait(model.Ready(), site.base_url, tmp_path) < 5
    assert site.asked == []


def test_wait__a_port_that_stays_closed_is_shown(tmp_path: Path) -> None:
    port = service.free_port()
    spec = model.Ready(timeout="100ms")
    message = not_ready(spec, f"http://127.0.0.1:{port}", tmp_path)
    assert message.endswith(f"127.0.0.1:{port}: Connection refused")


def test_wait__for_a_command_that_knows_the_address(tmp_path: Path) -> None:
    spec = model.Ready(command=("/bin/sh", "-c", 'test "$BASE_URL" = http://shop.test'))
    assert wait(spec, "http://shop.test", tmp_path) < 5


def test_wait__until_the_command_succeeds(tmp_path: Path) -> None:
    spec = model.Ready(command=("/bin/sh", "-c", "echo x >> tries; test $(wc -l < tries) -ge 3"))
    wait(spec, "http://shop.test", tmp_path)
    assert (tmp_path / "tries").read_text() == "x\n" * 3


def test_wait__a_command_that_never_succeeds_is_shown(tmp_path: Path) -> None:
    spec = model.Ready(command=("/bin/false",), timeout="100ms")
    assert "/bin/false exited with 1" in not_ready(spec, "http://shop.test", tmp_path)


def test_wait__a_command_that_is_missing_ends_the_waiting(tmp_path: Path) -> None:
    spec = model.Ready(command=("/nowhere/check",), timeout="60s")
    assert "cannot start /nowhere/check" in not_ready(spec, "http://shop.test", tmp_path)


def test_wait__a_command_that_hangs_is_bound_by_the_time_given(tmp_path: Path) -> None:
    spec = model.Ready(command=("/bin/sleep", "60"), timeout="300ms")
    before = time.monotonic()
    message = not_ready(spec, "http://shop.test", tmp_path)
    assert time.monotonic() - before < 5
    assert "not ready after 0.3 s" in message


def test_wait__a_service_that_died_ends_it_at_once(tmp_path: Path) -> None:
    with pytest.raises(errors.LabNotReady) as caught:
        wait(model.Ready(timeout="60s"), "http://127.0.0.1:9", tmp_path, lambda: "exited with 3")
    assert caught.value.message == "the service exited with 3 before it was ready"


def test_wait__asks_once_even_without_any_time(site: Site, tmp_path: Path) -> None:
    assert wait(model.Ready(get="/", timeout="0"), site.base_url, tmp_path) < 5


def test_wait__the_time_runs_from_the_start_but_it_is_asked_once(
    site: Site, tmp_path: Path
) -> None:
    """Of two that start at one time, the second is asked only when the first is ready."""
    begun_s = time.monotonic() - 60
    spec = model.Ready(get="/", timeout="30s")
    check = ready.Check(spec=spec, base_url=site.base_url, cwd=tmp_path, env=ENV)
    assert ready.wait(check, alive=lives, since_s=begun_s) >= 60
    site.status = 503
    with pytest.raises(errors.LabNotReady, match="not ready after 30 s"):
        ready.wait(check, alive=lives, since_s=begun_s)
    assert site.asked == ["/", "/"]


def test_wait__of_several_that_start_at_once_each_has_as_many_times_its_time(
    tmp_path: Path,
) -> None:
    spec = model.Ready(command=("/bin/false",), timeout="100ms")
    check = ready.Check(spec=spec, base_url="http://shop.test", cwd=tmp_path, env=ENV)
    with pytest.raises(errors.LabNotReady, match=r"not ready after 0\.2 s"):
        ready.wait(check, alive=lives, sharing=2)


def test_wait__behind_a_proxy_a_port_that_closes_every_connection_is_not_ready(
    tmp_path: Path,
) -> None:
    """So does Docker's proxy where nobody listens in the container yet; a service is free to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def close_all() -> None:
            while not ended.is_set():
                server.accept()[0].close()

        closing = threading.Thread(target=close_all)
        closing.start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        spec = model.Ready(timeout="300ms")
        try:
            assert wait(spec, f"http://{address}", tmp_path) < 5
            with pytest.raises(errors.LabNotReady, match=f"{address} closes every connection"):
                wait(spec, f"http://{address}", tmp_path, proxied=True)
        finally:
            ended.set()
            socket.create_connection(server.getsockname()).close()
            closing.join()


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "more", "pause_s"),
    [
        (CHUNKED, b"1\r\nx\r\n", 0.02),
        (CHUNKED, b"400\r\n" + b"x" * 1024 + b"\r\n", 0.0),
        (HEAD + b"Content-Length: 1000000\r\n\r\n", b"x", 0.02),
        (HEAD, b"X-More: y\r\n", 0.02),
    ],
    ids=["trickling chunks", "endless", "trickling length", "trickling headers"],
)
def test_wait__an_answer_without_end_is_bound_by_the_time_given(
    tmp_path: Path, begin: bytes, more: bytes, pause_s: float
) -> None:
    over = threading.Event()

    def serve(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it is closed at the end
            while not over.is_set():
                opened, _ = listening.accept()
                threading.Thread(target=answer, args=(opened,), daemon=True).start()

    def answer(opened: socket.socket) -> None:
        with opened, contextlib.suppress(OSError):
            opened.sendall(begin)
            while not over.wait(pause_s):
                opened.sendall(more)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        start = time.monotonic()
        message = not_ready(model.Ready(get="/events", timeout="300ms"), base_url, tmp_path)
        took_s = time.monotonic() - start
        over.set()
    assert "no whole answer within 1 s" in message
    assert took_s < 5
