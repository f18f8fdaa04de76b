"""End the job as the load test did, as far as `fail-on` makes it red."""

from __future__ import annotations

from action import inputs
from ltlab_ci import errors
from ltlab_ci.config import wanted
from ltlab_ci.flows import stated


def main(environ: inputs.Environ) -> int:
    """Return the run's own exit code or 0; a run that was ended from outside has none: 130."""
    said = environ.get("LTLAB_RUN_CODE", "")
    if not said:
        inputs.annotate("error", "the load test was ended before it could say what it came to")
    code = int(said or errors.ExitCode.INTERRUPTED)
    fail_on = wanted.publishing(environ, {}).wanted.fail_on
    ends = int(stated.job_exit_code(code, fail_on))
    if code != ends:
        inputs.annotate(
            "notice",
            f"the load test ended with exit code {code}; the job stays green, since fail-on is "
            f"{fail_on}",
        )
    return ends


if __name__ == "__main__":
    inputs.step(main)
