"""Linked dashboards: kept and read back, refused where Grafana could not tell them apart."""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import errors
from ltlab_ci.lab import left_up, linked


def a_link(uid: str = "shop", title: str = "Shop", project: str = "shop") -> linked.Link:
    board = {"uid": uid, "title": title, "panels": []}
    return linked.Link(project=project, file=f"/home/me/{project}/{uid}.json", dashboard=board)


@given(st.sets(st.text("ab9_-", min_size=1, max_size=40), max_size=5))
def test_links__are_what_was_kept_and_not_dropped(uids: set[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        several = [a_link(uid, title=uid) for uid in uids]
        linked.keep(folder, several)
        assert sorted(link.uid for link in linked.links(folder)) == sorted(
            link.uid for link in several
        )
        linked.drop(folder, several[:1])
        assert {link.uid for link in linked.links(folder)} == {link.uid for link in several[1:]}


def test_keep__replaces_what_has_the_same_uid(tmp_path: Path) -> None:
    linked.keep(tmp_path, [a_link(title="Old")])
    linked.keep(tmp_path, [a_link(title="New")])
    assert [link.title for link in linked.links(tmp_path)] == ["New"]


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ([a_link("k6-pro")], "of the lab itself"),
        ([a_link("theirs", project="mine")], "of project other"),
        ([a_link(title="A"), linked.Link(**{**vars(a_link()), "file": "/b.json"})], "the same uid"),
        ([a_link("new", title="Theirs", project="other")], "has a dashboard 'Theirs' already"),
        ([a_link("a"), a_link("b")], "has a dashboard 'Shop' already"),
    ],
)
def test_refuse__what_grafana_cannot_tell_apart(new: list[linked.Link], message: str) -> None:
    there = [a_link("theirs", title="Theirs", project="other")]
    with pytest.raises(errors.ConfigError) as caught:
        linked.refuse(new, there, taken=frozenset({"k6-pro"}))
    assert message in caught.value.message
    assert caught.value.remedy


def test_refuse__not_a_project_that_links_its_own_again_under_another_title() -> None:
    there = [a_link("a", title="One"), a_link("b", title="Two")]
    new = [a_link("a", title="Two"), a_link("b", title="One"), a_link("c", project="other")]
    linked.refuse(new, there, taken=frozenset())


def test_archive__has_each_dashboard_in_the_folder_of_its_project() -> None:
    several = [a_link(), a_link("other", project="b")]
    with tarfile.open(fileobj=io.BytesIO(linked.archive(several))) as archive:
        files = {entry.name: entry for entry in archive if entry.isfile()}
        assert set(files) == {
            "etc/grafana/linked/shop/shop.json",
            "etc/grafana/linked/b/other.json",
        }
        content = archive.extractfile(files["etc/grafana/linked/shop/shop.json"])
        assert content is not None
        assert json.loads(content.read()) == several[0].dashboard
        assert {entry.mode for entry in files.values()} == {0o644}


def test_archive__without_any_dashboard_has_the_folder_that_grafana_looks_into() -> None:
    with tarfile.open(fileobj=io.BytesIO(linked.archive([]))) as archive:
        assert archive.getnames() == ["etc/grafana/linked"]


@pytest.mark.parametrize("text", ["", "[]", '{"project": "a"}', '{"project": 1, "file": 2}'])
def test_links__a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards" / "shop.json").write_text(text, encoding="utf-8")
    with pytest.raises(errors.ConfigError, match=r"dashboards/shop\.json is no dashboard"):
        linked.links(tmp_path)


def test_forget__leaves_what_is_the_users(tmp_path: Path) -> None:
    left_up.settings(tmp_path)
    linked.keep(tmp_path, [a_link()])
    mine = tmp_path / "dashboards" / "notes.txt"
    mine.write_text("mine", encoding="utf-8")
    left_up.forget(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
    mine.unlink()
    left_up.forget(tmp_path)
    assert not tmp_path.exists()
