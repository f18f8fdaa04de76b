"""Quoting logs: their end, numbered right, and the first line that looks like an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.flows import logs


def quoted(folder: Path, content: bytes) -> model.Excerpt:
    path = folder / "logs" / "service.log"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    [found] = logs.excerpts(folder)
    return found


def test_excerpts__of_a_folder_without_logs(tmp_path: Path) -> None:
    assert logs.excerpts(tmp_path) == ()


def test_excerpts__name_every_log_and_follow_no_folder(tmp_path: Path) -> None:
    (tmp_path / "logs" / "browse" / "odd.log").mkdir(parents=True)
    (tmp_path / "logs" / "browse" / "k6.log").write_bytes(b"")
    (tmp_path / "logs" / "service.log").write_bytes(b"up\n")
    found = logs.excerpts(tmp_path)
    assert [(one.name, one.total_lines, one.tail) for one in found] == [
        ("logs/browse/k6.log", 0, ()),
        ("logs/service.log", 1, ("up",)),
    ]


def test_excerpts__a_long_log_is_cut_and_its_lines_keep_their_numbers(tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(1, 5001)]
    lines[9] = "ERROR: cannot reach the database"
    found = quoted(tmp_path, "\n".join(lines).encode())
    assert found.total_lines == 5000
    assert found.tail == tuple(lines[-logs.MAX_LINES :])
    assert found.error == (10, lines[9])


def test_excerpts__one_endless_line_is_bounded(tmp_path: Path) -> None:
    found = quoted(tmp_path, b"x" * 3_000_000 + b" error")
    assert found.total_lines == 1
    assert sum(map(len, found.tail)) <= logs.MAX_BYTES
    assert found.error is None


@pytest.mark.parametrize(
    "line",
    [
        "ERROR:    Exception in ASGI application",
        'time="2030" level=error msg="boom"',
        '{"level":"error","msg":"boom"}',
        "Traceback (most recent call last):",
        "TypeError: x is not a function",
        "java.lang.IllegalStateException: no",
        "panic: runtime error",
        "FATAL: too many connections",
    ],
)
def test_excerpts__see_an_error(tmp_path: Path, line: str) -> None:
    assert quoted(tmp_path, f"fine\n{line}\n".encode()).error == (2, line)


@pytest.mark.parametrize(
    "line",
    [
        "GET /errors 200",
        "GET /v1/error?x=1 200",
        "finished with 0 errors",
        "errors: 0",
        "error=null",
        "terror in the title",
    ],
)
def test_excerpts__no_error_is_none(tmp_path: Path, line: str) -> None:
    assert quoted(tmp_path, f"{line}\n".encode()).error is None


@given(
    lines=st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=9)
)
def test_excerpts__hold_every_line_of_a_short_log(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    content = b"".join(line + b"\n" for line in lines)
    found = quoted(tmp_path_factory.mktemp("log"), content)
    assert found.total_lines == len(lines)
    assert found.tail == tuple(line.decode(errors="replace") for line in lines)
