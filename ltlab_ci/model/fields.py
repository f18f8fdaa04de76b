"""What the values in ltlab.yml are made of: texts that parse, and the base of every part; pure.

Not here: the parts themselves (config.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import pydantic
from pydantic_core import PydanticCustomError

from ltlab_ci import errors
from ltlab_ci.model.thresholds import Threshold, parse_key, seconds

T = TypeVar("T")


def _or_invalid(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Turn our own errors into pydantic's, which then know where in the file they belong."""

    def checked(text: str) -> T:
        try:
            return parse(text)
        except errors.LabError as error:
            # A message is a template to pydantic; handed over as a value, its braces stay.
            said = {"said": error.message, "remedy": error.remedy}
            raise PydanticCustomError("ltlab", "{said}", said) from error

    return checked


def keep(parse: Callable[[str], object]) -> pydantic.AfterValidator:
    """Return a validator that refuses what `parse` refuses, and keeps the text as written."""

    def kept(text: str) -> str:
        _or_invalid(parse)(text)
        return text

    return pydantic.AfterValidator(kept)


def whole_number(written: object) -> object:
    """Return an int as it is, and text for anything that only looks like one."""
    # To Python `true` and 1.0 are 1; to a reader of the file they are not.
    return written if type(written) is int else str(written)


def address(text: str) -> None:
    """Raise ConfigError for what is no http address."""
    parts = urlsplit(text)
    try:
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise errors.ConfigError(
            f"{text!r} is no address", remedy="write it like http://127.0.0.1:5000"
        )


def engine_version(text: str) -> str:
    """Return a version without a leading v. Raises ConfigError for what is no whole version."""
    found = re.fullmatch(r"v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)", text)
    if found is None:
        raise errors.ConfigError(
            f"{text!r} is no version", remedy="write all three numbers of a release, like 2.2.0"
        )
    return found[1]


EngineVersion = Annotated[str, keep(engine_version), pydantic.Field(examples=["2.2.0"])]
Duration = Annotated[str, keep(seconds), pydantic.Field(examples=["30s", "1.5m"])]
MetricKey = Annotated[str, keep(parse_key)]
That = Annotated[str, keep(lambda text: Threshold.parse("metric", text))]
Text = Annotated[str, pydantic.Field(min_length=1)]
Words = Annotated[tuple[Text, ...], pydantic.Field(min_length=1)]


class Frozen(pydantic.BaseModel):
    """A part of ltlab.yml: nothing unknown, nothing converted behind the user's back."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)
