"""What can go wrong in a round of a comparison, in words.

Not here: seeing it (rounds.py), what only the figures show (evaluate/compare/validity.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ltlab_ci import model
from ltlab_ci.store import trimmed


def twice(log: Path) -> str:
    """Return what to do where a service does not come up beside the other side's."""
    return (
        f"its log is logs/{log.name}. If it comes up alone, both at once are the trouble: let port, "
        "files and names come from {port}, {env} and {side} in `service`, or raise "
        "`service.ready.timeout`; where only two loads at once are too much, say `mode: alternate`"
    )


def died(side: str, death: str, number: int) -> model.Finding:
    """Say that a side's service died under load."""
    return model.Finding(
        code="service-died",
        effect="lab",
        message=f"the service of {side} {death} in round {number}",
        remedy=f"see logs/service-{side}.log in the report",
    )


def incomplete(side: str, number: int, counted: float, stored: int, scenario: str) -> model.Finding:
    """Say that samples of a side are missing."""
    return model.Finding(
        code="samples-incomplete",
        effect="store",
        message=f"{side}, in round {number}: the engine counted {counted:g} http_reqs, the samples "
        f"hold {stored}",
        remedy="run again; if it happens again, report it with logs/",
        scenario=scenario,
    )


def clock_step(number: int, seconds: float, scenario: str) -> model.Finding:
    """Say that the times of a round's samples are wrong."""
    return model.Finding(
        code="clock-step",
        effect="invalid",
        message=f"the machine's clock was set by {seconds:+.1f} s in round {number}: samples lie "
        "where they do not belong",
        remedy="run again once the clock is right (NTP), on a machine that does not sleep meanwhile",
        scenario=scenario,
    )


def astray(looked: Mapping[str, trimmed.Looked], scenario: str) -> Iterator[model.Finding]:
    """Yield a finding where requests did not go to a side's service: both sides are the same there."""
    for side, each in looked.items():
        if each.astray and each.elsewhere < 1:
            yield model.Finding(
                code="requests-elsewhere",
                effect="warn",
                message=f"{each.elsewhere * 100:.2g} % of the requests of {side} did not go to its service; "
                f"one went to {each.astray}",
                remedy="what is called there is the same on both sides, and cannot differ; where it is "
                "the service itself, let the script take its address from BASE_URL",
                scenario=scenario,
            )
        elif each.astray:
            yield model.Finding(
                code="requests-elsewhere",
                effect="invalid",
                message=f"no request of {side} went to its service; one went to {each.astray}",
                remedy="let the script take the address from BASE_URL (`__ENV.BASE_URL` in k6)",
                scenario=scenario,
            )
        elif each.first_ns is None:
            yield model.Finding(
                code="no-request",
                effect="invalid",
                message=f"the script made no HTTP request on {side}",
                remedy="let the script call the service; BASE_URL in its environment says where it is",
                scenario=scenario,
            )
