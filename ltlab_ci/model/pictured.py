"""What a comparison looked like, for people: differences over time, both sides' times, processors.

Bounded, so that a page can hold all of it. Nothing here is judged: verdicts stand in comparison.py.
"""

from __future__ import annotations

from ltlab_ci.model.series import Shown


class SliceChanges(Shown):
    """One percentile's change in each slice, as a fraction; None where a slice has too few requests."""

    stat: str
    values: tuple[float | None, ...]


class PicturedEndpoint(Shown):
    """Successful requests of one endpoint on both sides.

    `base[i]` and `head[i]` count times from 10^((first + i) / per_decade) ms to the next bin's start;
    what is shorter or longer than the outermost bins is counted in them. `base_ms` and `head_ms` are
    percentiles at `shares` (0 to 1), None where fewer than five requests lie beyond one.
    """

    name: str
    method: str
    per_decade: int
    first: int
    base: tuple[int, ...]
    head: tuple[int, ...]
    shares: tuple[float, ...]
    base_ms: tuple[float | None, ...]
    head_ms: tuple[float | None, ...]
    changes: tuple[SliceChanges, ...]


class Pictured(Shown):
    """Both sides over all slices, the endpoints with the worst rows first.

    `t_s` is how long both sides had been measured together when a slice began: the time between
    rounds is left out. `round_starts` is the first slice of each round that has one. CPU is what the
    service used, in processors, the mean of a slice; empty where it was not recorded.
    """

    scenario: str = ""
    slice_s: float
    t_s: tuple[float, ...]
    round_starts: tuple[int, ...]
    endpoints: tuple[PicturedEndpoint, ...]
    left_out: int = 0
    base_cpu: tuple[float | None, ...] = ()
    head_cpu: tuple[float | None, ...] = ()
