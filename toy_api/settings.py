"""The settings of the service: one table, read from flags and environment.

Not here: how a text becomes a value (kinds.py). Nothing below reads the real environment.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from toy_api import kinds

ENV_PREFIX = "TOY_API_"
SECONDS = kinds.Number(low=0, high=86_400, unit="seconds")
MILLISECONDS = kinds.Number(low=0, high=60_000, unit="ms")

T = TypeVar("T")


class BadSetting(Exception):
    """A flag or variable cannot be used; `remedy` says what to do."""

    def __init__(self, happened: str, *, remedy: str) -> None:
        super().__init__(happened)
        self.remedy = remedy


def _option(default: T, kind: kinds.Kind[T], says: str) -> T:
    return dataclasses.field(default=default, metadata={"kind": kind, "help": says})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every option, its default, its kind and its help; flags and variables follow from here."""

    host: str = _option("127.0.0.1", kinds.Text(expects="an address"), "address to listen on")
    port: int = _option(5000, kinds.Whole(low=0, high=65_535), "port; 0 takes a free one")
    seed: int = _option(1, kinds.Whole(low=0, high=2**32 - 1), "same seed, same waits and errors")
    slowdown: float = _option(
        1.0, kinds.Number(low=0, high=1000), "factor on every wait and on the work of /cpu"
    )
    error_rate: float = _option(
        0.3, kinds.Number(low=0, high=1), "share of requests to /error that fail"
    )
    latency_ms: float = _option(0.0, MILLISECONDS, "base wait of /fast")
    cpu_ms: float = _option(20.0, MILLISECONDS, "CPU time that one request to /cpu costs")
    cpu_units: int = _option(
        0, kinds.Whole(low=0, high=10**7), "work of /cpu in units; 0 finds them for the CPU time"
    )
    ready_after_s: float = _option(0.0, SECONDS, "/health answers 503 until then")
    die_after_s: float | None = _option(None, SECONDS, "exit abruptly with code 1 at that time")
    ignore_sigterm: bool = _option(
        default=False, kind=kinds.Switch(), says="do not stop on SIGTERM"
    )
    access_log: bool = _option(
        default=False, kind=kinds.Switch(), says="one line a request on stdout"
    )


def load(argv: Sequence[str], env: Mapping[str, str]) -> Settings:
    """Read the settings: default < environment < flag; an empty text is unset."""
    flags = vars(_parser().parse_args(argv))
    values: dict[str, Any] = {}
    for field in dataclasses.fields(Settings):
        name = _public(field.name)
        given = {
            f"{ENV_PREFIX}{name}": env.get(f"{ENV_PREFIX}{name}"),
            _flag(field.name): flags[field.name],
        }
        for source, text in given.items():
            if text:
                values[field.name] = _parse(field.metadata["kind"], text, source=source)
    return Settings(**values)


def _parse(kind: kinds.Kind[object], text: str, *, source: str) -> object:
    try:
        return kind.parse(text)
    except ValueError:
        raise BadSetting(
            f"{source} is {text!r}", remedy=f"give {kind.expects}, or leave it out"
        ) from None


def _public(name: str) -> str:
    # A name ends in its unit here; people write --ready-after 5 and read the unit in the help.
    return name.removesuffix("_s").upper()


def _flag(name: str) -> str:
    return "--" + _public(name).lower().replace("_", "-")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadSetting(message, remedy="`python -m toy_api --help` lists the flags")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m toy_api", description="A service to put under load.")
    for field in dataclasses.fields(Settings):
        kind, says = field.metadata["kind"], field.metadata["help"]
        default = str(field.default).lower()
        switch: dict[str, Any] = (
            {"nargs": "?", "const": "true"} if isinstance(kind, kinds.Switch) else {}
        )
        parser.add_argument(
            _flag(field.name),
            dest=field.name,
            metavar="VALUE",
            help=f"{says}: {kind.expects} [{ENV_PREFIX}{_public(field.name)}, default {default}]",
            **switch,
        )
    return parser
