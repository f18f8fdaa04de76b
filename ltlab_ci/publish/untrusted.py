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
from typing import Any

import pydantic

from ltlab_ci import errors, model

RESULT = "result.json"
MOST_ENTRIES = 5_000
LONGEST_RESULT = 16 * 1024 * 1024
"""Bytes of result.json, unpacked."""
HIGHEST_RATIO = 200
"""Of unpacked to packed bytes: JSON of figures comes to about 10."""
MOST_VALUES = 500_000
LONGEST_TEXT = 20_000
DEEPEST = 32
_REPRODUCE = "ltlab run"


def result(zipped: bytes) -> model.Result:
    """Return the result in an artefact, without what would lead a reader somewhere.

    The command that reproduces it and the addresses of snapshots are replaced or left out: they would
    be a stranger's words under our name. Raises PublishError for whatever is not as it should be.
    """
    raw = _read(zipped)
    try:
        parsed = json.loads(raw, parse_constant=_no_number)
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
    if not known or (found.verdict == "pass") != (found.exit_code == 0):
        raise _refused("verdict and exit code of its result.json contradict each other")
    return found.model_copy(update={"reproduce": _REPRODUCE, "snapshots": ()})


def _read(zipped: bytes) -> bytes:
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


def _no_number(text: str) -> Any:  # noqa: ANN401  (it never returns)
    raise ValueError(f"{text} is no number")


def _refused(why: str) -> errors.PublishError:
    return errors.PublishError(
        f"the artefact is not used: {why}",
        remedy="look at the run that uploaded it; only what `ltlab run` wrote is taken",
    )
