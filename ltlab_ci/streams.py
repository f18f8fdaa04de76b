"""stdout and stderr that never fail: what a run came to must not hang on whether somebody reads it.

A reader that went away (`| head -1`), a full device and a terminal without the right letters are none of a run's
business. Not here: what is printed (console.py).
"""

from __future__ import annotations

import codecs
import errno
import io
import select
import sys
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_PATIENCE_S = 10.0
_ERRORS = "ltlab-escape"


class _Sink(io.FileIO):
    """A descriptor that takes everything; what it can no longer pass on is dropped."""

    failure: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Return how much was taken: all of it once something failed."""
        size = memoryview(data).nbytes
        if self.failure is not None:
            return size
        try:
            # None, says typeshed not: it does not block (Node.js leaves pipes so) and its reader is slow.
            while (written := cast("int | None", super().write(data))) is None:
                if not select.select([], [self], [], _PATIENCE_S)[1]:
                    raise BlockingIOError(errno.EAGAIN, "its reader takes nothing")
        except OSError as error:
            self.failure = error
            return size
        return written


def secure() -> None:
    """Replace this process's stdout and stderr; descriptors 1 and 2 have to be open."""
    codecs.register_error(_ERRORS, _escaped)
    sys.stdout = _secured(sys.stdout, 1)
    sys.stderr = _secured(sys.stderr, 2)


def finish() -> None:
    """Write out what is left, and say on stderr why stdout is not whole, unless its reader left."""
    sys.stdout.flush()
    failure = _failure(sys.stdout)
    if failure is not None and failure.errno != errno.EPIPE:
        sys.stderr.write(f"stdout could not be written: {failure.strerror}\n")
    sys.stderr.flush()


def _secured(stream: TextIO | None, descriptor: int) -> TextIO:
    sink = _Sink(descriptor, "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(sink),
        encoding=stream.encoding if stream is not None else "utf-8",
        errors=_ERRORS,
        line_buffering=True,
    )


def _failure(stream: TextIO) -> OSError | None:
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    return raw.failure if isinstance(raw, _Sink) else None


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""Write letters that an encoding lacks as \uXXXX, which is JSON still."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end
