"""Whatever names and messages hold: one command a line, outputs as they were, a summary that fits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import errors, model
from ltlab_ci.publish import files
from tests.factories import assert_two_lines

TEXTS = st.text(max_size=200) | st.sampled_from(
    ["::error::x", "a\n::set-env name=PATH::x", "100%\r\n", "a,b:c", "%0A::add-mask::", "##[group]"]
)
LINE_ENDS = re.compile(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def an_annotation(**parts: object) -> model.Annotation:
    known: dict[str, object] = {
        "file": "ltlab.yml",
        "line": 7,
        "title": "http_req_duration: p(95) < 300ms",
        "message": "browse: 412 ms, limit < 300 ms",
        "level": "error",
    }
    return model.Annotation(**{**known, **parts})  # type: ignore[arg-type]


def runner_reads(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as the runner does (ActionCommand.TryParseV2)."""
    found = re.fullmatch(r"::(?P<name>[^ :]+)(?: (?P<properties>.*?))?::(?P<data>.*)", line)
    assert found is not None
    data = _plain(found["data"])
    pairs = (pair.split("=", 1) for pair in (found["properties"] or "").split(",") if pair)
    return found["name"], {name: _plain(value, of_property=True) for name, value in pairs}, data


def _plain(text: str, *, of_property: bool = False) -> str:
    if of_property:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


@given(file=TEXTS, title=TEXTS, message=TEXTS)
def test_command__is_one_line_that_the_runner_reads_back(
    file: str, title: str, message: str
) -> None:
    line = files.command(an_annotation(file=file, title=title, message=message))
    assert LINE_ENDS.search(line) is None
    name, properties, data = runner_reads(line)
    assert name == "error"
    assert set(properties) <= {"file", "line", "title"}
    assert properties["line"] == "7"
    shown = (properties.get("file", ""), properties.get("title", ""), data)
    assert [_letters(each) for each in shown] == [_letters(each) for each in (file, title, message)]


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and char != " ")


@given(TEXTS)
def test_harmless__is_no_command_in_either_form(text: str) -> None:
    line = files.harmless(text)
    assert LINE_ENDS.search(line) is None
    assert "::" not in line
    assert "##[" not in line


@given(st.dictionaries(st.sampled_from(["verdict", "comment-url", "report-dir"]), TEXTS))
def test_outputs__come_back_as_they_were(values: dict[str, str]) -> None:
    text = files.outputs(values, delimiter="ltlab-0123456789abcdef")
    found, lines = {}, text.split("\n")[:-1]
    while lines:
        name, _, delimiter = lines.pop(0).partition("<<")
        end = lines.index(delimiter)
        found[name] = "\n".join(lines[:end])
        lines = lines[end + 1 :]
    assert found == values


@pytest.mark.parametrize("values", [{"a": "x ltlab-1 y"}, {"a b": "x"}, {"a\nb": "x"}])
def test_outputs__refuses_what_would_end_early(values: dict[str, str]) -> None:
    with pytest.raises(AssertionError, match="cannot be written"):
        files.outputs(values, delimiter="ltlab-1")


def test_commands__are_ten_of_a_level_and_the_rest_is_counted() -> None:
    found = [an_annotation(line=n + 1) for n in range(14)]
    found += [an_annotation(line=n + 1, level="warning") for n in range(13)]
    lines = list(files.commands(found))
    kinds = [runner_reads(line)[0] for line in lines]
    assert kinds == ["error"] * 10 + ["warning"] * 10 + ["notice"]
    assert "7 more annotations are in the report" in lines[-1]


@given(text=st.text(max_size=4000), already=st.integers(0, files.SUMMARY_BYTES + 100))
def test_summary__fits_beside_what_is_there(text: str, already: int) -> None:
    text = text.encode(errors="replace").decode() * 400
    room = max(0, files.SUMMARY_BYTES - already)
    cut = files.summary(text, already=already)
    assert len(cut.encode()) <= room
    assert cut in (text, "") or cut.endswith("Everything is in the report._\n")


def test_append__adds_to_what_other_steps_wrote(tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_text("theirs\n", encoding="utf-8")
    files.append(file, "ours \ud800\n")
    assert file.read_text(encoding="utf-8") == "theirs\nours ?\n"


def test_append__a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(errors.PublishError, match="cannot be written") as caught:
        files.append(tmp_path, "x")
    assert_two_lines(caught.value)


def test_dotenv__is_a_line_a_value_and_sets_no_option() -> None:
    values = {"verdict": "fail", "report-dir": "/r", "comment-url": "http://x\nLTLAB_LAB=docker"}
    assert files.dotenv(values).splitlines() == [
        "LTLAB_VERDICT=fail",
        "LTLAB_EXIT_CODE=",
        "LTLAB_FAILED_THRESHOLDS=",
        "LTLAB_COMMENT_ID=",
        "LTLAB_COMMENT_URL=http://x LTLAB_LAB=docker",
    ]
