"""Every sample becomes a point of its own, the same one each time."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ltlab_ci.store.points import SLICE_NS, Points
from tests.factories import START_NS
from tests.samples import Sample, recorded


def lines(parquet: Path) -> list[str]:
    points = Points([parquet], {"testid": "one"})
    try:
        slices = points.counts()
        found = [text for some in points.lines(list(slices), 7) for text in some]
        assert sum(slices.values()) == len(found)
    finally:
        points.close()
    return sorted(found)


@settings(max_examples=15)
@given(
    drawn=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 3), st.sampled_from(["a", "b"])), min_size=1
    )
)
def test_lines__no_two_points_are_at_one_time(drawn: list[tuple[int, int, str]]) -> None:
    samples = [
        Sample(metric="m", time_ns=START_NS + at, value=float(value), tags={"name": name})
        for at, value, name in drawn
    ]
    with tempfile.TemporaryDirectory() as folder:
        found = lines(recorded(Path(folder) / "a", samples))
        assert found == lines(recorded(Path(folder) / "b", samples[::-1]))
    keys = Counter((text.split(" ")[0], text.split(" ")[2]) for text in found)
    assert set(keys.values()) == {1}
    assert len(found) == len(samples)
    for name in ("a", "b"):
        times = [each.time_ns for each in samples if each.tags["name"] == name]
        moved = [int(text.split(" ")[2]) for text in found if f"name={name}" in text]
        if len(set(times)) == len(times):
            assert sorted(times) == sorted(moved)
        assert all(
            0 <= after - before < len(times)
            for before, after in zip(sorted(times), sorted(moved), strict=True)
        )


def test_lines__hold_tags_fields_value_and_time(tmp_path: Path) -> None:
    sample = Sample(
        metric="m",
        time_ns=START_NS,
        value=0.1,
        tags={"name": "a b", "url": 'http://a/"'},
        custom={"kind": "x", "testid": "own"},
    )
    assert lines(recorded(tmp_path / "samples", [sample])) == [
        rf'm,kind=x,name=a\ b,testid=own url="http://a/\"",value=0.1 {START_NS}'
    ]


def test_unstorable__is_counted_by_metric(tmp_path: Path) -> None:
    samples = [
        Sample(metric="m", time_ns=START_NS, value=float("inf")),
        Sample(metric="m", time_ns=START_NS, value=1.0, tags={"name": "two\nlines"}),
        Sample(metric="m", time_ns=START_NS, value=1.0),
    ]
    points = Points([recorded(tmp_path / "samples", samples)], {})
    assert points.unstorable() == {"m": 2}
    assert points.counts() == {("m", START_NS // SLICE_NS): 1}
    points.close()
    assert not list((tmp_path / "samples").glob("*.points"))
