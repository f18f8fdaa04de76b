"""What a person sees while ltlab works: notes, progress, errors. The only module that prints.

On a terminal one line is kept up to date; elsewhere a plain line comes now and then. Notes and
progress go to stderr, results to stdout. Not here: what the result says (cli/show.py).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import rich.console
import rich.live
import rich.text

from ltlab_ci import errors, model

PLAIN_EVERY_S = 10.0
_PLAIN_WIDTH = 120  # of tables in a log, which nobody resizes


@dataclass(frozen=True, kw_only=True)
class Tick:
    """The state of a running scenario, for one progress line."""

    scenario: str
    elapsed_s: float
    total_s: float | None
    pulse: model.Pulse
    requests: int
    failed: int
    rate_per_s: float


class Console:
    """Speaks to one person. `quiet` keeps back everything but errors and the result."""

    def __init__(self, *, quiet: bool, plain: bool, no_color: bool) -> None:
        self._quiet = quiet
        self._err = rich.console.Console(stderr=True, highlight=False, no_color=no_color)
        self._out = rich.console.Console(highlight=False, no_color=no_color)
        if not self._out.is_terminal:
            self._out.width = _PLAIN_WIDTH
        self._live_possible = self._err.is_terminal and not plain and not quiet

    def say(self, text: str) -> None:
        """Note what ltlab is doing."""
        if not self._quiet:
            self._err.print(rich.text.Text(text), soft_wrap=True)

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Note something that takes a while: a spinner on a terminal, else a line at both ends."""
        start = time.monotonic()
        if self._live_possible:
            with self._err.status(rich.text.Text(text)):
                yield
        else:
            self.say(text)
            yield
        self.say(f"{text}: done in {time.monotonic() - start:.0f} s")

    def result(self, shown: rich.console.RenderableType) -> None:
        """Print a result for people, on stdout."""
        self._out.print(shown, soft_wrap=True)

    def raw(self, text: str) -> None:
        """Print text for machines, on stdout, as it is."""
        print(text, end="" if text.endswith("\n") else "\n", flush=True)

    def error(self, error: errors.LabError) -> None:
        """Say in two lines what happened and what to do, on stderr."""
        print(f"{one_line(error.message)}\n  what to do: {one_line(error.remedy)}", file=sys.stderr)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Show the progress of one scenario until the block ends."""
        if not self._live_possible:
            yield Progress(None if self._quiet else self)
            return
        with rich.live.Live(console=self._err, refresh_per_second=4, transient=True) as live:
            yield Progress(self, live)


@dataclass
class Progress:
    """The progress line of one scenario: kept up to date, or written anew now and then."""

    console: Console | None
    live: rich.live.Live | None = None
    said_s: float = field(default=0.0)

    def tick(self, tick: Tick) -> None:
        """Show the newest state."""
        if self.live is not None:
            self.live.update(rich.text.Text(line(tick), no_wrap=True, overflow="ellipsis"))
        elif self.console is not None and tick.elapsed_s - self.said_s >= PLAIN_EVERY_S:
            self.said_s = tick.elapsed_s
            self.console.say(line(tick))


def line(tick: Tick) -> str:
    """Return one line: elapsed of total, rate, p95, errors, VUs."""
    total = f" / {tick.total_s:.0f} s" if tick.total_s else " s"
    p95 = "-" if tick.pulse.p95_ms is None else f"{tick.pulse.p95_ms:.4g} ms"
    vus = "-" if tick.pulse.vus is None else str(tick.pulse.vus)
    return (
        f"{one_line(tick.scenario)}  {tick.elapsed_s:.0f}{total}  {tick.rate_per_s:.1f} req/s  "
        f"p95 {p95}  {tick.failed} failed  {vus} VUs"
    )


def one_line(text: str) -> str:
    """Return text without line ends and control characters, safe on any terminal."""
    return "".join(char if char.isprintable() else " " for char in text).strip()
