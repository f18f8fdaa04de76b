"""Containers as programs: started, followed, stopped, and what they wrote copied out.

Files go in and out by copy, never by mount: the daemon may be on another machine.
Not here: which image runs what (contained.py); services of a Compose file (composed.py).
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltlab_ci import errors, interrupts, lazy, process
from ltlab_ci.lab import abandoned
from ltlab_ci.lab.archive import packed, unpacked

if TYPE_CHECKING:
    import docker
    import docker.errors
    from docker.models.containers import Container as Made
else:
    docker = lazy.module("docker")

_POLL_S = 0.1
_PULL_S = 900


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A container to make. `entrypoint` () keeps the image's own; `files` are host paths that are
    copied to the same paths in it; `publish` is a port of it to be reached from outside.
    """

    image: str
    command: Sequence[str] = ()
    entrypoint: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: str = ""
    user: str = ""
    files: tuple[Path, ...] = ()
    network: str = ""
    alias: str = ""
    publish: int | None = None
    bind: str = "127.0.0.1"


class Container:
    """A running container as a program; its output goes to a log file."""

    def __init__(self, made: Made, log: Path, steps: process.Steps, results: Path | None) -> None:
        self._made, self._steps, self._results = made, steps, results
        self._code: int | None = None
        self._asked = False
        self._used = process.Usage(cpu_s=0.0, memory_bytes=0)
        self._follower = threading.Thread(target=self._follow, daemon=True)
        self.log = log
        self._follower.start()
        threading.Thread(target=self._gauge, daemon=True).start()

    def poll(self) -> int | None:
        """Return its exit code once it has ended, else None."""
        if self._code is not None:
            return self._code
        try:
            self._made.reload()
        except docker.errors.NotFound:
            self._code = 137
            return self._code
        state = self._made.attrs["State"]
        if state["Status"] not in {"exited", "dead"}:
            return None
        self._follower.join(timeout=5)
        if state.get("OOMKilled"):
            self._note("out of memory: the kernel ended it")
        self._code = int(state["ExitCode"])
        return self._code

    def wait(self, seconds: float) -> int | None:
        """Wait for its end, at most so long; return the exit code or None."""
        deadline = time.monotonic() + seconds
        while (code := self.poll()) is None and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        return code

    def usage(self) -> process.Usage:
        """Return what it used by the newest figures of the daemon, which come once a second."""
        return self._used

    def ask(self) -> None:
        """Send it the first signal of `stop`, if it has steps to be stopped by; wait for nothing."""
        if self._steps and not self._asked and self.poll() is None:
            self._signal(self._steps[0][0])
            self._asked = True

    def stop(self) -> int:
        """End it in bounded steps and copy its results out; harmless when it has ended already."""
        for number, (signum, seconds) in enumerate(self._steps):
            if self.poll() is not None:
                break
            if self._made.attrs["State"].get("Paused"):  # it would not hear a signal
                with contextlib.suppress(docker.errors.APIError):
                    self._made.unpause()
            if number or not self._asked:  # twice the same may mean "at once" to it
                self._signal(signum)
            self.wait(seconds)
        code = self.poll()
        if code is None:
            raise errors.LabNotReady(
                f"container {self._made.name} outlived SIGKILL",
                remedy=f"remove it by hand: docker rm -f {self._made.name}",
            )
        self._collect()
        return code

    def port(self, inside: int) -> int:
        """Return the host port at which a published port is reached."""
        self._made.reload()
        published = self._made.ports.get(f"{inside}/tcp")
        if not published:
            raise errors.LabNotReady(
                f"port {inside} of the service is not published",
                remedy=f"its container may have ended: see logs/{self.log.name}",
            )
        return int(published[0]["HostPort"])

    def _signal(self, signum: signal.Signals) -> None:
        with contextlib.suppress(docker.errors.APIError):
            self._made.kill(signal=signum.name)

    def _collect(self) -> None:
        if self._results is None:
            return
        folder, self._results = self._results, None
        with contextlib.suppress(docker.errors.NotFound):
            stream, _ = self._made.get_archive(str(folder))
            unpacked(stream, folder)

    def _follow(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(docker.errors.APIError, OSError), self.log.open("ab") as sink:
            for piece in self._made.logs(stream=True, follow=True):
                sink.write(piece)
                sink.flush()

    def _gauge(self) -> None:
        # The stream ends with the container.
        with contextlib.suppress(docker.errors.APIError, OSError, ValueError):
            for figures in self._made.stats(stream=True, decode=True):
                if isinstance(figures, dict):
                    self._used = used(figures) or self._used

    def _note(self, text: str) -> None:
        with self.log.open("ab") as sink:
            sink.write(f"ltlab: {text}\n".encode())


def used(figures: Mapping[str, Any]) -> process.Usage | None:
    """Return what a container used, by figures of the daemon; None once it has ended."""
    memory, cpu = figures.get("memory_stats") or {}, figures.get("cpu_stats") or {}
    if "usage" not in memory:
        return None
    stats = memory.get("stats") or {}
    # Cached pages of files that nobody reads now are not what the program needs.
    cache = stats.get("total_inactive_file", stats.get("inactive_file", 0))
    return process.Usage(
        cpu_s=cpu["cpu_usage"]["total_usage"] / 1e9, memory_bytes=memory["usage"] - cache
    )


@contextlib.contextmanager
def placed(
    client: docker.DockerClient,
    spec: Spec,
    *,
    run: str,
    log: Path,
    steps: process.Steps,
    failure: type[errors.LabError],
    results: Path | None = None,
) -> Iterator[Callable[[], Container]]:
    """Make a container, hand out what starts it, stop and remove it on every way out.

    `results` is a folder in it that is copied to the same path here once it has ended.
    """
    made: Made | None = None
    running: list[Container] = []
    try:
        with interrupts.PROCESS.postponed():
            filled = made = make(client, spec, run=run, failure=failure)

        def start() -> Container:
            with interrupts.PROCESS.postponed():
                _start(filled, spec, failure)
                running.append(Container(filled, log, steps, results))
            return running[0]

        yield start
        with interrupts.PROCESS.deferred():
            for each in running:
                each.stop()
    finally:
        if made is not None:
            with interrupts.PROCESS.deferred(), contextlib.suppress(docker.errors.APIError):
                made.remove(force=True, v=True)


def _start(made: Made, spec: Spec, failure: type[errors.LabError]) -> None:
    try:
        made.start()
    except docker.errors.APIError as error:
        raise failure(
            f"{spec.image} does not start: {error.explanation}",
            remedy="try it by hand: docker run --rm " + spec.image,
        ) from error


def run(
    client: docker.DockerClient,
    spec: Spec,
    *,
    name: str,
    failure: type[errors.LabError],
    remedy: str,
    timeout_s: float,
    check: bool = True,
) -> process.Done:
    """Run a container to its end and return what it said, as process.run does."""
    made = make(client, spec, run=name, failure=failure)
    try:
        made.start()
        try:
            code = int(made.wait(timeout=timeout_s)["StatusCode"])
        except Exception as error:
            raise failure(
                f"{spec.image} did not end within {timeout_s:g} s", remedy=remedy
            ) from error
        out, err = (
            made.logs(stdout=which, stderr=not which).decode("utf-8", "replace")
            for which in (True, False)
        )
    except docker.errors.APIError as error:
        raise failure(f"cannot run {spec.image}: {error.explanation}", remedy=remedy) from error
    finally:
        with contextlib.suppress(docker.errors.APIError):
            made.remove(force=True, v=True)
    if check and code:
        tail = " | ".join((err or out).strip().splitlines()[-5:])
        raise failure(f"{spec.image} exited with {code}: {tail}", remedy=remedy)
    return process.Done(code=code, out=out, err=err)


def make(
    client: docker.DockerClient, spec: Spec, *, run: str, failure: type[errors.LabError]
) -> Made:
    """Make a container with its files in it, not started; its image is pulled when missing."""
    try:
        _pull(client, spec.image)
        made = client.containers.create(
            spec.image,
            command=list(spec.command) or None,
            entrypoint=list(spec.entrypoint) or None,
            environment=dict(spec.env),
            working_dir=spec.folder or None,
            user=spec.user or None,
            labels={abandoned.RUN_LABEL: run},
            ports={f"{spec.publish}/tcp": (spec.bind, 0)} if spec.publish else None,
            networking_config=_networking(client, spec),
            network=spec.network or None,
            init=True,
        )
        for path in spec.files:
            made.put_archive("/", packed(path, str(path)))
    except docker.errors.DockerException as error:
        told = getattr(error, "explanation", "") or str(error)
        raise failure(
            f"{spec.image} cannot be used: {told}",
            remedy=f"see whether `docker pull {spec.image}` works, and the name is right",
        ) from error
    return made


def _networking(client: docker.DockerClient, spec: Spec) -> Any:  # noqa: ANN401  (a plain dict)
    if not spec.network or not spec.alias:
        return None
    return {spec.network: client.api.create_endpoint_config(aliases=[spec.alias])}


def _pull(client: docker.DockerClient, image: str) -> None:
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        client.images.pull(image)
