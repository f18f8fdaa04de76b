"""Figures for people: what was recorded, summaries, endpoints and series over time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.store import charts, duck
from tests import factories
from tests.factories import SECOND_NS, START_NS

Row = dict[str, object]
Fill = Callable[[Sequence[Row]], duck.Store]


def a_row(metric: str, at_s: float, value: float = 1.0, **tags: str) -> Row:
    return {
        "metric_name": metric,
        "timestamp": START_NS + round(at_s * SECOND_NS),
        "metric_value": value,
        **tags,
    }


def a_request(at_s: float, ms: float, *, failed: bool = False, **tags: str) -> list[Row]:
    return [
        a_row("http_reqs", at_s, 1.0, **tags),
        a_row("http_req_duration", at_s, ms, **tags),
        a_row("http_req_failed", at_s, float(failed), **tags),
    ]


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Fill]:
    """Return a maker of a store over some rows."""
    stores: list[duck.Store] = []

    def fill(rows: Sequence[Row]) -> duck.Store:
        folder = tmp_path / str(len(stores))
        writer = duck.Writer(folder, "browse")
        if rows:
            writer.ingest(factories.a_batch(tmp_path / "rows.csv", rows))
        writer.close()
        stores.append(duck.Store(folder))
        return stores[-1]

    yield fill
    for store in stores:
        store.close()


def test_extent__is_from_the_first_start_to_the_last_end_of_the_load(filled: Fill) -> None:
    store = filled(
        [
            *a_request(0.5, 100.0, group="::setup"),
            *a_request(2.0, 500.0, group=""),
            a_row("iteration_duration", 7.0, 4000.0),
            a_row("vus", 9.0),
            *a_request(20.0, 100.0, group="::teardown"),
        ]
    )
    reach = charts.extent(store, "browse")
    assert (reach.start_ns, reach.end_ns) == (
        START_NS + 1_500_000_000,
        START_NS + 7 * SECOND_NS,
    )
    assert reach.metrics == {
        "http_req_duration": 3,
        "http_req_failed": 3,
        "http_reqs": 3,
        "iteration_duration": 1,
        "vus": 1,
    }


def test_extent__without_requests_and_iterations_is_that_of_all_samples(filled: Fill) -> None:
    reach = charts.extent(filled([a_row("vus", 1.0), a_row("my_metric", 3.0)]), "browse")
    assert (reach.start_ns, reach.end_ns) == (START_NS + SECOND_NS, START_NS + 3 * SECOND_NS)


def test_extent__of_nothing(filled: Fill) -> None:
    reach = charts.extent(filled([]), "browse")
    assert (reach.metrics, reach.start_ns, reach.end_ns) == ({}, 0, 0)
    assert not reach.ambiguous_tags


@pytest.mark.parametrize("value", [1.8e18, -1.8e18, 1e300])
def test_extent__large_values_of_other_metrics_do_no_harm(filled: Fill, value: float) -> None:
    reach = charts.extent(filled([*a_request(1.0, 500.0), a_row("my_bytes", 1.0, value)]), "browse")
    assert reach.start_ns == START_NS + SECOND_NS // 2


def test_extent__an_infinite_value_does_no_harm(filled: Fill) -> None:
    infinite = a_row("my_trend", 1.0) | {"metric_value": "+Inf"}
    reach = charts.extent(filled([*a_request(1.0, 500.0), infinite]), "browse")
    assert reach.start_ns == START_NS + SECOND_NS // 2


@pytest.mark.parametrize(
    ("extra", "ambiguous"),
    [
        ("", False),
        ("kind=a", False),
        ("kind=a&size=b", False),
        ("kind=", False),
        ("kind=two\nlines", False),
        ("kind=a&b", True),
        ("kind=a=b", True),
        ("kind=a&kind=b", True),
        ("=a", True),
        ("kind=a&=b", True),
        ("&kind=a", True),
        ("kind=a&", True),
    ],
)
def test_extent__sees_tags_that_can_be_read_in_two_ways(
    filled: Fill,
    extra: str,
    ambiguous: bool,  # noqa: FBT001
) -> None:
    rows = [*a_request(1.0, 5.0), a_row("http_reqs", 2.0, extra_tags=extra)]
    assert charts.extent(filled(rows), "browse").ambiguous_tags == ambiguous


def test_values__are_the_most_frequent_ones(filled: Fill) -> None:
    rows = [
        a_row("http_reqs", index, name=name, extra_tags=f"kind=k{name}")
        for index, name in enumerate("aababcdefg")
    ]
    store = filled([*rows, a_row("checks", 1.0, name="z")])
    assert charts.values(store, "browse", "http_reqs", "name") == ["a", "b", "c", "d", "e"]
    assert charts.values(store, "browse", "http_reqs", "name", limit=2) == ["a", "b"]
    assert charts.values(store, "browse", "http_reqs", "kind", limit=1) == ["ka"]
    assert charts.values(store, "browse", "http_reqs", "it's") == []
    assert charts.values(store, "another", "http_reqs", "name") == []


def test_summaries__hold_every_stat_of_every_known_metric(filled: Fill) -> None:
    rows = [row for ms in range(1, 101) for row in a_request(ms / 10, ms)]
    store = filled([*rows, a_row("vus", 1.0, 3.0), a_row("untyped", 1.0)])
    types = {
        name: model.BUILT_IN[name].type for name in ("http_reqs", "http_req_duration", "checks")
    }
    found = {each.name: each for each in charts.summaries(store, "browse", types, seconds=10.0)}
    assert list(found) == ["http_req_duration", "http_reqs"]
    assert found["http_reqs"].stats == {"count": 100.0, "rate": 10.0}
    assert (found["http_reqs"].count, found["http_reqs"].type) == (100, "counter")
    assert found["http_req_duration"].stats == {
        "avg": 50.5,
        "min": 1.0,
        "med": 50.5,
        "max": 100.0,
        "p(90)": 90.1,
        "p(95)": 95.05,
        "p(99)": 99.01,
        "count": 100.0,
    }


def test_endpoints__busiest_first(filled: Fill) -> None:
    rows = [row for _ in range(3) for row in a_request(1.0, 10.0, name="GET /a", method="GET")]
    rows += a_request(1.0, 30.0, failed=True, name="GET /a", method="GET")
    rows += a_request(1.0, 5.0, url="http://shop.test/b", method="POST")
    rows += [a_row("http_reqs", 2.0, name="never answered", method="GET")]
    found, left_out = charts.endpoints(filled(rows), "browse", seconds=2.0)
    assert left_out == 0
    shown = [(e.name, e.method, e.requests, e.per_s, e.failed, e.avg, e.max) for e in found]
    assert shown == [
        ("GET /a", "GET", 4, 2.0, 1, 15.0, 30.0),
        ("http://shop.test/b", "POST", 1, 0.5, 0, 5.0, 5.0),
        ("never answered", "GET", 1, 0.5, 0, None, None),
    ]


def test_endpoints__says_how_many_are_left_out(filled: Fill) -> None:
    number = charts.MAX_ENDPOINTS + 7
    rows = [a_row("http_reqs", 1.0, name=f"/{index}") for index in range(number)]
    rows += [a_row("http_reqs", 2.0, name="/3")]
    found, left_out = charts.endpoints(filled(rows), "browse", seconds=0.0)
    assert (len(found), left_out) == (charts.MAX_ENDPOINTS, 7)
    assert (found[0].name, found[0].requests, found[0].per_s) == ("/3", 2, 0.0)


def test_endpoints__ids_are_one_and_the_address_goes(filled: Fill) -> None:
    """k6 has the whole URL as a name, with a port that differs in every run; Artillery has the path."""
    at = "http://127.0.0.1:43129"
    urls = [f"{at}/items/{number}" for number in range(250)]
    rows = [a_row("http_reqs", 1.0, name=url, url=url, method="GET") for url in [*urls, at]]
    rows += [
        a_row("http_reqs", 1.0, name=f"/a/{number}", url=f"{at}/a/{number}?q=1", method="GET")
        for number in range(2)
    ]
    rows += [a_row("http_reqs", 1.0, name="/a/7", url="/a/7", method="GET")]  # a script's own name
    found, left_out = charts.endpoints(filled(rows), "browse", seconds=1.0, base_url=at)
    assert [(each.name, each.requests, each.names, each.example) for each in found] == [
        ("/items/:id", 250, 250, "/items/0"),
        ("/a/:id", 2, 2, "/a/0"),
        ("/", 1, 1, ""),
        ("/a/7", 1, 1, ""),
    ]
    assert left_out == 0
    off = model.Naming(patterns=("/items/:number",), learn=False)
    found, _ = charts.endpoints(filled(rows), "browse", seconds=1.0, base_url=at, naming=off)
    assert [each.name for each in found] == ["/items/:number", "/", "/a/0", "/a/1", "/a/7"]


def test_endpoints__of_nothing(filled: Fill) -> None:
    assert charts.endpoints(filled([]), "browse", seconds=1.0) == ((), 0)


def test_series__has_a_value_for_every_second(filled: Fill) -> None:
    rows = [*a_request(1.0, 1000.0), *a_request(1.2, 100.0, failed=True), *a_request(3.4, 100.0)]
    store = filled([*rows, a_row("vus", 1.5, 4.0), a_row("vus", 1.6, 2.0)])
    reach = charts.Extent(
        metrics={}, start_ns=START_NS, end_ns=START_NS + 3_400_000_000, ambiguous_tags=False
    )
    series = charts.series(store, "browse", reach)
    assert series is not None
    assert series.step_s == 1
    assert series.t_s == (0.0, 1.0, 2.0, 3.0)
    assert series.p50 == (None, 550.0, None, 100.0)
    assert series.requests_per_s == (0.0, 2.0, 0.0, None)
    assert series.failed_per_s == (0.0, 1.0, 0.0, None)
    assert series.vus == (None, 4.0, None, None)


def test_series__a_sample_without_a_value_counts_no_vus(filled: Fill) -> None:
    nothing = a_row("vus", 0.5) | {"metric_value": ""}
    store = filled([*a_request(0.0, 10.0), *a_request(1.4, 10.0), nothing])
    series = charts.series(store, "browse", charts.extent(store, "browse"))
    assert series is not None
    assert not any(series.vus)


def test_series__vus_of_several_processes_add_up(filled: Fill) -> None:
    rows = [*a_request(0.0, 10.0), *a_request(1.4, 10.0)]
    vus = [(0.1, 4.0, "instance_id=1&team=a"), (0.2, 3.0, "team=a&instance_id=1")]
    vus += [(0.3, 5.0, "instance_id=2&team=a"), (1.1, 2.0, "team=a&instance_id=12")]
    store = filled([*rows, *(a_row("vus", at, most, extra_tags=tags) for at, most, tags in vus)])
    reach = charts.Extent(
        metrics={}, start_ns=START_NS, end_ns=START_NS + 1_400_000_000, ambiguous_tags=False
    )
    series = charts.series(store, "browse", reach)
    assert series is not None
    assert series.vus == (9.0, 2.0)


@settings(max_examples=5)
@given(length_ms=st.integers(1, 3 * 3600 * 1000))
def test_series__is_never_longer_than_its_limit(length_ms: int) -> None:
    end_ns = START_NS + length_ms * 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        writer = duck.Writer(root / "samples", "browse")
        rows = [
            {"metric_name": "http_reqs", "timestamp": time_ns, "metric_value": 1.0}
            for time_ns in (START_NS, end_ns)
        ]
        writer.ingest(factories.a_batch(root / "rows.csv", rows))
        writer.close()
        store = duck.Store(root / "samples")
        reach = charts.Extent(metrics={}, start_ns=START_NS, end_ns=end_ns, ambiguous_tags=False)
        series = charts.series(store, "browse", reach)
        store.close()
    assert series is not None
    lists = [values for values in series.model_dump().values() if isinstance(values, tuple)]
    assert {len(values) for values in lists if values} == {len(series.t_s)}
    assert 1 <= len(series.t_s) <= charts.MAX_STEPS
    assert series.t_s[-1] <= length_ms / 1000 < series.t_s[-1] + series.step_s


def test_series__of_nothing(filled: Fill) -> None:
    reach = charts.Extent(metrics={}, start_ns=5, end_ns=5, ambiguous_tags=False)
    assert charts.series(filled([]), "browse", reach) is None
    assert charts.series(filled([a_row("vus", 1.0)]), "browse", reach) is None
