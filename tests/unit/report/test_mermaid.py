"""The charts of summary.md: bounded, in Mermaid's grammar, true to the steps they are joined from.

tests/ci lets Mermaid itself read them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.report import mermaid
from tests.unit.report import results

CHART = re.compile(
    r'%%{init: {[\w":#, {}]+}}%%\nxychart-beta\n  title "[\w ,():]+"\n  x-axis "s" 0 --> ([\d.]+)\n'
    r'  y-axis "(?:ms|/s)" 0 --> ([\d.]+)\n  (?:bar|line) \[(\d[\d., ]*)\]'
)


def a_series(
    p95: Sequence[float | None], rate: Sequence[float | None], step_s: float = 1
) -> model.Series:
    nothing = (None,) * len(p95)
    return model.Series(
        step_s=step_s,
        t_s=tuple(step_s * at for at in range(len(p95))),
        p50=nothing,
        p95=tuple(p95),
        p99=nothing,
        requests_per_s=tuple(rate),
        failed_per_s=nothing,
        vus=nothing,
    )


def read(chart: str) -> tuple[float, float, list[float]]:
    """Return the ends of both axes and the values."""
    found = CHART.fullmatch(chart)
    assert found is not None, chart
    return float(found[1]), float(found[2]), [float(text) for text in found[3].split(", ")]


def test_charts__are_p95_and_rate_on_one_time_axis() -> None:
    slow, rate = mermaid.charts(a_series([10.0, 12345.678, 0.0004], [5.0, 7.25, 9.0], step_s=2))
    assert read(slow) == (4, 13580, [10, 12346, 0.0004])
    assert 'title "p95 of every 2 s in ms"' in slow
    assert read(rate) == (4, 9.9, [5, 7.25, 9])
    assert 'title "requests per second, over 2 s each"' in rate


def test_charts__join_steps_by_the_highest_p95_and_the_mean_rate() -> None:
    p95 = [float(at) for at in range(60)]
    slow, rate = mermaid.charts(a_series(p95, [2.0, 4.0] * 30))
    assert read(slow)[::2] == (58, [float(at) for at in range(1, 60, 2)])
    assert 'title "p95 of every 1 s in ms, the highest within 2 s"' in slow
    assert read(rate)[2] == [3.0] * 30


def test_charts__show_a_step_without_an_answer_as_no_bar_and_say_so() -> None:
    slow, _ = mermaid.charts(a_series([10.0, None, 20.0], [5.0, 0.0, 5.0]))
    assert read(slow)[2] == [10, 0, 20]
    assert "(no bar: no answer)" in slow


def test_charts__end_before_a_last_step_too_short_for_a_rate() -> None:
    slow, rate = mermaid.charts(a_series([1.0, 2.0, 3.0], [5.0, 5.0, None]))
    assert (read(slow)[2], read(rate)[2]) == ([1, 2], [5, 5])


@pytest.mark.parametrize(
    "series", [None, a_series([], []), a_series([1.0], [1.0]), a_series([1.0] * 3, [None] * 3)]
)
def test_charts__need_two_points(series: model.Series | None) -> None:
    assert mermaid.charts(series) == ()


def test_charts__without_any_answer_show_the_rate_alone() -> None:
    [rate] = mermaid.charts(a_series([None, None], [0.0, 0.0]))
    assert read(rate) == (1, 1, [0, 0])


@given(
    steps=st.lists(
        st.tuples(
            st.none() | st.floats(0, 1e12, allow_subnormal=False),
            st.none() | st.floats(0, 1e9, allow_subnormal=False),
        ),
        max_size=401,
    )
)
def test_charts__obey_the_grammar_and_their_bound(
    steps: list[tuple[float | None, float | None]],
) -> None:
    for chart in mermaid.charts(a_series([s[0] for s in steps], [s[1] for s in steps])):
        _, top, values = read(chart)
        assert 2 <= len(values) <= mermaid.MAX_POINTS
        assert top > 0
        assert max(values) <= top


def test_charts__of_two_scenarios_are_drawn_by_gitlab_unasked() -> None:
    charts = mermaid.charts(results.a_series(steps=400))
    assert sum(len(chart) for chart in charts) * 2 < 2000
