"""What a person sees is short, safe on any terminal, and an error is always two lines."""

from __future__ import annotations

import ast
import contextlib
import io

import pytest
import rich.text
from hypothesis import example, given
from hypothesis import strategies as st

from ltlab_ci import console, errors, model
from tests import factories

PULSE = model.Pulse(samples=90, requests=120, failed=3, p95_ms=123.456, vus=7)
HOSTILE = "two\nlines\r\x1b[31mred\x00\u2028\u202eback\ttab ☃"


def a_console(*, quiet: bool = False) -> console.Console:
    return console.Console(quiet=quiet, plain=True, no_color=True)


@pytest.mark.parametrize(
    ("pulse", "elapsed_s", "total_s", "expected"),
    [
        (PULSE, 12.0, 60.0, "browse  12 / 60 s  10.0 req/s  p95 123.5 ms  3 failed  7 VUs"),
        (PULSE, 12.4, None, "browse  12 s  9.7 req/s  p95 123.5 ms  3 failed  7 VUs"),
        (model.Pulse(), 0.0, None, "browse  0 s  0.0 req/s  p95 -  0 failed  - VUs"),
        (
            model.Pulse(requests=1, p95_ms=0.000123, vus=0),
            1.0,
            1.0,
            "browse  1 / 1 s  1.0 req/s  p95 0.000123 ms  0 failed  0 VUs",
        ),
    ],
)
def test_line__says_how_it_goes(
    pulse: model.Pulse, elapsed_s: float, total_s: float | None, expected: str
) -> None:
    assert console.line("browse", pulse, elapsed_s=elapsed_s, total_s=total_s) == expected


def test_line__of_a_hostile_name_is_one_line() -> None:
    text = console.line(HOSTILE, PULSE, elapsed_s=1.0, total_s=None)
    assert text.isprintable()
    assert text.startswith("two lines  [31mred")


@given(text=st.text())
@example(text=HOSTILE)
@example(text="\ud800")
def test_one_line__is_printable_and_loses_no_word(text: str) -> None:
    shown = console.one_line(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    assert [char for char in text if char.isprintable() and char != " "] == [
        char for char in shown if char != " "
    ]


@given(message=st.text(), remedy=st.text())
@example(message="", remedy="")
@example(message="\n\nError:\n", remedy=HOSTILE)
def test_error__is_two_lines_whatever_it_holds(message: str, remedy: str) -> None:
    # A fixture would be shared by all examples: so the text is caught here.
    lines = shown_error(errors.ConfigError(message, remedy=remedy))
    assert len(lines) == 2
    assert lines[1].startswith("  what to do:")


def shown_error(error: errors.LabError) -> list[str]:
    caught = io.StringIO()
    with contextlib.redirect_stderr(caught):
        a_console().error(error)
    text = caught.getvalue()
    assert text.endswith("\n")
    return text[:-1].split("\n")


def test_error__is_said_although_all_else_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    a_console(quiet=True).error(errors.ConfigError("it is red", remedy="paint it"))
    caught = capsys.readouterr()
    assert (caught.out, caught.err) == ("", "it is red\n  what to do: paint it\n")


@pytest.mark.parametrize(("quiet", "expected"), [(False, "booting [bold]x[/]\n"), (True, "")])
def test_say__goes_to_stderr_unless_quiet(
    capsys: pytest.CaptureFixture[str],
    quiet: bool,  # noqa: FBT001
    expected: str,
) -> None:
    a_console(quiet=quiet).say("booting [bold]x[/]")
    assert capsys.readouterr() == ("", expected)


def test_say__long_lines_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    a_console().say("word " * 100)
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("text", ["{}", "{}\n", "[bold]{}[/bold]", "line 1\nline 2"])
def test_raw__is_for_machines(capsys: pytest.CaptureFixture[str], text: str) -> None:
    a_console(quiet=True).raw(text)
    assert capsys.readouterr() == (text.rstrip("\n") + "\n", "")


def test_result__goes_to_stdout_even_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    a_console(quiet=True).result("passed")
    assert capsys.readouterr() == ("passed\n", "")


@pytest.mark.parametrize(("quiet", "lines"), [(False, 2), (True, 0)])
def test_busy__says_both_ends(
    capsys: pytest.CaptureFixture[str],
    quiet: bool,  # noqa: FBT001
    lines: int,
) -> None:
    with a_console(quiet=quiet).busy("installing k6"):
        pass
    said = capsys.readouterr().err.splitlines()
    assert len(said) == lines
    assert said == ["installing k6", "installing k6: done in 0 s"][:lines]


def ticks(*, quiet: bool, passed_s: list[float]) -> None:
    """Tick once after each of these seconds since the start."""
    with a_console(quiet=quiet).progress("browse", 60.0) as progress:
        start = progress._start
        for seconds in passed_s:
            progress._start = start - seconds  # the clock cannot be handed in
            progress.tick(PULSE)


def test_progress__off_a_terminal_a_line_comes_every_ten_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ticks(quiet=False, passed_s=[0, 1, 5, 9, 10.1, 11, 15, 19, 20.6, 30, 31, 40.9])
    said = capsys.readouterr().err.splitlines()
    assert [line.split(" / ")[0] for line in said] == ["browse  10", "browse  21", "browse  31"]


def test_progress__is_not_shown_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    ticks(quiet=True, passed_s=[0, 11, 22, 33])
    assert capsys.readouterr() == ("", "")


def test_house__nobody_else_prints() -> None:
    printers = {
        path
        for path, tree in factories.syntax_trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "sys.stdout.write"}
    }
    assert printers == {"ltlab_ci/console.py"}


HOSTILE_MARKUP = "mend /srv/[wip]/app, see /srv/[/x]/app and [bold]this[/bold]"


@pytest.mark.parametrize("shown", [HOSTILE_MARKUP, console.as_text(HOSTILE_MARKUP)])
def test_result__brackets_are_text(shown: str | rich.text.Text) -> None:
    caught = io.StringIO()
    with contextlib.redirect_stdout(caught):
        a_console().result(shown)
    assert caught.getvalue() == f"{HOSTILE_MARKUP}\n"


def test_as_text__keeps_line_ends_and_no_other_control_character() -> None:
    assert console.as_text(HOSTILE).plain == "two\nlines  [31mred   back tab ☃"
