"""What a merge request shows after pushes and trouble on a GitLab; the verdict stands all the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ltlab_ci import console, errors, model, report
from ltlab_ci.flows import folder, job, publish
from tests.fakes import gitlab as fake
from tests.unit.hub import HEAD, NEWER, Clock
from tests.unit.report import cases

pytestmark = pytest.mark.loopback

TOKEN = "glpat-sentinel"
PROJECT, REQUEST, BOT, ANN = 42, 3, 11, 12
JOB = "https://code.example/shop/api/-/jobs/7001"

Publish = Callable[..., int]


@pytest.fixture
def site() -> Iterator[fake.GitLab]:
    """Run a GitLab with one merge request and the talk of its reviewers."""
    kept = fake.GitLab()
    kept.tokens[TOKEN] = fake.Token(user=BOT, name="project_42_bot")
    with fake.Server(kept).serving() as running:
        running.open(PROJECT, REQUEST, sha=HEAD)
        for number in range(250):
            running.say(PROJECT, REQUEST, f"remark {number}", user=ANN)
        yield running


@pytest.fixture
def work(site: fake.GitLab, clock: Clock, tmp_path: Path) -> Publish:
    """Return `publish` as the command calls it, for a result and parts of the job that differ."""
    known = model.CiContext(
        forge=model.Forge.GITLAB,
        event="merge_request_event",
        repository="shop/api",
        repository_id=PROJECT,
        pull_request=REQUEST,
        head_sha=HEAD,
        run_id=800,
        run_number=12,
        run_attempt=7001,
        run_url=JOB,
        artifacts_url=f"{JOB}/artifacts/file",
        api_url=site.api_url,
        server_url=site.address,
        workspace=tmp_path,
        token=TOKEN,
    )

    def publish_it(
        result: model.Result, *, wanted: model.Wanted | None = None, **parts: object
    ) -> int:
        folder.add(tmp_path / "ltlab-report", "result.json", report.result_json(result))
        return publish.publish(
            tmp_path / "ltlab-report",
            dataclasses.replace(known, **parts),  # type: ignore[arg-type]
            wanted or model.Wanted(),
            config=tmp_path / "ltlab.yml",
            world=job.World(
                voice=console.Console(quiet=False, plain=True, no_color=True),
                sleep=clock.sleep,
                monotonic=clock.monotonic,
            ),
        )

    return publish_it


def ours(site: fake.GitLab) -> list[fake.Json]:
    return [note for note in site.notes[PROJECT, REQUEST] if note["author"]["id"] == BOT]


def test_publish__first_push_makes_the_note_and_the_second_edits_it(
    site: fake.GitLab, work: Publish, tmp_path: Path
) -> None:
    assert work(cases.one_fails()) == errors.ExitCode.OK
    [made] = ours(site)
    assert "Load test failed" in made["body"]
    assert f"{JOB}/artifacts/file/ltlab-report/report.html" in made["body"]

    site.open(PROJECT, REQUEST, sha=NEWER)
    assert work(cases.all_pass(), head_sha=NEWER, run_number=13) == errors.ExitCode.OK
    assert [note["id"] for note in ours(site)] == [made["id"]]
    assert "Load test passed" in made["body"]
    outputs = (tmp_path / "ltlab-report" / "outputs.env").read_text(encoding="utf-8")
    assert outputs == (
        "LTLAB_VERDICT=pass\nLTLAB_EXIT_CODE=0\nLTLAB_FAILED_THRESHOLDS=0\n"
        f"LTLAB_COMMENT_ID={made['id']}\n"
        f"LTLAB_COMMENT_URL={site.address}/shop/api/-/merge_requests/3#note_{made['id']}\n"
    )


def test_publish__a_note_that_somebody_deleted_is_made_anew(
    site: fake.GitLab, work: Publish
) -> None:
    work(cases.one_fails())
    site.notes[PROJECT, REQUEST].remove(ours(site)[0])
    assert work(cases.all_pass(), run_number=13) == errors.ExitCode.OK
    assert len(ours(site)) == 1


def test_publish__a_marker_that_somebody_else_copied_is_not_ours(
    site: fake.GitLab, work: Publish
) -> None:
    work(cases.one_fails())
    copy = site.say(PROJECT, REQUEST, ours(site)[0]["body"], user=ANN)
    work(cases.all_pass(), run_number=13)
    assert "Load test failed" in copy["body"]


def test_publish__a_late_job_leaves_the_note_of_a_newer_commit(
    site: fake.GitLab, work: Publish, capsys: pytest.CaptureFixture[str]
) -> None:
    site.open(PROJECT, REQUEST, sha=NEWER)
    work(cases.all_pass(), head_sha=NEWER, run_number=13)
    assert work(cases.one_fails()) == errors.ExitCode.OK
    assert "Load test passed" in ours(site)[0]["body"]
    assert "newer commit" in capsys.readouterr().err


def test_publish__a_job_that_is_tried_again_edits_and_an_overtaken_one_does_not(
    site: fake.GitLab, work: Publish
) -> None:
    work(cases.one_fails(), run_attempt=7002)
    work(cases.all_pass(), run_attempt=7001)
    assert "Load test failed" in ours(site)[0]["body"]
    work(cases.all_pass(), run_attempt=7003)
    assert "Load test passed" in ours(site)[0]["body"]


def test_publish__several_instances_have_a_note_each(site: fake.GitLab, work: Publish) -> None:
    work(cases.one_fails(), wanted=model.Wanted(id="shop"))
    work(cases.all_pass(), wanted=model.Wanted(id="billing"))
    assert ["Load test failed" in note["body"] for note in ours(site)] == [True, False]


def test_publish__a_write_whose_answer_was_lost_makes_no_second_note(
    site: fake.GitLab, work: Publish
) -> None:
    site.trouble = [fake.Trouble(method="POST", how="done-then-cut")]
    assert work(cases.one_fails()) == errors.ExitCode.OK
    assert len(ours(site)) == 1


@pytest.mark.parametrize(
    "token",
    [
        fake.Token(user=BOT, name="bot", job=True),
        fake.Token(user=BOT, name="bot", expired=True),
        fake.Token(user=BOT, name="bot", scopes=("read_api",)),
    ],
    ids=["job-token", "expired", "reads-only"],
)
def test_publish__a_token_without_the_right_is_said_and_no_failure(
    site: fake.GitLab,
    work: Publish,
    token: fake.Token,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site.tokens["glpat-other"] = token
    assert work(cases.one_fails(), token="glpat-other") == errors.ExitCode.OK
    said = capsys.readouterr().err
    assert "LTLAB_GITLAB_TOKEN" in said
    assert "glpat" not in said
    assert ours(site) == []
    assert (tmp_path / "ltlab-report" / "comment.md").is_file()


def test_publish__without_a_token_asks_nobody_and_says_so(
    site: fake.GitLab, work: Publish, capsys: pytest.CaptureFixture[str]
) -> None:
    assert work(cases.one_fails(), token="") == errors.ExitCode.OK
    assert "LTLAB_GITLAB_TOKEN is not set" in capsys.readouterr().err
    assert site.asked == []


def test_publish__a_gitlab_that_is_down_ends_with_code_6_in_bounded_time(
    site: fake.GitLab, work: Publish, clock: Clock, tmp_path: Path
) -> None:
    site.trouble = [fake.Trouble(status=503, times=10_000)]
    assert work(cases.one_fails()) == errors.ExitCode.PUBLISH
    assert sum(clock.waits) <= 120
    assert "Load test failed" in (tmp_path / "ltlab-report" / "comment.md").read_text()
    assert "LTLAB_EXIT_CODE=1" in (tmp_path / "ltlab-report" / "outputs.env").read_text()


def test_publish__a_branch_finds_its_open_merge_request(site: fake.GitLab, work: Publish) -> None:
    branch = {"event": "push", "pull_request": None, "head_branch": "feature"}
    assert work(cases.one_fails(), **branch) == errors.ExitCode.OK
    assert len(ours(site)) == 1


def test_publish__a_closed_merge_request_gets_nothing(site: fake.GitLab, work: Publish) -> None:
    site.open(PROJECT, REQUEST, sha=HEAD, state="merged")
    assert work(cases.one_fails()) == errors.ExitCode.OK
    assert ours(site) == []


def test_publish__shows_the_earlier_figures_of_the_target_branch(
    site: fake.GitLab, work: Publish
) -> None:
    earlier = {"id": 5, "ref": "main", "name": "load-test", "pipeline": {"id": 700}}
    site.jobs = [{**earlier, "commit": {"id": "c0de5" * 8}}]
    result = report.result_json(cases.all_pass()).encode()
    site.artifacts[5, "ltlab-report/result.json"] = result
    work(cases.one_fails(), wanted=model.Wanted(artifact_name="load-test"))
    assert "c0de5c0de5" in ours(site)[0]["body"]
