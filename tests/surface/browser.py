"""Headless Chromium, spoken to by its DevTools protocol: for the page's tests and its pictures."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import websocket

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)


@dataclass
class Browser:
    """A tab of headless Chromium, spoken to by its DevTools protocol."""

    socket: websocket.WebSocket
    session: str = ""
    sent: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    def call(self, method: str, **params: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
        self.sent += 1
        message = {"id": self.sent, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer: dict[str, Any] = json.loads(self.socket.recv())
            if answer.get("id") == self.sent:
                assert "error" not in answer, answer["error"]
                found: dict[str, Any] = answer["result"]
                return found
            self.events.append(answer)

    def evaluate(self, script: str) -> Any:  # noqa: ANN401  (whatever the script returns)
        answer = self.call("Runtime.evaluate", expression=script)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def open_tab(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def show(self, page: Path, *, width: int, scheme: str = "light", script: bool = True) -> None:
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Page.navigate", url=page.as_uri())
        shown = f"location.href === {json.dumps(page.as_uri())}"
        assert self.until(f"document.readyState === 'complete' && {shown}")
        time.sleep(0.1)  # some frames later every size has been taken over and painted

    def picture(self, *, height: int, scale: int = 1) -> bytes:
        """Return the page from its top down, as PNG."""
        width = self.evaluate("document.documentElement.clientWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": scale}
        shot = self.call(
            "Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True
        )
        return base64.b64decode(shot["data"])

    def press(self, key: str, text: str = "") -> None:
        code = {"Enter": 13, "Tab": 9}[key]
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                text=text,
                windowsVirtualKeyCode=code,
            )

    def until(self, script: str) -> Any:  # noqa: ANN401  (whatever the script returns)
        for _ in range(200):
            found = self.evaluate(script)
            if found:
                return found
            time.sleep(0.05)
        pytest.fail(f"for 10 s the page did not come to: {script}")

    def complaints(self) -> list[str]:
        return [
            json.dumps(event["params"])
            for event in self.events
            if event["method"] == "Runtime.exceptionThrown"
            or event["method"] == "Log.entryAdded"
            or event["method"] == "Runtime.consoleAPICalled"
        ]

    def fetched(self) -> list[str]:
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.fail("no Chromium on PATH; install the package chromium: the page must be opened")


@contextlib.contextmanager
def started(profile: Path) -> Iterator[str]:
    argv = [chromium(), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            yield address(profile / "DevToolsActivePort", child)
        finally:
            child.terminate()
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()


def address(port_file: Path, child: subprocess.Popen[bytes]) -> str:
    for _ in range(600):
        if port_file.is_file() and len(port_file.read_text().split()) == 2:
            port, path = port_file.read_text().split()
            return f"ws://127.0.0.1:{port}{path}"
        assert child.poll() is None, f"Chromium ended with {child.returncode}"
        time.sleep(0.05)
    pytest.fail("Chromium opened no DevTools port in 30 s")


@contextlib.contextmanager
def tab(profile: Path) -> Iterator[Browser]:
    """Start a browser of its own and open one tab in it."""
    with started(profile) as url:
        socket = websocket.create_connection(url, timeout=30)
        try:
            found = Browser(socket=socket)
            found.open_tab()
            yield found
        finally:
            socket.close()
