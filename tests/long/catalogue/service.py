"""A service with faults to order, in the standard library alone: cases copy it into their project.

What one request gets is told by its path, what the whole service does by flags. Everything listens on one port:
HTTP/1.1, WebSocket, Socket.IO (over WebSocket) and gRPC (HTTP/2 without TLS); `--tls` puts TLS before it.
Moments count from the first request that is not for `/health`.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import itertools
import json
import os
import signal
import ssl
import struct
import sys
import time
from collections import Counter
from pathlib import Path

FOR_EVER_S = 3600
EVENTS_S = 1.5  # how long a stream of events is open
JSON = "application/json"
HTML = "text/html"
PAGE = "<html><head><title>shop</title></head><body><h1>hello</h1></body></html>"
SORRY = "<html><body><h1>Something went wrong</h1></body></html>"
ANSWERS = {
    "page": (HTML, PAGE),
    "sorry": (HTML, SORRY),
    "empty": (JSON, "[]"),
    "login": (JSON, '{"token": "t-1"}'),
}
BODIES = {
    "trickle",
    "endless",
    "events",
    "half",
    "cut",
    "garbage",
}  # that do not end as they should
ITEMS = json.dumps({"items": [{"id": at, "name": "a thing of some length"} for at in range(40)]})
REASONS = {200: "OK", 302: "Found", 304: "Not Modified", 401: "Unauthorized", 503: "Busy"}


class Faults:
    """What the flags ask for, and what has been asked so far."""

    def __init__(self, flags: argparse.Namespace) -> None:
        self.flags = flags
        self.asked: Counter[str] = Counter()
        self.began: float | None = None

    def load_began(self) -> None:
        """Start the clock of what happens at a moment."""
        if self.began is not None:
            return
        self.began = time.monotonic()
        loop = asyncio.get_running_loop()
        if self.flags.stop_after:
            loop.call_later(self.flags.stop_after, os.kill, os.getpid(), signal.SIGSTOP)
        if self.flags.die_after:
            loop.call_later(self.flags.die_after, os._exit, 7)

    def age_s(self) -> float:
        """Return the seconds since the load began."""
        return 0.0 if self.began is None else time.monotonic() - self.began

    async def before(self, path: str) -> tuple[int, str, str] | None:
        """Do to a request what the flags say; return its answer where they give one."""
        flags, number = self.flags, self.asked["/"]
        if flags.deadlock_after is not None and self.age_s() >= flags.deadlock_after:
            await asyncio.sleep(FOR_EVER_S)
        if flags.hang_every and number % flags.hang_every == 0:
            await asyncio.sleep(FOR_EVER_S)
        if flags.stall and number % int(flags.stall[0]) == 0:
            time.sleep(flags.stall[1] / 1000)  # noqa: ASYNC251  (the whole service stands still)
        wait_ms = flags.delay
        if flags.tail and number % int(flags.tail[0]) == 0:
            wait_ms += flags.tail[1]
        if flags.slow_path and path.startswith(flags.slow_path[0]):
            wait_ms += float(flags.slow_path[1])
        if wait_ms:
            await asyncio.sleep(wait_ms / 1000)
        if flags.limit and number > flags.limit:
            return 429, JSON, "{}"
        if flags.fail_every and number % int(flags.fail_every[0]) == 0:
            return int(flags.fail_every[1]), JSON, "{}"
        if flags.lacks and path.startswith(flags.lacks):
            return 404, JSON, "{}"
        if flags.status:
            return flags.status, JSON, "{}"
        bodies = {"page": (HTML, SORRY), "empty": (JSON, "[]"), "small": (JSON, ITEMS[:300])}
        if flags.answers in bodies:
            return 200, *bodies[flags.answers]
        return None


class Gone(Exception):
    """The connection is to end without another word."""


class Connection:
    """One client's connection."""

    def __init__(
        self, faults: Faults, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.faults, self.reader, self.writer = faults, reader, writer
        self.headers: dict[str, str] = {}

    async def serve(self) -> None:
        """Answer until the client has gone."""
        try:
            while True:
                first = await self.reader.readexactly(1)
                if first == b"\x16":  # a client that begins with TLS
                    self.writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    raise Gone
                rest = await self.reader.readuntil(b"\r\n\r\n")
                head = (first + rest).decode("latin-1")
                if head.startswith("PRI * HTTP/2"):
                    await Grpc(self.faults, self.reader, self.writer).serve()
                await self.request(head)
        except (asyncio.IncompleteReadError, ConnectionError, Gone):
            pass
        finally:
            self.writer.close()

    async def request(self, head: str) -> None:
        """Read one request and answer it."""
        first, *lines = head.splitlines()
        _, target, _ = first.split(" ", 2)
        pairs = [line.split(":", 1) for line in lines if ":" in line]
        self.headers = {name.lower(): value.strip() for name, value in pairs}
        if size := int(self.headers.get("content-length", 0)):
            await self.reader.readexactly(size)
        path, _, query = target.partition("?")
        if path == "/health":
            await self.answer(200, JSON, '{"status": "up"}')
            return
        self.faults.load_began()
        self.faults.asked["/"] += 1
        if path.startswith("/socket.io/") and "websocket" in query and not self.faults.flags.status:
            await Socket(self).serve(self.socket_io, "0" + json.dumps(ENGINE_IO))
        elif given := await self.faults.before(path):
            await self.answer(*given)
        else:
            await self.by_path(path, query)

    async def by_path(self, path: str, query: str) -> None:
        """Answer as the path asks."""
        _, word, *more = path.split("/")
        if word in {"ws", "ws-mute"}:
            await Socket(self).serve(self.echo if word == "ws" else None)
        elif word in BODIES:
            await self.body(word)
        elif word in {"redirect", "loop", "away"} and more[:1] != ["0"]:
            fewer = f"/redirect/{int(more[0]) - 1}" if word == "redirect" else "/loop"
            await self.move(query.removeprefix("to=") if word == "away" else fewer)
        elif word in ANSWERS:
            await self.answer(200, *ANSWERS[word])
        else:
            status = await self.trouble(word, more, nth=self.nth(path, more))
            told = json.dumps({"route": path, "query": query, "items": [1, 2]})
            await self.answer(status, JSON, told if status == 200 else "{}")

    async def trouble(self, word: str, more: list[str], *, nth: bool) -> int:
        """Wait or reset as the path asks; return the status of the answer, if one is to come."""
        if word == "hang" or (word == "hangs" and nth) or (word == "answers" and not nth):
            await asyncio.sleep(FOR_EVER_S)
        if word == "reset" or (word == "resets" and nth):
            self.reset()
        if word == "slow":
            await asyncio.sleep(int(more[0]) / 1000)
        if word == "status":
            return int(more[0])
        if (word == "every" and nth) or (word == "most" and not nth):
            return int(more[1])
        return 200

    def nth(self, path: str, more: list[str]) -> bool:
        """Say whether this is one of each N requests of this path, `/every/N/...`."""
        if not (more and more[0].isdigit() and int(more[0])):
            return False
        self.faults.asked[path] += 1
        return self.faults.asked[path] % int(more[0]) == 0

    async def answer(self, status: int, kind: str, text: str, more: str = "") -> None:
        """Send a whole answer."""
        body = b"" if status in {204, 304} else text.encode()
        head = (
            f"HTTP/1.1 {status} {REASONS.get(status, 'Other')}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n{more}\r\n"
        )
        self.writer.write(head.encode() + body)
        await self.writer.drain()

    async def move(self, to: str) -> None:
        """Redirect."""
        await self.answer(302, JSON, "{}", f"Location: {to}\r\n")

    def reset(self) -> None:
        """End the connection with RST."""
        end = self.writer.get_extra_info("socket")
        end.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER: no time at all
        self.writer.transport.abort()
        raise Gone

    async def body(self, word: str) -> None:
        """Begin a body, and go on with it as its name says."""
        if word == "garbage":
            self.writer.write(b"this is not HTTP\r\n\r\n")
            raise Gone
        kind = "text/event-stream" if word == "events" else JSON
        length = "Content-Length: 4096\r\n" if word in {"half", "cut"} else ""
        self.writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{length}\r\n".encode())
        parts = {"events": b"data: tick\n\n", "trickle": b" ", "endless": b" " * 65536}
        if word in {"half", "cut"}:
            self.writer.write(b"[" + b" " * 1000)
            await self.writer.drain()
            await asyncio.sleep(FOR_EVER_S if word == "half" else 0)
            raise Gone
        until = time.monotonic() + (EVENTS_S if word == "events" else FOR_EVER_S)
        while time.monotonic() < until:
            self.writer.write(parts[word])
            await self.writer.drain()
            await asyncio.sleep(0 if word == "endless" else 0.2)
        raise Gone

    @staticmethod
    def echo(text: str) -> list[str]:
        """Say the same again."""
        return [text]

    @staticmethod
    def socket_io(text: str) -> list[str]:
        """Answer a packet: 40 joins, 42 is an event (with a number: one to be acknowledged)."""
        if text.startswith("40"):
            return ['40{"sid": "s"}']
        if text.startswith("42"):
            number = text[2:].partition("[")[0]
            return [f'43{number}["done"]'] if number else ["42" + text[2:]]
        return []


ENGINE_IO = {"sid": "e", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000}
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Socket:
    """A WebSocket on a connection that asked for one."""

    def __init__(self, connection: Connection) -> None:
        self.of = connection

    async def serve(self, answer: object, first: str = "") -> None:
        """Shake hands and answer each text until the client closes; None answers nothing."""
        key = self.of.headers.get("sec-websocket-key", "")
        proof = base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()
        self.of.writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {proof}\r\n\r\n".encode()
        )
        if first:
            self.send(1, first.encode())
        while True:
            kind, text = await self.receive()
            if kind == 8:
                self.send(8, text[:2])
                raise Gone
            if kind == 9:
                self.send(10, text)
            elif kind == 1 and callable(answer):
                for each in answer(text.decode()):
                    self.send(1, each.encode())
            await self.of.writer.drain()

    def send(self, kind: int, text: bytes) -> None:
        """Send one whole frame."""
        size = bytes([len(text)]) if len(text) < 126 else b"\x7e" + struct.pack(">H", len(text))
        self.of.writer.write(bytes([0x80 | kind]) + size + text)

    async def receive(self) -> tuple[int, bytes]:
        """Receive one whole frame; a client masks it."""
        read = self.of.reader.readexactly
        first, second = await read(2)
        size = second & 0x7F
        if size > 125:
            [size] = struct.unpack(">H", await read(2)) if size == 126 else [0]
        mask = await read(4)
        text = await read(size)
        return first & 0x0F, bytes(byte ^ key for byte, key in zip(text, itertools.cycle(mask)))


