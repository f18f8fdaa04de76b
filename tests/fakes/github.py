"""A GitHub API that keeps pull requests, comments, check runs, artefacts and files of one repository.

Requests and answers are held against GitHub's own description (tests/data/github). It pages, wants
rights, and misbehaves when told (`Trouble`). Not here: HTTP (github_server.py, which also serves it
as `python -m tests.fakes.github`).
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes import openapi

Json = dict[str, Any]
API = openapi.Description(Path(__file__).parents[1] / "data" / "github" / "openapi.json")
LONGEST_COMMENT = 65_536


class Refusal(Exception):
    """An answer other than the hoped for, in GitHub's form."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


@dataclass
class Pull:
    """A pull request; by default from a branch of the repository itself."""

    number: int
    head_sha: str
    head_ref: str = "feature"
    head_owner: str = "octo"
    head_repository_id: int = 7
    base_ref: str = "main"
    base_sha: str = "b" * 40
    merge_sha: str | None = None
    state: str = "open"


@dataclass
class Comment:
    """A comment of a pull request."""

    id: int
    issue: int
    login: str
    body: str


@dataclass
class Artifact:
    """An uploaded artefact; `zip` in base64, so that a state file can hold it."""

    id: int
    name: str
    run_id: int
    zip: str
    head_branch: str = "feature"
    head_sha: str = "a" * 40
    head_repository_id: int = 7
    size: int | None = None
    expired: bool = False


@dataclass
class Trouble:
    """What goes wrong with requests whose `METHOD path` matches, `times` times (-1: for ever).

    `how`: "status" answers with it, "hang" says nothing until the test ends, "garbage" is no JSON,
    "after" does what was asked and then answers with the status, "meet" waits until `parties`
    requests are there.
    """

    matches: str
    how: str = "status"
    status: int = 500
    message: str = "as asked"
    headers: dict[str, str] = field(default_factory=dict)
    times: int = -1
    parties: int = 2
    barrier: threading.Barrier = field(init=False)

    def __post_init__(self) -> None:
        self.barrier = threading.Barrier(self.parties)

    def applies(self, method: str, path: str) -> bool:
        """Say whether it hits a request, and count that."""
        if self.times == 0 or not re.search(self.matches, f"{method} {path}"):
            return False
        self.times -= 1 if self.times > 0 else 0
        return True


@dataclass
class Asked:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    authorization: str
    body: Json | None


