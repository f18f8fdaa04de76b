"""A deadline for a whole HTTP call: the time-out of `requests` is one for each wait, and a body may trickle.

Not here: calls whose answer is large and streamed piece by piece (load/releases.py bounds the whole).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, TypeVar

from ltlab_ci import lazy

if TYPE_CHECKING:
    import requests
else:
    requests = lazy.module("requests")

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what a call returns, or raise what it raises; requests.ReadTimeout once its time is over.

    A call that is late goes on in a thread of its own that nobody waits for.
    """
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001  (it is raised where it is waited for)
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    if not wait([future], timeout=seconds).done:
        raise requests.ReadTimeout(f"no whole answer within {seconds:g} s")
    return future.result()
