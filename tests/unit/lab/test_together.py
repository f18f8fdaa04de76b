"""Several programs are one: it lasts as long as any, and a stop is one for all."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ltlab_ci import errors, process
from ltlab_ci.lab import together
from ltlab_ci.lab.program import Program

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
STEPS: process.Steps = ((signal.SIGTERM, 1.0), (signal.SIGKILL, 5.0))

pytestmark = pytest.mark.processes


def programs(folder: Path, *codes: str) -> Iterator[AbstractContextManager[Program]]:
    for number, code in enumerate(codes):
        yield process.started(
            [sys.executable, "-c", code],
            failure=errors.EngineError,
            remedy="",
            cwd=folder,
            env={"PATH": "/usr/bin:/bin"},
            log=folder / f"{number}.log",
            steps=STEPS,
        )


def test_together__ends_with_the_last_and_has_the_highest_code(tmp_path: Path) -> None:
    codes = ("raise SystemExit(3)", "import time; time.sleep(0.3); raise SystemExit(2)")
    with together.started(programs(tmp_path, *codes)) as both:
        assert both.poll() is None
        while both.wait(5.0) is None:
            pass
        assert (both.poll(), both.codes) == (3, (3, 2))


def test_together__is_stopped_at_one_time(tmp_path: Path) -> None:
    with together.started(programs(tmp_path, *[STUBBORN] * 3)) as several:
        logs = [tmp_path / f"{number}.log" for number in range(3)]
        while not all(log.read_text() for log in logs):
            assert several.wait(0.01) is None
        assert several.usage().memory_bytes > 0
        begun = time.monotonic()
        assert several.stop() == 137
        assert time.monotonic() - begun < 2.5  # one after the other it would be 3 s and more
        assert several.codes == (137, 137, 137)


def test_started__one_that_does_not_start_takes_the_others_down(tmp_path: Path) -> None:
    def broken() -> Iterator[AbstractContextManager[Program]]:
        yield from programs(tmp_path, STUBBORN)
        yield process.started(
            [str(tmp_path / "none")],
            failure=errors.EngineError,
            remedy="install it",
            cwd=tmp_path,
            env={},
            log=tmp_path / "none.log",
            steps=STEPS,
        )

    with pytest.raises(errors.EngineError), together.started(broken()):
        pytest.fail("it must not get here")


def test_together__asks_all_at_one_time(tmp_path: Path) -> None:
    with together.started(programs(tmp_path, *["import time; time.sleep(60)"] * 2)) as several:
        several.ask()
        while several.wait(5.0) is None:
            pass
        assert several.codes == (143, 143)
