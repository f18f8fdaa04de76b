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
