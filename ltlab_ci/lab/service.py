"""The service under test on this machine: built, started, awaited, watched and stopped.

Not here: what "ready" means (ready.py); services in containers.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ltlab_ci import errors, leftovers, model, process
from ltlab_ci.lab import ready
from ltlab_ci.lab.program import Program


@dataclass(frozen=True, kw_only=True)
class Running:
    """A service that answers engines at `base_url`. `child` None: ltlab did not start it."""

    base_url: str
    child: Program | None
    ready_after_s: float

    def death(self) -> str | None:
        """Say how the service died, or None while it lives."""
        code = self.child.poll() if self.child is not None else None
        if self.child is None or code is None:
            return None
        tail = process.last_lines(self.child.log, count=3)
        return f"exited with {code}" + (f" ({tail})" if tail else "")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a loopback port that is free now."""
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def base_url(service: model.Service | None, port: int) -> str:
    """Return where the service answers, or "" when a script brings its own address."""
    if service is None:
        return ""
    return service.url.rstrip("/") if service.url else f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def up(
    service: model.Service | None,
    *,
    port: int,
    root: Path,
    environ: Mapping[str, str],
    log: Path,
) -> Iterator[Running]:
    """Build, start and await the service, hand it out, stop it: also when a step failed.

    Raises LabNotReady when it cannot be built or started, or is not ready in time.
    """
    url = base_url(service, port)
    if service is None:
        yield Running(base_url="", child=None, ready_after_s=0.0)
        return
    env = process.child_env(environ, {})
    if service.command is None:
        waited = ready.wait(service.ready, url, alive=lambda: None, cwd=root, env=env)
        yield Running(base_url=url, child=None, ready_after_s=waited)
        return
    with tempfile.TemporaryDirectory(prefix=leftovers.folder_prefix(environ)) as folder:
        own = {name: _expand(value, port, folder) for name, value in service.env.items()}
        env = {**env, **own}
        if service.build is not None:
            build(_expand(service.build, port, folder), root=root, env=env, log=log)
        argv = [_expand(word, port, folder) for word in service.command]
        ready.refuse_answered(service.ready, url, cwd=root, env=env)
        with process.started(
            argv,
            failure=errors.LabNotReady,
            remedy="check `service.command` in ltlab.yml",
            cwd=root,
            env=env,
            log=log,
            steps=process.STOP_SERVICE,
        ) as child:
            running = Running(base_url=url, child=child, ready_after_s=0.0)
            waited = ready.wait(service.ready, url, alive=running.death, cwd=root, env=env)
            yield Running(base_url=url, child=child, ready_after_s=waited)


def build(line: str, *, root: Path, env: Mapping[str, str], log: Path) -> None:
    """Run a service's build line to its end. Raises LabNotReady with its last lines."""
    with process.started(
        ["/bin/sh", "-c", line],
        failure=errors.LabNotReady,
        remedy="check `service.build` in ltlab.yml",
        cwd=root,
        env=env,
        log=log,
        steps=process.STOP_SERVICE,
    ) as child:
        while (code := child.wait(0.5)) is None:
            pass
    if code:
        raise errors.LabNotReady(
            f"service.build exited with {code}: {process.last_lines(log, count=2)}",
            remedy="run the line by hand; its output is logs/service.log in the report",
        )


def _expand(text: str, port: int, folder: str) -> str:
    # Not str.format: a service's arguments may hold braces of their own.
    return text.replace("{port}", str(port)).replace("{env}", folder)
