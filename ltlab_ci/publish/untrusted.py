"""Take the result out of an artefact that somebody hostile may have made: caps first, then the model.

Nothing is unpacked and nothing of it is run: one file is read into memory, `result.json`, and of that
only what the model knows. Not here: where the zip comes from (github.py), escaping (report/escape.py).
"""

from __future__ import annotations

import io
import json
import stat
import zipfile
import zlib
from collections.abc import Iterable

import pydantic

from ltlab_ci import errors, model

RESULT = "result.json"
MOST_ENTRIES = 5_000
LONGEST_DIRECTORY = 2 * 1024 * 1024
LONGEST_RESULT = 16 * 1024 * 1024
"""Bytes of result.json, unpacked."""
HIGHEST_RATIO = 200
"""Of unpacked to packed bytes: JSON of figures comes to about 10."""
MOST_VALUES = 500_000
LONGEST_TEXT = 20_000
DEEPEST = 32
_REPRODUCE = "ltlab run"
_END, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES = 22
_LONGEST_END = _END_BYTES + 65_535  # with a comment


def result(zipped: bytes) -> model.Result:
    """Return the result in an artefact, without what would lead a reader somewhere.

    The command that reproduces it and the addresses of snapshots are replaced or left out: they would
    be a stranger's words under our name. Raises PublishError for whatever is not as it should be.
    """
    raw = _read(zipped)
    try:
        parsed = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _refused("its result.json is no JSON") from error
    _bounded(parsed)
    try:
        found = model.Result.model_validate_json(raw)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part)[:40] for part in first["loc"][:6])
        raise _refused(
            f"its result.json is not of this version: {where}: {first['type']}"
        ) from error
    known = found.exit_code in set(errors.ExitCode)
    if not known or (found.verdict in {"pass", "not judged"}) != (found.exit_code == 0):
        raise _refused("verdict and exit code of its result.json contradict each other")
    return found.model_copy(update={"reproduce": _REPRODUCE, "snapshots": ()})


def _read(zipped: bytes) -> bytes:
    _small_directory(zipped)
    try:
        with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
            entry = _entry(archive.infolist())
            with archive.open(entry) as opened:
                raw = opened.read(LONGEST_RESULT + 1)
                # The header may lie; what comes out does not. Reading on checks the CRC.
                if len(raw) > LONGEST_RESULT:
                    raise _refused("its result.json is too long")
                opened.read(1)
                return raw
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _refused("it is no readable zip") from error
    except (ValueError, OSError, UnicodeError) as error:
        raise _refused("it is no readable zip") from error


def _small_directory(zipped: bytes) -> None:
    """Refuse a list of entries that would fill the memory before anybody could count them.

    The record at a zip's end tells its length; one that is told twice, or in the form for more than
    4 GB, is not what GitHub's upload writes.
    """
    tail = zipped[-_LONGEST_END:]
    at = tail.find(_END)
    if at < 0 or len(tail) < at + _END_BYTES or tail.find(_END, at + 1) >= 0:
        raise _refused("it is no readable zip")
    if tail[max(0, at - 20) : at].startswith(_LOCATOR64):
        raise _refused("it is a zip of more than 4 GB")
    if int.from_bytes(tail[at + 12 : at + 16], "little") > LONGEST_DIRECTORY:
        raise _refused(f"it holds more than {MOST_ENTRIES} files")


def _entry(entries: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """Return the one entry that is read; an artefact with anything odd in it is not read at all."""
    if len(entries) > MOST_ENTRIES:
        raise _refused(f"it holds {len(entries)} files, more than {MOST_ENTRIES}")
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise _refused("a name stands in it twice")
    for entry in entries:
        _plain(entry)
    found = [entry for entry in entries if entry.filename.rpartition("/")[2] == RESULT]
    if not found:
        raise _refused("it holds no result.json")
    top = min(found, key=lambda entry: entry.filename.count("/"))
    if sum(entry.filename.count("/") == top.filename.count("/") for entry in found) > 1:
        raise _refused("it holds several reports")
    if top.file_size > LONGEST_RESULT:
        raise _refused("its result.json is too long")
    if top.file_size > HIGHEST_RATIO * max(1, top.compress_size):
        raise _refused("its result.json is packed too well to be true")
    return top


def _plain(entry: zipfile.ZipInfo) -> None:
    name, mode = entry.filename, entry.external_attr >> 16
    parts = name.rstrip("/").split("/")
    if (
        name.startswith("/")
        or "\\" in name
        or ":" in name
        or any(part in {"", ".", ".."} for part in parts)
    ):
        raise _refused("a path in it leads elsewhere")
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise _refused("it holds something that is neither file nor folder")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _refused("it is packed in an unusual way")
    if entry.flag_bits & 0x1:
        raise _refused("it is encrypted")


def _bounded(parsed: object) -> None:
    """Refuse JSON with too many values, texts that are too long, or nesting without end."""
    count = 0
    level: list[object] = [parsed]
    for _ in range(DEEPEST):
        count += len(level)
        if count > MOST_VALUES:
            raise _refused("its result.json holds too many values")
        if any(isinstance(each, str) and len(each) > LONGEST_TEXT for each in level):
            raise _refused("its result.json holds a text that is too long")
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise _refused("its result.json is nested too deeply")


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return (*value.keys(), *value.values())
    return value if isinstance(value, list) else ()


def _refused(why: str) -> errors.PublishError:
    return errors.PublishError(
        f"the artefact is not used: {why}",
        remedy="look at the run that uploaded it; only what `ltlab run` wrote is taken",
    )
