"""Numbers as people read them: digits that make sense, units, thin grouping.

Not here: sentences around a number (wording.py) and escaping for a format (escape.py).
A figure held against a bound gets as many digits as it takes to see on which side it lies.
"""

from __future__ import annotations

from ltlab_ci import model

THIN_SPACE = "\u202f"
NOTHING = "–"  # noqa: RUF001  (an en dash in a cell is what "nothing measured" looks like)

_DIGITS = 3
_MINUS = "\u2212"
_LARGE, _NOTHING = 10.0, 0.05  # per cent: from the one on no decimals, below the other no change
_TOO_LONG = 1e15
_MAX_DECIMALS = 15
_BYTE_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


def measured(verdict: model.Verdict) -> str:
    """Return what a threshold was held against, in its unit, exact enough to be compared."""
    if verdict.observed is None:
        return NOTHING
    value, bound = verdict.observed, verdict.bound
    if verdict.unit == "" and verdict.stat == "count":
        return count(value)
    return of_unit(value, verdict.unit, bound=bound)


def of_unit(value: float, unit: str, *, bound: float | None = None) -> str:
    """Return a value of a verdict's unit: ms, share, per s, B or none."""
    match unit:
        case "ms":
            return ms(value, bound=bound)
        case "share":
            return share(value, bound=bound)
        case "per s":
            return per_s(value, bound=bound)
        case "B":
            return size(value, bound=bound)
        case _:
            return plain(value, bound=bound)


def limit(bound: float, unit: str) -> str:
    """Return a bound as exactly as it was given: it is the user's number."""
    match unit:
        case "ms" if abs(bound) >= 1000:  # noqa: PLR2004  (ms in a second)
            return f"{bound / 1000:.12g} s"
        case "ms":
            return f"{bound:.12g} ms"
        case "share":
            return f"{bound * 100:.12g} %"
        case "per s":
            return f"{_exact(bound)}/s"
        case "B":
            scale, name = next(one for one in _BYTE_UNITS if abs(bound) >= one[0] or one[0] == 1)
            return f"{bound / scale:.12g} {name}"
        case _:
            return _exact(bound)


def ms(value: float | None, *, bound: float | None = None) -> str:
    """Return a time given in ms: `0.482 ms`, `12.3 ms`, `312 ms`, `1.24 s`."""
    if value is None:
        return NOTHING
    if abs(float(f"{value:.{_DIGITS - 1}e}")) < 1000:  # noqa: PLR2004  (ms in a second)
        return f"{_number(value, bound)} ms"
    return f"{_number(value / 1000, None if bound is None else bound / 1000)} s"


def share(value: float | None, *, bound: float | None = None) -> str:
    """Return a share of 0 to 1 in percent; only none is 0 % and only all is 100 %."""
    if value is None:
        return NOTHING
    percent = value * 100
    sides = (0.0, 100.0) if bound is None else (0.0, 100.0, bound * 100)
    text = f"{percent:.{_decimals(percent, 2, sides)}f}"
    return f"{_stripped(text)} %"


def per_s(value: float | None, *, bound: float | None = None) -> str:
    """Return a rate: `48.3/s`."""
    return NOTHING if value is None else f"{_number(value, bound)}/s"


def size(value: float, *, bound: float | None = None) -> str:
    """Return bytes in decimal units: `1.24 MB`."""
    scale, name = next(one for one in _BYTE_UNITS if abs(value) >= one[0] or one[0] == 1)
    return f"{_number(value / scale, None if bound is None else bound / scale)} {name}"


def plain(value: float, *, bound: float | None = None) -> str:
    """Return a number without a unit; whole numbers stay whole."""
    return count(value) if value.is_integer() else _number(value, bound)


def count(value: float) -> str:
    """Return how many: `12 480`, grouped by a thin space."""
    if abs(value) >= _TOO_LONG:
        return f"{value:.3g}"
    return f"{round(value):,}".replace(",", THIN_SPACE)


def duration(seconds: float) -> str:
    """Return how long something took: `0.8 s`, `42 s`, `3 min 5 s`, `2 h 4 min`."""
    if seconds < 10:  # noqa: PLR2004
        return f"{_stripped(f'{seconds:.1f}')} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _number(value: float, bound: float | None) -> str:
    if value == 0:
        return "0"
    if abs(value) >= _TOO_LONG:
        return f"{value:.3g}"
    exponent = int(f"{value:.{_DIGITS - 1}e}".partition("e")[2])
    start = min(max(0, _DIGITS - 1 - exponent), _MAX_DECIMALS)
    decimals = _decimals(value, start, () if bound is None else (bound,))
    return f"{value:,.{decimals}f}".replace(",", THIN_SPACE)


def _decimals(value: float, start: int, sides: tuple[float, ...]) -> int:
    for decimals in range(start, _MAX_DECIMALS):
        shown = round(value, decimals)
        if all(_side(shown, side) == _side(value, side) for side in sides):
            return decimals
    return _MAX_DECIMALS


def _side(value: float, bound: float) -> int:
    return (value > bound) - (value < bound)


def _stripped(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exact(bound: float) -> str:
    return count(bound) if bound.is_integer() else f"{bound:.12g}"


def percent(change: float) -> str:
    """Return a change with its sign and at most two significant digits: `+9 %`, `-0.4 %`."""
    return f"{signed(change)} %"


def unsigned(size: float) -> str:
    """Return a size, which has no sign: `9 %`."""
    return percent(size).removeprefix("+")


def signed(change: float) -> str:
    """Return a change in per cent, without the sign of that."""
    value = abs(change) * 100
    if value < _NOTHING:
        return "0"
    decimals = 0 if float(f"{value:.1f}") >= _LARGE else 1
    digits = f"{float(f'{value:.2g}'):.{decimals}f}"
    text = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{'+' if change > 0 else _MINUS}{text}"
