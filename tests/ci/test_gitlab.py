"""Component and plain job, run by gitlab-ci-local with real k6 against a stand-in of GitLab's API."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import ltlab_ci
from ltlab_ci.config import options
from tests.ci import gitlab_ci
from tests.factories import ROOT
from tests.fakes import gitlab as fake

TOKEN = "glpat-sentinel-7d1f"
REQUEST = 3
COMPONENT = """
include:
  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/ltlab@$CI_COMMIT_SHA
    inputs: {inputs}
"""
REPORTS = ("junit.xml", "metrics.txt", "load-performance.json", "outputs.env", "report.html")


@pytest.fixture
def site() -> Iterator[fake.GitLab]:
    """Run a GitLab under a path, as self-managed ones are."""
    kept = fake.GitLab(root="/gitlab")
    kept.tokens[TOKEN] = fake.Token(user=11, name="project_42_bot")
    with fake.Server(kept).serving() as running:
        yield running


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build ltlab as a wheel: it is what a job installs."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [found] = folder.glob("*.whl")
    return found


def component(folder: Path, **inputs: str) -> gitlab_ci.Project:
    """Return a project that includes the component; a short load."""
    pipeline = COMPONENT.format(inputs=inputs) if inputs else COMPONENT.replace("{inputs}", "{}")
    return short(gitlab_ci.project(folder, pipeline=pipeline, example="gitlab"))


def plain(folder: Path, *, lab: str = "docker") -> gitlab_ci.Project:
    """Return a project that has copied the plain job, and changed it as its comments say."""
    pipeline = (ROOT / "workflows" / "gitlab-ci.yml").read_text(encoding="utf-8")
    if lab == "embedded":
        before, rest = pipeline.split("  services:", 1)
        pipeline = before + rest[rest.index("  stage:") :].replace("LAB: docker", "LAB: embedded")
    return short(gitlab_ci.project(folder, pipeline=pipeline, example="gitlab"))


def short(made: gitlab_ci.Project) -> gitlab_ci.Project:
    """Have the load last two seconds."""
    script = "script: loadtests/browse.js"
    made.edit("ltlab.yml", script, f"{script}\n    env: {{DURATION: 2s}}")
    return made


def job(site: fake.GitLab, **more: str) -> Mapping[str, str]:
    """Return what a job of the merge request finds in its environment, past gitlab-ci-local's own."""
    project = str(next(iter(site.merge_requests))[0])
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": site.api_url,
        "CI_MERGE_REQUEST_IID": str(REQUEST),
        "CI_MERGE_REQUEST_PROJECT_ID": project,
        "CI_MERGE_REQUEST_PROJECT_PATH": "shop/api",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": project,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_SERVER_URL": f"{site.address}{site.root}",
        "LTLAB_CACHE_DIR": str(gitlab_ci.LTLAB_CACHE),
        "LTLAB_GITLAB_TOKEN": TOKEN,
        **more,
    }


def remember(site: fake.GitLab, made: gitlab_ci.Project) -> None:
    """Have the target branch hold the ltlab.yml of now, and a job's report of this result."""
    site.files["ltlab.yml", "ba5e"] = (made.folder / "ltlab.yml").read_bytes()
    ran = {"id": 5, "ref": "main", "name": "load-test"}
    site.jobs = [{**ran, "pipeline": {"id": 1}, "commit": {"id": "c0de5" * 8}}]
    result = (made.folder / "ltlab-report" / "result.json").read_bytes()
    site.artifacts[5, "ltlab-report/result.json"] = result


def notes(site: fake.GitLab) -> list[str]:
    return [str(note["body"]) for note in site.notes[42, REQUEST]]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["component", "plain"])
