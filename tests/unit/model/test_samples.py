"""The metrics that are known beforehand, and the values questions and answers are made of."""

from __future__ import annotations

import dataclasses

import pytest

from ltlab_ci import model
from tests import factories


def test_built_in__every_type_has_stats() -> None:
    assert set(model.STATS_OF) == set(model.MetricType)
    assert {metric.type for metric in model.BUILT_IN.values()} == set(model.MetricType)


def test_built_in__times_are_times() -> None:
    timed = {name for name, metric in model.BUILT_IN.items() if metric.unit is model.Unit.TIME}
    assert {"http_req_duration", "http_req_waiting", "iteration_duration"} <= timed
    assert not {"http_reqs", "vus", "data_sent", "checks"} & timed


def test_built_in__holds_all_that_k6_measures_itself() -> None:
    # k6 1.0.0 to 2.2.0: metrics/builtin.go, the modules k6/net/grpc and k6/browser.
    of_modules = {
        "grpc_streams": ("counter", ""),
        "grpc_streams_msgs_received": ("counter", ""),
        "grpc_streams_msgs_sent": ("counter", ""),
        "browser_data_received": ("counter", "B"),
        "browser_data_sent": ("counter", "B"),
        "browser_http_req_duration": ("trend", "ms"),
        "browser_http_req_failed": ("rate", ""),
        "browser_web_vital_cls": ("trend", ""),
        "browser_web_vital_lcp": ("trend", "ms"),
    }
    found = {name: (model.BUILT_IN[name].type, model.BUILT_IN[name].unit) for name in of_modules}
    assert found == of_modules


def test_system_tags__are_the_columns_that_k6_writes() -> None:
    header = set(factories.K6_COLUMNS)
    not_tags = {"metric_name", "timestamp", "metric_value", "extra_tags", "metadata"}
    assert set(model.SYSTEM_TAGS) == header - not_tags


def test_window__has_a_length() -> None:
    window = model.Window(start_ns=1_500_000_000, end_ns=4_000_000_000)
    assert window.seconds == 2.5


def test_question__is_a_frozen_value() -> None:
    question = factories.a_question("http_reqs", "count")
    assert question == factories.a_question("http_reqs", "count")
    assert len({question, factories.a_question("http_reqs", "count")}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        question.metric = "checks"  # type: ignore[misc]
