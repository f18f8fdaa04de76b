"""A GitLab made from its API's documented contract: merge requests, their notes, files, jobs.

It speaks HTTP and keeps state: pages of at most 100, notes that only their author may edit, quick
actions taken out of a note and carried out, job tokens that may read notes and not write them. It
misbehaves when told: `trouble` is what the next matching requests meet instead of an answer.
Sources: `doc/api/notes.md`, `doc/api/rest`, `lib/api/notes.rb` of GitLab 17 and 18.
Not here: what a note's text sets off (gitlab_text.py); any other part of GitLab.
"""

from __future__ import annotations

import contextlib
import http.server
import itertools
import json
import re
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.fakes import gitlab_text, serving

Json = dict[str, Any]
LONGEST_NOTE = 1_000_000
_MOST_A_PAGE = 100
_REQUEST = r"/projects/(\d+)/merge_requests/(\d+)"
_NOTE = rf"{_REQUEST}/notes/(\d+)"
_FILE = r"/projects/\d+/repository/files/([^/]+)/raw"
_KEPT = r"/projects/\d+/jobs/(\d+)/artifacts/(.+)"
Answer = tuple[int, object, dict[str, str]]


class Refusal(Exception):
    """An answer other than success, in GitLab's form."""

    def __init__(self, status: int, said: Json) -> None:
        super().__init__(said)
        self.status, self.said = status, said


def _refused(status: int, what: str) -> Refusal:
    return Refusal(status, {"message": f"{status} {what}"})


@dataclass(kw_only=True)
class Trouble:
    """What `times` requests of a method and path meet: a status, or silence, a cut, nonsense."""

    method: str = "GET|POST|PUT|DELETE"
    path: str = ".*"
    how: str = "status"  # or "hang", "cut", "half", "garbage", "done-then-cut"
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1


@dataclass(kw_only=True)
class Token:
    """A token of a user of GitLab; a job token reads notes and writes none."""

    user: int
    name: str
    scopes: tuple[str, ...] = ("api",)
    expired: bool = False
    job: bool = False


