"""What GitLab does with the text of a note: quick actions it would carry out, people it would call.

Two generations are told apart, since self-managed instances run both: older ones look for commands
with one regular expression over the raw text, newer ones in top-level paragraphs alone
(`lib/gitlab/quick_actions/extractor.rb` in GitLab's source). Not here: the API (gitlab.py).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

COMMANDS = (
    *("approve", "assign", "assign_reviewer", "award", "close", "done", "draft", "estimate"),
    *("label", "lock", "merge", "milestone", "rebase", "ready", "relabel", "remind_me", "reopen"),
    *("request_review", "spend", "submit_review", "subscribe", "tableflip", "target_branch"),
    *("title", "todo", "unassign", "unlabel", "unlock", "unsubscribe", "shrug", "wip"),
)
_COMMAND = (
    rf"^/(?P<cmd>{'|'.join(sorted(COMMANDS, key=len, reverse=True))})(?:[ ][^\n]*)?(?:\s*\n|$)"
)
_OLD = re.compile(
    r"(?P<code>^```.+?\n```$)|(?P<inline>^.*`\n*.+?\n*`$)|(?P<html>^<[^>]+?>\n.+?\n</[^>]+?>$)"
    rf"|(?P<quote>^>>>.+?\n>>>$)|{_COMMAND}",
    re.MULTILINE | re.IGNORECASE | re.DOTALL,
)
_NEW = re.compile(rf"(?P<inline>`.+?`)|{_COMMAND}", re.MULTILINE | re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NOT_A_PARAGRAPH = re.compile(r" {0,3}(?:[#>|<]|[-*+] |\d+[.)] )| {4}")


def quick_actions(body: str) -> list[str]:
    """Return the commands that one GitLab or another carries out, in order, each once."""
    plain = body.replace("\r", "")
    found = [each["cmd"].lower() for each in _OLD.finditer(plain) if each["cmd"]]
    for paragraph in _paragraphs(plain):
        found += [each["cmd"].lower() for each in _NEW.finditer(paragraph) if each["cmd"]]
    return list(dict.fromkeys(found))


def mentions(body: str) -> list[str]:
    """Return who is called by `@name` where text is shown, not code."""
    shown = "\n".join(line for _, line in _outside_fences(body))
    shown = re.sub(r"<!--.*?-->|<(code|pre)>.*?</\1>|(`+)[^`].*?\2", " ", shown, flags=re.DOTALL)
    return re.findall(r"(?<![\w`])@([a-zA-Z0-9_][\w.-]*)", html.unescape(shown))


def _paragraphs(text: str) -> Iterator[str]:
    """Yield what Markdown reads as paragraphs, on the side of too many."""
    lines: list[str] = []
    for fenced, line in [*_outside_fences(text), (True, "")]:
        if fenced or not line.strip() or (not lines and _NOT_A_PARAGRAPH.match(line)):
            if lines:
                yield "\n".join(lines)
            lines = []
        else:
            lines.append(line)


def _outside_fences(text: str) -> list[tuple[bool, str]]:
    """Return each line outside code fences; True stands for a fence that was there."""
    kept: list[tuple[bool, str]] = []
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif found:
            fence = found[1]
            kept.append((True, ""))
        else:
            kept.append((False, line))
    return kept
