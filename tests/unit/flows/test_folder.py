"""A report folder: whose it is, what a killed run left in it, and files that are whole or absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltlab_ci import errors
from ltlab_ci.flows import folder


def refuse(run: str) -> None:
    """Refuse to go on after a run that was killed."""
    raise errors.LabNotReady(run, remedy="end it")


def test_fresh__notes_a_run_until_it_has_ended(tmp_path: Path) -> None:
    with folder.fresh(tmp_path, "abc1", settle=refuse):
        assert "unfinished run: abc1" in (tmp_path / folder.MARKER).read_text()
        assert folder.unfinished(tmp_path) == "", "it goes on: nothing is left over"
    assert "unfinished" not in (tmp_path / folder.MARKER).read_text()
    assert folder.unfinished(tmp_path) == ""


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """Return a folder as a run leaves it that was killed."""
    (tmp_path / folder.MARKER).write_text("a report\nunfinished run: abc1\n", encoding="utf-8")
    (tmp_path / "samples" / ".spill").mkdir(parents=True)
    (tmp_path / "samples" / "load.parts").mkdir()
    (tmp_path / "samples" / "load.parts" / "000000.parquet").write_bytes(b"PAR1 half")
    return tmp_path


def test_fresh__asks_about_a_killed_run_first_and_keeps_its_evidence(killed: Path) -> None:
    assert folder.unfinished(killed) == "abc1"
    with pytest.raises(errors.LabNotReady, match="abc1"), folder.fresh(killed, "2", settle=refuse):
        pytest.fail("it was refused")
    assert folder.unfinished(killed) == "abc1"
    assert (killed / "samples" / "load.parts" / "000000.parquet").exists()


def test_fresh__begins_with_nothing_of_a_killed_run(killed: Path) -> None:
    with folder.fresh(killed, "def2", settle=lambda _: None):
        assert not (killed / "samples").exists()
    assert folder.unfinished(killed) == ""


def test_fresh__does_not_touch_the_note_of_a_run_that_goes_on(tmp_path: Path) -> None:
    with folder.fresh(tmp_path, "abc1", settle=refuse):
        with (
            pytest.raises(errors.ConfigError, match="another run"),
            folder.fresh(tmp_path, "def2", settle=refuse),
        ):
            pytest.fail("the folder is taken")
        assert "unfinished run: abc1" in (tmp_path / folder.MARKER).read_text()


def test_write__leaves_the_old_file_where_the_new_one_does_not_fit(tmp_path: Path) -> None:
    folder.write(tmp_path, {"result.json": b"old"})
    (tmp_path / ".result.json.new").mkdir()
    with pytest.raises(errors.StoreError) as caught:
        folder.write(tmp_path, {"result.json": b"new"})
    assert caught.value.exit_code == 5
    assert (tmp_path / "result.json").read_bytes() == b"old"


def test_write_instead__leaves_nothing_old_and_all_that_fits(tmp_path: Path) -> None:
    folder.write(tmp_path, {"a": b"old", "b": b"old", "c": b"old"})
    (tmp_path / ".b.new").mkdir()
    folder.write_instead(tmp_path, {"a": b"new", "b": b"new", "c": b"new"})
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert left == {"a": b"new", "c": b"new"}