@dataclass
class GitHub:
    """One repository and what a token may do in it. `login` is what the token's comments carry."""

    repository: str = "octo/shop"
    repository_id: int = 7
    token: str = "ghs_sentinel"
    login: str = "github-actions[bot]"
    rights: dict[str, str] = field(
        default_factory=lambda: {"pull-requests": "write", "checks": "write", "actions": "read"}
    )
    pulls: list[Pull] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    contents: dict[str, str] = field(default_factory=dict)
    check_runs: list[Json] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    blob_url: str = ""
    last_id: int = 1000

    def add_comments(self, issue: int, *bodies: str, login: str = "octocat") -> None:
        """Have somebody comment."""
        for body in bodies:
            self.comments.append(Comment(self._id(), issue, login, body))

    def state(self) -> Json:
        """Return what it keeps, as JSON."""
        kept = ("pulls", "comments", "artifacts", "contents", "check_runs", "rights", "last_id")
        shown = {name: getattr(self, name) for name in (*kept, "repository", "repository_id")}
        return {
            name: [each if isinstance(each, dict) else asdict(each) for each in value]
            if isinstance(value, list)
            else value
            for name, value in {**shown, "token": self.token, "login": self.login}.items()
        }

    def load(self, state: Json) -> None:
        """Take over what `state` returned."""
        kinds: Mapping[str, Callable[..., Any]] = {
            "pulls": Pull,
            "comments": Comment,
            "artifacts": Artifact,
        }
        for name, value in state.items():
            setattr(self, name, [kinds[name](**each) for each in value] if name in kinds else value)

    def answer(self, asked: Asked) -> tuple[int, Any, dict[str, str]]:
        """Return status, JSON and headers. Raises Refusal, and Broken for what GitHub never does."""
        if asked.authorization not in (f"Bearer {self.token}", f"token {self.token}"):
            raise Refusal(401, "Bad credentials")
        if asked.path == "/graphql" and asked.method == "POST":
            assert asked.body is not None
            assert "viewer" in asked.body["query"]
            return 200, {"data": {"viewer": {"login": self.login}}}, {}
        operation = API.operation(asked.method, asked.path)
        if operation is None:
            raise Refusal(404, "Not Found")
        API.check_request(operation, asked.query, asked.body)
        of = operation.arguments
        if "owner" in of and f"{of['owner']}/{of['repo']}".lower() != self.repository.lower():
            raise Refusal(404, "Not Found")
        do = _ROUTES[operation.method, operation.template]
        status, body, headers = do(self, of, asked)
        API.check_answer(operation, status, body)
        return status, body, headers

    def _user(self, _of: Mapping[str, str], _asked: Asked) -> tuple[int, Any, dict[str, str]]:
        if self.login.endswith("[bot]"):
            raise Refusal(403, "Resource not accessible by integration")
        return 200, API.made("public-user", login=self.login, type="User"), {}

    def _list_comments(
        self, of: Mapping[str, str], asked: Asked
    ) -> tuple[int, Any, dict[str, str]]:
        number = self._pull(int(of["issue_number"])).number
        found = [each for each in self.comments if each.issue == number]
        page, headers = self._page(found, asked)
        return 200, [self._comment(each) for each in page], headers

    def _create(self, of: Mapping[str, str], asked: Asked) -> tuple[int, Any, dict[str, str]]:
        number = self._pull(int(of["issue_number"])).number
        body = self._writing(asked)
        made = Comment(self._id(), number, self.login, body)
        self.comments.append(made)
        return 201, self._comment(made), {}

    def _update(self, of: Mapping[str, str], asked: Asked) -> tuple[int, Any, dict[str, str]]:
        self._may("pull-requests")
        found = self._found(int(of["comment_id"]))
        found.body = self._writing(asked)
        return 200, self._comment(found), {}

    def _delete(self, of: Mapping[str, str], _asked: Asked) -> tuple[int, Any, dict[str, str]]:
        self._may("pull-requests")
        self.comments.remove(self._found(int(of["comment_id"])))
        return 204, None, {}

    def _list_pulls(self, _of: Mapping[str, str], asked: Asked) -> tuple[int, Any, dict[str, str]]:
        state, head = asked.query.get("state", "open"), asked.query.get("head", "")
        found = [
            each
            for each in self.pulls
            if state in (each.state, "all")
            # GitHub ignores a head that names no owner.
            and (":" not in head or head == f"{each.head_owner}:{each.head_ref}")
        ]
        page, headers = self._page(found[::-1], asked)
        return 200, [self._shown(each, "pull-request-simple") for each in page], headers

    def _get_pull(self, of: Mapping[str, str], _asked: Asked) -> tuple[int, Any, dict[str, str]]:
        return 200, self._shown(self._pull(int(of["pull_number"])), "pull-request"), {}

    def _file(self, of: Mapping[str, str], asked: Asked) -> tuple[int, Any, dict[str, str]]:
        text = self.contents.get(f"{asked.query.get('ref', 'main')}:{of['path']}")
        if text is None:
            raise Refusal(404, "Not Found")
        content = base64.encodebytes(text.encode()).decode()
        known = {"type": "file", "encoding": "base64", "content": content, "path": of["path"]}
        return 200, API.made("content-file", **known, size=len(text)), {}

    def _list_artifacts(
        self, of: Mapping[str, str], asked: Asked
    ) -> tuple[int, Any, dict[str, str]]:
        self._may("actions", "read")
        name, run = asked.query.get("name"), of.get("run_id")
        found = [
            each
            for each in self.artifacts
            if name in (None, each.name) and run in (None, str(each.run_id))
        ]
        page, headers = self._page(sorted(found, key=lambda each: -each.id), asked)
        shown = [self._artifact(each) for each in page]
        return 200, {"total_count": len(found), "artifacts": shown}, headers

    def _download(self, of: Mapping[str, str], _asked: Asked) -> tuple[int, Any, dict[str, str]]:
        self._may("actions", "read")
        found = [each for each in self.artifacts if str(each.id) == of["artifact_id"]]
        if not found:
            raise Refusal(404, "Not Found")
        if found[0].expired:
            raise Refusal(410, "Artifact has expired")
        return 302, None, {"Location": f"{self.blob_url}/blob/{found[0].id}?signature=abc"}

    def _check(self, _of: Mapping[str, str], asked: Asked) -> tuple[int, Any, dict[str, str]]:
        self._may("checks")
        assert asked.body is not None
        made = {**asked.body, "id": self._id(), "annotations": [], "requests": 0}
        self.check_runs.append(made)
        return 201, self._checked(made, asked.body), {}

    def _recheck(self, of: Mapping[str, str], asked: Asked) -> tuple[int, Any, dict[str, str]]:
        self._may("checks")
        assert asked.body is not None
        [found] = [each for each in self.check_runs if str(each["id"]) == of["check_run_id"]]
        return 200, self._checked(found, asked.body), {}

    def _checked(self, run: Json, body: Json) -> Json:
        # Each request adds its annotations to those that are there.
        run["annotations"] += body.get("output", {}).get("annotations", [])
        run["requests"] += 1
        return API.made(
            "check-run",
            id=run["id"],
            name=run["name"],
            head_sha=run["head_sha"],
            status="completed",
        )

    def _may(self, right: str, wanted: str = "write") -> None:
        if self.rights.get(right) not in {wanted, "write"}:
            raise Refusal(403, "Resource not accessible by integration")

    def _writing(self, asked: Asked) -> str:
        self._may("pull-requests")
        assert asked.body is not None
        body: str = asked.body["body"]
        if len(body) > LONGEST_COMMENT:
            raise Refusal(422, "Validation Failed: Body is too long (maximum is 65536 characters)")
        return body

    def _pull(self, number: int) -> Pull:
        for each in self.pulls:
            if each.number == number:
                return each
        raise Refusal(404, "Not Found")

    def _found(self, comment_id: int) -> Comment:
        for each in self.comments:
            if each.id == comment_id:
                return each
        raise Refusal(404, "Not Found")

    def _id(self) -> int:
        self.last_id += 1
        return self.last_id

    def _page(self, found: list[Any], asked: Asked) -> tuple[list[Any], dict[str, str]]:
        size = min(int(asked.query.get("per_page", "30")), 100)
        number = int(asked.query.get("page", "1"))
        more = number * size < len(found)
        headers = {"next": str(number + 1)} if more else {}
        return found[(number - 1) * size : number * size], headers

    def _comment(self, comment: Comment) -> Json:
        kind = "Bot" if comment.login.endswith("[bot]") else "User"
        user = API.made("simple-user", login=comment.login, type=kind)
        address = f"https://github.test/{self.repository}/pull/{comment.issue}"
        url = f"{address}#issuecomment-{comment.id}"
        return API.made("issue-comment", id=comment.id, body=comment.body, html_url=url, user=user)

    def _shown(self, pull: Pull, schema: str) -> Json:
        known = {
            "number": pull.number,
            "state": pull.state,
            "merge_commit_sha": pull.merge_sha,
            "head": {"sha": pull.head_sha, "ref": pull.head_ref},
            "base": {"sha": pull.base_sha, "ref": pull.base_ref},
        }
        shown = API.made(schema, **known)
        for side, id in (("head", pull.head_repository_id), ("base", self.repository_id)):
            shown[side]["repo"] = API.made("repository", id=id)
        return shown

    def _artifact(self, artifact: Artifact) -> Json:
        size = len(base64.b64decode(artifact.zip)) if artifact.size is None else artifact.size
        run = {
            "id": artifact.run_id,
            "repository_id": self.repository_id,
            "head_repository_id": artifact.head_repository_id,
            "head_branch": artifact.head_branch,
            "head_sha": artifact.head_sha,
        }
        return API.made(
            "artifact",
            id=artifact.id,
            name=artifact.name,
            size_in_bytes=size,
            expired=artifact.expired,
            workflow_run=run,
        )


