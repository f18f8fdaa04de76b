"""Foreign text made harmless for each format: names come from scripts and servers.

Not here: what is shown (view.py) and how (templates/). HTML is escaped by Jinja2 itself.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

_SPACES = re.compile(r"[ \t\n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")
_HIDDEN = re.compile(
    # Controls, then what turns the direction of writing (CVE-2021-42574), then what is no text.
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
    r"\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_XML_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STARTS_BLOCK = re.compile(r"^([-+=#/:>]|\d+[.)](?=\s|$))")
_MARKS_UP = re.compile(
    r"(?P<refers>[@#!%~$&](?=\w)|(?<=\bGH)-(?=\d))"  # mentions, references of GitHub and GitLab, entities
    r"|(?P<address>:(?=//)|(?<=\bwww)\.)"  # what GitHub makes a link without being asked
    r"|(?P<active>[|\\`*\[\]~$]|<(?![\s\d=])|&(?=#|$))"  # "< 5" and "a & b" are what they look like
    r"|(?P<under>(?<![^\W_])_|_(?![^\W_]))"  # an underscore inside a word marks nothing up
)
_NO_ADDRESS = re.compile(r"[^A-Za-z0-9\-._~:/?#@!$&()*+,;=%]")
_NO_CODE_SPAN = re.compile(r"[`|]|^\s|\s$|^$")


class Markdown(str):
    """Markdown that we made: it goes out as it is."""

    __slots__ = ()


def visible(text: str, *, longest: int = 160) -> str:
    """Return one line in which nothing is hidden: no control character, no line break, no novel."""
    line = _HIDDEN.sub("\ufffd", _SPACES.sub(" ", text)).strip()
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def log_line(text: str, *, longest: int) -> str:
    """Return a line of a log as it is indented, without colours and what else is not text."""
    plain = _HIDDEN.sub("\ufffd", _ANSI.sub("", text).replace("\t", "    ").rstrip())
    line = _SPACES.sub(lambda found: " " * len(found[0]), plain)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def markdown(text: str) -> Markdown:
    """Return text that GitHub and GitLab show as it reads: no markup, no mention, no reference."""
    marked = _MARKS_UP.sub(_entity, text)
    return Markdown(_STARTS_BLOCK.sub(lambda found: _entities(found[0]), marked))


def code(text: str) -> Markdown:
    """Return text as code in Markdown, also in the cell of a table."""
    if _NO_CODE_SPAN.search(text):
        return Markdown(f"<code>{markdown(text)}</code>")
    return Markdown(f"`{text}`")


def unbroken(text: str) -> str:
    """Return a figure that keeps to one line in a narrow cell; it stays Markdown where it is."""
    return type(text)(text.replace(" ", "\u00a0"))


def link(url: str) -> Markdown:
    """Return an http address as a link that shows itself, and nothing else as one."""
    plain = _NO_ADDRESS.sub(lambda found: quote(found[0], safe=""), url)
    return Markdown(f"<{plain}>") if plain.startswith(("http://", "https://")) else code(url)


def named_link(text: str, url: str) -> Markdown:
    """Return a link under a name of ours; an address that is not http stays a text."""
    shown = link(url)
    return Markdown(f"[{markdown(text)}]({shown})") if shown.startswith("<http") else shown


def fenced(text: str, *, language: str = "sh") -> Markdown:
    """Return a block of code whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markdown(f"{fence}{language}\n{text}\n{fence}")


def label(text: str) -> str:
    """Return the value of an OpenMetrics label, on one line whatever counts as a line end."""
    line = _HIDDEN.sub("\ufffd", _SPACES.sub(" ", text))
    return line.replace("\\", "\\\\").replace('"', '\\"')


def xml(text: str) -> str:
    """Drop the characters that XML 1.0 forbids and those it discourages."""
    return _XML_FORBIDDEN.sub("", text)


def script_json(value: object) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _entity(found: re.Match[str]) -> str:
    if found["refers"]:
        return f"{_entities(found[0])}&#8203;"
    return _entities(found[0])


def _entities(text: str) -> str:
    return "".join(char if char.isalnum() else f"&#{ord(char)};" for char in text)
