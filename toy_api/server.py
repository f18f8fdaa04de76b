"""The service on a socket: bind, announce the address, stop on signals.

Not here: what is served (app.py).
"""

from __future__ import annotations

import signal
import socket
import sys
from types import FrameType

import uvicorn

from toy_api import app, settings

# Longer than any pause between two requests of a load engine: a connection that is closed just
# when it is used again would count as an error of the service.
KEEP_ALIVE_S = 75
GRACE_S = 5
BACKLOG = 2048


class Server(uvicorn.Server):
    """A uvicorn server that says where it listens, and ends with exit code 0 on a signal."""

    def __init__(self, given: settings.Settings) -> None:
        super().__init__(_config(given))
        self._ignored = {signal.SIGTERM} if given.ignore_sigterm else set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then announce the address: whoever reads the line can send requests."""
        await super().startup(sockets)
        for listener in sockets or []:
            sys.stderr.write(f"toy_api listens on {_url(listener)}\n")
        sys.stderr.flush()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order; uvicorn's own handler would raise the signal again at the end."""
        del frame
        if sig in self._ignored:
            return
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def bind(given: settings.Settings) -> socket.socket:
    """Return a listening socket; OSError if the address cannot be had."""
    family = socket.AF_INET6 if ":" in given.host else socket.AF_INET
    # With the protocol left at 0, asyncio does not recognise TCP and leaves Nagle's algorithm on:
    # answers on a kept connection then take 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((given.host, given.port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _config(given: settings.Settings) -> uvicorn.Config:
    # Loop and parser are named, so that a package that happens to be there changes no latency.
    return uvicorn.Config(
        app.create(given),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        access_log=given.access_log,
        log_level="info" if given.access_log else "warning",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
