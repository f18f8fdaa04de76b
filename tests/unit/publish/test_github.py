"""What is asked of GitHub, and what its refusals mean; a token never leaves its host."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ltlab_ci import errors, model
from ltlab_ci.publish import forge, github
from tests.factories import assert_two_lines
from tests.fakes import github as fake
from tests.fakes import github_server
from tests.unit.hub import HEAD, NEWER, Clock, an_artifact

pytestmark = pytest.mark.loopback


def test_comments__of_every_page(hub: fake.GitHub, context: model.CiContext, clock: Clock) -> None:
    hub.add_comments(3, *(f"remark {number}" for number in range(500)))
    with github.opened(context, clock.patience()) as client:
        found = list(client.comments(3))
    assert [each.body for each in found] == [f"remark {number}" for number in range(500)]
    assert {each.author for each in found} == {"octocat"}
    assert len(hub.asked) == 5


@pytest.mark.parametrize("login", ["github-actions[bot]", "load-tester[bot]", "a-person"])
def test_me__is_who_the_comments_are_of(
    hub: fake.GitHub, context: model.CiContext, clock: Clock, login: str
) -> None:
    hub.login = login
    with github.opened(context, clock.patience()) as client:
        assert client.me() == client.create(3, "hello").author == login


def test_me__of_an_app_whose_name_comes_without_its_suffix(
    hub: fake.GitHub, context: model.CiContext, clock: Clock
) -> None:
    hub.troubles = [fake.Trouble("POST /graphql", status=404)]
    with github.opened(context, clock.patience()) as client:
        assert client.me() == "github-actions[bot]"


def test_update__of_a_comment_that_was_deleted(context: model.CiContext, clock: Clock) -> None:
    with github.opened(context, clock.patience()) as client, pytest.raises(forge.Gone):
        client.update(3, 4711, "hello")


def test_delete__of_a_comment_that_was_deleted_is_done(
    hub: fake.GitHub, context: model.CiContext, clock: Clock
) -> None:
    with github.opened(context, clock.patience()) as client:
        made = client.create(3, "hello")
        client.delete(3, made.comment_id)
        client.delete(3, made.comment_id)
    assert hub.comments == []


@pytest.mark.parametrize(
    ("pull", "found"),
    [
        ({}, 4),
        ({"head_sha": NEWER}, None),
        ({"head_repository_id": 8}, None),
        ({"head_ref": "other"}, None),
        ({"state": "closed"}, None),
    ],
)
def test_pull_of_commit__wants_the_very_head_of_the_very_repository(
    hub: fake.GitHub,
    context: model.CiContext,
    clock: Clock,
    pull: dict[str, Any],
    found: int | None,
) -> None:
    fork: dict[str, Any] = {
        "head_owner": "mallory",
        "head_repository_id": 99,
        "head_ref": "fix/a b&state=all",
    }
    hub.pulls.append(fake.Pull(**{"number": 4, "head_sha": HEAD, **fork, **pull}))
    with github.opened(context, clock.patience()) as client:
        number = client.pull_of_commit(
            owner="mallory", branch="fix/a b&state=all", sha=HEAD, repository_id=99
        )
    assert number == found


def test_pull__of_a_fork_that_was_deleted(
    hub: fake.GitHub, context: model.CiContext, clock: Clock
) -> None:
    hub.pulls[0].merge_sha = NEWER
    with github.opened(context, clock.patience()) as client:
        assert client.pull(3) == forge.Pull(
            number=3,
            is_open=True,
            head_sha=HEAD,
            head_repository_id=7,
            base_sha="b" * 40,
            base_ref="main",
            merge_sha=NEWER,
        )


def test_file__at_a_commit(hub: fake.GitHub, context: model.CiContext, clock: Clock) -> None:
    hub.contents = {f"{HEAD}:apps/a b/ltlab.yml": "version: 1\n"}
    with github.opened(context, clock.patience()) as client:
        assert client.file("apps/a b/ltlab.yml", HEAD) == b"version: 1\n"
        assert client.file("apps/a b/ltlab.yml", NEWER) is None


def test_artifact_of_branch__is_the_newest_of_this_very_repository(
    hub: fake.GitHub, context: model.CiContext, clock: Clock
) -> None:
    hub.artifacts = [
        an_artifact(1, b"old"),
        an_artifact(2, b"wanted", head_sha=NEWER),
        an_artifact(3, b"expired", expired=True),
        an_artifact(4, b"of a fork", head_repository_id=8),
        an_artifact(5, b"of another branch", head_branch="feature"),
        an_artifact(6, b"of this very run", run_id=90),
        an_artifact(7, b"another name", name="ltlab-report-2"),
    ]
    with github.opened(context, clock.patience()) as client:
        found = client.artifact_of_branch("main", "ltlab-report", but=90)
        assert found == forge.Artifact(zipped=b"wanted", head_sha=NEWER)
        assert client.artifact_of_branch("gone", "ltlab-report", but=90) is None
        assert client.artifact_of_run(72, "ltlab-report") == found
        assert client.artifact_of_run(79, "ltlab-report") is None


def test_artifact__that_says_it_is_huge_is_not_fetched(
    hub: fake.GitHub, context: model.CiContext, clock: Clock
) -> None:
    hub.artifacts = [an_artifact(1, b"x", size=github.LONGEST_ARTIFACT + 1)]
    with (
        github.opened(context, clock.patience()) as client,
        pytest.raises(errors.PublishError, match="268 MB") as caught,
    ):
        client.artifact_of_run(71, "ltlab-report")
    assert not any("zip" in each.path for each in hub.asked)
    assert_two_lines(caught.value)


def test_redirect__of_a_renamed_repository_is_followed_with_the_token(
    hub: fake.GitHub, context: model.CiContext, clock: Clock
) -> None:
    new = f"{context.api_url}/repos/octo/shop/pulls/3"
    hub.troubles = [fake.Trouble("/repos/octo/old/pulls/3", status=301, headers={"Location": new})]
    with github.opened(
        dataclasses.replace(context, repository="octo/old"), clock.patience()
    ) as client:
        assert client.pull(3).number == 3


def test_redirect__to_another_host_carries_no_token_and_nothing_written(
    hub: fake.GitHub,
    server: github_server.Server,
    context: model.CiContext,
    clock: Clock,
) -> None:
    other = f"http://127.0.0.1:{server.blobs.server_port}/blob/1"
    hub.troubles = [fake.Trouble("POST .*/comments", status=307, headers={"Location": other})]
    with (
        github.opened(context, clock.patience()) as client,
        pytest.raises(errors.PublishError, match="another host"),
    ):
        client.create(3, "hello")


def test_redirect__without_end(hub: fake.GitHub, context: model.CiContext, clock: Clock) -> None:
    hub.troubles = [fake.Trouble("pulls/3", status=302, headers={"Location": "/repos/pulls/3"})]
    with (
        github.opened(context, clock.patience()) as client,
        pytest.raises(errors.PublishError, match="without end"),
    ):
        client.pull(3)


@pytest.mark.parametrize(
    ("trouble", "waits"),
    [
        ({"status": 429, "headers": {"Retry-After": "7"}}, [7.0]),
        ({"status": 403, "headers": {"Retry-After": "9"}}, [9.0]),
        ({"status": 403, "message": "You have exceeded a secondary rate limit"}, [60.0]),
        ({"status": 429, "headers": {"Retry-After": "0"}, "times": 2}, [1.0, 1.0]),
        ({"status": 502}, [1.0]),
        ({"status": 503, "headers": {"Retry-After": "3"}}, [3.0]),
        ({"status": 500, "times": 4}, [1.0, 2.0, 4.0, 8.0]),
    ],
)
def test_read__is_asked_again(
    hub: fake.GitHub,
    context: model.CiContext,
    clock: Clock,
    trouble: dict[str, object],
    waits: list[float],
) -> None:
    hub.troubles = [fake.Trouble("pulls/3", **{"times": 1, **trouble})]  # type: ignore[arg-type]
    with github.opened(context, clock.patience()) as client:
        assert client.pull(3).number == 3
    assert clock.waits == waits


def test_read__waits_for_the_reset_of_a_primary_limit(
    hub: fake.GitHub, context: model.CiContext, clock: Clock
) -> None:
    limit = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1030"}
    hub.troubles = [fake.Trouble("pulls/3", status=403, headers=limit, times=1)]
    client = github.Client(context, clock.patience(), now=clock.monotonic, timeout_s=5.0)
    assert client.pull(3).number == 3
    assert clock.waits == [31.0]
    client.close()


def test_read__gives_up_at_once_where_the_wait_is_too_long(
    hub: fake.GitHub, context: model.CiContext, clock: Clock
) -> None:
    limit = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4600"}
    hub.troubles = [fake.Trouble("pulls/3", status=403, headers=limit)]
    client = github.Client(context, clock.patience(), now=clock.monotonic, timeout_s=5.0)
    with pytest.raises(forge.Busy, match="rate limit"):
        client.pull(3)
    client.close()
    assert clock.waits == []


def test_read__waits_two_minutes_in_all(
    hub: fake.GitHub, context: model.CiContext, clock: Clock
) -> None:
    hub.troubles = [fake.Trouble(".", status=500)]
    with github.opened(context, clock.patience()) as client:
        for _ in range(3):
            with pytest.raises(forge.Busy, match="500"):
                client.pull(3)
    assert 60 < sum(clock.waits) <= 120


@pytest.mark.parametrize("how", ["hang", "status"])
def test_write__is_never_sent_twice(
    hub: fake.GitHub, context: model.CiContext, clock: Clock, how: str
) -> None:
    hub.troubles = [fake.Trouble("POST", how=how, status=502)]
    with (
        github.opened(context, clock.patience(), timeout_s=0.3) as client,
        pytest.raises(forge.Busy),
    ):
        client.create(3, "hello")
    assert (len(hub.asked), clock.waits) == (1, [])


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        ({"status": 401}, forge.Forbidden),
        ({"status": 403}, forge.Forbidden),
        ({"status": 404}, forge.Gone),
        ({"status": 410}, forge.Gone),
        ({"status": 422}, errors.PublishError),
        ({"how": "garbage"}, errors.PublishError),
    ],
)
def test_refusals__are_two_lines_without_the_token(
    hub: fake.GitHub,
    context: model.CiContext,
    clock: Clock,
    trouble: dict[str, object],
    kind: type[errors.PublishError],
) -> None:
    hub.troubles = [fake.Trouble("pulls/3", **trouble)]  # type: ignore[arg-type]
    with github.opened(context, clock.patience()) as client, pytest.raises(kind) as caught:
        client.pull(3)
    assert type(caught.value) is kind
    assert_two_lines(caught.value)
    assert "ghs_sentinel" not in f"{caught.value!r}{caught.value.message}{vars(client)}"


def test_nobody_there(context: model.CiContext, clock: Clock) -> None:
    off = dataclasses.replace(context, api_url="http://127.0.0.1:9")
    with (
        github.opened(off, clock.patience()) as client,
        pytest.raises(forge.Busy, match="does not answer") as caught,
    ):
        client.pull(3)
    assert_two_lines(caught.value)


def test_check__in_batches_of_fifty(
    hub: fake.GitHub, context: model.CiContext, clock: Clock
) -> None:
    found = tuple(
        model.Annotation(file="ltlab.yml", line=n + 1, title=f"t{n}", message="m", level="error")
        for n in range(120)
    )
    run = forge.CheckRun(
        name="load test",
        head_sha=HEAD,
        conclusion="failure",
        title="2 thresholds fail",
        summary="é\n" * 40_000,
        details_url="https://github.test/run",
        annotations=found,
    )
    hub.troubles = [fake.Trouble("POST .*/check-runs", status=502, times=1)]
    with github.opened(context, clock.patience()) as client:
        assert client.check(run) == hub.check_runs[0]["id"]
    [made] = hub.check_runs
    assert made["requests"] == 3
    assert [each["start_line"] for each in made["annotations"]] == list(range(1, 121))
    assert len(made["output"]["summary"].encode()) <= 65_535
    assert "Cut here" in made["output"]["summary"]
