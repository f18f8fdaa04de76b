"""GitHub's REST API, as far as it is needed to read and tell a pull request.

A token goes to the API's own host and to nobody else, redirects included. Every call is bounded in
time; what GitHub answers instead is an error of forge.py. Not here: check runs (checks.py), when to
ask again (forge.Patience), which comment is meant (comment.py).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import requests

from ltlab_ci import deadline, errors, model
from ltlab_ci.publish import checks, forge, token
from ltlab_ci.publish import github_answers as answers

Json = dict[str, Any]
T = TypeVar("T")

_TIMEOUT_S = 15.0
_DOWNLOAD_S = 300.0
_PAGES = 100  # of a hundred comments each: nobody reads on
_ARTIFACT_PAGES = 3
_REDIRECTS = 3
LONGEST_ARTIFACT = 256 * 1024 * 1024
"""Bytes of a zip that are taken at most: samples belong into an artefact of their own."""
_HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "ltlab",
}


class Client:
    """Speaks to the repository of one job; satisfies forge.Client."""

    longest = 65_536

    def __init__(
        self,
        context: model.CiContext,
        patience: forge.Patience,
        *,
        now: Callable[[], float],
        timeout_s: float,
    ) -> None:
        self._api = context.api_url.rstrip("/")
        self._graphql_url = context.graphql_url
        self._repo = f"{self._api}/repos/{quote(context.repository)}"
        self._repository_id = context.repository_id
        self._auth = token.Bearer(context.token, (self._api, context.graphql_url))
        self._patience, self._now, self._timeout_s = patience, now, timeout_s
        self._session = requests.Session()

    def close(self) -> None:
        """Let go of its connections."""
        self._session.close()

    def me(self) -> str:
        """Return the login of the token; only a person's token may ask /user."""
        try:
            return str(self._get(f"{self._api}/user")["login"])
        except forge.Forbidden:
            pass
        query = {"query": "query { viewer { login } }"}
        try:
            said = self._patience.with_(lambda: self._json("POST", self._graphql_url, query))
            login = str(said["data"]["viewer"]["login"])
        except forge.Busy:
            raise
        except (errors.PublishError, KeyError, TypeError):
            return "github-actions[bot]"
        return f"{login.removesuffix('[bot]')}[bot]"

    def pull(self, number: int) -> forge.Pull:
        """Return a pull request as it is now."""
        return answers.pull(self._get(f"{self._repo}/pulls/{number}"))

    def pull_of_commit(
        self, *, owner: str, branch: str, sha: str, repository_id: int
    ) -> int | None:
        """Return the newest open pull request into this repository with this very head."""
        query = f"state=open&head={quote(owner, safe='')}:{quote(branch, safe='')}&per_page=100"
        for page in self._pages(f"{self._repo}/pulls?{query}", pages=1):
            for each in page:
                found = answers.pull(each)
                if (found.head_sha, found.head_repository_id) == (sha, repository_id):
                    return found.number
        return None

    def comments(self, number: int) -> Iterator[forge.Comment]:
        """Yield every comment of a pull request, over all pages."""
        for page in self._pages(f"{self._repo}/issues/{number}/comments?per_page=100"):
            yield from (answers.comment(each) for each in page)

    def create(self, number: int, body: str) -> forge.Comment:
        """Write a new comment."""
        url = f"{self._repo}/issues/{number}/comments"
        return answers.comment(self._json("POST", url, {"body": body}))

    def update(self, number: int, comment_id: int, body: str) -> forge.Comment:  # noqa: ARG002
        """Edit a comment. Raises Gone when somebody deleted it."""
        url = f"{self._repo}/issues/comments/{comment_id}"
        return answers.comment(self._json("PATCH", url, {"body": body}))

    def delete(self, number: int, comment_id: int) -> None:  # noqa: ARG002
        """Remove a comment; one that is gone already is no error."""
        with contextlib.suppress(forge.Gone):
            self._json("DELETE", f"{self._repo}/issues/comments/{comment_id}")

    def file(self, path: str, ref: str) -> bytes | None:
        """Return a file of the repository at a commit, None where there is none."""
        try:
            said = self._get(f"{self._repo}/contents/{quote(path)}?ref={quote(ref, safe='')}")
            return base64.b64decode(said["content"])
        except forge.Gone:
            return None
        except (KeyError, TypeError, binascii.Error) as error:
            raise answers.strange(f"{path} is no file there") from error

    def artifact_of_run(self, run_id: int, name: str) -> forge.Artifact | None:
        """Return what one run uploaded under a name, the newest of its attempts."""
        return self._newest(f"{self._repo}/actions/runs/{run_id}/artifacts", name, _any)

    def artifact_of_branch(self, branch: str, name: str, *, but: int) -> forge.Artifact | None:
        """Return the newest upload of a branch of this very repository, run `but` excepted."""

        def fits(run: Mapping[str, Any]) -> bool:
            # A fork has a branch of that name too.
            of = (run.get("head_branch"), run.get("head_repository_id"), run.get("repository_id"))
            wanted = (branch, self._repository_id, self._repository_id)
            return of == wanted and run.get("id") != but

        return self._newest(f"{self._repo}/actions/artifacts", name, fits)

    def check(self, run: forge.CheckRun) -> int | None:
        """Make a check run and return its id."""

        def call(method: str, part: str, body: Json) -> int:
            return int(self._json(method, f"{self._repo}/check-runs{part}", body)["id"])

        return checks.publish(run, call, self._patience)

    def _newest(self, url: str, name: str, fits: answers.Fits) -> forge.Artifact | None:
        query = f"?name={quote(name, safe='')}&per_page=100"
        for page in self._pages(f"{url}{query}", pages=_ARTIFACT_PAGES):
            listed = answers.artifacts(page)
            found = [each for each in listed if each["name"] == name and fits(each["run"])]
            if found:
                return self._downloaded(max(found, key=lambda each: int(each["id"])))
        return None

    def _downloaded(self, artifact: Json) -> forge.Artifact:
        if artifact["size"] > LONGEST_ARTIFACT:
            raise _too_large(artifact["size"])
        url = f"{self._repo}/actions/artifacts/{artifact['id']}/zip"
        zipped = self._patience.with_(lambda: self._bytes(url))
        return forge.Artifact(zipped=zipped, head_sha=str(artifact["run"].get("head_sha") or ""))

    def _get(self, url: str) -> Any:  # noqa: ANN401  (a JSON value, told by whoever asks)
        return self._patience.with_(lambda: self._json("GET", url))

    def _pages(self, url: str, *, pages: int = _PAGES) -> Iterator[Any]:
        for _ in range(pages):
            said, following = self._patience.with_(lambda at=url: self._page(at))  # type: ignore[misc]
            yield said
            if not following:
                return
            url = following

    def _page(self, url: str) -> tuple[Any, str]:
        def whole() -> tuple[Any, str]:
            with self._asked("GET", url) as answer:
                return _parsed(answer), str(answer.links.get("next", {}).get("url", ""))

        return _in_time(url, 2 * self._timeout_s, whole)

    def _json(self, method: str, url: str, body: Json | None = None) -> Any:  # noqa: ANN401
        def whole() -> Any:  # noqa: ANN401
            with self._asked(method, url, body) as answer:
                nothing = answer.status_code == requests.codes.no_content
                return None if nothing else _parsed(answer)

        return _in_time(url, 2 * self._timeout_s, whole)

    def _bytes(self, url: str) -> bytes:
        """Return a download of bounded size."""

        def whole() -> bytes:
            kept = bytearray()
            with self._asked("GET", url) as answer:
                for chunk in answer.iter_content(1024 * 1024):
                    kept += chunk
                    if len(kept) > LONGEST_ARTIFACT:
                        raise _too_large(len(kept))
            return bytes(kept)

        return _in_time(url, _DOWNLOAD_S, whole)

    @contextlib.contextmanager
    def _asked(
        self, method: str, url: str, body: Json | None = None
    ) -> Iterator[requests.Response]:
        """Hand out a good answer, redirects followed. Raises an error of forge.py for any other."""
        for _ in range(_REDIRECTS):
            with self._request(method, url, body) as answer:
                if not answer.is_redirect:
                    found = answers.error_of(answer, now=self._now())
                    if found is not None:
                        raise found
                    yield answer
                    return
                url = urljoin(url, answer.headers["Location"])
        raise answers.strange("it redirects without end")

    def _request(self, method: str, url: str, body: Json | None) -> requests.Response:
        if method != "GET" and not self._auth.may_see(url):
            raise answers.strange("it wants what is written at another host")
        try:
            return self._session.request(
                method,
                url,
                json=body,
                headers=_HEADERS,
                auth=self._auth,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            raise _unreachable(url, error) from error


@contextlib.contextmanager
def opened(
    context: model.CiContext,
    patience: forge.Patience,
    *,
    report: str = "",  # noqa: ARG001  (GitHub's artefacts go by names)
    timeout_s: float = _TIMEOUT_S,
) -> Iterator[Client]:
    """Hand out a client, and close it."""
    client = Client(context, patience, now=time.time, timeout_s=timeout_s)
    try:
        yield client
    finally:
        client.close()


def _any(run: Mapping[str, Any]) -> bool:  # noqa: ARG001
    return True


def _parsed(answer: requests.Response) -> Any:  # noqa: ANN401
    try:
        return answer.json()
    except requests.JSONDecodeError as error:
        kind = answer.headers.get("Content-Type", "nothing")
        raise answers.strange(f"no JSON but {kind}") from error
    except requests.RequestException as error:
        raise _unreachable(answer.url, error) from error


def _too_large(size: int) -> errors.PublishError:
    return errors.PublishError(
        f"the artefact has {size / 1e6:.0f} MB, more than {LONGEST_ARTIFACT / 1e6:.0f} MB",
        remedy="upload samples/ as an artefact of its own",
    )


def _in_time(url: str, seconds: float, call: Callable[[], T]) -> T:
    """Return what a call returns, its whole answer within so many seconds."""
    try:
        return deadline.within(seconds, call)
    except requests.RequestException as error:
        raise _unreachable(url, error) from error


def _unreachable(url: str, error: requests.RequestException) -> forge.Busy:
    # The exception's own text may quote a signed address.
    return forge.Busy(
        f"{urlsplit(url).hostname} does not answer ({type(error).__name__})",
        remedy="publish again later; comment.md in the report folder has the comment",
    )
