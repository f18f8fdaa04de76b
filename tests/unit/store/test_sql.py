"""SQL texts hold no value of a user: names, tags and patterns are always bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.store import sql

EVIL = "x'; DROP TABLE y; --\""


@given(
    metric=st.text(max_size=10),
    tags=st.lists(st.tuples(st.text(max_size=5), st.text("a*\\%_", max_size=6)), max_size=3),
)
def test_where__has_a_parameter_for_every_mark(metric: str, tags: list[tuple[str, str]]) -> None:
    window = model.Window(start_ns=1, end_ns=2)
    condition, parameters = sql.where(metric, tags, window)
    assert condition.count("?") == len(parameters)
    assert parameters[0] == metric
    assert parameters[-2:] == [1, 2]


def test_where__holds_no_text_of_a_user() -> None:
    condition, parameters = sql.where(EVIL, [(EVIL, EVIL), ("name", EVIL)], None)
    assert "DROP" not in condition
    assert sum("DROP" in str(parameter) for parameter in parameters) >= 2


def test_tag_column__of_a_system_tag_is_a_column_of_a_custom_one_an_expression() -> None:
    assert sql.tag_column("name") == ('"name"', [])
    expression, parameters = sql.tag_column(EVIL)
    assert "DROP" not in expression
    assert expression.count("?") == len(parameters)


def test_read_batch__fills_columns_that_are_missing() -> None:
    text = sql.read_batch(["metric_name", "timestamp", "metric_value"])
    for name in model.SYSTEM_TAGS:
        assert f'NULL::VARCHAR AS "{name}"' in text


def test_figures__asks_percentiles_only_where_there_are_some() -> None:
    assert sql.figures([]).endswith("NULL")
    assert "[0.5, 0.999" in sql.figures([50.0, 99.9])
