"""Which versions are compared, in real repositories: found, checked out, refused with a way out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ltlab_ci import console, errors, model
from ltlab_ci.flows import versions
from tests import factories, repository

pytestmark = pytest.mark.processes

VOICE = console.Console(quiet=True, plain=True, no_color=True)
SCENARIOS = "scenarios: {load: {script: load.js}}"


def lab(command: str) -> str:
    return f"version: 1\nservice: {{command: [{command}]}}\n{SCENARIOS}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository in which branch `work` changed the service's command."""
    folder = repository.made(tmp_path / "project")
    repository.commit(folder, ltlab_yml=lab("old"))
    repository.git(folder, "checkout", "--quiet", "-b", "work")
    repository.commit(folder, ltlab_yml=lab("new"))
    return folder


def config(
    root: Path, service: Mapping[str, object] | None = None, **parts: object
) -> model.Config:
    return factories.a_config(
        root,
        service=model.Service.model_validate(service or {"command": ("new",)}),
        compare=model.Comparing(**parts),  # type: ignore[arg-type]
    )


def found(given: model.Config) -> versions.Pair:
    """Return the pair of a configuration; the folder of base is looked at before it goes."""
    with versions.found(given, repository.ENVIRON, VOICE) as pair:
        assert pair.base.root.is_dir()
        return pair


def refusal(given: model.Config) -> errors.ConfigError:
    with pytest.raises(errors.ConfigError) as caught:
        found(given)
    return caught.value


def command(pair: versions.Pair) -> tuple[object, object]:
    assert pair.base.spec is not None
    assert pair.head.spec is not None
    return pair.base.spec.command, pair.head.spec.command


def test_found__the_merge_base_with_its_own_service(project: Path) -> None:
    pair = found(config(project))
    assert command(pair) == (("old",), ("new",))
    base, head = pair.facts
    assert base.commit == repository.git(project, "rev-parse", "main")
    assert base.what == f"{base.commit[:10]}, the merge base of HEAD and main"
    assert head.what == f"the working tree at {head.commit[:10]}"
    assert not pair.base.root.exists()
    assert pair.findings == ()


def test_found__a_project_in_a_folder_of_the_repository(tmp_path: Path) -> None:
    top = repository.made(tmp_path / "mono")
    inner = top / "services" / "shop"
    inner.mkdir(parents=True)
    (inner / "ltlab.yml").write_text(lab("old"), encoding="utf-8")
    repository.commit(top)
    repository.git(top, "checkout", "--quiet", "-b", "work")
    repository.commit(inner, ltlab_yml=lab("new"))
    pair = found(config(inner))
    assert command(pair)[0] == ("old",)
    assert pair.base.root.parts[-2:] == ("services", "shop")


def test_found__a_dirty_tree_is_head_and_said_so(project: Path) -> None:
    (project / "app.py").write_text("changed", encoding="utf-8")
    assert found(config(project)).facts[1].what.endswith("with uncommitted changes")


def test_found__a_commit_with_the_same_files_is_said(project: Path) -> None:
    repository.git(project, "checkout", "--quiet", "-b", "again")
    repository.git(project, "commit", "--quiet", "--allow-empty", "--message", "again")
    [said] = found(config(project, against="work")).findings
    assert (said.code, said.effect) == ("nothing-differs", "warn")
    (project / "app.py").write_text("changed", encoding="utf-8")
    assert found(config(project, against="work")).findings == ()


def test_found__changes_of_a_branch_that_is_merged_already(project: Path) -> None:
    repository.git(project, "checkout", "--quiet", "main")
    error = refusal(config(project))
    assert "HEAD is part of main already" in error.message
    assert "HEAD~1" in error.remedy
    (project / "ltlab.yml").write_text(lab("newest"), encoding="utf-8")
    assert found(config(project)).facts[0].commit == repository.git(project, "rev-parse", "main")


