"""A file that grows is read in whole rows, whatever the moments at which one looks."""

from __future__ import annotations

import csv
import io
import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ltlab_ci.load import follow

FIELDS = st.text('ab",\n\r é', max_size=6)
TABLES = st.lists(st.lists(FIELDS, min_size=2, max_size=3), max_size=8)
CUTS = st.lists(st.integers(0, 200), max_size=6)


def followed(text: bytes, cuts: Sequence[int], *, quoted: bool) -> tuple[list[bytes], bytes]:
    """Write a text in pieces, look after each, return what was read and what is unfinished."""
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    found: list[bytes] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "growing"
        follower = follow.Follower(path, quoted=quoted)
        assert list(follower.pieces()) == []
        for start, end in itertools.pairwise(places):
            with path.open("ab") as file:
                file.write(text[start:end])
            found += follower.pieces()
        assert list(follower.pieces()) == []
        return found, follower.unfinished


def written(table: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    return text.getvalue().encode()


def rows(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(), newline="")))


@given(table=TABLES, cuts=CUTS)
@example(table=[["a\nb", '"\n"']], cuts=[1, 2, 3, 4, 5, 6, 7])
def test_pieces__give_the_same_rows_whatever_the_cuts(
    table: list[list[str]], cuts: list[int]
) -> None:
    text = written(table)
    pieces, unfinished = followed(text, cuts, quoted=True)
    assert b"".join(pieces) == text
    assert unfinished == b""
    assert [row for piece in pieces for row in rows(piece)] == table


@given(table=TABLES, cuts=CUTS, lost=st.integers(0, 20))
def test_pieces__a_row_that_was_cut_off_is_never_handed_on(
    table: list[list[str]], cuts: list[int], lost: int
) -> None:
    text = written(table)
    text = text[: max(0, len(text) - lost)]
    pieces, unfinished = followed(text, cuts, quoted=True)
    assert b"".join(pieces) + unfinished == text
    found = [row for piece in pieces for row in rows(piece)]
    assert found == table[: len(found)]
    assert len(found) >= len(table) - 1 - lost


@given(lines=st.lists(st.text('a"é', max_size=5)), cuts=CUTS)
def test_pieces__without_quotes_every_line_is_a_row(lines: list[str], cuts: list[int]) -> None:
    text = "".join(f"{line}\n" for line in lines).encode()
    pieces, unfinished = followed(text, cuts, quoted=False)
    assert (b"".join(pieces), unfinished) == (text, b"")
    assert all(piece.endswith(b"\n") for piece in pieces)


def test_pieces__an_unfinished_row_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b'a,b\nc,"d\n')
    follower = follow.Follower(path, quoted=True)
    assert (list(follower.pieces()), follower.unfinished) == ([b"a,b\n"], b'c,"d\n')
    with path.open("ab") as file:
        file.write(b'e"\n')
    assert (list(follower.pieces()), follower.unfinished) == ([b'c,"d\ne"\n'], b"")


def test_pieces__are_of_bounded_size(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    line = b"x" * 1023 + b"\n"
    with path.open("wb") as file:
        for _ in range(follow.PIECE_BYTES // 1024 + 10):
            file.write(line)
    sizes = [len(piece) for piece in follow.Follower(path, quoted=True).pieces()]
    assert sizes == [follow.PIECE_BYTES, 10 * 1024]


def test_pieces__a_row_longer_than_a_piece_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    long, short = b"x" * (2 * follow.PIECE_BYTES + 9) + b"\n", b"y\n"
    path.write_bytes(short + long[:-1])
    follower = follow.Follower(path, quoted=True)
    assert list(follower.pieces()) == [short]
    assert follower.unfinished == long[:-1]
    with path.open("ab") as file:
        file.write(b"\n" + short)
    assert b"".join(follower.pieces()) == long + short
    assert follower.unfinished == b""


def test_handed__batches_are_of_bounded_size_and_their_files_go_when_they_were_taken(
    tmp_path: Path,
) -> None:
    pieces = [f"{number}\n".encode() for number in range(2 * follow.PIECES + 1)]
    handed = follow.Handed(tmp_path)
    sizes, found = [], []
    for batch in handed.on(iter(pieces), ("number",)):
        assert sorted(tmp_path.iterdir()) == list(batch.paths)  # those of the one before are gone
        assert not handed.whole
        sizes.append(len(batch.paths))
        found += [path.read_bytes() for path in batch.paths]
    assert sizes == [follow.PIECES, follow.PIECES, 1]
    assert found == pieces
    assert (handed.whole, list(tmp_path.iterdir())) == (True, [])


@pytest.mark.parametrize("quoted", [True, False])
def test_pieces__of_a_file_that_never_came(tmp_path: Path, quoted: bool) -> None:  # noqa: FBT001
    follower = follow.Follower(tmp_path / "nothing", quoted=quoted)
    assert (list(follower.pieces()), follower.unfinished) == ([], b"")
