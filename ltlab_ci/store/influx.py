"""Answers from InfluxDB 2, to the very questions that DuckDB answers (duck.py).

`Store` asks; `talking` is how every module here reaches a server. Times that
a busy or restarting server needs are waited for, within limits.
Not here: the Flux (flux.py), bringing samples in (backfill.py), buckets and tasks (buckets.py).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import urllib3
from influxdb_client import InfluxDBClient
from influxdb_client.client.flux_csv_parser import FluxQueryException
from influxdb_client.rest import ApiException

from ltlab_ci import errors, model
from ltlab_ci.store import duck, flux, line

PATIENCE_S = 60.0
"""How long a server may be away or busy before that is an error."""

_TIMEOUT_MS = 120_000
_LONGEST_WAIT_S = 5.0
_LASTING = {
    "no space left on device": (
        "has no room left for samples",
        "make room where its data is; `ltlab reset` empties the lab of `ltlab start`",
    ),
    "read-only file system": (
        "cannot write where its data is: the file system is read-only",
        "see why (a broken disk is mounted so), then restart it",
    ),
    "memory allocation limit reached": (
        "needs more memory for a question than it may use",
        "nothing for this verdict; raise its INFLUXD_QUERY_MEMORY_BYTES for the next",
    ),
}
"""What the server says of itself that does not go away by waiting: what it means, what to do."""

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Run:
    """How one scenario's samples are told from all others, and the time that holds them all."""

    tags: Mapping[str, str]
    window: model.Window | None = None


class Store:
    """Answers questions about scenarios whose samples are in InfluxDB."""

    def __init__(
        self, server: model.Influx, runs: Mapping[str, Run], *, patience_s: float = PATIENCE_S
    ) -> None:
        self._server, self._runs, self._patience_s = server, runs, patience_s

    def ask(self, questions: Iterable[model.Question]) -> dict[model.Question, model.Answer]:
        """Answer every question; one query for those that differ in stat alone.

        Raises StoreError when the server cannot be asked.
        """
        answers: dict[model.Question, model.Answer] = {}
        with talking(self._server) as client:
            for group in duck.grouped(questions):
                answers.update(self._answer(client, group))
        return answers

    def _answer(
        self, client: InfluxDBClient, group: list[model.Question]
    ) -> dict[model.Question, model.Answer]:
        first = group[0]
        run = self._runs.get(first.scenario)
        if run is None or line.RESERVED.intersection(name for name, _ in first.tags):
            return {question: model.Answer(value=None, count=0) for question in group}
        shares = sorted({s for q in group if (s := duck.percentile(q.stat)) is not None})
        script = flux.figures(
            flux.samples(
                self._server.bucket, _within(first.window, run), run.tags, first.metric, first.tags
            ),
            {"count", *(name for question in group for name in _needed(question))},
            [share / 100 for share in shares],
        )
        found = {row["result"]: row["_value"] for row in rows(client, script, self._patience_s)}
        quantiles = {share: found.get(f"q{place}") for place, share in enumerate(shares)}
        return {question: _pick(question, found, quantiles) for question in group}


@contextmanager
def talking(server: model.Influx) -> Iterator[InfluxDBClient]:
    """Hand out a client; what goes wrong with the server becomes a StoreError."""
    try:
        client = InfluxDBClient(
            url=server.url, token=server.token, org=server.org, timeout=_TIMEOUT_MS
        )
        with client:
            yield client
    except (ApiException, FluxQueryException, urllib3.exceptions.HTTPError) as error:
        raise told(error, server) from error


def rows(
    client: InfluxDBClient, script: str, patience_s: float = PATIENCE_S
) -> list[dict[str, Any]]:
    """Run a script and return every row of every table, with the yield's name in `result`."""
    tables = patiently(lambda: client.query_api().query(script), patience_s)
    return [record.values for table in tables for record in table.records]


def annotated(server: model.Influx, script: str, patience_s: float = PATIENCE_S) -> str:
    """Run a script and return the server's own answer, annotated CSV. Raises StoreError."""
    with talking(server) as client:
        answer = patiently(lambda: client.query_api().query_raw(script), patience_s)
        return str(answer.data.decode())


def patiently(action: Callable[[], Result], patience_s: float) -> Result:
    """Do something that may be repeated, again while the server is away or busy, for so long."""
    end_s = time.monotonic() + patience_s
    wait_s = 0.1
    while True:
        try:
            return action()
        except (ApiException, urllib3.exceptions.HTTPError) as error:
            asked_s = _asked_to_wait_s(error)
            wait_s = min(max(wait_s * 2, asked_s), max(_LONGEST_WAIT_S, asked_s))
            if not _passing(error) or time.monotonic() + wait_s > end_s:
                raise
        time.sleep(wait_s)