@pytest.mark.parametrize("against", ["work", "HEAD", "v2"])
def test_found__a_reference_to_head_itself_is_refused_until_something_changes(
    project: Path, against: str
) -> None:
    repository.git(project, "tag", "v2")
    error = refusal(config(project, against=against))
    assert error.message == f"base and head are the same: {against} is HEAD, and no file is changed"
    assert all(word in error.remedy for word in ("HEAD~1", "ltlab selftest"))
    (project / "app.py").write_text("changed", encoding="utf-8")
    assert found(config(project, against=against)).facts[0].commit


def test_found__a_commit_that_ci_names_and_that_is_head_is_refused(project: Path) -> None:
    head = repository.git(project, "rev-parse", "HEAD")
    target = model.Target(branch="main", commit=head, said_by="the merge queue")
    error = refusal(config(project, target=target))
    assert "the merge base by the merge queue is HEAD" in error.message


@pytest.mark.parametrize("against", ["main", "HEAD~1", "v1", "refs/tags/v1"])
def test_found__a_reference(project: Path, against: str) -> None:
    repository.git(project, "tag", "v1", "main")
    pair = found(config(project, against=against))
    assert pair.facts[0].commit == repository.git(project, "rev-parse", "main")
    assert against in pair.facts[0].what


def test_found__an_unknown_reference_is_refused(project: Path) -> None:
    assert "no branch, tag or commit 'v9'" in refusal(config(project, against="v9")).message


def test_found__a_branch_of_the_remote_only(project: Path, tmp_path: Path) -> None:
    folder = repository.cloned(project, tmp_path / "clone", "--depth=1", "--branch=work")
    pair = found(config(folder, against="main"))
    assert pair.facts[0].commit == repository.git(project, "rev-parse", "main")


def test_found__a_shallow_clone_is_deepened(project: Path, tmp_path: Path) -> None:
    main = repository.git(project, "rev-parse", "main")
    for number in range(3):
        repository.commit(project, app_txt=str(number))
    folder = repository.cloned(project, tmp_path / "clone", "--depth=1", "--branch=work")
    target = model.Target(branch="main", said_by="GITHUB_BASE_REF")
    assert found(config(folder, target=target)).facts[0].commit == main


def test_found__a_commit_that_ci_names_is_fetched(project: Path, tmp_path: Path) -> None:
    main = repository.git(project, "rev-parse", "main")
    folder = repository.cloned(project, tmp_path / "clone", "--depth=1", "--branch=work")
    target = model.Target(branch="main", commit=main, said_by="the merge queue")
    facts = found(config(folder, target=target)).facts[0]
    assert (facts.commit, facts.what) == (main, f"{main[:10]}, the merge base by the merge queue")


def test_found__a_whole_clone_keeps_its_history_when_a_branch_is_fetched(
    project: Path, tmp_path: Path
) -> None:
    folder = repository.cloned(project, tmp_path / "clone", "--branch=work")
    before = repository.git(folder, "log", "--all", "--format=%H").splitlines()
    repository.git(project, "checkout", "--quiet", "-b", "later", "main")
    later = repository.commit(project, app_txt="later")
    assert found(config(folder, against="later")).facts[0].commit == later
    assert repository.git(folder, "rev-parse", "--is-shallow-repository") == "false"
    after = repository.git(folder, "log", "--all", "--format=%H").splitlines()
    assert set(after) == {*before, later}


def test_found__a_whole_clone_keeps_its_history_when_a_commit_is_fetched(
    project: Path, tmp_path: Path
) -> None:
    folder = repository.cloned(project, tmp_path / "clone", "--branch=work")
    before = repository.git(folder, "log", "--format=%H")
    repository.git(project, "checkout", "--quiet", "main")
    later = repository.commit(project, app_txt="later")
    target = model.Target(branch="main", commit=later, said_by="the merge queue")
    assert found(config(folder, target=target)).facts[0].commit == later
    assert repository.git(folder, "rev-parse", "--is-shallow-repository") == "false"
    assert repository.git(folder, "log", "--format=%H") == before
    assert repository.git(folder, "log", "--format=%H", later).splitlines()[1:]


