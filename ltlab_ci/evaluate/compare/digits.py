"""Figures cut to the digits that count: the rest differ by the order in which sums were taken."""

from __future__ import annotations

_DIGITS = 12


def cut(value: float) -> float:
    """Return a figure to twelve significant digits."""
    return float(f"{value:.{_DIGITS}g}")