@dataclass(kw_only=True)
class GitLab:
    """What a GitLab keeps. `root` is the path that a self-managed instance may live under."""

    root: str = ""
    address: str = ""
    tokens: dict[str, Token] = field(default_factory=dict)
    merge_requests: dict[tuple[int, int], Json] = field(default_factory=dict)
    notes: dict[tuple[int, int], list[Json]] = field(default_factory=dict)
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    jobs: list[Json] = field(default_factory=list)
    artifacts: dict[tuple[int, str], bytes] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    mentioned: list[str] = field(default_factory=list)
    trouble: list[Trouble] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    says_next_page: bool = True
    awake: threading.Event = field(default_factory=threading.Event)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(5000))
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def api_url(self) -> str:
        """Return what a job finds in CI_API_V4_URL."""
        return f"{self.address}{self.root}/api/v4"

    def open(
        self, project: int, iid: int, *, sha: str, state: str = "opened", source: int = 0
    ) -> Json:
        """Open a merge request, or push to it."""
        path = f"{self.address}{self.root}/group/project-{project}/-/merge_requests/{iid}"
        self.notes.setdefault((project, iid), [])
        self.merge_requests[project, iid] = {
            "id": 900 + iid,
            "iid": iid,
            "project_id": project,
            "state": state,
            "sha": sha,
            "diff_refs": {"head_sha": sha, "base_sha": "ba5e"},
            "web_url": path,
            "target_project_id": project,
            "source_project_id": source or project,
            "source_branch": "feature",
            "target_branch": "main",
        }
        return self.merge_requests[project, iid]

    def say(self, project: int, iid: int, body: str, *, user: int, system: bool = False) -> Json:
        """Keep a note of a user as it is."""
        notes = self.notes[project, iid]
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        known = {token.user: token.name for token in self.tokens.values()}
        note = {
            "id": next(self.ids),
            "type": None,
            "body": body,
            "author": {"id": user, "username": known.get(user, f"user{user}"), "state": "active"},
            "created_at": now,
            "updated_at": now,
            "system": system,
            "noteable_iid": iid,
            "noteable_type": "MergeRequest",
            "project_id": project,
            "internal": False,
        }
        notes.append(note)
        return note

    def answer(
        self, method: str, path: str, query: Mapping[str, str], body: Json, token: Token | None
    ) -> Answer:
        """Return status, value and headers. Raises Refusal."""
        if token is None or (token.job and (method != "GET" or path == "/user")):
            raise _refused(401, "Unauthorized")
        if token.expired:
            raise Refusal(401, {"error": "invalid_token", "error_description": "Token is expired."})
        if method != "GET" and "api" not in token.scopes:
            raise Refusal(403, {"error": "insufficient_scope", "scope": "api"})
        if found := re.match(r"/projects/(\d+)/", path):
            self._visible(int(found[1]))
        who = {"id": token.user, "username": token.name, "bot": True}
        routes: tuple[tuple[str, str, Callable[[re.Match[str]], Answer]], ...] = (
            ("GET", r"/user", lambda _: (200, who, {})),
            ("GET", _REQUEST, lambda at: (200, self.merge_requests[self._known(at)], {})),
            ("GET", f"{_REQUEST}/notes", lambda at: self._page(self._known(at), query)),
            ("POST", f"{_REQUEST}/notes", lambda at: self._create(self._known(at), body, token)),
            ("PUT", _NOTE, lambda at: self._edit(self._known(at), int(at[3]), body, token)),
            ("DELETE", _NOTE, lambda at: self._delete(self._known(at), int(at[3]), token)),
            ("GET", _FILE, lambda at: self._raw(self.files.get((unquote(at[1]), query["ref"])))),
            ("GET", _KEPT, lambda at: self._raw(self.artifacts.get((int(at[1]), unquote(at[2]))))),
            ("GET", r"/projects/\d+/jobs", lambda at: self._paged(at[0], self.jobs, query)),
            (
                *("GET", r"/projects/(\d+)/merge_requests"),
                lambda at: self._paged(at[0], self._listed(int(at[1]), query), query),
            ),
        )
        for verb, pattern, do in routes:
            if verb == method and (at := re.fullmatch(pattern, path)):
                return do(at)
        raise _refused(404, "Not Found")

    def _visible(self, project: int) -> None:
        if all(key[0] != project for key in self.merge_requests):
            raise _refused(404, "Project Not Found")

    def _known(self, found: re.Match[str]) -> tuple[int, int]:
        project, iid = int(found[1]), int(found[2])
        if (project, iid) not in self.merge_requests:
            raise _refused(404, "Not found")
        return project, iid

    def _listed(self, project: int, query: Mapping[str, str]) -> list[Json]:
        return [
            each
            for (of, _), each in self.merge_requests.items()
            if of == project
            and each["state"] == query.get("state", each["state"])
            and each["source_branch"] == query.get("source_branch", each["source_branch"])
        ]

    def _raw(self, found: bytes | None) -> Answer:
        if found is None:
            raise _refused(404, "Not found")
        return 200, found, {}

    def _page(self, key: tuple[int, int], query: Mapping[str, str]) -> Answer:
        newest_first = query.get("sort", "desc") == "desc"
        notes = sorted(self.notes[key], key=lambda note: int(note["id"]), reverse=newest_first)
        path = f"/projects/{key[0]}/merge_requests/{key[1]}/notes"
        return self._paged(path, notes, query)

    def _paged(self, path: str, found: list[Json], query: Mapping[str, str]) -> Answer:
        size = min(_MOST_A_PAGE, int(query.get("per_page", 20)))
        page = int(query.get("page", 1))
        pages = max(1, -(-len(found) // size))
        after = str(page + 1) if page < pages else ""
        headers = {"X-Page": str(page), "X-Per-Page": str(size), "X-Next-Page": after}
        # Above 10,000 GitLab says neither the total nor the number of pages.
        headers |= {"X-Total": str(len(found)), "X-Total-Pages": str(pages)}
        if after:
            asked = urllib.parse.urlencode({**query, "page": after})
            headers["Link"] = f'<{self.api_url}{path}?{asked}>; rel="next"'
        if not self.says_next_page:
            headers = {}
        return 200, found[(page - 1) * size : page * size], headers

    def _create(self, key: tuple[int, int], body: Json, token: Token) -> Answer:
        kept = self._text(body)
        if not kept:
            return 202, {"commands_changes": {}, "summary": ["Commands applied"]}, {}
        return 201, self.say(*key, kept, user=token.user), {}

    def _own(self, key: tuple[int, int], number: int, token: Token) -> Json:
        note = next((each for each in self.notes[key] if each["id"] == number), None)
        if note is None:
            raise _refused(404, "Not found")
        if note["author"]["id"] != token.user:
            raise _refused(403, "Forbidden")
        return note

    def _delete(self, key: tuple[int, int], number: int, token: Token) -> Answer:
        self.notes[key].remove(self._own(key, number, token))
        return 204, b"", {}

    def _edit(self, key: tuple[int, int], number: int, body: Json, token: Token) -> Answer:
        note = self._own(key, number, token)
        note["body"] = self._text(body)
        return 200, note, {}

    def _text(self, body: Json) -> str:
        text = body.get("body")
        if not isinstance(text, str) or not text:
            raise Refusal(400, {"error": "body is missing"})
        if len(text) > LONGEST_NOTE:
            long = f"Note {{:note=>['is too long (maximum is {LONGEST_NOTE} characters)']}}"
            raise _refused(400, f"Bad request - {long}")
        found = gitlab_text.quick_actions(text)
        self.commands += found
        self.mentioned += gitlab_text.mentions(text)
        return "" if found and len(text.splitlines()) == len(found) else text


class Server(http.server.ThreadingHTTPServer):
    """A GitLab that listens."""

    daemon_threads = True

    def __init__(self, gitlab: GitLab) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.gitlab = gitlab
        gitlab.address = f"http://127.0.0.1:{self.server_port}"

    @contextlib.contextmanager
    def serving(self) -> Iterator[GitLab]:
        """Serve until the block ends. What hangs is let go then."""
        with serving.serving(self):
            try:
                yield self.gitlab
            finally:
                self.gitlab.awake.set()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._do("GET")

    def do_POST(self) -> None:
        self._do("POST")

    def do_PUT(self) -> None:
        self._do("PUT")

    def do_DELETE(self) -> None:
        self._do("DELETE")

    def _do(self, method: str) -> None:
        gitlab = self.server.gitlab
        parts = urllib.parse.urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        prefix = f"{gitlab.root}/api/v4"
        path = parts.path.removeprefix(prefix)
        with gitlab.lock:
            gitlab.asked.append(f"{method} {path}")
            trouble = self._trouble(method, path)
        if trouble is not None and trouble.how not in {"done-then-cut", "half"}:
            return self._misbehave(trouble)
        try:
            if not parts.path.startswith(prefix):
                raise _refused(404, "Not Found")
            body = json.loads(raw) if raw else {}
            with gitlab.lock:
                said = gitlab.answer(
                    method, path, dict(urllib.parse.parse_qsl(parts.query)), body, self._token()
                )
        except Refusal as refusal:
            return self._send(refusal.status, refusal.said, {})
        except ValueError:
            return self._send(400, {"error": "invalid JSON"}, {})
        if trouble is not None and trouble.how == "done-then-cut":
            return self._cut()
        return self._send(*said, half=trouble is not None)

    def _trouble(self, method: str, path: str) -> Trouble | None:
        for each in self.server.gitlab.trouble:
            hit = re.fullmatch(each.method, method) and re.search(each.path, path)
            if each.times > 0 and hit:
                each.times -= 1
                return each
        return None

    def _token(self) -> Token | None:
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        given = self.headers.get("PRIVATE-TOKEN") or bearer
        token = self.server.gitlab.tokens.get(given or self.headers.get("JOB-TOKEN", ""))
        # A job token counts in its own header alone.
        return None if token is not None and token.job and given else token

    def _misbehave(self, trouble: Trouble) -> None:
        if trouble.how == "hang":
            self.server.gitlab.awake.wait()
            self._cut()
        elif trouble.how == "cut":
            self._cut()
        elif trouble.how == "garbage":
            self._send(200, "<html>Sign in to continue</html>", {})
        else:
            said = {"message": f"{trouble.status} as told"}
            self._send(trouble.status, said, dict(trouble.headers))

    def _cut(self) -> None:
        self.close_connection = True

    def _send(
        self, status: int, value: object, headers: Mapping[str, str], *, half: bool = False
    ) -> None:
        raw = value.encode() if isinstance(value, str) else value
        body = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
        kind = "application/json" if raw is value and body is not raw else "text/plain"
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(value, str) else kind)
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)
        self.close_connection = self.close_connection or half

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""
