"""What k6 said in its log: what threw, why requests got no answer, what ended the load.

k6 exits with 0 when every iteration throws, so its log is read too. Not here: exit codes, summary
(k6_outcome.py).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')
_MESSAGE = re.compile(r'msg="((?:[^"\\]|\\.)*)"')
_MESSAGE_FIELD = re.compile(rb'msg="(?:[^"\\]|\\.)*"')
_OF_SCENARIO = re.compile(rb' scenario=(?:"([^"]*)"|(\S+))')
_ERROR = re.compile(r' error="((?:[^"\\]|\\.)*)"')
_FRAME = re.compile(r"\bat (?:\S+ \()?file://(?:[^\s()]*/)?(?P<place>[^\s()/]+:\d+:\d+)\(\d+\)")
_NOT_LOADED = re.compile(r"could not initialize '[^']*': (?:could not load JS test '[^']*': )?")

_REQUEST = re.compile(r'\w+ "(?P<url>[^"]*)": (?P<why>.*)')
_DIALLED = re.compile(r"dial \w+ (?P<address>\S+): ")
_ABORTED = re.compile(r"thresholds on metrics '(.*)' were crossed; at least one has abortOnFail")
_IMPORT = re.compile(
    r'The moduleSpecifier "(?P<what>[^"]*)" (?P<failed>couldn\'t be \w+)'
    r'(?: from the resolved url "[^"]*"\. Error : "(?:\w+ "[^"]*": )?(?P<why>.*?)"?$)?'
)
_AROUND = "held.js"  # a module of ours: its frames are no place in the script
_NO_VU = "Cannot get a VU from the buffer"
_SHOWN = 3
_KINDS = 1000
_SUMMARY = re.compile(rb"\bhandleSummary\b|end-of-test summary")


@dataclass(kw_only=True)
class Log:
    """What a log holds: `threw` counts what iterations threw by its text, `by_scenario` by scenario of
    the script; `unanswered` counts why requests failed.

    `reason` is the first error of k6 itself, `summary` that of handleSummary(), `aborted` the metrics
    whose threshold ended the load by abortOnFail; "" where there is none. `last` is its last line. `starved`
    counts the scenarios of the script that got no VU.
    """

    threw: Counter[str] = field(default_factory=Counter)
    by_scenario: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    reason: str = ""
    summary: str = ""
    aborted: str = ""
    last: str = ""
    starved: Counter[str] = field(default_factory=Counter)

    def add(self, line: bytes) -> None:
        """Take a line into account."""
        if b"level=warning" in line and b'msg="Request Failed"' in line:
            found = _ERROR.search(line.decode("utf-8", "replace"))
            _count(self.unanswered, _unanswered(_unescaped(found[1])) if found else "")
        elif b"level=error" in line:
            self._add_error(line)

    def _add_error(self, line: bytes) -> None:
        text, fields = said(line.decode("utf-8", "replace")), _QUOTED.sub(b"", line)
        aborted = _ABORTED.match(text)
        if b" source=console" in fields:
            return
        # What is thrown in an iteration names its scenario; set-up has none, console.error says so.
        if text.startswith(_NO_VU):
            self.starved[_scenario(line)] += 1
        elif b" scenario=" in fields:
            _count(self.threw, text)
            self.by_scenario[_scenario(line)] += 1
        elif aborted:
            self.aborted = aborted[1]
        elif _SUMMARY.search(line):
            self.summary = self.summary or text
        else:
            self.reason = self.reason or text


def read(path: Path) -> Log:
    """Return what a log says; one that is missing says nothing."""
    log = Log()
    try:
        with path.open("rb") as file:
            for line in file:
                log.add(line)
                log.last = line.decode("utf-8", "replace").strip() or log.last
    except OSError:
        pass
    return log


def said(log: str) -> str:
    """Return the first error in a piece of k6's log, in one line, with its place in the script."""
    for line in log.splitlines():
        if "level=error" in line:
            found = _MESSAGE.search(line)
            text, cause = _one_line(_unescaped(found[1])) if found else line, _ERROR.search(line)
            return f"{text}: {_one_line(_unescaped(cause[1]))}" if cause else text
    return log.strip().splitlines()[-1] if log.strip() else ""


def needed(reason: str) -> str:
    """Say what a script needs that does not load for this reason, "" where it is to be mended."""
    extension = re.search(r"k6/x/[\w./-]+", reason)
    if extension and "module" in reason:
        return (
            f"{extension[0]} is an extension: build a k6 that has it with xk6, "
            "and name that in engines.k6.path"
        )
    if "couldn't be retrieved" in reason:
        return (
            "k6 fetches it whenever the script loads: let this machine reach it (HTTPS_PROXY names a "
            "proxy), or keep a copy beside the script and import that"
        )
    if "couldn't be found" in reason:
        return "correct the path, which counts from the file that imports it"
    if "secret source" in reason:
        return "name its source in the scenario's args: [--secret-source=file=secrets.txt]"
    return ""


def listed(kinds: Counter[str]) -> str:
    """Return the most frequent texts with their numbers, and how many more of other kinds there are."""
    shown = kinds.most_common(_SHOWN)
    words = [text if len(kinds) == 1 else f"{text} (x{number})" for text, number in shown]
    others = kinds.total() - sum(number for _, number in shown)
    return "; ".join([*words, *([f"and {others} others"] if others else [])])


def _scenario(line: bytes) -> str:
    found = _OF_SCENARIO.search(_MESSAGE_FIELD.sub(b"", line))
    return (found[1] or found[2]).decode("utf-8", "replace") if found else ""


def _count(kinds: Counter[str], text: str) -> None:
    # Texts may hold ids: of a kind that is one more than anybody reads, the number is enough.
    if text in kinds or len(kinds) < _KINDS:
        kinds[text] += 1
    else:
        kinds["others"] += 1


def _one_line(text: str) -> str:
    first, _, stack = text.strip().partition("\n")
    if first.endswith(":"):  # a list of what is wrong
        below = (line.strip() for line in stack.splitlines())
        first = "; ".join(line.removeprefix("- ") for line in below if not line.startswith("at "))
    first = _NOT_LOADED.sub("", first).replace("GoError: ", "")
    imported = _IMPORT.match(first)
    if imported is not None:
        first = f"{imported['what']} {imported['failed']}"
        first += f": {imported['why']}" if imported["why"] else ""
    places = (found["place"] for found in _FRAME.finditer(stack))
    place = next((each for each in places if not each.startswith(_AROUND)), "")
    return f"{first} at {place}" if place else first


def _unanswered(error: str) -> str:
    """Return why a request got no answer, and where: `ECONNREFUSED 127.0.0.1:8000`."""
    first = error.partition("\n")[0]
    found = _REQUEST.match(first)
    why, host = (found["why"], urlsplit(found["url"]).netloc) if found else (first, "")
    dialled = _DIALLED.search(why)
    if why.endswith("connection refused"):
        return f"ECONNREFUSED {dialled['address'] if dialled else host}"
    _, x509, rest = why.partition("x509: ")
    told = f"{x509}{rest}" or why
    return f"{told} ({host})" if host else told


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\t", " ").replace('\\"', '"')
