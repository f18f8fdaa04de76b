"""Rows of figures: shown as they come, and put into docs/performance.md."""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

Row = tuple[str, str]
"""What was measured, and the figure."""

_DOC = Path(__file__).parents[1] / "docs" / "performance.md"


def carry_out(name: str, rows: Iterator[Row], *, about: str | None) -> None:
    """Print the rows; with `--write` put them between `<!-- name -->` and `<!-- end -->`."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--write", action="store_true", help="Write docs/performance.md.")
    write = parser.parse_args().write
    busy = f"{os.getloadavg()[0]:.1f} with {os.cpu_count()} CPUs"
    lines = ["| what | measured |", "| --- | --- |"]
    for what, figure in itertools.chain(rows, [("load average before", busy)]):
        lines.append(f"| {what} | {figure} |")
        print(lines[-1], flush=True)  # noqa: T201  (a script)
    if write:
        before, rest = _DOC.read_text(encoding="utf-8").split(f"<!-- {name} -->\n", 1)
        after = rest.split("<!-- end -->", 1)[1]
        block = "\n".join((f"<!-- {name} -->", *lines, "<!-- end -->"))
        _DOC.write_text(before + block + after, encoding="utf-8")
