"""End the job as the load test did, as far as `fail-on` makes it red."""

from __future__ import annotations

from action import inputs
from ltlab_ci import errors
from ltlab_ci.config import wanted


def main(environ: inputs.Environ) -> int:
    """Return the run's own exit code or 0; a run that was ended from outside has none: 130."""
    code = int(environ.get("LTLAB_RUN_CODE") or errors.ExitCode.INTERRUPTED)
    fail_on = wanted.publishing(environ, {}).wanted.fail_on
    red = {"failure": code, "error": code if code > errors.ExitCode.FAILED else 0, "never": 0}
    if code != red[fail_on]:
        inputs.annotate(
            "notice",
            f"the load test ended with exit code {code}; the job stays green, since fail-on is "
            f"{fail_on}",
        )
    return red[fail_on]


if __name__ == "__main__":
    inputs.step(main)
