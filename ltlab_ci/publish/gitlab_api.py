"""GitLab's REST API as HTTP: the token, pages, patience, and what each refusal means.

Works for gitlab.com and for self-managed instances, also under a path: the job says where the API
is. Not here: what is asked for (gitlab.py), how long to be patient (forge.py).
https://docs.gitlab.com/api/rest/
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from ltlab_ci import deadline, errors, model
from ltlab_ci.publish import forge, token

_PAGE = 100
_CHUNK, _MOST_CHUNKS = 1 << 16, 320  # 20 MB of one file
_LONG = 200
_DOWNLOAD_S = 300.0
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
_FORBIDDEN = {
    401: "give a project access token that is valid, as LTLAB_GITLAB_TOKEN",
    403: "give a token of the role Reporter with the scope `api`, as LTLAB_GITLAB_TOKEN",
}
Json = Mapping[str, Any]
T = TypeVar("T")


class Api:
    """Asks one GitLab for as long as it is open. Reading is tried again, writing never."""

    def __init__(
        self, context: model.CiContext, patience: forge.Patience, *, timeout_s: float
    ) -> None:
        self._url = context.api_url.rstrip("/")
        self._patience, self._timeout_s = patience, timeout_s
        self._session = requests.Session()
        # A bearer: redirects to storage leave it out, as they do not a header of GitLab's own.
        self._session.auth = token.Bearer(context.token, (self._url,))
        # A proxy of the environment leads out there; what runs on this machine is not there.
        self._session.trust_env = urlsplit(self._url).hostname not in _HERE
        if context.ca_file is not None:
            self._session.verify = str(context.ca_file)

    def close(self) -> None:
        """Let go of its connections."""
        self._session.close()

    def read(self, path: str) -> Json:
        """Return the object at a path."""
        return self._object(self._again(path, {}))

    def listed(self, path: str, asked: Mapping[str, object], *, most: int = 0) -> Iterator[Json]:
        """Yield what is listed, page after page: all, or `most` pages.

        The number of the next page is taken, not the address in `Link`: a token goes to the address
        that the job gave, and nowhere else.
        """
        page = 1
        while page and not (most and page > most):
            answer = self._again(path, {**asked, "per_page": _PAGE, "page": page})
            found = self._json(answer)
            if not isinstance(found, list):
                raise self._strange("no list")
            yield from found
            after = answer.headers.get("X-Next-Page")
            # A page lacks what the token may not read, so only an empty one is surely the last.
            page = (page + 1 if found else 0) if after is None else int(after or 0)

    def write(self, method: str, path: str, body: Mapping[str, str]) -> Json:
        """Send an object and return what became of it."""
        return self._object(self._ask(method, path, body=body))

    def remove(self, path: str) -> None:
        """Delete what is at a path."""
        self._ask("DELETE", path)

    def file(self, path: str, asked: Mapping[str, object]) -> bytes | None:
        """Return a file's bytes, None where there is none. Raises PublishError above 20 MB."""

        def attempt() -> bytes:
            answer = self._ask("GET", path, params=asked, file=True)
            try:
                chunks = itertools.islice(answer.iter_content(_CHUNK), _MOST_CHUNKS + 1)
                return deadline.within(_DOWNLOAD_S, lambda: b"".join(chunks))
            except requests.RequestException as error:
                raise self._silent(error) from error
            finally:
                answer.close()

        try:
            found = self._patience.with_(attempt)
        except forge.Gone:
            return None
        if len(found) > _CHUNK * _MOST_CHUNKS:
            raise errors.PublishError(
                f"{path} is larger than {_CHUNK * _MOST_CHUNKS >> 20} MB",
                remedy="look at what the target branch holds there",
            )
        return found

    def _again(self, path: str, params: Mapping[str, object]) -> requests.Response:
        return self._patience.with_(lambda: self._ask("GET", path, params=params))

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        body: Mapping[str, str] | None = None,
        file: bool = False,
    ) -> requests.Response:
        try:
            answer = deadline.within(
                self._timeout_s,
                lambda: self._session.request(
                    method,
                    f"{self._url}{path}",
                    params=params,  # type: ignore[arg-type]
                    json=body,
                    timeout=self._timeout_s,
                    allow_redirects=file,  # it may lie elsewhere; the token does not go there
                    stream=file,
                ),
            )
        except requests.RequestException as error:
            raise self._silent(error) from error
        if answer.ok and not answer.is_redirect:
            return answer
        raise self._refusal(answer, path)

    def _silent(self, error: requests.RequestException) -> forge.Busy:
        return forge.Busy(
            f"GitLab at {self._url} does not answer ({type(error).__name__})",
            remedy="look whether it is up, and can be reached from this runner",
        )

    def _refusal(self, answer: requests.Response, path: str) -> errors.PublishError:
        status = answer.status_code
        what = f"GitLab at {self._url} refuses {path} with {status}: {_said(answer)}"
        if status == requests.codes.too_many or status >= requests.codes.server_error:
            after = answer.headers.get("Retry-After", "")
            return forge.Busy(
                what,
                remedy="run the job again later",
                after_s=float(after) if after.isdecimal() else None,
            )
        if status in _FORBIDDEN:
            return forge.Forbidden(what, remedy=_FORBIDDEN[status])
        if status == requests.codes.not_found:
            return forge.Gone(what, remedy="give a token that may see the project (role Reporter)")
        if answer.is_redirect:
            return self._strange(f"it leads to {urlsplit(answer.headers['Location']).netloc}")
        return errors.PublishError(what, remedy="look at the job's variables and GitLab's log")

    def _json(self, answer: requests.Response) -> object:
        try:
            found: object = answer.json()
        except requests.JSONDecodeError as error:
            kind = answer.headers.get("Content-Type", "nothing")
            raise self._strange(f"no JSON but {kind}") from error
        return found

    def _object(self, answer: requests.Response) -> Json:
        found = self._json(answer)
        if not isinstance(found, dict):
            raise self._strange("no object")
        return found

    def _strange(self, what: str) -> errors.PublishError:
        return errors.PublishError(
            f"what answers at {self._url} is no GitLab: {what}",
            remedy="see whether CI_API_V4_URL is the address that GitLab itself gives",
        )


@contextlib.contextmanager
def opened(
    context: model.CiContext, patience: forge.Patience, *, timeout_s: float
) -> Iterator[Api]:
    """Hand out the API, and close it."""
    api = Api(context, patience, timeout_s=timeout_s)
    try:
        yield api
    finally:
        api.close()


def part(said: Json, name: str, kind: type[T]) -> T:
    """Return a part of an answer. Raises PublishError where it is not there, or of another kind."""
    found = said.get(name)
    if not isinstance(found, kind):
        raise errors.PublishError(
            f"GitLab's answer lacks `{name}`",
            remedy="see whether this GitLab is 16 or newer, and report it if so",
        )
    return found


def _said(answer: requests.Response) -> str:
    try:
        said = answer.json()
    except requests.JSONDecodeError:
        return answer.reason
    if not isinstance(said, dict):
        return answer.reason
    text = said.get("message") or said.get("error_description") or said.get("error")
    return " ".join(str(text or answer.reason).split())[:_LONG]
