"""An interrupt is never lost, wherever Python was when it came."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import factories

CLEARING_UP = """
import contextlib, signal, time, weakref
from ltlab_ci import interrupts

class Gone:
    pass

interrupts.PROCESS.heed()
there = Gone()
kept = weakref.ref(there, lambda _: signal.raise_signal(signal.SIGINT))
try:
    del there
    with {block}:
        time.sleep({wait})
    with interrupts.PROCESS.postponed():
        pass
    print("asked to stop" if interrupts.PROCESS.requested else "went on")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    ("block", "wait", "said"),
    [
        ("contextlib.nullcontext()", 30, "interrupted"),
        ("interrupts.PROCESS.postponed()", 0.2, "interrupted"),
        ("interrupts.PROCESS.deferred()", 0.2, "asked to stop"),  # and nothing is raised afterwards
    ],
)
def test_heed__what_python_drops_while_it_clears_up_is_raised_again(
    block: str, wait: float, said: str
) -> None:
    """As in the lock of an import that has just ended: `Exception ignored in`, and the run went on."""
    done = subprocess.run(
        [sys.executable, "-c", CLEARING_UP.format(block=block, wait=wait)],
        capture_output=True,
        text=True,
        cwd=factories.ROOT,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{said}\n", "")


HANGING_UP = """
import signal
from ltlab_ci import interrupts

{before}
interrupts.PROCESS.heed()
try:
    signal.raise_signal(signal.SIGHUP)
    print("went on")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    ("before", "said"),
    [("", "interrupted"), ("signal.signal(signal.SIGHUP, signal.SIG_IGN)", "went on")],
)
def test_heed__a_terminal_that_went_away_interrupts_except_under_nohup(
    before: str, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGING_UP.format(before=before)],
        capture_output=True,
        text=True,
        cwd=factories.ROOT,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{said}\n", "")