class Grpc:
    """Just enough of HTTP/2 to answer any call of gRPC; request headers are never read."""

    OK = b"\x88\x0f\x10\x10application/grpc"  # :status 200 and content-type, in HPACK

    def __init__(
        self, faults: Faults, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.faults, self.reader, self.writer = faults, reader, writer
        self.calls = 0

    async def serve(self) -> None:
        """Answer every stream that the client has ended."""
        await self.reader.readexactly(6)
        self.send(4, 0, 0, b"")
        while True:
            head = await self.reader.readexactly(9)
            size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            stream = int.from_bytes(head[5:], "big") & 0x7FFFFFFF
            text = await self.reader.readexactly(size)
            if kind == 4 and not flags & 1:
                self.send(4, 1, 0, b"")
            elif kind == 6 and not flags & 1:
                self.send(6, 1, 0, text)
            elif kind == 0 and size:
                self.send(8, 0, 0, struct.pack(">I", size))
            if kind in {0, 1} and flags & 1:
                self.answer(stream)
            await self.writer.drain()

    def answer(self, stream: int) -> None:
        """Answer one call with the status that the flags ask for, or never."""
        self.faults.load_began()
        self.calls += 1
        flags = self.faults.flags
        if flags.grpc_hang:
            return
        well = flags.grpc_most and self.calls % flags.grpc_most == 0
        bad = flags.grpc_status and not well
        status = str(flags.grpc_status if bad else 0).encode()
        ended = b"\x00\x0bgrpc-status" + bytes([len(status)]) + status
        if bad:
            self.send(1, 5, stream, self.OK + ended)
            return
        self.send(1, 4, stream, self.OK)
        self.send(0, 0, stream, b"\x00\x00\x00\x00\x02\x08\x01")
        self.send(1, 5, stream, ended)

    def send(self, kind: int, flags: int, stream: int, text: bytes) -> None:
        """Send one frame."""
        head = len(text).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
        self.writer.write(head + text)


def asked() -> argparse.Namespace:
    """Read the flags."""
    flags = argparse.ArgumentParser()
    flags.add_argument("--port", type=int, required=True)
    flags.add_argument("--tls", help="a file with a certificate and its key")
    flags.add_argument("--late", type=float, default=0.0, help="listen after so many seconds")
    flags.add_argument("--daemon", action="store_true", help="leave a process behind, forked twice")
    flags.add_argument("--stubborn", action="store_true", help="ignore SIGTERM")
    flags.add_argument("--stop-after", type=float, help="stand still for ever, s")
    flags.add_argument("--die-after", type=float, help="exit with 7, s")
    flags.add_argument("--deadlock-after", type=float, help="answer nothing but /health, s")
    flags.add_argument("--hang-every", type=int, help="each Nth request gets no answer")
    flags.add_argument("--fail-every", nargs=2, metavar=("N", "STATUS"))
    flags.add_argument("--stall", nargs=2, type=float, metavar=("N", "MS"), help="all wait")
    flags.add_argument("--tail", nargs=2, type=float, metavar=("N", "MS"))
    flags.add_argument("--delay", type=float, default=0.0, help="for every request, ms")
    flags.add_argument("--slow-path", nargs=2, metavar=("PREFIX", "MS"))
    flags.add_argument("--lacks", metavar="PREFIX", help="answers 404")
    flags.add_argument("--status", type=int, help="for every request")
    flags.add_argument("--limit", type=int, help="429 after so many requests")
    flags.add_argument("--answers", choices=("page", "empty", "small"))
    flags.add_argument("--grpc-status", type=int)
    flags.add_argument("--grpc-most", type=int, help="all but each Nth call")
    flags.add_argument("--grpc-hang", action="store_true")
    return flags.parse_args()


def left_behind() -> None:
    """Fork twice, so that what is left has init for a parent and a session of its own."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(FOR_EVER_S)
        os._exit(0)
    os.wait()


async def main(flags: argparse.Namespace) -> None:
    """Serve for ever."""
    faults = Faults(flags)
    secure = None
    if flags.tls:
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(Path(__file__).with_name(flags.tls))
    await asyncio.sleep(flags.late)
    server = await asyncio.start_server(
        lambda reader, writer: Connection(faults, reader, writer).serve(),
        "127.0.0.1",
        flags.port,
        ssl=secure,
        backlog=1024,
    )
    [port] = {each.getsockname()[1] for each in server.sockets}
    sys.stdout.write(f"listens on {port}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    FLAGS = asked()
    if FLAGS.daemon:
        left_behind()
    if FLAGS.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asyncio.run(main(FLAGS))
