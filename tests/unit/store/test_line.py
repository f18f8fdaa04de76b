"""Lines are those that k6's own output writes; what they cannot carry is refused."""

from __future__ import annotations

import pytest

from ltlab_ci.store import line


def test_series__is_written_as_k6_writes_it() -> None:
    tags = {
        "url": 'http://a/"b\\c"',
        "name": "GET /a, b=c",
        "empty": "",
        "a key, =": "é\\d",
        "vu": "3",
    }
    found = line.series("my metric,x=y", tags)
    assert found == line.Series(
        key=r"my\ metric\,x=y,a\ key\,\ \==é\d,name=GET\ /a\,\ b\=c",
        fields=r'url="http://a/\"b\\c\"",vu="3",',
    )


@pytest.mark.parametrize(
    ("metric", "tags"),
    [
        ("", {}),
        ("#metric", {}),
        ("\tmetric", {}),
        ("ends\\", {}),
        ("two\nlines", {}),
        ("m", {"name": "two\nlines"}),
        ("m", {"name": "ends\\"}),
        ("m", {"ends\\": "a"}),
        ("m", {"": "a"}),
        ("m", {"time": "a"}),
        ("m", {"_field": "a"}),
        ("m", {"a\\ b": '"'}),
        ("m", {"name": "x" * 66_000}),
    ],
)
def test_series__what_the_server_would_read_otherwise_is_refused(
    metric: str, tags: dict[str, str]
) -> None:
    assert line.series(metric, tags) is None


@pytest.mark.parametrize("text", ["a\\ b", 'a "b"', "\\d+", "a\\,b", '\\ "', "tab\t", "ü☃"])
def test_series__odd_values_that_the_server_reads_well_are_kept(text: str) -> None:
    assert line.series("m", {"name": text, "z": '"'}) is not None


def test_series__a_url_may_hold_anything() -> None:
    assert line.series("m", {"url": "two\nlines\\"}) is not None


def test_custom_tags__are_read_as_k6_joins_them() -> None:
    assert line.custom_tags("a=b&c=d=e&f=&g") == {"a": "b", "c": "d=e", "f": ""}
    assert line.custom_tags(None) == {}
