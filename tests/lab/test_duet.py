"""Base against head where both are containers, and the engines beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import repository
from tests.flow import projects, versions
from tests.lab import runs

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.quiet,
]  # the first test may have to build the images


def lab(wait_ms: int) -> str:
    service = (
        "{image: 'ltlab/toy-api:0.1.0', port: 5000, ready: {get: /health}, "
        f"env: {{TOY_API_LATENCY_MS: '{wait_ms}'}}}}"
    )
    more = "compare: {budget: 24s, round: 12s, warmup: 1s}\n"
    return projects.lab(service, more=more)


def test_duet__two_containers_in_one_network(docker: runs.Docker, tmp_path: Path) -> None:
    folder = repository.made(tmp_path / "project")
    script = versions.SCRIPT.replace("/a`", "/fast`")
    project = projects.write(folder, lab(20), {"load.js": script, ".gitignore": "ltlab-report/\n"})
    repository.commit(folder)
    repository.git(folder, "checkout", "--quiet", "-b", "work")
    projects.write(folder, lab(40))
    repository.commit(folder)
    since = docker.left("-bench")
    run = project.run("compare", env=docker.env)
    assert run.code == 1, run.err
    assert run.found["comparison"]["verdict"] == "slower"
    assert set(docker.left("-bench")) <= set(since)


@pytest.mark.parametrize(
    "service",
    [
        "image: ltlab/duet, build: docker build --quiet --tag ltlab/duet .",
        "compose: {file: compose.yml, service: shop}",
    ],
    ids=["image", "compose"],
)
def test_duet__both_sides_may_build_an_image_of_one_name(
    docker: runs.Docker, tmp_path: Path, service: str
) -> None:
    """What head builds takes the name of base's image: base must not run head's code."""
    folder = repository.made(tmp_path / "project")
    text = projects.lab(
        f"{{{service}, port: 5000, ready: {{get: /health}}}}",
        more="compare: {budget: 24s, round: 12s, warmup: 1s}\n",
    )
    files = {
        "load.js": versions.SCRIPT.replace("/a`", "/fast`"),
        "compose.yml": "services: {shop: {build: ., image: ltlab/duet, ports: ['5000:5000']}}\n",
        ".gitignore": "ltlab-report/\n",
    }
    project = projects.write(folder, text, {**files, "Dockerfile": dockerfile(20)})
    repository.commit(folder)
    repository.git(folder, "checkout", "--quiet", "-b", "work")
    projects.write(folder, text, {"Dockerfile": dockerfile(40)})
    repository.commit(folder)
    since = docker.left("-bench")
    run = project.run("compare", env=docker.env)
    docker("image", "rm", "--force", "ltlab/duet")
    assert run.code == 1, run.err
    assert run.found["comparison"]["verdict"] == "slower"
    assert set(docker.left("-bench")) <= set(since)


def dockerfile(wait_ms: int) -> str:
    return f"FROM ltlab/toy-api:0.1.0\nENV TOY_API_LATENCY_MS={wait_ms}\n"


def test_duet__in_the_lab_its_dashboard_is_kept_with_both_sides(
    docker: runs.Docker, tmp_path: Path
) -> None:
    slow, slower = ["--wait-ms", "20"], ["--wait-ms", "36"]
    project = versions.project(tmp_path / "project", base=slow, head=slower)
    run = project.run("compare", "--lab", "docker", env=docker.env)
    assert run.code == 1, run.err
    assert not {"rounds-not-stored", "snapshot", "store-unusable"} & run.findings.keys()
    kept = {each["uid"]: each["file"] for each in run.found["snapshots"]}
    assert next(iter(kept)) == "ltlab-compare"
    assert {"k6-dashboard", "lab-health"} <= kept.keys()
    panels = json.loads((run.report / kept["ltlab-compare"]).read_bytes())["panels"]
    [rounds] = [each for each in panels if each["title"] == "Rounds"]
    [table] = rounds["targets"][0]["snapshot"]
    names = [field["name"] for field in table["schema"]["fields"]]
    columns = dict(zip(names, table["data"]["values"], strict=True))
    assert columns["ltlab_round"] == ["01", "02", "03", "04"]
    assert all(
        base < head for base, head in zip(columns["base_p50"], columns["head_p50"], strict=True)
    )
    assert docker.left(runs.unique(run)) == []
