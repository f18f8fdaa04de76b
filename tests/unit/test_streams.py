"""Whether anybody reads what is printed changes nothing: no exit code, no crash, no lost byte of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import factories

LTLAB = (sys.executable, "-m", "ltlab_ci")
SPEAK = """
import sys
from ltlab_ci import streams
streams.secure()
print({text})
sys.stdout.flush()
print("more")
streams.finish()
sys.exit(3)
"""


def spoken(text: str, *, stdout: int, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SPEAK.format(text=ascii(text))],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        cwd=factories.ROOT,
        encoding="utf-8",
        timeout=30,
        check=False,
    )


@pytest.mark.processes
def test_secure__a_reader_that_left_is_no_trouble() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = spoken("hello", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (3, "")


@pytest.mark.processes
def test_secure__a_full_device_is_said_and_no_more() -> None:
    with Path("/dev/full").open("wb") as full:
        done = spoken("hello", stdout=full.fileno())
    assert done.returncode == 3
    assert done.stderr == "stdout could not be written: No space left on device\n"


@pytest.mark.processes
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "utf-8:strict"])
def test_secure__json_stays_json_in_every_encoding(encoding: str) -> None:
    text = json.dumps({"name": 'naïve ☃ 🙂 "quoted"'}, ensure_ascii=False)
    done = subprocess.run(
        [sys.executable, "-c", SPEAK.format(text=ascii(text))],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        cwd=factories.ROOT,
        timeout=30,
        check=False,
    )
    line = done.stdout.splitlines()[0].decode(encoding.split(":", maxsplit=1)[0])
    assert (done.returncode, json.loads(line)) == (3, json.loads(text))


@pytest.mark.processes
def test_secure__half_a_pair_of_surrogates_can_be_printed() -> None:
    done = spoken("broken \udce4 name", stdout=subprocess.PIPE)
    assert done.stdout.splitlines() == ["broken \\udce4 name", "more"]


@pytest.mark.processes
@pytest.mark.parametrize("closed", [">&-", "2>&-", "0<&- >&- 2>&-"])
def test_entry__standard_files_may_be_closed(closed: str) -> None:
    line = f"{sys.executable} -m ltlab_ci explain exit-4 {closed}"
    done = subprocess.run(["/bin/sh", "-c", line], cwd=factories.ROOT, timeout=60, check=False)
    assert done.returncode == 0


@pytest.mark.processes
@pytest.mark.parametrize(("words", "code"), [(("explain", "exit-4"), 0), (("explain", "no"), 2)])
def test_entry__a_full_device_leaves_the_exit_code(words: tuple[str, ...], code: int) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*LTLAB, *words], stdout=full, stderr=full, cwd=factories.ROOT, timeout=60, check=False
        )
    assert done.returncode == code
