"""What a GitLab is asked and told; one that refuses, waits, breaks off or is none says so."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator

import pytest

from ltlab_ci import errors, model
from ltlab_ci.publish import forge, gitlab
from tests.factories import assert_two_lines
from tests.fakes import gitlab as fake
from tests.unit.hub import Clock

pytestmark = pytest.mark.loopback

TOKEN = "glpat-sentinel"
PROJECT, REQUEST, BOT, ANN = 42, 3, 11, 12


@pytest.fixture(params=["", "/gitlab"], ids=["own-host", "under-a-path"])
def site(request: pytest.FixtureRequest) -> Iterator[fake.GitLab]:
    """Run a GitLab with one merge request."""
    kept = fake.GitLab(root=request.param)
    kept.tokens[TOKEN] = fake.Token(user=BOT, name="project_42_bot")
    with fake.Server(kept).serving() as running:
        running.open(PROJECT, REQUEST, sha="5ea1")
        yield running


@pytest.fixture
def client(site: fake.GitLab, clock: Clock) -> Iterator[forge.Client]:
    """Speak to it."""
    with opened(site, clock) as found:
        yield found


def opened(
    site: fake.GitLab, clock: Clock, *, token: str = TOKEN, timeout_s: float = 60.0
) -> contextlib.AbstractContextManager[gitlab.Client]:
    context = model.CiContext(
        forge=model.Forge.GITLAB,
        repository="shop/api",
        repository_id=PROJECT,
        api_url=site.api_url,
        server_url=f"{site.address}{site.root}",
        token=token,
    )
    return gitlab.opened(context, clock.patience(), report="ltlab-report", timeout_s=timeout_s)


def test_create__then_update_is_one_note_of_the_bot(
    site: fake.GitLab, client: forge.Client
) -> None:
    first = client.create(REQUEST, "first")
    assert first.author == client.me() == "project_42_bot"
    assert first.url.endswith(f"{site.root}/shop/api/-/merge_requests/3#note_{first.comment_id}")
    second = client.update(REQUEST, first.comment_id, "second")
    assert [note["body"] for note in site.notes[PROJECT, REQUEST]] == ["second"]
    assert second.comment_id == first.comment_id


@pytest.mark.parametrize("says_next_page", [True, False])
def test_comments__are_read_over_all_pages(
    site: fake.GitLab, client: forge.Client, *, says_next_page: bool
) -> None:
    site.says_next_page = says_next_page
    for number in range(250):
        site.say(PROJECT, REQUEST, f"note {number}", user=ANN)
    site.say(PROJECT, REQUEST, "added 1 commit", user=BOT, system=True)
    found = list(client.comments(REQUEST))
    assert [each.body for each in found] == [f"note {number}" for number in range(250)]


def test_pull__says_what_the_head_is_now(site: fake.GitLab, client: forge.Client) -> None:
    site.open(PROJECT, REQUEST, sha="0ead", source=77)
    found = client.pull(REQUEST)
    assert (found.is_open, found.head_sha, found.head_repository_id) == (True, "0ead", 77)
    assert (found.base_sha, found.base_ref) == ("ba5e", "main")
    site.open(PROJECT, REQUEST, sha="0ead", state="merged")
    assert not client.pull(REQUEST).is_open


def test_pull_of_commit__wants_branch_commit_and_project(
    site: fake.GitLab, client: forge.Client
) -> None:
    site.open(PROJECT, 4, sha="0ead", source=77)
    wanted = {"owner": "ann", "branch": "feature", "sha": "0ead"}
    assert client.pull_of_commit(**wanted, repository_id=77) == 4
    assert client.pull_of_commit(**wanted, repository_id=78) is None


def test_update__of_a_note_that_somebody_deleted(client: forge.Client) -> None:
    note = client.create(REQUEST, "first")
    client.delete(REQUEST, note.comment_id)
    client.delete(REQUEST, note.comment_id)
    with pytest.raises(forge.Gone):
        client.update(REQUEST, note.comment_id, "second")


def test_reading__is_tried_again_as_long_as_gitlab_says(
    site: fake.GitLab, client: forge.Client, clock: Clock
) -> None:
    site.trouble = [
        fake.Trouble(status=429, headers={"Retry-After": "7"}),
        fake.Trouble(status=502),
        fake.Trouble(how="cut"),
    ]
    assert client.pull(REQUEST).head_sha == "5ea1"
    assert clock.waits[0] == 7
    assert len(clock.waits) == 3


def test_writing__is_not_tried_again_since_it_may_have_happened(
    site: fake.GitLab, client: forge.Client
) -> None:
    site.trouble = [fake.Trouble(method="POST", how="done-then-cut")]
    with pytest.raises(forge.Busy):
        client.create(REQUEST, "first")
    assert [each.body for each in client.comments(REQUEST)] == ["first"]


def test_reading__ends_when_gitlab_stays_down(
    site: fake.GitLab, client: forge.Client, clock: Clock
) -> None:
    site.trouble = [fake.Trouble(status=503, times=1000)]
    with pytest.raises(forge.Busy):
        client.me()
    assert sum(clock.waits) <= 120


@pytest.mark.parametrize(
    ("token", "says"),
    [
        (fake.Token(user=BOT, name="bot", job=True), "401"),
        (fake.Token(user=BOT, name="bot", expired=True), "Token is expired"),
        (fake.Token(user=BOT, name="bot", scopes=("read_api",)), "insufficient_scope"),
    ],
    ids=["job-token", "expired", "reads-only"],
)
def test_create__without_the_right_is_forbidden(
    site: fake.GitLab, clock: Clock, token: fake.Token, says: str
) -> None:
    site.tokens["glpat-other"] = token
    with (
        opened(site, clock, token="glpat-other") as client,
        pytest.raises(forge.Forbidden, match=says) as raised,
    ):
        client.create(REQUEST, "first")
    assert_two_lines(raised.value)
    assert "glpat" not in f"{raised.value}{raised.value.remedy}"


def test_update__of_another_users_note_is_forbidden(
    site: fake.GitLab, client: forge.Client
) -> None:
    note = site.say(PROJECT, REQUEST, "mine", user=ANN)
    with pytest.raises(forge.Forbidden):
        client.update(REQUEST, note["id"], "yours")


def test_pull__that_the_token_may_not_see_is_gone(client: forge.Client) -> None:
    with pytest.raises(forge.Gone):
        client.pull(99)


def test_create__takes_as_much_as_gitlab_does(client: forge.Client) -> None:
    assert len(client.create(REQUEST, "x" * client.longest).body) == client.longest
    with pytest.raises(errors.PublishError, match="too long"):
        client.create(REQUEST, "x" * (client.longest + 1))


def test_asking__what_is_no_gitlab(site: fake.GitLab, client: forge.Client) -> None:
    site.trouble = [fake.Trouble(how="garbage")]
    with pytest.raises(errors.PublishError, match="no GitLab") as raised:
        client.pull(REQUEST)
    assert_two_lines(raised.value)


def test_asking__a_sign_in_page_far_away_takes_no_token_there(
    site: fake.GitLab, client: forge.Client
) -> None:
    away = {"Location": "https://sign-in.example/?next=%2Fapi"}
    site.trouble = [fake.Trouble(status=302, headers=away)]
    with pytest.raises(errors.PublishError, match=r"leads to sign-in\.example"):
        client.pull(REQUEST)


def test_asking__a_gitlab_that_hangs_ends_in_time(site: fake.GitLab, clock: Clock) -> None:
    site.trouble = [fake.Trouble(how="hang", times=1000)]
    with opened(site, clock, timeout_s=0.05) as client, pytest.raises(forge.Busy, match="Timeout"):
        client.me()


def test_file__of_a_commit(site: fake.GitLab, client: forge.Client) -> None:
    site.files["load tests/ltlab.yml", "ba5e"] = b"version: 1\n"
    assert client.file("load tests/ltlab.yml", "ba5e") == b"version: 1\n"
    assert client.file("load tests/ltlab.yml", "0ead") is None


def test_file__that_breaks_off_is_asked_again(site: fake.GitLab, client: forge.Client) -> None:
    site.files["ltlab.yml", "ba5e"] = b"version: 1\n"
    site.trouble = [fake.Trouble(how="half", path="/repository/files/")]
    assert client.file("ltlab.yml", "ba5e") == b"version: 1\n"


def test_artifact_of_branch__is_the_newest_other_job_that_has_one(
    site: fake.GitLab, client: forge.Client
) -> None:
    site.jobs = [
        job(9, "main", "load-test", pipeline=800),
        job(8, "refs/merge-requests/3/head", "load-test", pipeline=799),
        job(7, "main", "build", pipeline=798),
        job(6, "main", "load-test", pipeline=798),
        job(5, "main", "load-test", pipeline=797),
    ]
    for number in (9, 8, 7, 5):
        site.artifacts[number, "ltlab-report/result.json"] = b'{"job": %d}' % number
    found = client.artifact_of_branch("main", "load-test", but=800)
    assert found is not None
    assert found.head_sha == "c0de5"
    with zipfile.ZipFile(io.BytesIO(found.zipped)) as archive:
        assert archive.namelist() == ["result.json"]
        assert archive.read("result.json") == b'{"job": 5}'


def job(number: int, ref: str, name: str, *, pipeline: int) -> fake.Json:
    commit = {"id": f"c0de{number}"}
    return {"id": number, "ref": ref, "name": name, "pipeline": {"id": pipeline}, "commit": commit}
