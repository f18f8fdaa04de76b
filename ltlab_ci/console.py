"""What a person sees while ltlab works: notes, progress, errors. The only module that prints.

On a terminal one line is kept up to date; elsewhere a plain line comes now and then. Notes and
progress go to stderr, results to stdout. Not here: what the result says (cli/show.py).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import rich.console
import rich.live
import rich.table
import rich.text

from ltlab_ci import errors, model

PLAIN_EVERY_S = 10.0
_PLAIN_WIDTH = 120  # of tables in a log, which nobody resizes


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
            self._err.print(as_text(text), soft_wrap=True)

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Note something that takes a while: a spinner on a terminal, else a line at both ends."""
        start = time.monotonic()
        if self._live_possible:
            with self._err.status(as_text(text)):
                yield
        else:
            self.say(text)
            yield
        self.say(f"{text}: done in {time.monotonic() - start:.0f} s")

    def confirm(self, question: str) -> bool:
        """Ask a person, who answers y or n; where nobody can be asked the answer is no."""
        if not self._live_possible or not sys.stdin.isatty():
            return False
        self._err.print(rich.text.Text(f"{one_line(question)} [y/n] "), end="", soft_wrap=True)
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def result(self, shown: str | rich.text.Text | rich.table.Table) -> None:
        """Print a result for people, on stdout; a string is text and no markup."""
        self._out.print(as_text(shown) if isinstance(shown, str) else shown, soft_wrap=True)

    def raw(self, text: str) -> None:
        """Print text for machines, on stdout, as it is."""
        print(text, end="" if text.endswith("\n") else "\n", flush=True)

    def error(self, error: errors.LabError) -> None:
        """Say in two lines what happened and what to do, on stderr."""
        print(f"{one_line(error.message)}\n  what to do: {one_line(error.remedy)}", file=sys.stderr)

    @contextmanager
    def progress(self, scenario: str, total_s: float | None) -> Iterator[Progress]:
        """Show the progress of one scenario until the block ends."""
        if not self._live_possible:
            yield Progress(scenario, total_s, None if self._quiet else self)
            return
        with rich.live.Live(console=self._err, refresh_per_second=4, transient=True) as live:
            yield Progress(scenario, total_s, self, live)


class Progress:
    """The progress line of one scenario: kept up to date, or written anew now and then."""

    def __init__(
        self,
        scenario: str,
        total_s: float | None,
        console: Console | None,
        live: rich.live.Live | None = None,
    ) -> None:
        self._scenario, self._total_s = scenario, total_s
        self._console, self._live = console, live
        self._start = time.monotonic()
        self._said_s = 0.0

    def tick(self, pulse: model.Pulse) -> None:
        """Show the newest state: sums since the start, p95 and VUs of the newest samples."""
        elapsed_s = time.monotonic() - self._start
        text = line(self._scenario, pulse, elapsed_s=elapsed_s, total_s=self._total_s)
        if self._live is not None:
            self._live.update(rich.text.Text(text, no_wrap=True, overflow="ellipsis"))
        elif self._console is not None and elapsed_s - self._said_s >= PLAIN_EVERY_S:
            self._said_s = elapsed_s
            self._console.say(text)


def line(scenario: str, pulse: model.Pulse, *, elapsed_s: float, total_s: float | None) -> str:
    """Return one line: elapsed of total, rate, p95, errors, VUs."""
    total = f" / {total_s:.0f} s" if total_s else " s"
    p95 = "-" if pulse.p95_ms is None else f"{pulse.p95_ms:.4g} ms"
    vus = "-" if pulse.vus is None else str(pulse.vus)
    rate = pulse.requests / elapsed_s if elapsed_s else 0.0
    return (
        f"{one_line(scenario)}  {elapsed_s:.0f}{total}  {rate:.1f} req/s  "
        f"p95 {p95}  {pulse.failed} failed  {vus} VUs"
    )


def as_text(shown: str, style: str = "") -> rich.text.Text:
    """Return text to print as it is, whatever brackets it holds; of control characters only line ends stay.

    Cells of tables need it as well: rich reads a plain string there as its markup.
    """
    return rich.text.Text("\n".join(map(_printable, shown.split("\n"))), style)


def one_line(text: str) -> str:
    """Return text without line ends and control characters, safe on any terminal."""
    return _printable(text).strip()


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
