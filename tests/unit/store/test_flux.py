"""Flux holds no text of a user but in literals that nothing can end."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import model
from ltlab_ci.store import flux

LITERAL = re.compile(r'"(?:[A-Za-z0-9_ -]|\\x[0-9a-f]{2})*"|/(?:[A-Za-z0-9_ -]|\\x[0-9a-f]{2})+/')


def spelled(literal: str) -> str:
    return re.sub(
        rb"\\x(..)", lambda found: bytes([int(found[1], 16)]), literal[1:-1].encode()
    ).decode()


@given(text=st.text())
def test_string__says_the_text_in_harmless_signs(text: str) -> None:
    assert LITERAL.fullmatch(flux.string(text))
    assert spelled(flux.string(text)) == text


@given(
    texts=st.tuples(*[st.text('aZ"\\/${}*()|>\n\r#.', min_size=1)] * 4),
    moved=st.sampled_from(["url", "vu", "name"]),
)
def test_samples__all_of_a_user_s_text_is_in_literals(texts: tuple[str, ...], moved: str) -> None:
    bucket, metric, name, pattern = texts
    window = model.Window(start_ns=1, end_ns=2)
    tags = ((name, pattern), (moved, pattern))
    script = flux.samples(bucket, window, {name: bucket}, metric, tags)
    plain = flux.samples(
        "b", window, {"n": "v"}, "m", ((("n", "*" if "*" in pattern else "p")), (moved, "p"))
    )
    left = LITERAL.sub("L", script)
    assert not set(left) & set("\\$#\n"), left
    assert left.startswith(LITERAL.sub("L", plain)[:30])


def test_matches__an_empty_pattern_matches_nothing_and_stars_any_value() -> None:
    assert flux.matches("a", "") == "false"
    assert flux.matches("a", "**") == 'exists r["a"] and r["a"] != ""'
    assert flux.matches("a", "b\\*") == r'exists r["a"] and r["a"] == "b\x2a"'


def test_number__has_no_exponent() -> None:
    assert flux.number(1e-9) == "0.00000000100000000"
    assert flux.number(1.0).startswith("1.0")


def test_of_run__rounds_with_its_tags_are_another_run_s_unless_asked_for() -> None:
    run = {"testid": "a"}
    of_round = {**run, model.SIDE_TAG: "base"}
    assert flux.of_run(run) == ['r["testid"] == "a"', 'not exists r["ltlab_side"]']
    assert flux.of_run(of_round) == ['r["ltlab_side"] == "base"', 'r["testid"] == "a"']
    window = model.Window(start_ns=1, end_ns=2)
    for script in (
        flux.samples("b", window, run, "http_reqs", ()),
        flux.samples("b", window, run, "http_reqs", (("url", "*"),)),
        flux.counts("b", window, run, 1),
        flux.minute(flux.source("b", window), "minutes"),
    ):
        assert script.count("from(") == script.count('not exists r["ltlab_side"]') == 1
