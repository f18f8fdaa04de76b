"""What is asked of real git repositories: commits, merge bases, shallow clones, checkouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltlab_ci import errors
from ltlab_ci.lab import git
from tests import repository

pytestmark = pytest.mark.processes


def forked(folder: Path, *, before: int = 1, after: int = 1) -> tuple[Path, str]:
    """Make a repository in which `work` left main some commits ago; return it and where it left."""
    origin = repository.made(folder)
    for number in range(before):
        repository.commit(origin, app_txt=f"base {number}")
    left = repository.git(origin, "rev-parse", "HEAD")
    repository.git(origin, "checkout", "--quiet", "-b", "work")
    for number in range(after):
        repository.commit(origin, app_txt=f"work {number}")
    repository.git(origin, "checkout", "--quiet", "main")
    repository.commit(origin, other_txt="of somebody else")
    repository.git(origin, "checkout", "--quiet", "work")
    return origin, left


def test_merge_base__is_where_a_branch_left(tmp_path: Path) -> None:
    origin, left = forked(tmp_path / "origin")
    clone = git.find(origin, repository.ENVIRON)
    assert clone.top == origin
    assert clone.merge_base("HEAD", "main") == left
    assert not clone.shallow
    assert not clone.dirty(origin / "ltlab-report")


def test_find__outside_of_any_repository_says_what_else_can_be_done(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        git.find(tmp_path, {**repository.ENVIRON, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    assert "no git repository" in caught.value.message
    assert "--against ./" in caught.value.remedy


def test_commit__that_is_not_there_is_none(tmp_path: Path) -> None:
    origin, left = forked(tmp_path / "origin")
    clone = git.find(origin, repository.ENVIRON)
    assert clone.commit("nowhere") == ""
    assert clone.commit("--help") == ""
    assert clone.commit("main~1") == left


@pytest.mark.parametrize(("name", "dirty"), [("app.txt", True), ("new.txt", True)])
def test_dirty__sees_changed_and_new_files(
    tmp_path: Path,
    name: str,
    dirty: bool,  # noqa: FBT001
) -> None:
    origin, _ = forked(tmp_path / "origin")
    (origin / name).write_text("changed", encoding="utf-8")
    assert git.find(origin, repository.ENVIRON).dirty(origin / "ltlab-report") is dirty


def test_dirty__leaves_the_report_aside(tmp_path: Path) -> None:
    origin, _ = forked(tmp_path / "origin")
    (origin / "ltlab-report").mkdir()
    (origin / "ltlab-report" / "result.json").write_text("{}", encoding="utf-8")
    assert not git.find(origin, repository.ENVIRON).dirty(origin / "ltlab-report")


@pytest.mark.parametrize("after", [1, 105])
def test_deepened__a_shallow_clone_reaches_back(tmp_path: Path, after: int) -> None:
    origin, left = forked(tmp_path / "origin", after=after)
    folder = repository.cloned(origin, tmp_path / "clone", "--depth=1", "--branch=work")
    clone = git.find(folder, repository.ENVIRON)
    assert clone.shallow
    assert clone.fetch(["main"], "--depth=1") == ""
    assert clone.merge_base("HEAD", "origin/main") == ""
    assert clone.deepened("origin/main", "main") == left


def test_deepened__a_merge_commit_of_a_pull_request_as_it_is_checked_out(tmp_path: Path) -> None:
    origin, _ = forked(tmp_path / "origin", after=3)
    repository.git(origin, "checkout", "--quiet", "--detach", "main")
    repository.git(origin, "merge", "--quiet", "--no-edit", "work")
    repository.git(origin, "update-ref", "refs/pull/1/merge", "HEAD")
    main = repository.git(origin, "rev-parse", "main")
    # As actions/checkout does: one commit, by its ref, on no branch.
    folder = repository.made(tmp_path / "clone")
    repository.git(folder, "remote", "add", "origin", f"file://{origin}")
    repository.git(
        folder, *("fetch", "--quiet", "--depth=1", "origin"), "+refs/pull/1/merge:refs/remotes/pull"
    )
    repository.git(folder, "checkout", "--quiet", "--detach", "refs/remotes/pull")
    clone = git.find(folder, repository.ENVIRON)
    assert clone.fetch(["main"], "--depth=100") == ""
    found = clone.merge_base("HEAD", "origin/main") or clone.deepened("origin/main", "main")
    assert found == main


def test_deepened__without_a_remote_says_how_to_fetch_more(tmp_path: Path) -> None:
    origin, _ = forked(tmp_path / "origin")
    folder = repository.cloned(origin, tmp_path / "clone", "--depth=1", "--branch=work")
    clone = git.find(folder, repository.ENVIRON)
    clone.fetch(["main"], "--depth=1")
    repository.git(folder, "branch", "target", "origin/main")
    repository.git(folder, "remote", "remove", "origin")
    with pytest.raises(errors.ConfigError) as caught:
        clone.deepened("target", "main")
    assert "shallow" in caught.value.message
    assert "the clone has no remote" in caught.value.message
    assert "fetch-depth: 0" in caught.value.remedy


def test_deepened__no_common_ancestor(tmp_path: Path) -> None:
    origin, _ = forked(tmp_path / "origin")
    repository.git(origin, "checkout", "--quiet", "--orphan", "other")
    repository.commit(origin, app_txt="of another project")
    with pytest.raises(errors.ConfigError) as caught:
        git.find(origin, repository.ENVIRON).deepened("main", "main")
    assert "no common ancestor" in caught.value.message
    assert "--against" in caught.value.remedy


def test_checkout__is_gone_afterwards_whatever_happened(tmp_path: Path) -> None:
    origin, left = forked(tmp_path / "origin")
    clone = git.find(origin, repository.ENVIRON)
    folder = tmp_path / "base"
    with pytest.raises(ZeroDivisionError), clone.checkout(left, folder):
        assert 1 / len((folder / "app.txt").read_text(encoding="utf-8").strip("base 0"))
    assert not folder.exists()
    assert len(repository.git(origin, "worktree", "list").splitlines()) == 1


def test_checkout__what_a_killed_run_left_does_no_harm(tmp_path: Path) -> None:
    origin, left = forked(tmp_path / "origin")
    clone = git.find(origin, repository.ENVIRON)
    folder = tmp_path / "base"
    repository.git(origin, "worktree", "add", "--quiet", "--detach", str(folder), left)
    (folder / ".git").unlink()
    for path in (*folder.iterdir(),):
        path.unlink()
    folder.rmdir()  # as the leftovers of a killed run are removed
    with clone.checkout(left, folder) as tree:
        assert (tree / "app.txt").exists()
    assert len(repository.git(origin, "worktree", "list").splitlines()) == 1
