"""What the catalogue covered, said at the end of a run of it."""

from __future__ import annotations

import pytest

from tests.long import catalogue


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the cases that held, and the mechanisms of which every case did."""
    held = {report.nodeid for report in terminalreporter.stats.get("passed", [])}
    ran = held | {report.nodeid for report in terminalreporter.stats.get("failed", [])}
    of = {case.id: case.mechanism for case in catalogue.entries()}
    mechanisms = {_named(node, of): False for node in ran}
    good = {_named(node, of) for node in held} - {_named(node, of) for node in ran - held}
    mechanisms.pop("", None)
    if mechanisms:
        terminalreporter.section("catalogue of faults")
        terminalreporter.line(
            f"{sum(bool(_named(node, of)) for node in held)} of "
            f"{sum(bool(_named(node, of)) for node in ran)} cases as they should be; "
            f"{len(good - {''})} of {len(mechanisms)} mechanisms whole"
        )
        for name in sorted(set(mechanisms) - good):
            terminalreporter.line(f"  not whole: {name}")


def _named(node: str, of: dict[str, str]) -> str:
    return of.get(node.partition("[")[2].removesuffix("]"), "")
