"""A GitLab: a merge request, its notes, files and reports of the project, for `forge.Client`.

Not here: HTTP (gitlab_api.py), which note is meant (comment.py), what it says (report/).
https://docs.gitlab.com/api/notes/#merge-requests
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator
from urllib.parse import quote

from ltlab_ci import model
from ltlab_ci.publish import forge, gitlab_api
from ltlab_ci.publish.gitlab_api import Json

LONGEST_NOTE = 1_000_000
_TIMEOUT_S = 20.0
_MOST_PAGES_OF_JOBS = 5


class Client:
    """Speaks to one project for as long as it is open; satisfies `forge.Client`.

    `report` is the path of the report folder in the project, as jobs upload it.
    """

    longest = LONGEST_NOTE

    def __init__(self, context: model.CiContext, api: gitlab_api.Api, *, report: str) -> None:
        self._api, self._report = api, report.strip("/")
        self._project = f"/projects/{context.repository_id}"
        self._web = f"{context.server_url}/{context.repository}"

    def me(self) -> str:
        """Return the name of the user whose token this is: a bot for a project's or group's."""
        return gitlab_api.part(self._api.read("/user"), "username", str)

    def pull(self, number: int) -> forge.Pull:
        """Return a merge request as it is now."""
        said = self._api.read(self._merge_request(number))
        refs = said.get("diff_refs") or {}
        return forge.Pull(
            number=number,
            is_open=gitlab_api.part(said, "state", str) == "opened",
            head_sha=gitlab_api.part(said, "sha", str),
            head_repository_id=said.get("source_project_id") or 0,
            base_sha=refs.get("base_sha") or "",
            base_ref=said.get("target_branch") or "",
        )

    def pull_of_commit(
        self,
        *,
        owner: str,  # noqa: ARG002  (GitLab knows the project by its id)
        branch: str,
        sha: str,
        repository_id: int,
    ) -> int | None:
        """Return the number of the open merge request with this very head, None for none."""
        asked = {"state": "opened", "source_branch": branch}
        for each in self._api.listed(f"{self._project}/merge_requests", asked):
            if (each.get("sha"), each.get("source_project_id")) == (sha, repository_id):
                return gitlab_api.part(each, "iid", int)
        return None

    def comments(self, number: int) -> Iterator[forge.Comment]:
        """Yield every note that somebody wrote, over all pages, the oldest first."""
        for note in self._api.listed(f"{self._merge_request(number)}/notes", {"sort": "asc"}):
            if not note.get("system"):
                yield self._comment(number, note)

    def create(self, number: int, body: str) -> forge.Comment:
        """Write a new note."""
        said = self._api.write("POST", f"{self._merge_request(number)}/notes", {"body": body})
        return self._comment(number, said)

    def update(self, number: int, comment_id: int, body: str) -> forge.Comment:
        """Edit a note. Raises Gone when somebody deleted it."""
        path = f"{self._merge_request(number)}/notes/{comment_id}"
        return self._comment(number, self._api.write("PUT", path, {"body": body}))

    def delete(self, number: int, comment_id: int) -> None:
        """Remove a note; one that is gone already is no error."""
        with contextlib.suppress(forge.Gone):
            self._api.remove(f"{self._merge_request(number)}/notes/{comment_id}")

    def file(self, path: str, ref: str) -> bytes | None:
        """Return a file of the repository at a commit, None where there is none."""
        where = f"{self._project}/repository/files/{quote(path, safe='')}/raw"
        return self._api.file(where, {"ref": ref})

    def artifact_of_run(self, run_id: int, name: str) -> forge.Artifact | None:  # noqa: ARG002
        """Return None: no job of GitLab publishes what another one measured."""
        return None

    def artifact_of_branch(self, branch: str, name: str, *, but: int) -> forge.Artifact | None:
        """Return the result of a branch's newest job of this name, pipeline `but` excepted.

        Of its artefacts the one file is fetched, since samples may be large.
        """
        asked = {"scope[]": ["success", "failed"]}
        for job in self._api.listed(f"{self._project}/jobs", asked, most=_MOST_PAGES_OF_JOBS):
            pipeline = (job.get("pipeline") or {}).get("id")
            if (job.get("ref"), job.get("name")) != (branch, name) or pipeline == but:
                continue
            path = quote(f"{self._report}/result.json")
            found = self._api.file(f"{self._project}/jobs/{job['id']}/artifacts/{path}", {})
            if found is not None:
                sha = str((job.get("commit") or {}).get("id") or "")
                return forge.Artifact(zipped=_zipped(found), head_sha=sha)
        return None

    def check(self, run: forge.CheckRun) -> int | None:  # noqa: ARG002
        """Return None: the job itself is what GitLab shows at a commit."""
        return None

    def _merge_request(self, number: int) -> str:
        return f"{self._project}/merge_requests/{number}"

    def _comment(self, number: int, note: Json) -> forge.Comment:
        found = gitlab_api.part(note, "id", int)
        return forge.Comment(
            comment_id=found,
            author=str((note.get("author") or {}).get("username") or ""),
            body=str(note.get("body") or ""),
            url=f"{self._web}/-/merge_requests/{number}#note_{found}",
        )


@contextlib.contextmanager
def opened(
    context: model.CiContext,
    patience: forge.Patience,
    *,
    report: str,
    timeout_s: float = _TIMEOUT_S,
) -> Iterator[Client]:
    """Hand out a client, and close it."""
    with gitlab_api.opened(context, patience, timeout_s=timeout_s) as api:
        yield Client(context, api, report=report)


def _zipped(result: bytes) -> bytes:
    """Return a result as the archive that any forge's artefact is read from."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("result.json", result)
    return packed.getvalue()