def test_found__a_shallow_clone_fetches_the_one_commit_that_it_needs(
    project: Path, tmp_path: Path
) -> None:
    repository.git(project, "checkout", "--quiet", "main")
    main = repository.commit(project, app_txt="newer")
    folder = repository.cloned(project, tmp_path / "clone", "--depth=1", "--branch=work")
    assert found(config(folder, against="main")).facts[0].commit == main
    assert repository.git(folder, "log", "--format=%H", "origin/main") == main


def test_found__a_target_that_cannot_be_fetched(project: Path) -> None:
    target = model.Target(branch="gone", said_by="GITHUB_BASE_REF")
    error = refusal(config(project, target=target))
    assert "gone that GITHUB_BASE_REF names cannot be fetched" in error.message
    assert "fetch-depth: 0" in error.remedy


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "it has no ltlab.yml"),
        ({"ltlab.yml": f"version: 1\n{SCENARIOS}\n"}, "its ltlab.yml has no service"),
        ({"ltlab.yml": f"version: 1\nunheard: 1\n{SCENARIOS}\n"}, "cannot be read"),
    ],
)
def test_found__base_without_a_service_of_its_own_is_started_as_head(
    project: Path, tmp_path: Path, files: Mapping[str, str], why: str
) -> None:
    folder = tmp_path / "older"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    pair = found(config(project, against=str(folder)))
    assert command(pair)[0] == ("new",)
    assert pair.base.root == folder
    [finding] = pair.findings
    assert (finding.code, finding.effect) == ("base-by-heads-service", "warn")
    assert why in finding.message
    assert why in pair.facts[0].service


def test_found__a_folder_that_is_not_there(project: Path) -> None:
    assert "no folder /nowhere" in refusal(config(project, against="/nowhere")).message


def test_found__the_folder_of_head_itself_is_refused(project: Path) -> None:
    (project / "inner").mkdir()
    error = refusal(config(project, against=f"{project}/inner/.."))
    assert "base and head are the same" in error.message
    assert "another folder" in error.remedy


def test_found__an_image(project: Path) -> None:
    image = {"image": "shop:new", "port": 80, "build": "docker build -t shop:new ."}
    pair = found(config(project, image, against="registry.test:5000/shop:old"))
    assert pair.base.spec is not None
    assert (pair.base.spec.image, pair.base.spec.build) == ("registry.test:5000/shop:old", None)
    assert "is an image, and head's service is none" in (
        refusal(config(project, against="shop:old")).message
    )


CI = {"image": "shop:ci", "port": 80}
HEADS_OWN = "docker build --tag shop:ci ."


def images(project: Path, base: Mapping[str, object], head: Mapping[str, object]) -> model.Config:
    """Commit base's service on main and head's on `work`; return head's configuration."""
    for branch, block in (("main", base), ("work", head)):
        repository.git(project, "checkout", "--quiet", branch)
        text = f"version: 1\nservice: {json.dumps(block)}\n{SCENARIOS}\n"
        repository.commit(project, ltlab_yml=text)
    return config(project, head, against="main")


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (CI, CI),
        ({**CI, "image": "shop"}, {**CI, "image": "shop:latest"}),
        ({**CI, "image": "host:5000/shop:latest"}, {**CI, "image": "host:5000/shop"}),
        # What the sides call their databases is no difference of code.
        ({**CI, "env": {"DB": "{side}"}}, {**CI, "env": {"DB": "{side}"}}),
        ({**CI, "build": HEADS_OWN}, CI),  # head would run what base's line has built
    ],
)
def test_found__one_image_for_both_sides_is_refused(
    project: Path, base: Mapping[str, object], head: Mapping[str, object]
) -> None:
    error = refusal(images(project, base, head))
    assert error.message == (
        f"base and head are the same: {head['image']} is the image of both, and head has no `build`"
    )
    assert all(word in error.remedy for word in ("build", "shop:{side}", "--against"))


