"""Two images that turn out to be one, once both were built."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltlab_ci import errors, model
from ltlab_ci.flows import unlike
from ltlab_ci.lab import service

ONE = {"base": "sha256:aa", "head": "sha256:aa"}
TWO = {"base": "sha256:aa", "head": "sha256:bb"}


def both(*, build: str | None, heads: str = "") -> dict[str, service.Version]:
    """Return versions of a service in an image; head's has a variable of its own if `heads` is given."""
    return {
        side: service.Version(
            spec=model.Service(image="shop", port=80, build=build, env={"A": value}),
            root=Path(),
            side=side,
            built=True,
        )
        for side, value in (("base", ""), ("head", heads))
    }


def test_images__of_two_builds_that_are_one() -> None:
    [said] = unlike.images(both(build="make"), ONE)
    assert (said.code, said.effect) == ("nothing-differs", "warn")
    assert unlike.images(both(build="make"), TWO) == ()


def test_images__one_under_two_names_is_refused() -> None:
    with pytest.raises(errors.ConfigError, match="is the image of both"):
        unlike.images(both(build=None), ONE)


def test_images__that_are_not_known_or_started_differently() -> None:
    assert unlike.images(both(build=None), {"base": "", "head": ""}) == ()
    assert unlike.images(both(build=None, heads="b"), ONE) == ()
    assert unlike.images({"head": both(build=None)["head"]}, {"head": "sha256:aa"}) == ()
