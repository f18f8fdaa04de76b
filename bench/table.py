"""Tables of figures: shown as they come, and put into docs/performance.md or docs/statistics.md."""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

Row = tuple[str, str]
"""What was measured, and the figure."""

_DOCS = Path(__file__).parents[1] / "docs"


def carry_out(name: str, rows: Iterator[Row], *, about: str | None) -> None:
    """Print the rows; with `--write` put them into docs/performance.md."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--write", action="store_true", help="Write docs/performance.md.")
    write = parser.parse_args().write
    busy = f"{os.getloadavg()[0]:.1f} with {os.cpu_count()} CPUs"
    cells = itertools.chain(
        [("what", "measured"), ("---", "---")], rows, [("load average before", busy)]
    )
    shown = (f"| {what} | {figure} |" for what, figure in cells)
    told(name, shown, write=write, doc="performance.md")


def told(name: str, lines: Iterable[str], *, write: bool, doc: str = "statistics.md") -> None:
    """Print lines as they come; `write` puts them between `<!-- name -->` and `<!-- end -->` of a document."""
    kept = []
    for line in lines:
        kept.append(line)
        print(line, flush=True)  # noqa: T201  (a script)
    if write:
        before, rest = (_DOCS / doc).read_text(encoding="utf-8").split(f"<!-- {name} -->\n", 1)
        after = rest.split("<!-- end -->", 1)[1]
        block = "\n".join((f"<!-- {name} -->", *kept, "<!-- end -->"))
        (_DOCS / doc).write_text(before + block + after, encoding="utf-8")