_REPO = "/repos/{owner}/{repo}"
_ROUTES: Mapping[tuple[str, str], Callable[..., tuple[int, Any, dict[str, str]]]] = {
    ("GET", "/user"): GitHub._user,
    ("GET", f"{_REPO}/issues/{{issue_number}}/comments"): GitHub._list_comments,
    ("POST", f"{_REPO}/issues/{{issue_number}}/comments"): GitHub._create,
    ("PATCH", f"{_REPO}/issues/comments/{{comment_id}}"): GitHub._update,
    ("DELETE", f"{_REPO}/issues/comments/{{comment_id}}"): GitHub._delete,
    ("GET", f"{_REPO}/pulls"): GitHub._list_pulls,
    ("GET", f"{_REPO}/pulls/{{pull_number}}"): GitHub._get_pull,
    ("GET", f"{_REPO}/contents/{{path}}"): GitHub._file,
    ("GET", f"{_REPO}/actions/artifacts"): GitHub._list_artifacts,
    ("GET", f"{_REPO}/actions/runs/{{run_id}}/artifacts"): GitHub._list_artifacts,
    ("GET", f"{_REPO}/actions/artifacts/{{artifact_id}}/{{archive_format}}"): GitHub._download,
    ("POST", f"{_REPO}/check-runs"): GitHub._check,
    ("PATCH", f"{_REPO}/check-runs/{{check_run_id}}"): GitHub._recheck,
}


if __name__ == "__main__":
    from tests.fakes import github_server

    github_server.main()
