"""report.html in a real browser: charts are drawn, nothing fails, nothing is fetched, it fits.

Needs Chromium; its absence is a failure, since a page that nobody opened is not tested.
"""

from __future__ import annotations

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

from ltlab_ci import model, report
from tests.unit.report import cases

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
WIDTHS = {"desktop": 1280, "phone": 390}
LOOK = """JSON.stringify({
  errors: document.documentElement.dataset.errors ?? "",
  plots: [...document.querySelectorAll(".plot")].map((plot) => plot.querySelectorAll("canvas").length),
  inked: [...document.querySelectorAll(".plot canvas")].map((canvas) =>
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)),
  ground: getComputedStyle(document.body).backgroundColor,
  page: document.documentElement.scrollWidth,
  window: document.documentElement.clientWidth,
})"""


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


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with started(tmp_path_factory.mktemp("profile")) as url:
        socket = websocket.create_connection(url, timeout=30)
        try:
            tab = Browser(socket=socket)
            tab.open_tab()
            yield tab
        finally:
            socket.close()


def written(result: model.Result, folder: Path) -> Path:
    page = folder / "report.html"
    page.write_bytes(report.render(result)["report.html"])
    return page


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_page__draws_every_chart_and_fits(
    browser: Browser, tmp_path: Path, *, width: int, scheme: str
) -> None:
    page = written(cases.demo(), tmp_path)
    browser.show(page, width=width, scheme=scheme)
    seen = json.loads(browser.evaluate(LOOK))
    assert (seen["errors"], browser.complaints()) == ("", [])
    assert browser.fetched() == [page.as_uri(), "data:,"] or browser.fetched() == [page.as_uri()]
    assert seen["plots"] == [1] * 7  # four of k6; Artillery here has no VUs
    assert seen["inked"] == [True] * 7
    assert seen["page"] <= seen["window"] == width
    assert seen["ground"] == {"light": "rgb(245, 246, 248)", "dark": "rgb(15, 19, 24)"}[scheme]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
@pytest.mark.parametrize("case", cases.CASES)
def test_report_page__every_case_opens_without_a_complaint(
    browser: Browser, tmp_path: Path, *, case: str, width: int
) -> None:
    browser.show(written(cases.CASES[case](), tmp_path), width=width)
    seen = json.loads(browser.evaluate(LOOK))
    assert (seen["errors"], browser.complaints()) == ("", [])
    assert seen["page"] <= seen["window"] == width


def test_report_page__one_cursor_reads_all_charts_of_a_scenario(
    browser: Browser, tmp_path: Path
) -> None:
    browser.show(written(cases.demo(), tmp_path), width=1280)
    browser.evaluate("document.querySelector('.plot').scrollIntoView({block: 'center'})")
    over = "document.querySelector('.plot .u-over').getBoundingClientRect()"
    box = json.loads(browser.evaluate(f"JSON.stringify({over})"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    browser.until("document.querySelector('.plot .u-value').textContent.endsWith(' s')")
    times = "document.querySelectorAll('.plot .u-series:first-child .u-value')"
    read = json.loads(browser.evaluate(f"JSON.stringify([...{times}].map((e) => e.textContent))"))
    first, *_, last = read
    assert first.endswith(" s")
    assert read == [first] * 4 + [last] * 3  # the other scenario keeps its own
    assert last == "–"  # noqa: RUF001  (an en dash: no cursor)


def test_report_page__endpoints_sort_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(cases.demo(), tmp_path), width=1280)
    browser.evaluate("document.querySelector('table.sortable th:nth-child(5) button').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            code="Enter",
            text="\r",
            windowsVirtualKeyCode=13,
        )
    table = "document.querySelector('table.sortable')"
    column = f"[...{table}.tBodies[0].rows].map((row) => Number(row.cells[4].dataset.value))"
    failed = json.loads(browser.evaluate(f"JSON.stringify({column})"))
    assert failed == sorted(failed, reverse=True)
    assert browser.evaluate(f"{table}.querySelector('[aria-sort]').textContent") == "failed"


def test_report_page__a_script_that_is_not_ours_is_refused(
    browser: Browser, tmp_path: Path
) -> None:
    page = written(cases.demo(), tmp_path)
    page.write_text(page.read_text().replace("</main>", "<script>window.evil = 1</script></main>"))
    browser.show(page, width=1280)
    # The violation is told by an event that a busy machine may deliver late.
    assert browser.until("document.documentElement.dataset.errors") == (
        "policy: script-src-elem inline"
    )
    assert browser.complaints()
    assert browser.evaluate("typeof window.evil") == "undefined"


def test_report_page__reads_without_javascript(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(cases.demo(), tmp_path), width=1280, script=False)
    text = browser.evaluate("document.body.innerText")
    assert "p(95) of http_req_duration is 612 ms, limit < 500 ms" in text
    assert "p95 from " in text
    assert "The charts need JavaScript" in text
