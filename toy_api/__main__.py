"""Start the service: `python -m toy_api --port 5000`. Here alone the real environment is read."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from toy_api import server, settings

REFUSED = 2
NOT_STARTED = 1


def main(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Serve until a signal comes; return the exit code."""
    try:
        given = settings.load(argv, env)
    except settings.BadSetting as bad:
        return _refuse(str(bad), remedy=bad.remedy, code=REFUSED)
    try:
        listener = server.bind(given)
    except OSError as problem:
        happened = f"cannot listen on {given.host} port {given.port}: {problem.strerror}"
        return _refuse(happened, remedy="choose another --host or --port", code=NOT_STARTED)
    with listener:
        server.Server(given).run(sockets=[listener])
    return 0


def _refuse(happened: str, *, remedy: str, code: int) -> int:
    sys.stderr.write(f"{happened}\n  what to do: {remedy}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
