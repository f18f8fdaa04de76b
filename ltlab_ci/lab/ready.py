"""Wait until something answers: by HTTP, by a TCP connection, or by a command's exit code.

Not here: starting what is waited for (service.py).
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ltlab_ci import deadline, errors, lazy, machine, model, process

if TYPE_CHECKING:
    import requests
else:
    requests = lazy.module("requests")

POLL_S = 0.1
_COMMAND_S = 10.0
_REQUEST_S = 10.0
_LEAST_S = 1.0
_EARLY_S = 2.0
_STAYS_S = 0.2
_PIECE_BYTES = 65536


@dataclass(frozen=True, kw_only=True)
class Check:
    """When what answers at `base_url` counts as ready; a command is run in `cwd` with `env`.

    `proxied`: Docker's proxy stands before it, which accepts for a container in which nobody listens yet,
    and closes at once.
    """

    spec: model.Ready
    base_url: str
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    proxied: bool = False


def wait(
    check: Check,
    *,
    alive: Callable[[], str | None],
    log: Path | None = None,
    since_s: float | None = None,
    sharing: int = 1,
) -> float:
    """Wait until the service is ready; return the seconds it took.

    `alive` returns None, or says how the service died: then waiting ends at once. `log` has its output,
    None where ltlab did not start it. `since_s` is when it was started, by the monotonic clock, if not now:
    its time runs from then, but it is asked once at least.
    `sharing` is how many start on the machine at once: each may take so many times as long.
    Raises LabNotReady with the last answer seen.
    """
    look = f"logs/{log.name}" if log is not None else f"what answers at {check.base_url}"
    timeout_s = model.seconds(check.spec.timeout) * sharing
    start = time.monotonic() if since_s is None else since_s
    while True:
        death = alive()
        if death is not None:
            raise errors.LabNotReady(
                f"the service {death} before it was ready",
                remedy=f"run its command by hand; look at {look}",
            )
        left_s = max(_LEAST_S, timeout_s - (time.monotonic() - start))
        problem = _problem(check, left_s)
        waited = time.monotonic() - start
        if problem is None:
            return waited
        if waited > timeout_s:
            raise errors.LabNotReady(
                f"the service was not ready after {timeout_s:g} s: {problem}",
                remedy=f"look at {look}, mend `service.ready`, or raise its timeout",
            )
        time.sleep(POLL_S)


def refuse_answered(check: Check) -> None:
    """Refuse what answers although the service was not started yet: it would be tested instead.

    Raises LabNotReady.
    """
    if check.spec.command is not None:
        if _command_problem(check, check.spec.command, _EARLY_S) is None:
            raise errors.LabNotReady(
                "service.ready.command succeeds before the service was started: something else "
                "answers it, or it checks nothing",
                remedy="end the other one (`ltlab doctor` knows what a killed run left), or let the "
                "command ask at BASE_URL",
            )
    elif _tcp_problem(check.base_url) is None:
        port = urlsplit(check.base_url).port or 0
        raise errors.LabNotReady(
            f"{check.base_url} answers before the service was started: "
            f"{machine.listener(port) or 'another program'} listens there",
            remedy="end it, then run again; `ltlab doctor` knows what a killed run left",
        )


def _problem(check: Check, left_s: float) -> str | None:
    if check.spec.command is not None:
        return _command_problem(check, check.spec.command, left_s)
    if check.spec.get is not None:
        return _http_problem(check.base_url + check.spec.get, left_s)
    return _tcp_problem(check.base_url, stays_s=_STAYS_S * check.proxied)


def _http_problem(url: str, left_s: float) -> str | None:
    seconds = min(_REQUEST_S, left_s)
    try:
        status = deadline.within(seconds, lambda: _status(url, seconds))
    except requests.RequestException as error:
        slow = isinstance(error, requests.ReadTimeout)
        return f"GET {url}: " + (
            f"no whole answer within {seconds:.3g} s" if slow else type(error).__name__
        )
    return None if status < requests.codes.bad_request else f"GET {url} answered {status}"


def _status(url: str, seconds: float) -> int:
    """Return the status of an answer once it is whole; a body may have any length and is not kept."""
    end_s = time.monotonic() + seconds
    with requests.Session() as session:
        session.trust_env = False  # a proxy in the environment must not hide a local service
        with session.get(url, timeout=seconds, stream=True) as answer:
            for _ in answer.iter_content(_PIECE_BYTES):
                if time.monotonic() > end_s:
                    raise requests.ReadTimeout(f"no whole answer within {seconds:g} s")
            return answer.status_code


def _tcp_problem(base_url: str, *, stays_s: float = 0.0) -> str | None:
    """Say why nobody listens there; with `stays_s` a connection must also stay open for so long."""
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=2) as opened:
            closed = stays_s and _closes(opened, stays_s)
    except OSError as error:
        return f"{parts.hostname}:{port}: {error.strerror or error}"
    return f"{parts.hostname}:{port} closes every connection" if closed else None


def _closes(opened: socket.socket, within_s: float) -> bool:
    opened.settimeout(within_s)
    try:
        return not opened.recv(1)
    except TimeoutError:
        return False
    except OSError:
        return True


def _command_problem(check: Check, command: tuple[str, ...], left_s: float) -> str | None:
    try:
        done = process.run(
            command,
            failure=errors.LabNotReady,
            remedy="mend `service.ready.command`",
            cwd=check.cwd,
            env={**check.env, "BASE_URL": check.base_url},
            timeout_s=min(_COMMAND_S, left_s),
            check=False,
        )
    except errors.LabNotReady as error:
        if not process.was_too_slow(error):
            raise
        return error.message
    return None if done.code == 0 else f"{command[0]} exited with {done.code}"