def told(error: Exception, server: model.Influx) -> errors.StoreError:
    """Say what a server's refusal means and what to do."""
    status = error.status if isinstance(error, ApiException) else None
    if status == HTTPStatus.BAD_REQUEST and "organization name" in reason(error):
        status = HTTPStatus.NOT_FOUND  # a query says so in this way
    known = {
        HTTPStatus.UNAUTHORIZED: (
            "does not accept the token",
            "give a token that may read and write the bucket, in LTLAB_INFLUXDB_TOKEN",
        ),
        HTTPStatus.FORBIDDEN: (
            f"does not let this token use bucket {server.bucket!r}",
            "give the token rights to read and write the bucket",
        ),
        HTTPStatus.NOT_FOUND: (
            f"knows no bucket {server.bucket!r} in organization {server.org!r}",
            "check both names and that the token is of this organization, or create the bucket",
        ),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
            "takes no request of this size, not even with one sample in it",
            "raise the limit of the proxy in front of it",
        ),
    }
    what, remedy = _lasting(error) or known.get(
        HTTPStatus(status) if status in set(HTTPStatus) else HTTPStatus.OK,
        (f"answered {status}: {reason(error)}", "look into the server's log")
        if status
        else ("cannot answer: " + reason(error), "judge the samples files instead")
        if isinstance(error, FluxQueryException)
        else (f"cannot be reached: {reason(error)}", "check that it runs and its address"),
    )
    return errors.StoreError(f"InfluxDB at {_shown(server.url)} {what}", remedy=remedy)


def reason(error: Exception) -> str:
    """Return what a server or the network said, in one line of limited length."""
    return _said(error)[:300]


def _said(error: Exception) -> str:
    said = getattr(error, "body", None) or getattr(error, "reason", None) or str(error)
    said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    with suppress(ValueError, KeyError, TypeError):
        said = json.loads(said)["message"]
    return " ".join(said.split())


def _lasting(error: Exception) -> tuple[str, str] | None:
    said = _said(error)
    return next((told for sign, told in _LASTING.items() if sign in said), None)


def _shown(url: str) -> str:
    """Return an address without the password that may stand in it."""
    try:
        return urllib3.util.parse_url(url)._replace(auth=None, query=None).url
    except urllib3.exceptions.LocationParseError:
        return "an address that is none"


def _passing(error: Exception) -> bool:
    """Say whether it may go away by itself: no connection, too busy, going down."""
    if not isinstance(error, ApiException):
        return True
    if _lasting(error):
        return False
    return not error.status or error.status >= HTTPStatus.TOO_MANY_REQUESTS


def _asked_to_wait_s(error: Exception) -> float:
    headers = getattr(error, "headers", None) or {}
    text = str(headers.get("Retry-After") or "")
    return float(text) if text.isdigit() else 0.0


def _within(window: model.Window | None, run: Run) -> model.Window | None:
    if window is None or run.window is None:
        return window or run.window
    start_ns = max(window.start_ns, run.window.start_ns)
    end_ns = min(window.end_ns, run.window.end_ns)
    # Flux refuses an empty range; a stretch before all samples is as empty.
    return model.Window(start_ns=start_ns, end_ns=end_ns) if start_ns < end_ns else _NEVER


_NEVER = model.Window(start_ns=0, end_ns=1)


def _needed(question: model.Question) -> tuple[str, ...]:
    """Return the figures that an answer takes, beside the count."""
    if question.type is model.MetricType.COUNTER and question.stat.name in {"count", "rate"}:
        return ("sum",)
    return {
        "avg": ("sum",),
        "min": ("min",),
        "max": ("max",),
        "value": ("last",),
        "rate": ("non_zero",),
    }.get(question.stat.name, ())


def _pick(
    question: model.Question,
    found: Mapping[str, float],
    quantiles: Mapping[float, float | None],
) -> model.Answer:
    count = int(found.get("count", 0))
    if count == 0:
        return model.Answer(value=None, count=0)
    share = duck.percentile(question.stat)
    if share is not None:
        return model.Answer(value=duck.rounded(quantiles[share]), count=count)
    figures = {name: found.get(name, 0.0) for name in _needed(question)}
    value = next(iter(figures.values()), float(count))
    if "non_zero" in figures or question.stat.name == "avg":
        return model.Answer(value=duck.rounded(value / count), count=count)
    if question.stat.name == "rate":
        per_s = value / question.seconds if question.seconds else None
        return model.Answer(value=duck.rounded(per_s), count=count)
    return model.Answer(value=duck.rounded(value), count=count)