def test_job__makes_a_note_and_edits_it_when_a_threshold_fails(
    site: fake.GitLab, wheel: Path, tmp_path: Path, kind: str
) -> None:
    if kind == "component":
        made = component(tmp_path / "shop", lab="embedded", source=str(wheel))
        own: dict[str, str] = {}
    else:
        made = plain(tmp_path / "shop", lab="embedded")
        own = {"LTLAB_SOURCE": ""}
    site.open(42, REQUEST, sha=made.git("rev-parse", "HEAD"))
    first = made.run("load-test", job(site, CI_PIPELINE_IID="1", **own))
    assert first.passed, first.text
    assert made.result()["verdict"] == "pass"
    assert all((made.folder / "ltlab-report" / name).is_file() for name in REPORTS)
    [green] = notes(site)
    assert "/-/jobs/" in green
    assert "/artifacts/file/ltlab-report/report.html" in green

    remember(site, made)
    if kind == "component":  # installing it once is enough
        made.edit(".gitlab-ci.yml", str(wheel), "")
    site.open(42, REQUEST, sha=made.edit("ltlab.yml", "p(95) < 300ms", "p(95) < 1us"))
    second = made.run("load-test", job(site, CI_PIPELINE_IID="2", **own))
    assert (second.code, second.passed) == (1, False), second.text
    [red] = notes(site)
    assert red != green
    assert "c0de5" in red  # an earlier run of the target branch, and its figures
    assert "300ms" in red  # what the threshold was there
    assert made.result()["verdict"] == "fail"
    assert TOKEN not in first.text + second.text
    assert site.commands == site.mentioned == []
    outputs = (made.folder / "ltlab-report" / "outputs.env").read_text(encoding="utf-8")
    assert "LTLAB_VERDICT=fail\n" in outputs
    assert "LTLAB_EXIT_CODE=1\n" in outputs


@pytest.mark.timeout(300)
def test_job__without_a_token_says_so_and_goes_on(site: fake.GitLab, tmp_path: Path) -> None:
    made = component(tmp_path / "shop", lab="embedded", source="")
    site.open(42, REQUEST, sha=made.git("rev-parse", "HEAD"))
    ran = made.run("load-test", job(site, LTLAB_GITLAB_TOKEN=""))
    assert ran.passed, ran.text
    assert "LTLAB_GITLAB_TOKEN" in ran.text
    assert notes(site) == []
    assert (made.folder / "ltlab-report" / "comment.md").is_file()


@pytest.mark.timeout(300)
def test_job__that_may_fail_on_thresholds_warns_with_the_same_code(
    site: fake.GitLab, tmp_path: Path
) -> None:
    inputs = {"lab": "embedded", "source": "", "fail-on": "error", "job-prefix": "shop-"}
    made = component(tmp_path / "shop", **inputs)
    head = made.edit("ltlab.yml", "p(95) < 300ms", "p(95) < 1us")
    site.open(42, REQUEST, sha=head)
    ran = made.run("shop-load-test", job(site, LTLAB_COMMENT="off"))
    assert (ran.code, ran.passed) == (1, True), ran.text
    assert notes(site) == []


@pytest.mark.timeout(300)
def test_plain_job__is_what_the_component_makes_of_its_defaults(tmp_path: Path) -> None:
    included = component(tmp_path / "component").preview()["load-test"]
    assert plain(tmp_path / "plain").preview()["load-test"] == included


@pytest.mark.timeout(300)
def test_component__brings_the_daemon_only_where_it_is_needed(tmp_path: Path) -> None:
    assert "services" in component(tmp_path / "docker").preview()["load-test"]
    embedded = component(tmp_path / "embedded", lab="embedded").preview()["load-test"]
    assert "services" not in embedded
    assert "DOCKER_HOST" not in embedded["variables"]


@pytest.mark.timeout(300)
def test_example__is_a_pipeline_that_gitlab_reads(tmp_path: Path) -> None:
    pipeline = (ROOT / "examples" / "gitlab" / ".gitlab-ci.yml").read_text(encoding="utf-8")
    made = gitlab_ci.project(tmp_path / "shop", pipeline=pipeline, example="gitlab")
    assert made.preview()["load-test"]["variables"]["LTLAB_LAB"] == "embedded"


def test_component__sets_options_of_ltlab_under_their_names() -> None:
    _, jobs = spec()
    known = {option.variable for option in options.OPTIONS}
    script = {"LTLAB_SOURCE", "LTLAB_WORKING_DIRECTORY", "LTLAB_SCENARIOS"}
    given = {name for job in jobs.values() for name in job.get("variables", {})}
    assert {name for name in given if name.startswith("LTLAB_")} - script <= known


def test_component__defines_nothing_but_its_jobs() -> None:
    _, jobs = spec()
    assert all("load-test" in name for name in jobs)


def test_component__installs_this_version() -> None:
    header, _ = spec()
    assert header["source"]["default"].endswith(f"@v{ltlab_ci.__version__}")


def test_component__puts_no_input_into_shell() -> None:
    _, jobs = spec()
    shell = jobs["$[[ inputs.job-prefix ]]load-test"]["script"]
    assert "inputs." not in str(shell)


def spec() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the component's inputs, and its jobs before anything is filled in."""
    text = (ROOT / "templates" / "ltlab.yml").read_text(encoding="utf-8")
    header, jobs = yaml.safe_load_all(text.replace("$[[ inputs.rules ]]", "[]"))
    return header["spec"]["inputs"], jobs