def test_found__the_image_of_head_as_base_is_refused(project: Path) -> None:
    assert "shop:ci is the image of both" in refusal(config(project, CI, against="shop:ci")).message


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (CI, {**CI, "image": "shop:next"}),
        ({**CI, "image": "shop:{side}"}, {**CI, "image": "shop:{side}"}),
        ({**CI, "build": HEADS_OWN}, {**CI, "build": HEADS_OWN}),
        (CI, {**CI, "build": HEADS_OWN}),
        ({**CI, "image": "host:5000/shop"}, {**CI, "image": "host:5000/mall"}),
        ({**CI, "image": "shop@sha256:0a"}, {**CI, "image": "shop@sha256:0b"}),
        ({**CI, "env": {"CACHE": "off"}}, {**CI, "env": {"CACHE": "on"}}),
        ({**CI, "command": ("serve",)}, {**CI, "command": ("serve", "--cached")}),
    ],
)
def test_found__images_that_differ_by_name_build_or_how_they_are_started(
    project: Path, base: Mapping[str, object], head: Mapping[str, object]
) -> None:
    pair = found(images(project, base, head))
    assert pair.base.spec == model.Service.model_validate(base)
    assert pair.head.spec == model.Service.model_validate(head)


def test_found__an_address(project: Path) -> None:
    pair = found(config(project, against="http://shop.test:81/"))
    assert pair.base.spec is not None
    assert pair.base.spec.url == "http://shop.test:81/"
    assert [each.code for each in pair.findings] == ["not-restarted", "not-here"]
    here = found(config(project, against="http://127.0.0.1:81"))
    assert [each.code for each in here.findings] == ["not-restarted"]


def test_found__two_sides_at_one_address_are_refused(project: Path) -> None:
    url = {"url": "http://127.0.0.1:81"}
    (project / "ltlab.yml").write_text(
        f"version: 1\nservice: {json.dumps(url)}\n{SCENARIOS}\n", encoding="utf-8"
    )
    repository.commit(project)
    repository.commit(project)
    given = config(project, url, against="HEAD~1")
    assert "http://127.0.0.1:81 answers for both" in refusal(given).message


@pytest.mark.parametrize(("head", "base"), [("", ""), ("", "/"), ("/", "")])
def test_found__an_address_is_the_same_with_and_without_a_slash(
    project: Path, head: str, base: str
) -> None:
    url = "http://127.0.0.1:81"
    error = refusal(config(project, {"url": f"{url}{head}"}, against=f"{url}{base}"))
    assert f"{url} answers for both" in error.message


def test_found__two_addresses(project: Path) -> None:
    pair = found(config(project, {"url": "http://127.0.0.1:81"}, against="http://127.0.0.1:82/"))
    assert [each.what for each in pair.facts] == [
        "what answers at http://127.0.0.1:82/",
        "what answers at http://127.0.0.1:81",
    ]


def test_found__one_side_in_a_container_is_refused(project: Path) -> None:
    given = config(project, {"image": "shop", "port": 80})
    assert "one side's service runs in a container" in refusal(given).message


def test_found__without_a_service_there_is_nothing_to_compare(project: Path) -> None:
    given = factories.a_config(project, service=None)
    assert "no service to compare" in refusal(given).message


def test_same__is_head_twice(project: Path) -> None:
    pair = versions.same(config(project), repository.ENVIRON)
    assert (pair.base.side, pair.head.side) == ("base", "head")
    assert command(pair) == (("new",), ("new",))
    assert pair.facts[0].commit == pair.facts[1].commit


def test_same__is_one_image_twice(project: Path) -> None:
    pair = versions.same(config(project, CI), repository.ENVIRON)
    assert pair.base.spec == pair.head.spec
